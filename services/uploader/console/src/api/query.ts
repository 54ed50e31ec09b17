import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './client'

/** Whether trying again may help: the network failed, or the server is busy or starting. */
export const passing = (error: unknown) =>
  error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 502)

export const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (count, error) => count < 3 && passing(error), refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
})
