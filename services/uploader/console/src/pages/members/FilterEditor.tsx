import { Button, Group, Popover, Select, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { ListFilter, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { type Field, labelOf } from '@/api/fields'
import { type Lang, useLang, useWords } from '@/lang/lang'
import { FieldInput } from './FieldInput'
import { conditionOf, isWhole, type Operator, operatorsOf, partsOf } from './filters'
import { choiceLabel, type Draft, isEmpty, useValueText } from './values'
import { words } from './words'

/** Adds a condition on a field to those that members are searched by. */
export function FilterEditor({ fields, onAdd }: { fields: Field[]; onAdd: (condition: string) => void }) {
  const w = useWords(words)
  const [open, panel] = useDisclosure()
  return (
    <Popover
      opened={open}
      onChange={(to) => (to ? panel.open() : panel.close())}
      width={320}
      position="bottom-start"
      trapFocus
      shadow="md"
    >
      <Popover.Target>
        <Button variant="default" leftSection={<ListFilter size={16} aria-hidden />} onClick={panel.toggle}>
          {w.condition}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Editor
          fields={fields}
          onAdd={(condition) => {
            panel.close()
            onAdd(condition)
          }}
        />
      </Popover.Dropdown>
    </Popover>
  )
}

function Editor({ fields, onAdd }: { fields: Field[]; onAdd: (condition: string) => void }) {
  const w = useWords(words)
  const { lang } = useLang()
  const [key, setKey] = useState<string | null>(null)
  const [op, setOp] = useState<Operator>('eq')
  const [draft, setDraft] = useState<Draft>('')
  const field = fields.find((f) => f.key === key)
  const choose = (next: string | null) => {
    const found = fields.find((f) => f.key === next)
    setKey(next)
    setDraft('')
    if (found) setOp(operatorsOf(found)[0] ?? 'eq')
  }
  const complete = field !== undefined && (isWhole(op) || !isEmpty(draft))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (complete) onAdd(conditionOf(field, op, draft))
  }
  return (
    <form onSubmit={submit} aria-label={w.conditionTitle}>
      <Stack gap="sm">
        <Select
          label={w.conditionField}
          data={fields.map((f) => ({ value: f.key, label: labelOf(f, lang) }))}
          value={key}
          onChange={choose}
          searchable
          data-autofocus
          comboboxProps={{ withinPortal: false }}
        />
        {field && (
          <Select
            label={w.conditionOperator}
            data={operatorsOf(field).map((o) => ({ value: o, label: operatorText(w, field, o) }))}
            value={op}
            onChange={(next) => next && setOp(next as Operator)}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
          />
        )}
        {field && !isWhole(op) && (
          <FieldInput field={field} draft={draft} onChange={setDraft} label={w.conditionValue} clearable={false} />
        )}
        <Button type="submit" disabled={!complete}>
          {w.conditionAdd}
        </Button>
      </Stack>
    </form>
  )
}

type W = (typeof words)['ja']

const operatorText = (w: W, field: Field | undefined, op: Operator) =>
  ((field?.type === 'date' || field?.type === 'datetime') && w.dateOperators[op]) || (w.operators[op] ?? op)

/** The conditions that are in force, each with a way to take it off. */
export function Conditions({
  conditions,
  fields,
  onRemove,
}: {
  conditions: string[]
  fields: Map<string, Field>
  onRemove: (condition: string | null) => void
}) {
  const w = useWords(words)
  const { lang } = useLang()
  const valueText = useValueText()
  if (conditions.length === 0) return null
  const say = (condition: string) => {
    const { key, op, value } = partsOf(condition)
    const field = fields.get(key)
    return w.conditionText(
      field ? labelOf(field, lang) : key,
      operatorText(w, field, op),
      shown(field, value, lang, valueText),
    )
  }
  return (
    <Group gap="xs" role="group" aria-label={w.conditions}>
      {conditions.map((condition) => (
        <Button
          key={condition}
          size="compact-sm"
          variant="light"
          rightSection={<X size={14} aria-hidden />}
          aria-label={w.conditionRemove(say(condition))}
          onClick={() => onRemove(condition)}
        >
          <Text span size="sm" truncate maw={280}>
            {say(condition)}
          </Text>
        </Button>
      ))}
      {conditions.length > 1 && (
        <Button size="compact-sm" variant="subtle" onClick={() => onRemove(null)}>
          {w.clear}
        </Button>
      )}
    </Group>
  )
}

/** The value of a condition, which is text: that of a choice is its number, that of a time is one of the tenant's zone. */
function shown(
  field: Field | undefined,
  value: unknown,
  lang: Lang,
  valueText: ReturnType<typeof useValueText>,
): string {
  if (typeof value !== 'string') return valueText(field, value)
  switch (field?.type) {
    case 'choice':
      return /^-?\d+$/.test(value) ? choiceLabel(field, Number(value), lang) : value
    case 'boolean':
      return value === 'true' || value === 'false' ? valueText(field, value === 'true') : value
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(value) ? valueText(field, value) : value
    case 'datetime':
      return value.replace('T', ' ')
    default:
      return value
  }
}
