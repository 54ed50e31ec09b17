import { Badge, Box, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, ask, type Schemas } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { browserOf } from './agent'
import { words } from './words'

export const sessionsQuery = { queryKey: ['sessions'], queryFn: () => ask(api.GET('/v1/sessions')) }

/** Where the person is signed in, and the end of any of it. */
export function Sessions() {
  const w = useWords(words)
  const sessions = useQuery(sessionsQuery)
  if (sessions.isPending) return <Loading>{w.loadingSessions}</Loading>
  if (sessions.isError) return <Failure error={sessions.error} retry={sessions.refetch} />
  return (
    <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label={w.sessions}>
      {(sessions.data.items ?? []).map((s) => (
        <SessionRow key={s.id} session={s} />
      ))}
    </Stack>
  )
}

function SessionRow({ session: s }: { session: Schemas['Session'] }) {
  const w = useWords(words)
  const queries = useQueryClient()
  const f = useFormats(useSession().tenant.time_zone)
  const end = useAct(() => ask(api.DELETE('/v1/sessions/{id}', { params: { path: { id: s.id } } })), {
    done: w.ended,
    then: () => queries.invalidateQueries(sessionsQuery),
  })
  const known = browserOf(s.agent)
  const name = known ? w.agentOn(known.browser, known.system) : w.unknownAgent
  return (
    <Paper component="li" withBorder p="sm">
      <Group justify="space-between" gap="sm">
        <Box miw={0}>
          <Group gap="xs">
            <Text fw={600} title={s.agent}>
              {name}
            </Text>
            {s.current && (
              <Badge variant="light" color="teal" tt="none">
                {w.thisOne}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {[w.seen(f.ago(s.seen_at)), w.opened(f.dateTime(s.created_at)), w.from(s.address)].join(' · ')}
          </Text>
        </Box>
        {!s.current && (
          <Button
            variant="default"
            size="xs"
            loading={end.isPending}
            onClick={() => end.mutate()}
            aria-label={w.endOf(name)}
          >
            {w.end}
          </Button>
        )}
      </Group>
    </Paper>
  )
}
