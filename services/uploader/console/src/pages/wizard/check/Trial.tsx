import { Alert, Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { words as common } from '@/words'
import { startOf } from '../mapping/columns'
import type { Prepared } from '../Prepare'
import { Refusal } from './Check'
import { Result } from './Result'
import { words } from './words'

const ended = (state: string) => ['completed', 'failed', 'cancelled', 'undone'].includes(state)

/** The dry run of that id, followed until it has ended. */
export function useTrial(id: string | undefined) {
  return useQuery({
    queryKey: ['wizard', 'trial', id],
    queryFn: () => ask(api.GET('/v1/imports/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data && ended(state.data.state) ? false : 700),
  })
}

/** One click shows what would happen: an import of its own, of a copy of the file, that writes nothing. */
export function Trial(props: Prepared) {
  const { id, draft, change, mapping, fields } = props
  const w = useWords(words)
  const c = useWords(common)
  const f = useFormats()
  const said = startOf(draft, mapping, fields)
  const mark = JSON.stringify(said)
  const trial = useTrial(draft.trial?.id)
  const start = useAct(
    async () => {
      const body = { ...said, source_of: id, dry_run: true }
      const made = await ask(api.POST('/v1/imports', { body }))
      const params = { path: { id: made.id } }
      try {
        return await ask(api.POST('/v1/imports/{id}/start', { params, body: { dry_run: true } }))
      } catch (error) {
        await ask(api.POST('/v1/imports/{id}/cancel', { params })).catch(() => undefined)
        throw error
      }
    },
    { quiet: true, then: (made) => change((d) => ({ ...d, trial: { id: made.id, said: mark } })) },
  )
  const stop = useAct(async (trialID: string) => {
    await ask(api.POST('/v1/imports/{id}/cancel', { params: { path: { id: trialID } } }))
    await trial.refetch()
  })
  const found = trial.data
  const running = found !== undefined && !ended(found.state)
  const stale = draft.trial !== undefined && draft.trial.said !== mark
  return (
    <Paper withBorder p="lg" radius="lg" component="section">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ flex: '1 1 300px' }}>
          <Title order={3}>{w.tryTitle}</Title>
          <Text size="sm" c="dimmed" mt={4}>
            {w.tryHelp}
          </Text>
        </div>
        <Button
          variant={found && !stale ? 'default' : 'light'}
          leftSection={<FlaskConical size={18} aria-hidden />}
          onClick={() => start.mutate()}
          loading={start.isPending}
          disabled={running}
        >
          {found ? w.tryAgain : w.tryIt}
        </Button>
      </Group>
      <Stack mt="md" gap="md">
        {start.isPending && <Text role="status">{w.preparing}</Text>}
        {start.isError && <Refusal {...props} error={start.error} />}
        {running && (
          <div>
            <Group justify="space-between" mb={4}>
              <Text role="status" size="sm">
                {found.state === 'queued'
                  ? w.waiting
                  : w.running(f.number(found.total - found.not_processed), f.number(found.total))}
              </Text>
              <Button size="compact-xs" variant="subtle" onClick={() => stop.mutate(found.id)} loading={stop.isPending}>
                {w.stopTrial}
              </Button>
            </Group>
            <Progress
              value={found.total > 0 ? (100 * (found.total - found.not_processed)) / found.total : 0}
              animated
              aria-label={w.tryTitle}
            />
          </div>
        )}
        {stale && found && !running && <Alert color="yellow">{w.stale}</Alert>}
        {found && (found.state === 'completed' || found.state === 'failed') && <Result found={found} />}
        {trial.isError && <Text c="dimmed">{c.unexpected}</Text>}
      </Stack>
    </Paper>
  )
}
