import { queryOptions } from '@tanstack/react-query'
import { api, ask, type Schemas } from '@/api/client'

export type Person = Schemas['Person']

export type Role = Person['role']

/** Everybody who may sign in, or once might. Only for administrators. */
export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => ask(api.GET('/v1/users')),
})
