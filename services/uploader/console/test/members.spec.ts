import type { Page } from '@playwright/test'
import { expect, type Stack, signIn, test } from './stack'

/** importFile imports text as a file, to its end, and returns the id of the import. */
async function importFile(stack: Stack, name: string, text: string): Promise<string> {
  const headers = { Authorization: `Bearer ${stack.api_key}` }
  const form = new FormData()
  form.set('options', JSON.stringify({}))
  form.set('file', new Blob([text], { type: 'text/csv' }), name)
  form.set('start', 'true')
  const made = await fetch(`${stack.url}/v1/imports`, { method: 'POST', headers, body: form })
  const { id } = (await made.json()) as { id: string }
  await expect(async () => {
    const answer = await fetch(`${stack.url}/v1/imports/${id}`, { headers })
    expect(((await answer.json()) as { state: string }).state).toBe('completed')
  }).toPass({ timeout: 120_000 })
  return id
}

const open = async (page: Page, name: string) => {
  await page.getByRole('link', { name }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
}

test('a member is found, changed, and tells which import it came from', async ({ page, stack }) => {
  const id = await importFile(
    stack,
    '会員.csv',
    '会員番号,氏名,メールアドレス\nA1,青木 一,aoki@example.jp\nA2,井上 舞,inoue@example.jp\n',
  )
  await signIn(page, stack, '/members')
  await expect(page.getByText('2人')).toBeVisible()
  await page.getByRole('searchbox', { name: '会員を検索' }).fill('青木')
  await expect(page.getByRole('link', { name: '井上 舞' })).toBeHidden()
  await expect(page.getByText('1人')).toBeVisible()
  await open(page, '青木 一')

  await page.getByRole('button', { name: '編集' }).click()
  const drawer = page.getByRole('dialog', { name: '会員の編集' })
  await drawer.getByRole('textbox', { name: 'メールアドレス' }).fill('not an address')
  await drawer.getByRole('textbox', { name: '市区町村' }).fill('横浜市')
  await drawer.getByRole('button', { name: '保存' }).click()
  await expect(drawer.getByRole('textbox', { name: 'メールアドレス' })).toHaveAttribute('aria-invalid', 'true')
  await drawer.getByRole('textbox', { name: 'メールアドレス' }).fill('aoki@example.jp')

  // Somebody else is faster: nothing of theirs is lost, and nothing that was entered.
  const member = page.url().split('/').pop()
  const other = await fetch(`${stack.url}/v1/members/${member}`, {
    method: 'PATCH',
    headers: { Authorization: `Bearer ${stack.api_key}`, 'If-Match': '*', 'Content-Type': 'application/json' },
    body: JSON.stringify({ member_level: 'ゴールド' }),
  })
  expect(other.status).toBe(200)
  await drawer.getByRole('button', { name: '保存' }).click()
  await drawer.getByRole('button', { name: '最新の内容を読み込む' }).click()
  await expect(drawer.getByRole('textbox', { name: '会員ランク' })).toHaveValue('ゴールド')
  await drawer.getByRole('button', { name: '保存' }).click()
  await expect(drawer).toBeHidden()
  await expect(page.getByRole('definition').filter({ hasText: '横浜市' })).toBeVisible()

  const history = page.getByRole('region', { name: '履歴' })
  await expect(history.getByText('変更された項目：市区町村')).toBeVisible()
  await expect(history.getByText('(2行目)')).toBeVisible()
  await expect(history.getByRole('link', { name: '会員.csv' })).toHaveAttribute('href', `/imports/${id}`)
})

test('a field is made, refused where it cannot be, and has a value of a new member that is searched by', async ({
  page,
  stack,
}) => {
  await signIn(page, stack, '/fields')
  await page.getByRole('button', { name: '項目を作成' }).click()
  const drawer = page.getByRole('dialog', { name: '項目の作成' })
  await drawer.getByRole('textbox', { name: '日本語の名前' }).fill('靴のサイズ')
  const key = drawer.getByRole('textbox', { name: 'キー', exact: true })
  await key.fill('Shoe')
  await drawer.getByRole('button', { name: '作成' }).click()
  await expect(key).toHaveAttribute('aria-invalid', 'true')
  await key.fill('shoe_size')
  await drawer.getByRole('button', { name: '作成' }).click()
  await expect(drawer).toBeHidden()
  await expect(page.getByRole('row', { name: /靴のサイズ/ })).toBeVisible()

  await page.goto(`${stack.url}/members`)
  await page.getByRole('button', { name: '1人ずつ追加する' }).click()
  const form = page.getByRole('dialog', { name: '会員の追加' })
  await form.getByRole('textbox', { name: '会員番号' }).fill('B1')
  await form.getByRole('textbox', { name: '氏名' }).fill('佐藤 花')
  await form.getByRole('button', { name: 'ほかの項目も入力する' }).click()
  await form.getByRole('textbox', { name: '靴のサイズ' }).fill('24.5')
  await form.getByRole('button', { name: '追加する' }).click()
  await expect(page.getByRole('heading', { level: 1, name: '佐藤 花' })).toBeVisible()

  await page.goto(`${stack.url}/members?filter=${encodeURIComponent(JSON.stringify(['shoe_size:eq:24.5']))}`)
  await expect(page.getByRole('link', { name: '佐藤 花' })).toBeVisible()
  await page.getByRole('button', { name: /条件「靴のサイズ.*」を外す/ }).click()
  await expect(page).not.toHaveURL(/filter/)
})
