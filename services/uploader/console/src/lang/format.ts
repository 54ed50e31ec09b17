import { useMemo } from 'react'
import { type Lang, useLang } from './lang'

/** How numbers, sizes, times and spans are written in a language. Times are in the zone of the tenant. */
export function formats(lang: Lang, timeZone?: string) {
  const number = new Intl.NumberFormat(lang)
  const compact = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 1 })
  const dateTime = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const time = new Intl.DateTimeFormat(lang, { timeStyle: 'medium', timeZone })
  const date = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeZone })
  const ago = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' })
  const at = (t: string | Date) => (typeof t === 'string' ? new Date(t) : t)
  return {
    number: (n: number) => number.format(n),
    percent: (share: number) => percent.format(share),
    dateTime: (t: string | Date) => dateTime.format(at(t)),
    time: (t: string | Date) => time.format(at(t)),
    date: (t: string | Date) => date.format(at(t)),
    /** 12.3 MB; powers of 1,000, as file managers have it. */
    bytes: (n: number) => {
      const units = ['B', 'kB', 'MB', 'GB', 'TB']
      let i = 0
      let left = n
      while (left >= 1000 && i < units.length - 1) {
        left /= 1000
        i++
      }
      return `${compact.format(left)} ${units[i]}`
    },
    /** A span of seconds, in the two largest units that matter. */
    span: (seconds: number) => spanOf(lang, seconds),
    /** How long ago it was, for lists; the exact time belongs into a title. */
    ago: (t: string | Date, now = Date.now()) => {
      const seconds = (at(t).getTime() - now) / 1000
      for (const [unit, length] of [
        ['day', 86400],
        ['hour', 3600],
        ['minute', 60],
      ] as const) {
        if (Math.abs(seconds) >= length) return ago.format(Math.round(seconds / length), unit)
      }
      return ago.format(Math.round(seconds), 'second')
    },
  }
}

function spanOf(lang: Lang, seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  const words = lang === 'ja' ? ['時間', '分', '秒'] : [' h', ' min', ' s']
  const parts: [number, string | undefined][] = [
    [Math.floor(s / 3600), words[0]],
    [Math.floor(s / 60) % 60, words[1]],
    [s % 60, words[2]],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return `0${words[2]}`
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n}${unit}`)
    .join(lang === 'ja' ? '' : ' ')
}

/** The formats of the language of now; without a zone, the browser's. */
export function useFormats(timeZone?: string) {
  const { lang } = useLang()
  return useMemo(() => formats(lang, timeZone), [lang, timeZone])
}
