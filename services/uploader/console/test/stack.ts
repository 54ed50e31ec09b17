import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, type Page } from '@playwright/test'

/** What `meibo dev` says of itself. */
export interface Stack {
  url: string
  api_key: string
  tenant: string
  email: string
  password: string
  mail_dir: string
}

export const program = join(import.meta.dirname, '../../../../bin/meibo')

/** start runs all of Meibo in a directory of its own until stop is called. */
async function start(): Promise<{ stack: Stack; stop: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'meibo-console-'))
  await chmod(dir, 0o711) // the database may run as another user
  const child = spawn(program, ['dev', '--data', dir, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const log = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-20_000)
  }
  child.stdout?.on('data', log)
  child.stderr?.on('data', log)
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const stack = await ready(child, join(dir, 'dev.json'), () => said)
  return {
    stack,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Waits until the server answers, or has ended without. */
async function ready(child: ChildProcess, file: string, said: () => string): Promise<Stack> {
  const end = Date.now() + 120_000
  while (Date.now() < end) {
    if (child.exitCode !== null) break
    try {
      const stack = JSON.parse(await readFile(file, 'utf8')) as Stack
      if ((await fetch(`${stack.url}/openapi.json`)).ok) return stack
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  child.kill('SIGKILL')
  throw new Error(`Meibo did not start:\n${said()}`)
}

/** A test with all of Meibo behind it. */
export const test = base.extend<{ stack: Stack }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern
  stack: async ({}, use) => {
    const { stack, stop } = await start()
    await use(stack)
    await stop()
  },
})

export { expect } from '@playwright/test'

/** signIn goes to a page by way of the sign-in, in Japanese or English. */
export async function signIn(page: Page, stack: Stack, to = '/imports') {
  await page.goto(stack.url + to)
  await page.getByLabel(/^(テナント|Tenant)/).fill(stack.tenant)
  await page.getByLabel(/^(メールアドレス|E-mail address)/).fill(stack.email)
  await page.getByRole('textbox', { name: /^(パスワード|Password)/ }).fill(stack.password)
  await page.getByRole('button', { name: /^(サインイン|Sign in)$/ }).click()
  await page.waitForURL(stack.url + to)
}
