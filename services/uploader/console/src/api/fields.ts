import { queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Lang } from '@/lang/lang'
import { api, ask, type Schemas } from './client'

export type Field = Schemas['Field']

/** The fields that members of a list have, those that are not used any more left out. */
export const fieldsQuery = (list: string) =>
  queryOptions({
    queryKey: ['fields', list],
    queryFn: async () => (await ask(api.GET('/v1/fields', { params: { query: { list } } }))).items ?? [],
    staleTime: 30_000,
  })

/** What people call a field, or a choice of one. */
export const labelOf = ({ label, key }: Pick<Field, 'label' | 'key'>, lang: Lang) =>
  label[lang] || label.ja || label.en || key

/** The fields of a list by their keys; empty until they are there. */
export function useFieldsByKey(list: string): Map<string, Field> {
  const { data } = useQuery(fieldsQuery(list))
  return useMemo(() => new Map((data ?? []).map((f) => [f.key, f])), [data])
}
