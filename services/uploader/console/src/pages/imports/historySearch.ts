import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { dayIn, isUnderWay, type State } from './figures'

/** States that people look for together. */
export const groups = {
  draft: ['created', 'uploaded'],
  active: ['queued', 'running', 'paused', 'undoing'],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  undone: ['undone'],
} satisfies Record<string, State[]>
export type Group = keyof typeof groups

/** What the address says of the history. */
export interface HistorySearch {
  q?: string
  state?: Group
  list?: string
  user?: string
  tests?: 'exclude' | 'only'
  since?: string
  until?: string
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined)
const day = (value: unknown) => (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined)

/** Reads the address; what makes no sense is left out. */
export function historySearch(search: Record<string, unknown>): HistorySearch {
  return {
    q: text(search.q),
    state: typeof search.state === 'string' && search.state in groups ? (search.state as Group) : undefined,
    list: text(search.list),
    user: text(search.user),
    tests: search.tests === 'exclude' || search.tests === 'only' ? search.tests : undefined,
    since: day(search.since),
    until: day(search.until),
  }
}

/** The imports that match, page by page. Those that are under way are looked after. */
export const historyQuery = (search: HistorySearch, zone: string) =>
  infiniteQueryOptions({
    queryKey: ['imports', search],
    queryFn: ({ pageParam, signal }) =>
      ask(
        api.GET('/v1/imports', {
          params: {
            query: {
              limit: 30,
              cursor: pageParam || undefined,
              q: search.q,
              state: search.state && groups[search.state],
              list: search.list,
              user: search.user,
              dry_run: search.tests,
              since: search.since && dayIn(zone, search.since),
              until: search.until && dayIn(zone, search.until, 1),
              count: pageParam === '' ? true : undefined,
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => {
      const pages = data?.pages ?? []
      if (!pages.some((p) => (p.items ?? []).some(isUnderWay))) return 20_000
      return pages.length > 2 ? 8_000 : 2_000
    },
  })
