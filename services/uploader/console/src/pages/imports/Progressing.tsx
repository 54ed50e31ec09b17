import { Group, Paper, Progress, Stack, Text, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { doneOf, expectedRows, type Import, isDraft, isFinal, rateOf, type Sample, shareOf } from './figures'
import { importWords } from './importWords'
import { foundQuery } from './queries'
import { Stages } from './Stages'
import { words } from './words'

/** How far the import is: steps, rows, speed and the time that is left. */
export function Progressing({ import: i, samples, ahead }: { import: Import; samples: Sample[]; ahead: number }) {
  const w = useWords(importWords)
  const said = useWords(words)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const expected = useExpected(i)
  const share = shareOf(i) ?? (expected ? Math.min(0.99, doneOf(i) / expected) : null)
  const running = i.state === 'running'
  const undoing = i.undo && i.undo.state !== 'done'
  const percent = share === null ? '' : f.percent(Math.floor(share * 10) / 10)
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }}>
      <Stack>
        {!undoing && <Stages import={i} />}
        {(!isFinal(i) || undoing) && <Text>{doing(i, w.doing)}</Text>}
        {!isDraft(i) && (!isFinal(i) || undoing) && i.stage !== 'waiting' && (
          <Progress
            size="lg"
            value={share === null ? 100 : share * 100}
            striped={share === null || i.stage === 'finishing'}
            animated={running || i.state === 'undoing'}
            aria-label={w.progress}
          />
        )}
        {undoing ? (
          <Text>
            {f.number(i.undo?.done ?? 0)} / {said.members(f.number(i.undo?.total ?? 0))}
          </Text>
        ) : (
          running && <Figures import={i} samples={samples} ahead={ahead} expected={expected} />
        )}
        {running && (
          <Text size="sm" c="dimmed">
            {i.notify.recipients?.length === 0 || i.notify.min_rows > 0 ? w.closeQuiet : w.close}
          </Text>
        )}
      </Stack>
      <VisuallyHidden role="status">{w.announce(said.states[i.state], isFinal(i) ? '' : percent)}</VisuallyHidden>
    </Paper>
  )
}

/** What is being done, or waited for. */
function doing(i: Import, w: (typeof importWords)['ja']['doing']): string {
  if (i.state === 'undoing') return w.undoing
  if (i.undo && i.undo.state !== 'done') return i.undo.state === 'queued' ? w.undoWaits : w.undoing
  if (i.state === 'created' || i.state === 'uploaded' || i.state === 'paused') return w[i.state]
  return i.stage === '' ? w.waiting : w[i.stage]
}

/** About how many rows there are, while the file is being read; then that is known. */
function useExpected(i: Import): number | undefined {
  const reading = i.stage === 'reading'
  const { data } = useQuery({ ...foundQuery(i.id), enabled: reading })
  return reading && data ? expectedRows(i, data) : undefined
}

/** Rows done, how fast they go, and for how long still. */
function Figures({
  import: i,
  samples,
  ahead,
  expected,
}: {
  import: Import
  samples: Sample[]
  ahead: number
  expected?: number
}) {
  const w = useWords(importWords)
  const said = useWords(words)
  const f = useFormats()
  const now = useNow(ahead)
  const done = doneOf(i)
  const rate = rateOf(samples)
  const total = i.stage === 'reading' ? expected : i.total
  const left = total !== undefined && rate !== null && rate > 0 ? (total - done) / rate : null
  return (
    <Group gap="lg">
      <Text fw={650}>
        {total === undefined
          ? said.rows(f.number(done))
          : said.rowsOf(f.number(done), i.stage === 'reading' ? w.about(f.number(total)) : f.number(total))}
      </Text>
      {rate !== null && <Text>{w.perSecond(f.number(Math.round(rate)))}</Text>}
      {left !== null && left >= 1 && <Text>{w.left(f.span(left))}</Text>}
      {i.started_at && <Text c="dimmed">{w.took(f.span((now - Date.parse(i.started_at)) / 1000))}</Text>}
    </Group>
  )
}

/** The server's time, every second. */
function useNow(ahead: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const every = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(every)
  }, [])
  return now + ahead
}
