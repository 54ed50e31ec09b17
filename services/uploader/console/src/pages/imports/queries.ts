import { useDocumentVisibility } from '@mantine/hooks'
import { keepPreviousData, type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError, api, ask, problemOf, type Schemas } from '@/api/client'
import { doneOf, type Import, isSettled, isUnderWay, joined, type Sample } from './figures'

const path = (id: string) => ({ params: { path: { id } } })

export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ['import', id],
    queryFn: ({ signal }) => ask(api.GET('/v1/imports/{id}', { ...path(id), signal })),
  })

export const failuresQuery = (id: string) =>
  queryOptions({
    queryKey: ['import', id, 'failures'],
    queryFn: () => ask(api.GET('/v1/imports/{id}/failures', path(id))),
  })

export const timelineQuery = (id: string) =>
  queryOptions({
    queryKey: ['import', id, 'timeline'],
    queryFn: async () => (await ask(api.GET('/v1/imports/{id}/timeline', path(id)))).items ?? [],
  })

export const previewQuery = (id: string) =>
  queryOptions({
    queryKey: ['import', id, 'preview'],
    queryFn: () => ask(api.GET('/v1/imports/{id}/preview', path(id))),
  })

/** What was found in the file, which does not change once the import runs. */
export const foundQuery = (id: string) =>
  queryOptions({
    queryKey: ['import', id, 'inspection'],
    queryFn: () => ask(api.GET('/v1/imports/{id}/inspection', path(id))),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const retentionQuery = queryOptions({
  queryKey: ['retention'],
  queryFn: () => ask(api.GET('/v1/retention')),
  staleTime: 300_000,
})

export type UndoFigures = Schemas['UndoBody']

export const undoQuery = (id: string, dryRun: boolean) =>
  queryOptions({
    queryKey: ['import', id, 'undo', dryRun],
    queryFn: () => ask(api.GET('/v1/imports/{id}/undo', { params: { path: { id }, query: { dry_run: dryRun } } })),
  })

export const keptQuery = (id: string, dryRun: boolean, cursor: string) =>
  queryOptions({
    queryKey: ['import', id, 'kept', dryRun, cursor],
    queryFn: () =>
      ask(
        api.GET('/v1/imports/{id}/undo/kept', {
          params: { path: { id }, query: { dry_run: dryRun, cursor: cursor || undefined, limit: 30 } },
        }),
      ),
    placeholderData: keepPreviousData,
  })

/** How far the import was, by the server's clock, with how far that one is ahead of ours. */
const paceQuery = (id: string) =>
  queryOptions({
    queryKey: ['import', id, 'pace'],
    queryFn: async () => {
      const { data, error, response } = await api.GET('/v1/imports/{id}/pace', path(id))
      if (!data) throw new ApiError(problemOf(error, response), response)
      const said = Date.parse(response.headers.get('Date') ?? '')
      const noted: Sample[] = (data.items ?? []).map((p) => ({ at: Date.parse(p.at), done: p.done }))
      return { noted, ahead: Number.isNaN(said) ? 0 : said - Date.now() }
    },
  })

/** The import as it is now: by events of the server, and by asking where those do not come. */
export function useLiveImport(id: string) {
  const queries = useQueryClient()
  const [heard, setHeard] = useState(false)
  const query = useQuery({
    ...importQuery(id),
    refetchInterval: ({ state: { data } }) => {
      if (!data || isSettled(data)) return false
      // What it waits for is not among the events.
      return heard ? (data.state === 'queued' ? 5_000 : 30_000) : 2_000
    },
  })
  const shown = useDocumentVisibility() !== 'hidden'
  const listens = query.data !== undefined && !isSettled(query.data) && shown
  useEffect(() => {
    if (!listens) return
    const stop = listen(queries, id, setHeard)
    return () => {
      setHeard(false)
      stop()
    }
  }, [queries, id, listens])
  return query
}

/** Hears the events of an import until it is told to stop. Browsers come again by themselves, unless they were refused. */
function listen(queries: QueryClient, id: string, heard: (now: boolean) => void) {
  let source: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    source = new EventSource(`/v1/imports/${id}/events`)
    source.addEventListener('open', () => heard(true))
    source.addEventListener('import', (event) => take(queries, id, JSON.parse(event.data) as Import))
    source.addEventListener('error', () => {
      heard(false)
      if (source?.readyState === EventSource.CLOSED) again = setTimeout(open, 5_000)
    })
  }
  open()
  return () => {
    clearTimeout(again)
    source?.close()
  }
}

/** Takes over what an event says. Its sentences are in the language of the browser, so those are asked for where they are new. */
function take(queries: QueryClient, id: string, now: Import) {
  const { queryKey } = importQuery(id)
  const before = queries.getQueryData(queryKey)
  if (before) now.warnings = before.warnings
  queries.setQueryData(queryKey, now)
  const turned =
    !before || before.state !== now.state || before.stage !== now.stage || before.undo?.state !== now.undo?.state
  if (turned) queries.invalidateQueries({ queryKey })
}

/** How far the import was when: what the server has noted, and from then on what was seen here. */
export function usePace(i: Import): { samples: Sample[]; ahead: number } {
  const under = isUnderWay(i) && i.state === 'running'
  const { data } = useQuery({
    ...paceQuery(i.id),
    enabled: i.started_at !== null,
    refetchInterval: under ? 20_000 : false,
  })
  const [seen, setSeen] = useState<Sample[]>([])
  const done = doneOf(i)
  const ahead = data?.ahead ?? 0
  useEffect(() => {
    if (!under) return
    setSeen((all) => {
      const at = Date.now() + ahead
      const last = all.at(-1)
      return last && at - last.at < 900 ? all : [...all.slice(-600), { at, done }]
    })
  }, [under, done, ahead])
  return { samples: joined(data?.noted ?? [], seen), ahead }
}
