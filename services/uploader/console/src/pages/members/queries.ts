import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ApiError, api, ask, problemOf } from '@/api/client'
import type { MembersSearch } from './search'
import type { MemberValues } from './values'

const pageSize = 50

const asked = (list: string, s: MembersSearch) => ({
  list,
  q: s.q,
  kind: s.kind ?? ('any' as const),
  blocked: s.blocked ?? ('exclude' as const),
  filter: s.filter,
})

/** The members that match, page by page. */
export const membersQuery = (list: string, search: MembersSearch) =>
  infiniteQueryOptions({
    queryKey: ['members', list, 'pages', search],
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET('/v1/members', {
          params: { query: { ...asked(list, search), limit: pageSize, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: 30_000,
  })

/** How many members match. It is asked for beside the members, which need not wait for it. */
export const countQuery = (list: string, search: MembersSearch) =>
  queryOptions({
    queryKey: ['members', list, 'count', search],
    queryFn: ({ signal }) =>
      ask(api.GET('/v1/members', { params: { query: { ...asked(list, search), limit: 1, count: true } }, signal })),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: 30_000,
  })

/** A member as it was read, with the version for the API to compare. */
export interface ReadMember {
  member: MemberValues
  etag: string
}

type Answer = { data?: MemberValues; error?: unknown; response: Response }

/** The member of an answer; throws an ApiError where it was refused. */
export async function read(request: Promise<Answer>): Promise<ReadMember> {
  const { data, error, response } = await request
  if (!response.ok || !data) throw new ApiError(problemOf(error, response), response)
  return { member: data, etag: response.headers.get('ETag') ?? `"${data.version}"` }
}

export const memberQuery = (id: number) =>
  queryOptions({
    queryKey: ['member', id],
    queryFn: () => read(api.GET('/v1/members/{id}', { params: { path: { id } } })),
  })

/** What happened to a member, the newest first. */
export const historyQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: ['member', id, 'history'],
    queryFn: ({ pageParam }) =>
      ask(
        api.GET('/v1/members/{id}/history', {
          params: { path: { id }, query: { limit: 20, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  })
