import { type ComboboxItem, type ComboboxParsedItem, Group, Select, Text } from '@mantine/core'
import { useMemo } from 'react'
import { type Field, labelOf } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import { feedable, type Mapped, means } from './columns'
import { words } from './words'

interface Item extends ComboboxItem {
  note: string
}

/** What there is to choose from, the same for every column. */
export interface FieldOptions {
  groups: { group: string; items: Item[] }[]
  fields: Map<string, Field>
}

/** The fields that columns may feed; those that have a column already cannot be chosen twice. */
export function useFieldOptions(fields: Map<string, Field>, mapping: Mapped[], key: string): FieldOptions {
  const w = useWords(words)
  const { lang } = useLang()
  return useMemo(() => {
    const users = new Map(mapping.filter((m) => m.field !== '').map((m) => [m.field, m.header]))
    const item = (f: Field): Item => {
      const user = users.get(f.key)
      const note = user ? w.usedBy(user) : f.required ? w.required : w.types[f.type]
      return { value: f.key, label: labelOf(f, lang), disabled: user !== undefined, note }
    }
    const usable = [...fields.values()].filter((f) => feedable(f, key))
    const groups = [
      { group: w.standard, items: usable.filter((f) => !f.custom).map(item) },
      { group: w.custom, items: usable.filter((f) => f.custom).map(item) },
    ].filter((g) => g.items.length > 0)
    return { groups, fields }
  }, [fields, mapping, key, w, lang])
}

/** Chooses the field of a column, by its label, its key or any of its synonyms. */
export function FieldSelect({
  header,
  value,
  options,
  error,
  onChange,
}: {
  header: string
  value: string
  options: FieldOptions
  error?: string
  onChange: (field: string) => void
}) {
  const w = useWords(words)
  return (
    <Select
      aria-label={w.fieldOf(header)}
      placeholder={w.notImported}
      data={options.groups}
      value={value || null}
      onChange={(field) => onChange(field ?? '')}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': w.notImported }}
      nothingFoundMessage={w.nothing}
      error={error}
      maxDropdownHeight={320}
      filter={({ options: all, search }) => filtered(all, search, options.fields)}
      renderOption={({ option }) => (
        <Group justify="space-between" gap="xs" w="100%" wrap="nowrap">
          <span>{option.label}</span>
          <Text size="xs" c="dimmed" ta="right">
            {(option as Item).note}
          </Text>
        </Group>
      )}
    />
  )
}

function filtered(all: ComboboxParsedItem[], search: string, fields: Map<string, Field>): ComboboxParsedItem[] {
  const typed = search.trim()
  if (typed === '') return all
  const keep = (item: { value: string; label: string }) => {
    const field = fields.get(item.value)
    return field !== undefined && means(field, typed)
  }
  return all
    .map((entry) =>
      'group' in entry ? { ...entry, items: entry.items.filter((i) => keep(i as ComboboxItem)) } : entry,
    )
    .filter((entry) => ('group' in entry ? entry.items.length > 0 : keep(entry as ComboboxItem)))
}
