import { Alert, Button, Center, Stack, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { api, ask, type Schemas } from '@/api/client'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { words as common } from '@/words'
import { Entry } from './Entry'
import { Filters } from './Filters'
import { auditQuery } from './search'
import { words } from './words'

/** Who did what, the newest first. */
export function Audit() {
  const w = useWords(words)
  const c = useWords(common)
  const may = useMay('admin')
  const { tenant } = useSession()
  const search = useSearch({ from: '/inside/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const query = auditQuery(search, tenant.time_zone)
  const log = useInfiniteQuery({
    queryKey: ['audit', query],
    queryFn: ({ pageParam }) =>
      ask(api.GET('/v1/audit', { params: { query: { ...query, cursor: pageParam, limit: 50 } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    enabled: may,
  })
  if (!may) {
    return (
      <Page title={w.title}>
        <Alert color="gray">{w.denied}</Alert>
      </Page>
    )
  }
  const entries = log.data?.pages.flatMap((page) => page.items ?? []) ?? []
  return (
    <Page title={w.title} lead={w.lead} width={900}>
      <Filters search={search} change={(to) => navigate({ search: { ...search, ...to }, replace: true })} />
      {log.isPending && <Loading>{w.loading}</Loading>}
      {log.isError && <Failure error={log.error} retry={log.refetch} />}
      {log.data && entries.length === 0 && (
        <Empty
          icon={ScrollText}
          title={w.emptyTitle}
          action={
            <Button variant="default" onClick={() => navigate({ search: {} })}>
              {w.clear}
            </Button>
          }
        >
          {w.empty}
        </Empty>
      )}
      <Days entries={entries} />
      {log.hasNextPage && (
        <Center>
          <Button variant="default" loading={log.isFetchingNextPage} onClick={() => log.fetchNextPage()}>
            {c.more}
          </Button>
        </Center>
      )}
    </Page>
  )
}

/** Entries under the days that they are of. */
function Days({ entries }: { entries: Schemas['AuditEntry'][] }) {
  const f = useFormats(useSession().tenant.time_zone)
  const days = new Map<string, Schemas['AuditEntry'][]>()
  for (const entry of entries) {
    const day = f.date(entry.at)
    days.set(day, [...(days.get(day) ?? []), entry])
  }
  return [...days].map(([day, of]) => (
    <section key={day} aria-label={day}>
      <Text component="h2" size="sm" fw={600} mb={6}>
        {day}
      </Text>
      <Stack component="ol" gap={0} p={0} m={0} style={{ listStyle: 'none' }}>
        {of.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </Stack>
    </section>
  ))
}
