import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useWords } from '@/lang/lang'
import { Changes } from '@/parts/Changes'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import { type Import, isFinal, outcomes } from './figures'
import { importWords } from './importWords'
import { previewQuery } from './queries'
import { words } from './words'

/** How many rows are shown at first. */
const few = 3

/** What the first rows of each outcome do to their members. */
export function Sample({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const said = useWords(words)
  const c = useWords(common)
  const [only, setOnly] = useState('')
  const [all, setAll] = useState(false)
  const query = useQuery({ ...previewQuery(i.id), refetchInterval: isFinal(i) ? false : 5_000 })
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />
  if (!query.data) return <Loading>{w.loadingSample}</Loading>
  const items = query.data.items ?? []
  if (items.length === 0) return <Text c="dimmed">{w.sampleNone}</Text>
  const chosen = items.filter((item) => only === '' || item.outcome === only)
  const there = outcomes.filter((o) => items.some((item) => item.outcome === o))
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {w.sampleHelp}
      </Text>
      {there.length > 1 && (
        <SegmentedControl
          value={only}
          onChange={setOnly}
          aria-label={w.sample}
          style={{ alignSelf: 'flex-start', maxWidth: '100%', flexWrap: 'wrap' }}
          data={[{ value: '', label: c.all }, ...there.map((value) => ({ value, label: said.outcomes[value] }))]}
        />
      )}
      <Changes
        items={(all ? chosen : chosen.slice(0, few)).map((item) => ({ ...item, detail: item.reason }))}
        list={i.list}
        linked={!i.dry_run}
      />
      {!all && chosen.length > few && (
        <Group justify="center">
          <Button variant="default" onClick={() => setAll(true)}>
            {c.more}
          </Button>
        </Group>
      )}
    </Stack>
  )
}
