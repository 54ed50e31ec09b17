import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'

/** The languages that Meibo speaks. */
export type Lang = 'ja' | 'en'

/** Words of one screen in every language. English may say nothing that Japanese does not, and the other way round. */
export type Words<T> = Record<Lang, T>

const storageKey = 'meibo.lang'

/** What the person has chosen, else what the browser prefers, else Japanese. */
export function preferredLang(stored = localStorage.getItem(storageKey), wanted = navigator.languages): Lang {
  if (stored === 'ja' || stored === 'en') return stored
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-')[0]
    if (primary === 'ja' || primary === 'en') return primary
  }
  return 'ja'
}

let current: Lang = preferredLang()

/** The language of now, for what is no component: requests to the API. */
export const currentLang = (): Lang => current

const Context = createContext<{ lang: Lang; setLang: (lang: Lang) => void }>({ lang: current, setLang: () => {} })

export function LangProvider({ children }: { children: ReactNode }) {
  const [lang, setState] = useState<Lang>(current)
  const value = useMemo(
    () => ({
      lang,
      setLang: (next: Lang) => {
        localStorage.setItem(storageKey, next)
        current = next
        setState(next)
      },
    }),
    [lang],
  )
  useEffect(() => {
    document.documentElement.lang = lang
  }, [lang])
  return <Context value={value}>{children}</Context>
}

export const useLang = () => useContext(Context)

/** Returns a screen's words in the language of now. */
export function useWords<T>(words: Words<T>): T {
  return words[useLang().lang]
}
