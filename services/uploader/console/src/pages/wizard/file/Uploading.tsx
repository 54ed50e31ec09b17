import { Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useNavigate } from '@tanstack/react-router'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { dropDraft } from '../draft'
import type { Progress as Sending } from '../upload/upload'
import { begin, forget, giveUp } from '../upload/uploads'
import { words } from './words'

/** A file on its way: how much, how fast, how long. */
export function Uploading({ id, file, progress }: { id: string; file: File; progress: Sending }) {
  const w = useWords(words)
  const f = useFormats()
  const share = progress.size > 0 ? progress.sent / progress.size : 1
  const busy = progress.stage === 'checking' || progress.stage === 'comparing'
  if (progress.stage === 'failed') {
    return (
      <>
        <Failure title={w.stages.failed} error={progress.error} retry={() => begin(id, file)} />
        <Group>
          <Button variant="default" onClick={() => forget(id)}>
            {w.another}
          </Button>
          <Stop id={id} />
        </Group>
      </>
    )
  }
  return (
    <Paper withBorder p="lg" radius="lg">
      <Stack>
        <Title order={2} size="h3">
          {file.name}
        </Title>
        <Progress.Root size="xl">
          <Progress.Section
            value={share * 100}
            animated={busy}
            striped={busy || progress.stage === 'waiting'}
            color={progress.stage === 'waiting' ? 'yellow' : undefined}
            aria-label={w.uploaded(f.percent(Math.floor(share * 100) / 100))}
          />
        </Progress.Root>
        <Group justify="space-between">
          <Text role="status" fw={600}>
            {w.stages[progress.stage]}
          </Text>
          <Text>{w.sent(f.bytes(progress.sent), f.bytes(progress.size))}</Text>
        </Group>
        <Group justify="space-between" mih={24}>
          <Text size="sm" c="dimmed">
            {progress.kept > 0 && w.kept(f.bytes(progress.kept))}
          </Text>
          <Text size="sm" c="dimmed">
            {progress.stage === 'sending' && progress.rate !== null && w.speed(f.bytes(progress.rate))}
            {progress.stage === 'sending' && progress.left !== null && ` · ${w.left(f.span(progress.left))}`}
          </Text>
        </Group>
        <Text size="sm" c="dimmed">
          {w.background}
        </Text>
        <Group justify="flex-end">
          <Stop id={id} />
        </Group>
      </Stack>
    </Paper>
  )
}

/** Gives the upload up, and the import that it is for. */
export function Stop({ id }: { id: string }) {
  const w = useWords(words)
  const navigate = useNavigate()
  const stop = useAct(() => giveUp(id), {
    done: w.stopped,
    then: async () => {
      dropDraft(id)
      await navigate({ to: '/imports/new' })
    },
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: w.stopTitle,
      children: w.stopHelp,
      labels: { confirm: w.stop, cancel: w.goOn },
      confirmProps: { color: 'red' },
      onConfirm: () => stop.mutate(),
    })
  return (
    <Button variant="default" onClick={confirm} loading={stop.isPending}>
      {w.stop}
    </Button>
  )
}
