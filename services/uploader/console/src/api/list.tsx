import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { api, ask } from './client'

const storageKey = 'meibo.list'

const Context = createContext<{ list: string; setList: (name: string) => void }>({ list: 'main', setList: () => {} })

/** The list that pages are about, which is remembered in this browser. */
export function ListProvider({ children }: { children: ReactNode }) {
  const [list, set] = useState(() => localStorage.getItem(storageKey) ?? 'main')
  const value = useMemo(
    () => ({
      list,
      setList: (name: string) => {
        localStorage.setItem(storageKey, name)
        set(name)
      },
    }),
    [list],
  )
  return <Context value={value}>{children}</Context>
}

export const listsQuery = { queryKey: ['lists'], queryFn: () => ask(api.GET('/v1/lists')), staleTime: 30_000 }

/** The list of now: the remembered one if the tenant has it, else main. */
export function useList() {
  const { list, setList } = useContext(Context)
  const lists = useQuery(listsQuery).data?.items
  const known = !lists || lists.some((l) => l.name === list)
  return { list: known ? list : 'main', setList, lists: lists ?? [] }
}
