import { Badge, Button, Group, Paper, Switch, Text } from '@mantine/core'
import { ArrowRight, Plus } from 'lucide-react'
import { memo } from 'react'
import type { Schemas } from '@/api/client'
import type { Field } from '@/api/fields'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import type { Choice } from '../draft'
import type { Mapped } from './columns'
import { type FieldOptions, FieldSelect } from './FieldSelect'
import classes from './Mapping.module.css'
import { words } from './words'

/** From which part on cells look so much like a type that another one is worth a word. */
const looksLike = 0.9

/** A column of the file, with samples, and the field that it feeds. */
export const ColumnRow = memo(function ColumnRow({
  column,
  field,
  options,
  suggested,
  wrong,
  decide,
  create,
}: {
  column: Mapped
  field?: Field
  options: FieldOptions
  suggested?: Schemas['Column']
  wrong?: string
  decide: (header: string, choice: Choice) => void
  create: (column: Mapped) => void
}) {
  const w = useWords(words)
  const f = useFormats()
  const { summary, header } = column
  const samples = summary.samples ?? []
  const set = (key: string) =>
    decide(header, { field: key, inverted: key !== '' && suggested?.field === key ? suggested.inverted : false })
  return (
    <Paper component="li" withBorder p="sm" className={classes.row} data-off={column.field === '' || undefined}>
      <div className={classes.column}>
        <Text fw={600}>{header}</Text>
        <Text size="sm" c="dimmed" lineClamp={1} title={samples.join(' / ')}>
          {samples.length > 0 ? samples.join(' / ') : w.empty}
        </Text>
        {summary.fill_rate < 1 && (
          <Text size="xs" c="dimmed">
            {w.filled(f.percent(summary.fill_rate))}
          </Text>
        )}
      </div>
      <ArrowRight size={18} aria-hidden className={classes.arrow} />
      <div className={classes.field}>
        <FieldSelect header={header} value={column.field} options={options} onChange={set} error={wrong} />
        <Group gap="xs" mt={6} mih={22}>
          {field ? (
            <Badge variant={column.by === 'choice' ? 'light' : 'outline'} color="gray" size="sm" tt="none">
              {w.by[column.by]}
            </Badge>
          ) : (
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<Plus size={14} aria-hidden />}
              aria-label={w.newFieldOf(header)}
              onClick={() => create(column)}
            >
              {w.newField}
            </Button>
          )}
          {field?.type === 'boolean' && (
            <Switch
              size="xs"
              label={w.inverted}
              checked={column.inverted}
              onChange={(e) => decide(header, { field: field.key, inverted: e.target.checked, blank: column.blank })}
            />
          )}
          {field && unlike(field, summary) && (
            <Text size="xs" c="dimmed">
              {w.typeNote(w.types[summary.type])}
            </Text>
          )}
        </Group>
      </div>
    </Paper>
  )
})

/** Whether the cells look like something that the field does not hold. */
function unlike(field: Field, seen: Schemas['ColumnSummary']): boolean {
  if (seen.fill_rate === 0 || seen.type_share < looksLike) return false
  const narrow = ['email', 'phone', 'date', 'datetime']
  if (narrow.includes(seen.type)) {
    const dates = field.type.startsWith('date') && seen.type.startsWith('date')
    return narrow.includes(field.type) && field.type !== seen.type && !dates
  }
  return seen.type === 'string' && ['email', 'phone', 'number', 'date', 'datetime', 'boolean'].includes(field.type)
}
