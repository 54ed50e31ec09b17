import { findings } from './axe'
import { expect, signIn, test } from './stack'

test('somebody is invited, chooses a password by the link, and may look but not import', async ({
  page,
  stack,
  browser,
}) => {
  await signIn(page, stack, '/users')
  await page.getByRole('button', { name: 'ユーザーを招待' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('メールアドレス').fill('viewer@example.jp')
  await dialog.getByLabel('氏名').fill('名簿 見男')
  await dialog.getByRole('radio', { name: '閲覧者' }).check()
  await dialog.getByRole('button', { name: '招待リンクを発行' }).click()
  const link = await dialog.getByRole('textbox', { name: '招待リンク' }).inputValue()
  expect(link).toMatch(new RegExp(`^${stack.url}/password#.+`))
  expect(await findings(page)).toEqual([])

  const theirs = await (await browser.newContext()).newPage()
  await theirs.goto(link)
  const password = theirs.getByRole('textbox', { name: '新しいパスワード' })
  await password.fill('短い')
  await theirs.getByRole('button', { name: 'パスワードを設定してサインイン' }).click()
  await expect(theirs.getByRole('alert')).toContainText('12文字以上')
  await password.fill('一日ごとに新しい馬が来る朝')
  await theirs.getByRole('button', { name: 'パスワードを設定してサインイン' }).click()
  await expect(theirs).toHaveURL(/\/imports$/)
  const menu = theirs.getByRole('navigation')
  await expect(menu.getByRole('link', { name: '会員', exact: true })).toBeVisible()
  await expect(menu.getByRole('link', { name: '取り込む', exact: true })).toHaveCount(0)
  await expect(menu.getByRole('link', { name: 'ユーザー', exact: true })).toHaveCount(0)
  await theirs.goto(`${stack.url}/settings`)
  await expect(theirs.getByText('設定を変更できるのは、オーナーと管理者だけです')).toBeVisible()
  await expect(theirs.getByRole('button', { name: /保存/ })).toHaveCount(0)
  await theirs.context().close()

  await page.reload()
  await expect(page.getByRole('listitem').filter({ hasText: '名簿 見男' })).toContainText('有効')
})

test('a key is shown once, works for a program, and is worthless once it is revoked', async ({ page, stack }) => {
  await signIn(page, stack, '/keys')
  await page.getByRole('button', { name: 'APIキーを作成' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: '用途' }).fill('夜間の取り込み')
  await dialog.getByRole('radio', { name: '閲覧のみ' }).check()
  await dialog.getByRole('button', { name: '作成' }).click()
  const key = await dialog.getByRole('textbox', { name: 'APIキー' }).inputValue()
  expect(await findings(page)).toEqual([])
  const use = async (method: string) =>
    (await fetch(`${stack.url}/v1/lists`, { method, headers: { Authorization: `Bearer ${key}` } })).status
  expect(await use('GET')).toBe(200)
  expect(await use('POST')).toBe(403)
  await dialog.getByRole('button', { name: '保存したので閉じる' }).click()

  const row = page.getByRole('listitem').filter({ hasText: '夜間の取り込み' })
  await row.getByRole('button', { name: /無効にする/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: '無効にする' }).click()
  await expect(row).toHaveCount(0)
  expect(await use('GET')).toBe(401)

  await page.goto(`${stack.url}/audit?act=key.`)
  await expect(page.getByRole('listitem').filter({ hasText: 'APIキーを無効化' })).toContainText('夜間の取り込み')
})
