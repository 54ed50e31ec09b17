import { ApiError } from '@/api/client'

/** The longest pause before the next try, in milliseconds. */
const longest = 30_000

/** How often a server that answers may fail before people are asked. */
const mostFailures = 12

/** Whether another try may help: the network is always waited for, a server that fails only so often. */
export function mayPass(error: unknown, tries: number): boolean {
  if (!(error instanceof ApiError)) return false
  if (error.status === 0 || error.code === 'still_assembling') return true
  const busy = error.status === 408 || error.status === 429 || (error.status >= 500 && error.status !== 507)
  return busy && tries < mostFailures
}

/** Waits before the next try: longer each time, but no longer than until the network is back. */
export function pause(tries: number, signal: AbortSignal): Promise<void> {
  const time = Math.min(longest, 500 * 2 ** tries) * (0.75 + Math.random() / 2)
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      signal.removeEventListener('abort', abort)
    }
    const done = () => {
      end()
      resolve()
    }
    const abort = () => {
      end()
      reject(signal.reason)
    }
    const timer = setTimeout(done, time)
    addEventListener('online', done)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
}
