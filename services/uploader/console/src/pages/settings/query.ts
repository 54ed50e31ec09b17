import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { api, ask, type Schemas } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { words } from './words'

export type TenantSettings = Schemas['Settings']

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: () => ask(api.GET('/v1/settings')),
})

/** Changes what is said of the settings; the session shows some of them, too. */
export function useChangeSettings() {
  const w = useWords(words)
  const queries = useQueryClient()
  return useAct((body: Schemas['SettingsChange']) => ask(api.PATCH('/v1/settings', { body })), {
    done: w.saved,
    quiet: true,
    then: async (now) => {
      queries.setQueryData(settingsQuery.queryKey, now)
      await queries.invalidateQueries(sessionQuery)
    },
  })
}
