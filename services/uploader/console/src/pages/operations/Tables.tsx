import { Badge, Group, Paper, Progress, Stack, Table, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { isSilent, type Operations } from './troubles'
import { words } from './words'

const useTimes = () => useFormats(useSession().tenant.time_zone)

function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} mb={lead ? 2 : 'xs'}>
        {title}
      </Title>
      {lead && (
        <Text size="sm" c="dimmed" mb="xs">
          {lead}
        </Text>
      )}
      {children}
    </section>
  )
}

/** The imports that run, wait or stand still, with the way to each. */
export function Running({ imports }: { imports: NonNullable<Operations['imports']> }) {
  const w = useWords(words)
  const f = useTimes()
  return (
    <Section title={w.imports}>
      {imports.length === 0 && <Text c="dimmed">{w.noImports}</Text>}
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
        {imports.map((i) => (
          <Paper key={i.id} component="li" withBorder p="sm">
            <Group justify="space-between" gap="xs">
              <Link to="/imports/$id" params={{ id: i.id }} style={{ fontWeight: 600 }}>
                {i.file_name}
              </Link>
              <Group gap="xs">
                {i.stuck && (
                  <Badge color="orange" tt="none">
                    {w.stuckBadge}
                  </Badge>
                )}
                <Badge variant="default" tt="none">
                  {w.states[i.state] ?? i.state}
                </Badge>
              </Group>
            </Group>
            {i.total > 0 && (
              <Progress mt="xs" value={(100 * i.done) / i.total} aria-label={`${w.progress}: ${i.file_name}`} />
            )}
            <Text size="sm" c="dimmed" mt={4}>
              {[
                `${w.list}: ${i.list}`,
                w.rowsOf(f.number(i.done), f.number(i.total)),
                i.rows_per_second !== null && w.perSecond(f.number(Math.round(i.rows_per_second))),
                i.last_progress_at !== null && w.movedAt(f.ago(i.last_progress_at)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </Text>
          </Paper>
        ))}
      </Stack>
    </Section>
  )
}

/** The processes that have told of themselves. */
export function Workers({ now }: { now: Operations }) {
  const w = useWords(words)
  const f = useTimes()
  const workers = now.workers ?? []
  if (workers.length === 0) {
    return (
      <Section title={w.workers}>
        <Text c="dimmed">{w.noWorkers}</Text>
      </Section>
    )
  }
  return (
    <Section title={w.workers}>
      <Paper withBorder>
        <Table.ScrollContainer minWidth={640} type="native" tabIndex={0} role="region" aria-label={w.workers}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{w.service}</Table.Th>
                <Table.Th scope="col">{w.host}</Table.Th>
                <Table.Th scope="col">{w.version}</Table.Th>
                <Table.Th scope="col">{w.busyOf}</Table.Th>
                <Table.Th scope="col">{w.speed}</Table.Th>
                <Table.Th scope="col">{w.seen}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {workers.map((one) => (
                <Table.Tr key={`${one.service}/${one.host}/${one.started_at}`}>
                  <Table.Th scope="row" fw={500}>
                    {w.services[one.service] ?? one.service}
                  </Table.Th>
                  <Table.Td>{one.host}</Table.Td>
                  <Table.Td>{one.version}</Table.Td>
                  <Table.Td>
                    {f.number(one.busy)}
                    {one.concurrency > 0 && ` / ${f.number(one.concurrency)}`}
                  </Table.Td>
                  <Table.Td>{w.perSecond(f.number(Math.round(one.rows_per_second)))}</Table.Td>
                  <Table.Td>
                    {f.ago(one.seen_at, Date.parse(now.at))}
                    {isSilent(one.seen_at, now.at) && ` (${w.silent})`}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Paper>
    </Section>
  )
}

/** What was set aside because it could not be handled; nothing where there is nothing. */
export function Dead({ letters }: { letters: NonNullable<Operations['dead']> }) {
  const w = useWords(words)
  const f = useTimes()
  if (letters.length === 0) return null
  return (
    <Section title={w.deadTitle} lead={w.deadLead}>
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
        {letters.map((letter) => (
          <Paper key={letter.id} component="li" withBorder p="sm">
            <Group justify="space-between" gap="xs">
              <Text fw={600}>{w.subjects[letter.subject] ?? letter.subject}</Text>
              <Text size="sm" c="dimmed">
                {w.number} {letter.id} · {f.dateTime(letter.at)}
              </Text>
            </Group>
            <Text size="sm">{letter.reason}</Text>
            <Link to="/imports/$id" params={{ id: letter.import }}>
              {w.openImport}
            </Link>
          </Paper>
        ))}
      </Stack>
    </Section>
  )
}
