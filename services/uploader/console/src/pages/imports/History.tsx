import { Button, Group, Stack, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { SearchX, Upload } from 'lucide-react'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { words as common } from '@/words'
import { FirstSteps } from './FirstSteps'
import { HistoryFilters } from './HistoryFilters'
import { HistoryRows } from './HistoryRows'
import { type HistorySearch, historyQuery } from './historySearch'
import { words } from './words'

/** All imports, the newest first. */
export function History() {
  const w = useWords(words)
  const mayImport = useMay('import')
  const { tenant } = useSession()
  const search = useSearch({ from: '/inside/imports' })
  const navigate = useNavigate({ from: '/imports' })
  const change = (part: HistorySearch) => navigate({ search: (now) => ({ ...now, ...part }), replace: true })
  const query = useInfiniteQuery(historyQuery(search, tenant.time_zone))
  const items = (query.data?.pages ?? []).flatMap((p) => p.items ?? [])
  const filtered = Object.values(search).some((v) => v !== undefined)
  return (
    <Page
      title={w.title}
      lead={w.lead}
      actions={
        mayImport && (
          <Button component={Link} to="/imports/new" leftSection={<Upload size={16} aria-hidden />}>
            {w.start}
          </Button>
        )
      }
    >
      {query.isError && items.length === 0 ? (
        <Failure error={query.error} retry={() => query.refetch()} />
      ) : query.isPending ? (
        <Loading />
      ) : items.length === 0 && !filtered ? (
        <FirstSteps />
      ) : (
        <Stack gap="sm">
          <HistoryFilters search={search} change={change} users={items.map((i) => i.user)} />
          <Matches search={search} change={change} />
        </Stack>
      )}
    </Page>
  )
}

/** What matches the filters. */
function Matches({ search, change }: { search: HistorySearch; change: (part: HistorySearch) => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const query = useInfiniteQuery(historyQuery(search, tenant.time_zone))
  const items = (query.data?.pages ?? []).flatMap((p) => p.items ?? [])
  const first = query.data?.pages[0]
  if (items.length === 0) {
    const none = Object.fromEntries(Object.keys(search).map((k) => [k, undefined]))
    return (
      <Empty
        icon={SearchX}
        title={w.nothing}
        action={
          <Button variant="default" onClick={() => change(none)}>
            {w.clear}
          </Button>
        }
      >
        {w.nothingHelp}
      </Empty>
    )
  }
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {first?.count !== undefined && w.found(f.number(first.count), first.count_more ?? false)}
      </Text>
      <HistoryRows items={items} faded={query.isPlaceholderData} />
      {query.isError && <Failure error={query.error} retry={() => query.refetch()} />}
      {query.hasNextPage && (
        <Group justify="center">
          <Button variant="default" onClick={() => query.fetchNextPage()} loading={query.isFetchingNextPage}>
            {c.more}
          </Button>
        </Group>
      )}
    </>
  )
}
