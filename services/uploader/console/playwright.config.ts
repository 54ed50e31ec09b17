import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

const browser = [process.env.MEIBO_TEST_BROWSER, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (b) => b && existsSync(b),
)
if (!browser) throw new Error('there is no Chromium: install it, or set MEIBO_TEST_BROWSER')

/** Each test has a Meibo of its own: see test/stack.ts. Waits are generous, for machines that do much else. */
export default defineConfig({
  testDir: 'test',
  testMatch: '*.spec.ts',
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  outputDir: 'test-results',
  use: {
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: browser,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
})
