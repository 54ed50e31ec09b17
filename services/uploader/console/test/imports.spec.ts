import { readFile } from 'node:fs/promises'
import type { APIRequestContext, Page } from '@playwright/test'
import { expect, type Stack, signIn, test } from './stack'

const header = '会員番号,氏名,メールアドレス,電話番号'

/** A file of so many good members, and of three rows that fail for two reasons. */
const members = (good: number) =>
  [
    header,
    ...Array.from({ length: good }, (_, n) => `M${n},会員 ${n},member${n}@example.jp,`),
    'B1,青木 一郎,not an address,',
    'B2,井上 二郎,neither.this,',
    'B3,上田 三郎,ueda@example.jp,12',
  ].join('\n')

/** Makes and starts an import by the API, and returns its id. */
async function begin(request: APIRequestContext, stack: Stack, content: string, options = {}): Promise<string> {
  const answer = await request.post(`${stack.url}/v1/imports`, {
    headers: { Authorization: `Bearer ${stack.api_key}` },
    multipart: {
      options: JSON.stringify({ file_name: 'members.csv', ...options }),
      file: { name: 'members.csv', mimeType: 'text/csv', buffer: Buffer.from(content) },
    },
  })
  expect(answer.status(), await answer.text()).toBe(201)
  return (await answer.json()).id
}

/** The number that stands under a name in a section of the page. */
const figure = (page: Page, section: string, name: string) =>
  page.getByRole('region', { name: section }).locator('dt', { hasText: name }).locator('xpath=following-sibling::dd')

/** Downloads what a link leads to. */
async function download(page: Page, name: string): Promise<Buffer> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()])
  return readFile(await file.path())
}

test('failed rows are seen by reason, downloaded, corrected and sent back, and the whole is undone', async ({
  page,
  request,
  stack,
}) => {
  const id = await begin(request, stack, members(200))
  await signIn(page, stack, `/imports/${id}`)
  await expect(page.getByRole('heading', { level: 1, name: 'members.csv' })).toBeVisible()
  await expect(page.locator('[data-state=completed]')).toHaveText('完了（失敗あり）')
  await expect(figure(page, '行ごとの結果', '新規登録')).toHaveText('200')
  await expect(figure(page, '行ごとの結果', '失敗')).toHaveText('3')
  await expect(figure(page, '行ごとの結果', '合計')).toHaveText('203')
  const failures = page.getByRole('region', { name: '失敗した行' })
  await expect(failures.getByRole('button', { name: /メールアドレスの形式ではありません.*2行/ })).toBeVisible()
  await expect(failures.getByRole('cell', { name: /not an address/ })).toBeVisible()

  expect((await download(page, 'Excelでダウンロード')).subarray(0, 2).toString()).toBe('PK')
  const report = (await download(page, 'CSVでダウンロード')).toString('utf8')
  const corrected = report
    .replace('not an address', 'aoki@example.jp')
    .replace('neither.this', 'inoue@example.jp')
    .replace(/,12(?=\r?\n)/, ',090-1234-5678')
  await failures
    .locator('input[type=file]')
    .setInputFiles({ name: 'members_failures.csv', mimeType: 'text/csv', buffer: Buffer.from(corrected) })
  await expect(page.getByRole('heading', { level: 1, name: 'members_failures.csv' })).toBeVisible()
  await expect(page.locator('[data-state=completed]')).toHaveText('完了')
  await page.getByRole('link', { name: '元の取り込みを開く' }).click()

  const converged = page.getByRole('table', { name: '再取り込みを含めた結果' })
  await expect(converged.getByRole('row', { name: /^新規登録/ })).toHaveText(/新規登録\s*200\s*203/)
  await expect(converged.getByRole('row', { name: /^失敗/ })).toHaveText(/失敗\s*3\s*0/)

  await page.getByRole('button', { name: '元に戻す' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('まだ何も変更していません。')).toBeVisible()
  await expect(dialog.locator('dl')).toContainText('登録した会員を削除200件')
  await dialog.getByRole('button', { name: '元に戻す' }).click()
  await expect(page.locator('[data-state=undone]').first()).toBeVisible()
  await expect(figure(page, '取り込みを元に戻しました', '削除した会員')).toHaveText('200件')
  await page.getByRole('button', { name: '操作と経過' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: '元に戻しました（残したもの0件）' })).toBeVisible()
})

test.describe('in English', () => {
  test.use({ locale: 'en-GB' })

  test('the history teaches, is narrowed by its address, and leads to a dry run that shows what would change', async ({
    page,
    request,
    stack,
  }) => {
    await signIn(page, stack)
    await expect(page.getByRole('heading', { name: 'There are no imports yet' })).toBeVisible()
    await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(3)

    await begin(request, stack, members(5), { dry_run: true, file_name: 'spring.csv' })
    await begin(request, stack, members(6), { file_name: 'autumn.csv' })
    await page.goto(`${stack.url}/imports?tests=only`)
    await expect(page.getByRole('link', { name: 'spring.csv' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'autumn.csv' })).toBeHidden()
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.getByRole('searchbox').fill('autumn')
    await expect(page).toHaveURL(/q=autumn/)
    await expect(page.getByRole('link', { name: 'spring.csv' })).toBeHidden()
    await page.reload()
    await expect(page.getByRole('link', { name: 'autumn.csv' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'spring.csv' })).toBeHidden()

    await page.getByRole('searchbox').fill('')
    await page.getByRole('link', { name: 'spring.csv' }).click()
    await expect(page.getByText('This is a dry run: no member was changed')).toBeVisible()
    await expect(figure(page, 'What became of the rows', 'Created')).toHaveText('5')
    await expect(page.getByRole('table', { name: 'What row 2 changes' })).toContainText('member0@example.jp')
    await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0)
  })
})
