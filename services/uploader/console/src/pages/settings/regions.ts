import type { Lang } from '@/lang/lang'

/** Every country and region that the browser has a name for (ISO 3166-1 alpha-2), in the order of the language; ours first. */
export function regionsOf(lang: Lang): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(lang, { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  return letters
    .flatMap((a) => letters.map((b) => a + b))
    .filter((code) => !notCountries.has(code))
    .flatMap((code) => {
      const name = names.of(code)
      return name ? [{ value: code, label: `${name} (${code})` }] : []
    })
    .sort((a, b) => Number(b.value === 'JP') - Number(a.value === 'JP') || a.label.localeCompare(b.label, lang))
}

/** Codes that browsers name and that are no countries of the standard: unions, outlying places, and codes for private use. */
const notCountries = new Set(
  'AC AN BU CP CQ CS DD DG DY EA EU EZ FX IC NH NT QO QU RH SU TA TP UK UN VD XA XB XK YD YU ZR ZZ'.split(' '),
)
