import { Alert, List, Paper, SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { Dead, Running, Workers } from './Tables'
import { type Operations as Now, type Trouble, troublesOf } from './troubles'
import { words } from './words'

/** How everything runs, for those who look after it. */
export function Operations() {
  const w = useWords(words)
  const may = useMay('admin')
  const f = useFormats(useSession().tenant.time_zone)
  const now = useQuery({
    queryKey: ['operations'],
    queryFn: () => ask(api.GET('/v1/operations')),
    refetchInterval: 4000,
    enabled: may,
  })
  if (!may) {
    return (
      <Page title={w.title}>
        <Alert color="gray">{w.denied}</Alert>
      </Page>
    )
  }
  return (
    <Page title={w.title} lead={now.data ? `${w.lead} ${w.updated(f.time(now.data.at))}` : w.lead}>
      {now.isPending && <Loading>{w.loading}</Loading>}
      {now.isError && <Failure error={now.error} retry={now.refetch} />}
      {now.data && (
        <>
          <Headline now={now.data} />
          <Figures now={now.data} />
          <Running imports={now.data.imports ?? []} />
          <Workers now={now.data} />
          <Dead letters={now.data.dead ?? []} />
        </>
      )}
    </Page>
  )
}

/** Says in words whether all is well, and if not, what is wrong and what to do. */
function Headline({ now }: { now: Now }) {
  const w = useWords(words)
  const f = useFormats()
  const troubles = troublesOf(now)
  const running = now.imports?.length ?? 0
  const say = (t: Trouble): [string, string] => {
    switch (t.kind) {
      case 'queue':
        return [w.noQueue, w.noQueueDo]
      case 'missing':
        return [w.missing(w.services[t.service] ?? t.service), w.missingDo]
      case 'stuck':
        return [w.stuck(t.file), w.stuckDo]
      case 'dead':
        return [w.dead(f.number(t.count)), w.deadDo]
    }
  }
  const well = troubles.length === 0
  return (
    <div aria-live="polite">
      <Alert
        color={well ? 'teal' : 'orange'}
        icon={well ? <CircleCheck size={20} aria-hidden /> : <TriangleAlert size={20} aria-hidden />}
        title={well ? w.well : w.wrong(f.number(troubles.length))}
      >
        {well ? (
          running > 0 ? (
            w.busy(f.number(running))
          ) : (
            w.idle
          )
        ) : (
          <List spacing="xs">
            {troubles.map((t) => {
              const [what, todo] = say(t)
              return (
                <List.Item key={what}>
                  <Text span fw={600}>
                    {what}
                  </Text>
                  <br />
                  {todo}
                </List.Item>
              )
            })}
          </List>
        )}
      </Alert>
    </div>
  )
}

function Figures({ now }: { now: Now }) {
  const w = useWords(words)
  const f = useFormats()
  const speed = (now.workers ?? [])
    .filter((one) => one.service === 'merger')
    .reduce((n, one) => n + one.rows_per_second, 0)
  const { queue } = now
  const oldest = queue && queue.oldest_seconds !== null ? w.oldest(f.span(queue.oldest_seconds)) : w.nothingWaits
  return (
    <SimpleGrid component="section" cols={{ base: 1, xs: 2, md: 4 }} aria-label={w.figures}>
      <Figure label={w.chunks} value={queue ? f.number(queue.chunks_waiting) : w.unknown} note={queue && oldest} />
      <Figure label={w.jobs} value={queue ? f.number(queue.jobs_waiting) : w.unknown} note={w.allTenants} />
      <Figure label={w.speed} value={w.perSecond(f.number(Math.round(speed)))} note={w.allTenants} />
      <Figure
        label={w.mails}
        value={f.number(now.mails_waiting)}
        note={now.mails_waiting > 0 ? w.mailsHelp : undefined}
      />
    </SimpleGrid>
  )
}

function Figure({ label, value, note }: { label: string; value: string; note?: string }) {
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={24} fw={650} lh={1.4}>
        {value}
      </Text>
      {note && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </Paper>
  )
}
