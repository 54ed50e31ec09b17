import { expect, signIn, test } from './stack'

test('somebody signs in, finds the way back to the page that was asked for, and out again', async ({ page, stack }) => {
  await page.goto(`${stack.url}/members`)
  await expect(page).toHaveURL(/\/sign-in\?to=/)
  await signIn(page, stack, '/members')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.getByRole('button', { name: /アカウント/ }).click()
  await page.getByRole('menuitem', { name: 'サインアウト' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.goto(`${stack.url}/members`)
  await expect(page).toHaveURL(/\/sign-in/)
})
