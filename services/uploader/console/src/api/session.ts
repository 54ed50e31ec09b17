import { queryOptions, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { ApiError, api, ask, type Schemas } from './client'

export type SignedIn = Schemas['SignedIn']

/** Who is signed in; null for nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<SignedIn | null> => {
    try {
      return await ask(api.GET('/v1/session'))
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null
      throw error
    }
  },
  staleTime: 60_000,
})

/** Who is signed in. Only for pages behind the sign-in, where somebody is. */
export function useSession(): SignedIn {
  const { data } = useSuspenseQuery(sessionQuery)
  if (!data) throw new ApiError({ status: 401, code: 'unauthenticated' })
  return data
}

/** Whether whoever is signed in may do what needs the scope. */
export function useMay(scope: 'import' | 'admin'): boolean {
  const { data } = useQuery(sessionQuery)
  return data?.scope === 'admin' || (scope === 'import' && data?.scope === 'import')
}

/** Returns what ends the session, here and at the server. */
export function useSignOut() {
  const queries = useQueryClient()
  return async () => {
    await ask(api.DELETE('/v1/session')).catch(() => undefined)
    queries.clear()
    queries.setQueryData(sessionQuery.queryKey, null)
  }
}
