import { SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { labelOf, useFieldsByKey } from '@/api/fields'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import type { Import } from './figures'
import { settingsWords } from './settingsWords'

type W = (typeof settingsWords)['ja']

const named = ['preset', 'mode', 'kind', 'blank', 'list_values', 'duplicates', 'multiple_matches'] as const
const named2 = ['new_consent', 'consent', 'registration'] as const
const limits = ['max_failed', 'max_removed', 'max_changed'] as const
const plain = ['import_tag', 'time_zone', 'region', 'note', 'profile'] as const

/** What the import was told, as it was when it started: options, file and mapping. */
export function Settings({ import: i }: { import: Import }) {
  const w = useWords(settingsWords)
  const { lang } = useLang()
  const fields = useFieldsByKey(i.list)
  const f = useFormats()
  const label = (key: string) => {
    const field = fields.get(key)
    return field ? labelOf(field, lang) : key
  }
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <section>
          <Title order={3} mb="xs">
            {w.options}
          </Title>
          <Pairs rows={optionsOf(i, w, label)} />
        </section>
        <section>
          <Title order={3} mb="xs">
            {w.source}
          </Title>
          <Pairs rows={sourceOf(i, w, f.bytes, f.number)} />
        </section>
      </SimpleGrid>
      <Mapping import={i} label={label} />
    </Stack>
  )
}

function optionsOf(i: Import, w: W, label: (key: string) => string): [string, string][] {
  const said = (o: keyof W['names'], value: string, of: string = o): [string, string] => [
    w.names[o],
    w.values[of]?.[value] ?? value,
  ]
  const rows = [
    ...named.map((o) => said(o, i[o])),
    said('key', label(i.key)),
    ...named2.map((o) => said(o, i[o])),
    said('skip_without', i.skip_without && label(i.skip_without)),
    ...limits.map((o) => said(o, i[o], 'max')),
    ...plain.map((o) => said(o, i[o])),
    said('notify', notified(i, w)),
  ]
  return rows.filter(([, value]) => value !== '')
}

function notified(i: Import, w: W): string {
  const { recipients } = i.notify
  if (!recipients) return w.ownersAndMe
  return recipients.length === 0 ? w.nobody : recipients.join(', ')
}

function sourceOf(i: Import, w: W, bytes: (n: number) => string, number: (n: number) => string): [string, string][] {
  const t = w.file
  const rows: [string, string][] = [
    [t.file_name, i.file_name],
    [t.size, i.size > 0 ? bytes(i.size) : ''],
    [t.encoding, i.sheet ? '' : i.encoding],
    [t.delimiter, i.sheet ? '' : i.delimiter === '\t' ? t.tab : i.delimiter],
    [t.sheet, i.sheet],
    [t.header_row, i.header ? (i.header_row > 0 ? t.row(number(i.header_row)) : t.first) : t.noHeader],
    ['SHA-256', i.sha256],
  ]
  return rows.filter(([, value]) => value !== '')
}

function Pairs({ rows }: { rows: [string, string][] }) {
  return (
    <Table verticalSpacing={5} layout="fixed">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400} c="dimmed" w="45%">
              {name}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

/** Which column fed which field. */
function Mapping({ import: i, label }: { import: Import; label: (key: string) => string }) {
  const w = useWords(settingsWords)
  const columns = i.mapping ?? []
  if (columns.length === 0) return null
  return (
    <section>
      <Title order={3} mb="xs" id="mapping">
        {w.mapping}
      </Title>
      <Table verticalSpacing={5} layout="fixed" aria-labelledby="mapping">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{w.column}</Table.Th>
            <Table.Th scope="col">{w.field}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {columns.map((c) => {
            const own = [
              c.blank && w.ownBlank(w.values.blank?.[c.blank] ?? c.blank),
              c.list_values && w.ownList(w.values.list_values?.[c.list_values] ?? c.list_values),
            ].filter(Boolean)
            return (
              <Table.Tr key={c.header}>
                <Table.Th scope="row" fw={400}>
                  {c.header}
                </Table.Th>
                <Table.Td>
                  {c.field ? (
                    label(c.field)
                  ) : (
                    <Text span inherit c="dimmed">
                      {w.notImported}
                    </Text>
                  )}
                  {c.inverted && w.inverted}
                  {own.length > 0 && (
                    <Text size="xs" c="dimmed">
                      {own.join(' · ')}
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </section>
  )
}
