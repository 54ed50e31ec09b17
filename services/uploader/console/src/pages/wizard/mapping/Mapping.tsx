import { Button, Group, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core'
import { Search } from 'lucide-react'
import { useCallback, useDeferredValue, useMemo, useState } from 'react'
import type { Field } from '@/api/fields'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import type { Choice } from '../draft'
import type { Prepared } from '../Prepare'
import { ColumnRow } from './ColumnRow'
import { keyOf, type Mapped } from './columns'
import { useFieldOptions } from './FieldSelect'
import { NewField } from './NewField'
import { KeyNotice, Origin, Required } from './Notices'
import { words } from './words'

/** How many columns are shown at once; files may have thousands. */
const atOnce = 60

/** Which column feeds which field. */
export function Mapping(props: Prepared) {
  const { mapping, fields, draft, change, refused, found } = props
  const w = useWords(words)
  const f = useFormats()
  const [filter, setFilter] = useState<'all' | 'open'>('all')
  const [typed, setTyped] = useState('')
  const [shown, setShown] = useState(atOnce)
  const [creating, setCreating] = useState<Mapped | null>(null)
  const wanted = useDeferredValue(typed.normalize('NFKC').toLowerCase().trim())
  const options = useFieldOptions(fields, mapping, keyOf(draft, mapping, fields))
  const decide = useCallback(
    (header: string, choice: Choice) => change((d) => ({ ...d, choices: { ...d.choices, [header]: choice } })),
    [change],
  )
  const create = useCallback((column: Mapped) => setCreating(column), [])
  // Columns that were just mapped stay where they are until the filter is chosen anew.
  const [open, setOpen] = useState<Set<string>>(new Set())
  const rows = useMemo(
    () =>
      mapping.filter(
        (m) =>
          (filter === 'all' || open.has(m.header)) &&
          (wanted === '' || m.header.normalize('NFKC').toLowerCase().includes(wanted)),
      ),
    [mapping, filter, wanted, open],
  )
  const unmapped = mapping.filter((m) => m.field === '')
  const choose = (value: string) => {
    setOpen(new Set(unmapped.map((m) => m.header)))
    setFilter(value as 'all' | 'open')
    setShown(atOnce)
  }
  const about = refused.filter((p) => p.header || p.field || p.option === 'mapping')
  return (
    <>
      <div>
        <Title order={2}>{w.title}</Title>
        <Text c="dimmed" mt={4}>
          {w.lead}
        </Text>
      </div>
      <Origin {...props} />
      <KeyNotice {...props} />
      <Required {...props} />
      {about.length > 0 && <Failure error={refusalError(about)} />}
      <Group justify="space-between" align="flex-end">
        <Group align="flex-end">
          <SegmentedControl
            aria-label={w.filter}
            value={filter}
            onChange={choose}
            data={[
              { value: 'all', label: w.all(f.number(mapping.length)) },
              { value: 'open', label: w.open(f.number(unmapped.length)) },
            ]}
          />
          {mapping.length > 12 && (
            <TextInput
              aria-label={w.search}
              placeholder={w.searchHelp}
              leftSection={<Search size={16} aria-hidden />}
              value={typed}
              onChange={(e) => setTyped(e.target.value)}
            />
          )}
        </Group>
        <Text size="sm" role="status">
          {w.count(f.number(mapping.length - unmapped.length), f.number(mapping.length))}
        </Text>
      </Group>
      <Stack gap="xs" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {rows.slice(0, shown).map((m) => (
          <ColumnRow
            key={m.header}
            column={m}
            field={fields.get(m.field)}
            options={options}
            suggested={suggestionOf(props, m.header)}
            wrong={about.find((p) => p.header === m.header)?.detail}
            decide={decide}
            create={create}
          />
        ))}
      </Stack>
      {rows.length === 0 && <Text c="dimmed">{wanted ? w.noneFound : w.noneLeft}</Text>}
      {rows.length > shown && (
        <Button variant="default" onClick={() => setShown(shown + atOnce)}>
          {w.more(f.number(Math.min(atOnce, rows.length - shown)))}
        </Button>
      )}
      {creating && (
        <NewField
          column={creating}
          list={found.list}
          fields={fields}
          onClose={() => setCreating(null)}
          onMade={(field: Field) => {
            decide(creating.header, { field: field.key })
            setCreating(null)
          }}
        />
      )}
    </>
  )
}

/** What the header alone suggests: a column of opposite polarity stays one when its field is chosen again. */
function suggestionOf({ inspection }: Prepared, header: string) {
  const at = (inspection.columns ?? []).findIndex((c) => c.header === header)
  return inspection.suggested_mapping?.[at]
}

const refusalError = (parts: Prepared['refused']) => new Error(parts.map((p) => p.detail).join('\n'))
