import { ApiError, problemOf } from '@/api/client'
import { currentLang } from '@/lang/lang'

export type Kind = 'member' | 'lead'
export type Template = 'xlsx' | 'utf8' | 'sjis'

/**
 * download has the browser save a template. It is fetched and not linked to, since only so its headers are in the language
 * that the person has chosen here.
 */
export async function download(template: Template, list: string, kind: Kind) {
  const query = new URLSearchParams({ kind })
  if (template !== 'xlsx') query.set('encoding', template === 'sjis' ? 'shift_jis' : 'utf-8')
  const ext = template === 'xlsx' ? 'xlsx' : 'csv'
  const path = `/v1/templates/${encodeURIComponent(`${list}.${ext}`)}?${query}`
  const response = await fetch(path, { headers: { 'Accept-Language': currentLang() } }).catch(() => {
    throw new ApiError({ status: 0, code: 'network' })
  })
  if (!response.ok) throw new ApiError(problemOf(await response.json().catch(() => null), response), response)
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = nameIn(response.headers.get('Content-Disposition')) ?? `template.${ext}`
  link.click()
  // The browser has the file by then, whatever it asks the person about it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** The name of the file that an answer has, beyond ASCII as RFC 6266 writes it. */
function nameIn(disposition: string | null): string | undefined {
  const extended = disposition?.match(/filename\*=UTF-8''([^;]+)/i)?.[1]
  return extended ? decodeURIComponent(extended) : disposition?.match(/filename="([^"]+)"/)?.[1]
}
