import { Alert, Anchor, Group, List, SegmentedControl, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleAlert, Download } from 'lucide-react'
import { useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Changes } from '@/parts/Changes'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words } from './words'

const outcomes = ['created', 'updated', 'unchanged', 'deleted', 'skipped', 'failed'] as const

/** What a dry run has found: counts, why rows fail, and single rows before and after. */
export function Result({ found }: { found: Schemas['Import'] }) {
  const w = useWords(words)
  const f = useFormats()
  return (
    <Stack>
      <Title order={4} role="status">
        {found.state === 'failed' ? w.resultFailed : w.result}
      </Title>
      {found.error && (
        <Alert color="red" icon={<CircleAlert size={18} aria-hidden />}>
          {found.error.detail}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 2, xs: 3, md: 7 }} spacing="xs" component="dl" m={0}>
        <Count name={w.total} value={f.number(found.total)} />
        {outcomes.map((o) => (
          <Count key={o} name={w.outcomes[o]} value={f.number(found[o])} bad={o === 'failed' && found.failed > 0} />
        ))}
      </SimpleGrid>
      {found.removed > 0 && <Alert color="red">{w.removed(f.number(found.removed))}</Alert>}
      {found.protected > 0 && <Text size="sm">{w.protectedCount(f.number(found.protected))}</Text>}
      {found.failed > 0 && <Failures id={found.id} />}
      <Preview id={found.id} list={found.list} />
    </Stack>
  )
}

function Count({ name, value, bad }: { name: string; value: string; bad?: boolean }) {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0} fw={700} size="xl" c={bad ? 'var(--mantine-color-error)' : undefined}>
        {value}
      </Text>
    </div>
  )
}

/** Why rows would fail, the most frequent reason first. */
function Failures({ id }: { id: string }) {
  const w = useWords(words)
  const f = useFormats()
  const { lang } = useLang()
  const { data, error, refetch } = useQuery({
    queryKey: ['wizard', 'failures', id, lang],
    queryFn: () => ask(api.GET('/v1/imports/{id}/failures', { params: { path: { id } } })),
  })
  if (error) return <Failure error={error} retry={refetch} />
  if (!data) return <Loading />
  const rowsOf = (code: string, field: string) =>
    (data.items ?? [])
      .filter((row) => row.problems?.some((p) => p.code === code && p.field === field))
      .slice(0, 3)
      .map((row) => f.number(row.rowNumber))
      .join(', ')
  return (
    <section>
      <Title order={5}>{w.failures}</Title>
      <List size="sm" mt={4} spacing={4}>
        {(data.counts ?? []).map((count) => {
          const rows = rowsOf(count.code, count.field)
          return (
            <List.Item key={`${count.code}/${count.field}`}>
              <b>{w.failureRows(f.number(count.rows))}</b> {count.reason}
              {rows && (
                <Text span size="sm" c="dimmed">
                  {' '}
                  {w.example(rows)}
                </Text>
              )}
            </List.Item>
          )
        })}
      </List>
      <Anchor
        href={`/v1/imports/${id}/failures.xlsx?language=${lang}`}
        download
        size="sm"
        mt="xs"
        display="inline-block"
      >
        <Group gap={4} component="span">
          <Download size={15} aria-hidden />
          {w.downloadFailures}
        </Group>
      </Anchor>
    </section>
  )
}

/** Rows of each outcome, before and after. */
function Preview({ id, list }: { id: string; list: string }) {
  const w = useWords(words)
  const { lang } = useLang()
  const [outcome, setOutcome] = useState('all')
  const { data, error, refetch } = useQuery({
    queryKey: ['wizard', 'preview', id, lang],
    queryFn: () => ask(api.GET('/v1/imports/{id}/preview', { params: { path: { id } } })),
  })
  if (error) return <Failure error={error} retry={refetch} />
  if (!data) return <Loading />
  const items = data.items ?? []
  const there = outcomes.filter((o) => items.some((i) => i.outcome === o))
  if (items.length === 0) return <Text c="dimmed">{w.previewNone}</Text>
  return (
    <Stack component="section" gap="sm">
      <div>
        <Title order={5}>{w.preview}</Title>
        <Text size="sm" c="dimmed">
          {w.previewHelp}
        </Text>
      </div>
      {there.length > 1 && (
        <SegmentedControl
          aria-label={w.preview}
          value={outcome}
          onChange={setOutcome}
          style={{ alignSelf: 'flex-start', maxWidth: '100%', flexWrap: 'wrap' }}
          data={[{ value: 'all', label: w.previewAll }, ...there.map((o) => ({ value: o, label: w.outcomes[o] }))]}
        />
      )}
      <Changes items={items.filter((i) => outcome === 'all' || i.outcome === outcome)} list={list} />
    </Stack>
  )
}
