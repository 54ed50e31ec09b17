import { Anchor, Group, Paper, Stack, Table, Text, Title } from '@mantine/core'
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { failureWords } from './failureWords'
import { type Import, isUnderWay, outcomes } from './figures'
import { importQuery } from './queries'
import { StateBadge } from './StateBadge'
import { words } from './words'

/** How many retries are shown, the latest ones. */
const most = 10

/** What became of the file with all that was corrected since, and the retries that it came by. */
export function Retries({ import: i }: { import: Import }) {
  const w = useWords(failureWords)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const queries = useQueryClient()
  const ids = i.retries ?? []
  const retries = useQueries({
    queries: ids
      .slice(-most)
      .reverse()
      .map((id) => ({
        ...importQuery(id),
        refetchInterval: ({ state: { data } }: { state: { data?: Import } }) =>
          data && isUnderWay(data) ? 2_000 : false,
      })),
  })
  const said = retries.map((r) => `${r.data?.state} ${r.data?.undo?.state}`).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: what became of the rows is another sum when a retry gets on
  useEffect(() => {
    queries.invalidateQueries({ queryKey: importQuery(i.id).queryKey })
  }, [queries, i.id, said])
  if (ids.length === 0) return null
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="converged">
      <Stack>
        <Converged import={i} />
        <Title order={3}>{w.retries}</Title>
        <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
          {retries.map(
            ({ data: r }) =>
              r && (
                <Group key={r.id} component="li" gap="sm">
                  <Anchor component={Link} to={`/imports/${r.id}`}>
                    {r.file_name}
                  </Anchor>
                  <StateBadge import={r} />
                  <Text size="sm" c="dimmed">
                    {w.retryAt(f.dateTime(r.created_at), r.user)}
                  </Text>
                </Group>
              ),
          )}
        </Stack>
        {ids.length > most && <Text size="sm">{w.earlier(f.number(ids.length - most))}</Text>}
      </Stack>
    </Paper>
  )
}

/** The outcomes of the file's rows at first, and with all retries. Both add up to the same total. */
function Converged({ import: i }: { import: Import }) {
  const w = useWords(failureWords)
  const said = useWords(words)
  const f = useFormats()
  const sums = i.converged
  if (!sums) return null
  const rows = outcomes
    .map((o) => [o, i[o], o === 'not_processed' ? i.not_processed : sums[o]] as const)
    .filter(([o, first, now]) => first > 0 || now > 0 || o === 'failed')
  return (
    <>
      <div>
        <Title order={2} id="converged">
          {w.convergedTitle}
        </Title>
        <Text c="dimmed">{w.convergedHelp}</Text>
      </div>
      <Table maw={520} aria-labelledby="converged">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{w.outcome}</Table.Th>
            <Table.Th scope="col" ta="right">
              {w.first}
            </Table.Th>
            <Table.Th scope="col" ta="right">
              {w.now}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([o, first, now]) => (
            <Table.Tr key={o}>
              <Table.Th scope="row" fw={400}>
                {said.outcomes[o]}
              </Table.Th>
              <Table.Td ta="right">{f.number(first)}</Table.Td>
              <Table.Td ta="right" fw={first === now ? undefined : 650}>
                {f.number(now)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th scope="row">{said.total}</Table.Th>
            <Table.Td ta="right">{f.number(i.total)}</Table.Td>
            <Table.Td ta="right">{f.number(i.total)}</Table.Td>
          </Table.Tr>
        </Table.Tfoot>
      </Table>
    </>
  )
}
