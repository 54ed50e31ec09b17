import { ApiError, problemOf } from '@/api/client'
import { currentLang } from '@/lang/lang'

/** How long a request may make no headway before it counts as lost, in milliseconds. */
const stalled = 60_000

const lost = () => new ApiError({ status: 0, code: 'network' })

/**
 * Puts bytes somewhere and returns what was answered. Unlike fetch, it tells how far it has come. The error is an ApiError,
 * of status 0 where the connection was lost, or stood still for a minute; or the signal's reason.
 */
export function put(
  url: string,
  body: Blob,
  options: { signal: AbortSignal; headers?: Record<string, string>; onProgress: (sent: number) => void },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    let watch: ReturnType<typeof setTimeout> | undefined
    const alive = () => {
      clearTimeout(watch)
      watch = setTimeout(drop, stalled)
    }
    const end = () => {
      clearTimeout(watch)
      options.signal.removeEventListener('abort', abort)
      removeEventListener('offline', drop)
    }
    const abort = () => {
      end()
      request.abort()
      reject(options.signal.reason)
    }
    const drop = () => {
      end()
      request.abort()
      reject(lost())
    }
    request.upload.onprogress = (event) => {
      alive()
      options.onProgress(event.loaded)
    }
    request.onerror = drop
    request.onload = () => {
      end()
      const answer = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(answer)
      else reject(new ApiError(problemOf(answer, request)))
    }
    if (options.signal.aborted) {
      reject(options.signal.reason)
      return
    }
    options.signal.addEventListener('abort', abort)
    addEventListener('offline', drop)
    request.open('PUT', url)
    for (const [name, value] of Object.entries(options.headers ?? {})) request.setRequestHeader(name, value)
    // Addresses that are signed for the object storage allow no further header.
    if (url.startsWith('/')) request.setRequestHeader('Accept-Language', currentLang())
    alive()
    request.send(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
