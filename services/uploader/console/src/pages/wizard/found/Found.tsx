import { Alert, Badge, Button, Group, List, Loader, Stack, Text, Title } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import type { Schemas } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import type { Reading } from '../draft'
import type { Prepared } from '../Prepare'
import { Encodings } from './Encodings'
import { FirstRows } from './FirstRows'
import { Layout } from './Layout'
import { words } from './words'

export type SetReading = (reading: Reading) => void

/** How the file was read, to look at and to change. */
export function Found({
  inspection,
  draft,
  change,
  error,
  busy,
  refused,
}: Prepared & { error: unknown; busy: boolean }) {
  const w = useWords(words)
  const f = useFormats()
  const read: SetReading = (reading) => change((d) => ({ ...d, reading: { ...d.reading, ...reading } }))
  const format = (inspection.format === 'xlsx' ? w.xlsx : w.csv) + (inspection.gzip ? w.gzip : '')
  const changed = Object.values(draft.reading).some((value) => value !== undefined)
  return (
    <>
      <div>
        <Group gap="sm">
          <Title order={2}>{w.title}</Title>
          <Badge variant="light" tt="none" size="lg">
            {w.summary(format, f.number(inspection.columns?.length ?? 0), f.number(inspection.max_rows))}
          </Badge>
          {busy && (
            <Group gap={6} role="status">
              <Loader size="xs" />
              <Text size="sm">{w.updating}</Text>
            </Group>
          )}
        </Group>
        <Text c="dimmed" mt={4}>
          {w.lead}
        </Text>
      </div>
      {error ? <Failure error={error} /> : null}
      {changed && (
        <Group>
          <Button size="xs" variant="default" onClick={() => change((d) => ({ ...d, reading: {} }))}>
            {w.undo}
          </Button>
        </Group>
      )}
      <Warnings warnings={inspection.warnings ?? []} />
      <Stack gap="lg">
        {inspection.format === 'csv' && <Encodings inspection={inspection} reading={draft.reading} read={read} />}
        <Layout inspection={inspection} reading={draft.reading} read={read} refused={refused} />
        <FirstRows inspection={inspection} />
      </Stack>
    </>
  )
}

/** What to look at before the file is imported. */
function Warnings({ warnings }: { warnings: Schemas['ShownWarning'][] }) {
  const w = useWords(words)
  if (warnings.length === 0) return null
  return (
    <Alert color="yellow" icon={<TriangleAlert size={18} aria-hidden />} title={w.warnings}>
      <List size="sm" spacing={4}>
        {warnings.map((warning) => (
          <List.Item key={`${warning.code}/${warning.column}/${warning.field}`}>
            {warning.detail}
            {(warning.rows?.length ?? 0) > 0 && `（${w.rows((warning.rows ?? []).join(', '))}）`}
          </List.Item>
        ))}
      </List>
    </Alert>
  )
}
