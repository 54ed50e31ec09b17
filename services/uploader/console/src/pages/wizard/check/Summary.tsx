import { Anchor, Paper, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { labelOf } from '@/api/fields'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { keyOf } from '../mapping/columns'
import { typeOf } from '../options/types'
import type { Prepared } from '../Prepare'
import type { Step } from '../steps'
import { words } from './words'

/** What will be done, in a sentence and a few lines, each with the way to change it. */
export function Summary({ id, found, draft, mapping, fields, inspection }: Prepared) {
  const w = useWords(words)
  const { lang } = useLang()
  const f = useFormats()
  const key = keyOf(draft, mapping, fields)
  const keyField = fields.get(key)
  const used = mapping.filter((m) => m.field !== '').length
  const lines: { name: string; value: string; step: Step }[] = [
    { name: w.rows, value: w.rowsOf(f.number(inspection.max_rows)), step: 'found' },
    {
      name: w.reading,
      value: [inspection.format === 'xlsx' ? 'Excel' : inspection.encoding, inspection.sheet]
        .filter(Boolean)
        .join(' · '),
      step: 'found',
    },
    { name: w.columns, value: w.columnsOf(f.number(used), f.number(mapping.length)), step: 'mapping' },
    { name: w.kind, value: draft.options.kind === 'lead' ? w.leadKind : w.member, step: 'options' },
    { name: w.key, value: keyField ? labelOf(keyField, lang) : key, step: 'options' },
  ]
  return (
    <Paper withBorder p="lg" radius="lg">
      <Text fw={600} mb="sm">
        {w.summary(found.file_name, found.list, w.does[typeOf(draft.options)])}
      </Text>
      <Table withRowBorders={false} verticalSpacing={4} maw={560}>
        <Table.Tbody>
          {lines.map(({ name, value, step }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              <Table.Td fw={600}>{value}</Table.Td>
              <Table.Td ta="right">
                <Anchor
                  component={Link}
                  size="sm"
                  to={`/imports/new/${id}`}
                  search={{ step } as never}
                  aria-label={w.changeOf(name)}
                >
                  {w.changeHere}
                </Anchor>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}
