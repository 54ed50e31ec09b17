import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, program, signIn, test } from './stack'

test('a Shift_JIS file is read, mapped, tried without writing, and imported', async ({ page, stack }) => {
  const file = join(tmpdir(), `members-${process.pid}.csv`)
  execFileSync(program, ['sample', '--rows', '300', '--defects', '0.02', '--encoding', 'Shift_JIS', '-o', file])
  await signIn(page, stack, '/imports/new')
  await page.locator('input[type=file]').first().setInputFiles(file)
  await expect(page.getByRole('radio', { name: /Shift_JIS/ })).toBeChecked()
  await expect(page.getByRole('columnheader', { name: /会員番号/ })).toBeVisible()
  await page
    .getByRole('link', { name: '次へ' })
    .or(page.getByRole('button', { name: '次へ' }))
    .click()
  await expect(page.getByText('20列のうち20列を取り込みます')).toBeVisible()
  await page
    .getByRole('link', { name: '次へ' })
    .or(page.getByRole('button', { name: '次へ' }))
    .click()
  await expect(page).toHaveURL(/step=options/)
  await page
    .getByRole('link', { name: '次へ' })
    .or(page.getByRole('button', { name: '次へ' }))
    .click()
  await expect(page).toHaveURL(/step=check/)

  await page.getByRole('button', { name: '試しに実行する' }).click()
  await expect(page.getByText('山口 豊').first()).toBeVisible()
  const members = async () => {
    const answer = await fetch(`${stack.url}/v1/members?count=true`, {
      headers: { Authorization: `Bearer ${stack.api_key}` },
    })
    return ((await answer.json()) as { count: number }).count
  }
  expect(await members(), 'members after the dry run').toBe(0)

  await page.getByRole('button', { name: '取り込みを開始' }).click()
  await page.waitForURL(/\/imports\/[0-9a-f-]{36}$/)
  await expect.poll(members).toBeGreaterThan(250)
  await expect(page.getByText('完了').first()).toBeVisible()
})
