import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findings } from './axe'
import { expect, type Stack, signIn, test } from './stack'

/** Every address that the router knows, as it writes them. */
const routes = [
  ...new Set(
    [
      ...readFileSync(join(import.meta.dirname, '../src/router.tsx'), 'utf8').matchAll(
        /(?:path: |page\()\s*'(\/[^']*)'/g,
      ),
    ].map((found) => found[1] as string),
  ),
]

const file = '会員番号,氏名,メールアドレス\n1,山田 花子,hanako@example.jp\n2,鈴木 一郎,no-address\n'

/** begin creates an import of a small file with one bad row, and starts it unless it is to wait. */
async function begin(stack: Stack, wait: boolean): Promise<string> {
  const form = new FormData()
  form.set('options', JSON.stringify({ file_name: '会員.csv' }))
  if (wait) form.set('start', 'false')
  form.set('file', new Blob([file], { type: 'text/csv' }), 'members.csv')
  const answer = await fetch(`${stack.url}/v1/imports`, { method: 'POST', headers: bearer(stack), body: form })
  expect(answer.status, await answer.clone().text()).toBe(201)
  return ((await answer.json()) as { id: string }).id
}

const bearer = (stack: Stack) => ({ Authorization: `Bearer ${stack.api_key}` })

async function get<T>(stack: Stack, path: string): Promise<T> {
  return (await (await fetch(stack.url + path, { headers: bearer(stack) })).json()) as T
}

test('every page can be read and used by everybody: light, dark, and on a phone', async ({ page, stack }) => {
  test.slow()
  const done = await begin(stack, false)
  const waiting = await begin(stack, true)
  await expect
    .poll(async () => (await get<{ state: string }>(stack, `/v1/imports/${done}`)).state, { timeout: 120_000 })
    .toBe('completed')
  const member = (await get<{ items: { id: number }[] }>(stack, '/v1/members')).items[0]?.id
  const ids: Record<string, string> = {
    '/imports/$id': done,
    '/imports/new/$id': waiting,
    '/members/$id': String(member),
  }
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await signIn(page, stack)
  const said: string[] = []
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  expect(routes.length).toBeGreaterThan(15)
  for (const route of routes) {
    await test.step(route, async () => {
      const path = route.includes('$') ? route.replace('$id', ids[route] ?? '') : route
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.goto(stack.url + path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.locator('.mantine-Loader-root')).toHaveCount(0)
      expect.soft(await findings(page), `${path}, light`).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark')
      expect.soft(await findings(page, { runOnly: ['color-contrast'] }), `${path}, dark`).toEqual([])
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 390, height: 800 })
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'light')
      await expect
        .soft(async () => {
          const [wide, screen] = await page.evaluate(() => [document.scrollingElement?.scrollWidth ?? 0, innerWidth])
          expect(wide, `${path} scrolls sideways on a phone`).toBeLessThanOrEqual(screen as number)
        })
        .toPass({ timeout: 20_000 })
      expect.soft(await findings(page), `${path}, on a phone`).toEqual([])
    })
  }
  expect(said, 'errors on the console').toEqual([])
})
