import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, ask, type Schemas } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { dropDraft } from '../draft'
import { giveUp } from '../upload/uploads'
import { words } from './words'

/** How many of the latest are offered. */
const most = 5

/** Imports that somebody has begun and not started. */
export function Unfinished() {
  const w = useWords(words)
  const { data } = useQuery({
    queryKey: ['wizard', 'unfinished'],
    queryFn: () => ask(api.GET('/v1/imports', { params: { query: { limit: 50 } } })),
  })
  const waiting = (data?.items ?? []).filter((i) => (i.state === 'created' || i.state === 'uploaded') && !i.parent)
  if (waiting.length === 0) return null
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h3">
        {w.unfinished}
      </Title>
      <Text size="sm" c="dimmed">
        {w.unfinishedHelp}
      </Text>
      {waiting.slice(0, most).map((i) => (
        <Waiting key={i.id} found={i} />
      ))}
    </Stack>
  )
}

function Waiting({ found }: { found: Schemas['Import'] }) {
  const w = useWords(words)
  const f = useFormats(useSession().tenant.time_zone)
  const discard = useAct(async () => {
    await giveUp(found.id)
    dropDraft(found.id)
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: w.discardTitle(found.file_name),
      children: w.discardHelp,
      labels: { confirm: w.discard, cancel: w.goOn },
      confirmProps: { color: 'red' },
      onConfirm: () => discard.mutate(),
    })
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" gap="xs">
        <div>
          <Group gap="xs">
            <Text fw={600}>{found.file_name}</Text>
            <Badge variant="light" color={found.state === 'created' ? 'yellow' : 'ink'} tt="none">
              {found.state === 'created' ? w.waitingFile : w.waitingStart}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed" title={f.dateTime(found.created_at)}>
            {found.list} · {w.begun(f.ago(found.created_at))}
            {found.size > 0 && ` · ${f.bytes(found.size)}`}
          </Text>
        </div>
        <Group gap="xs">
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            onClick={confirm}
            loading={discard.isPending}
            aria-label={w.discardOf(found.file_name)}
          >
            {w.discard}
          </Button>
          <Button
            size="xs"
            variant="default"
            component={Link}
            to={`/imports/new/${found.id}`}
            aria-label={w.goOnOf(found.file_name)}
          >
            {w.goOn}
          </Button>
        </Group>
      </Group>
    </Paper>
  )
}
