import { Anchor, Badge, Group, Paper, Progress, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { doneOf, type Import, isDraft, isUnderWay, outcomes, shareOf } from './figures'
import { StateBadge } from './StateBadge'
import { words } from './words'

/** Imports as a table, on a narrow screen as cards. */
export function HistoryRows({ items, faded }: { items: Import[]; faded: boolean }) {
  const wide = useMediaQuery('(min-width: 56em)', true, { getInitialValueInEffect: false })
  return <div style={{ opacity: faded ? 0.55 : 1 }}>{wide ? <Rows items={items} /> : <Cards items={items} />}</div>
}

function Rows({ items }: { items: Import[] }) {
  const w = useWords(words)
  return (
    <Paper withBorder style={{ overflow: 'hidden' }}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        <VisuallyHidden component="caption">{w.caption}</VisuallyHidden>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" w="34%">
              {w.file}
            </Table.Th>
            <Table.Th scope="col">{w.state}</Table.Th>
            <Table.Th scope="col" w="30%">
              {w.result}
            </Table.Th>
            <Table.Th scope="col">{w.when}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((i) => (
            <Table.Tr key={i.id}>
              <Table.Th scope="row" fw={400}>
                <File import={i} />
              </Table.Th>
              <Table.Td>
                <StateBadge import={i} />
              </Table.Td>
              <Table.Td>
                <Result import={i} />
              </Table.Td>
              <Table.Td>
                <When import={i} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}

function Cards({ items }: { items: Import[] }) {
  return (
    <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
      {items.map((i) => (
        <Paper key={i.id} component="li" withBorder p="md">
          <Stack gap={6}>
            <File import={i} />
            <Group gap="xs">
              <StateBadge import={i} />
            </Group>
            <Result import={i} />
            <When import={i} />
          </Stack>
        </Paper>
      ))}
    </Stack>
  )
}

/** The file, with what kind of import it is. One that nobody has started leads back to where it is set up. */
function File({ import: i }: { import: Import }) {
  const w = useWords(words)
  return (
    <div>
      <Anchor component={Link} to={isDraft(i) ? `/imports/new/${i.id}` : `/imports/${i.id}`} fw={600}>
        {i.file_name || w.draft}
      </Anchor>
      <Group gap={6} mt={2}>
        <Text size="sm" c="dimmed">
          {i.list}
          {i.note && ` · ${i.note}`}
        </Text>
        {i.dry_run && (
          <Badge variant="outline" color="gray" size="sm" tt="none">
            {w.dryRun}
          </Badge>
        )}
        {i.parent && (
          <Badge variant="outline" color="gray" size="sm" tt="none">
            {w.retry}
          </Badge>
        )}
      </Group>
    </div>
  )
}

/** What came of it, or how far it is. */
function Result({ import: i }: { import: Import }) {
  const w = useWords(words)
  const f = useFormats()
  if (isDraft(i)) return null
  const share = shareOf(i)
  if (isUnderWay(i) || i.state === 'paused') {
    if (i.stage === 'waiting') return null
    const undoing = i.state === 'undoing' && i.undo
    return (
      <Stack gap={4}>
        <Progress value={share === null ? 100 : share * 100} striped={share === null} aria-label={w.states[i.state]} />
        <Text size="sm">
          {undoing
            ? `${f.number(undoing.done)} / ${w.members(f.number(undoing.total))}`
            : share === null
              ? w.reading(f.number(doneOf(i)))
              : w.rowsOf(f.number(doneOf(i)), f.number(i.total))}
        </Text>
      </Stack>
    )
  }
  return (
    <Text size="sm">
      {w.total} {f.number(i.total)}
      {outcomes
        .map((o) => [o, i.converged && o !== 'not_processed' ? i.converged[o] : i[o]] as const)
        .filter(([, n]) => n > 0)
        .map(([o, n]) => (
          <span key={o}>
            {' · '}
            <Text span inherit fw={o === 'failed' ? 650 : undefined}>
              {w.outcomes[o]} {f.number(n)}
            </Text>
          </span>
        ))}
    </Text>
  )
}

function When({ import: i }: { import: Import }) {
  const w = useWords(words)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const at = i.started_at ?? i.created_at
  return (
    <Text size="sm" c="dimmed">
      <time dateTime={at} title={f.ago(at)}>
        {f.dateTime(at)}
      </time>
      <br />
      {i.user || w.byKey}
    </Text>
  )
}
