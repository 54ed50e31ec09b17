import { Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import { type Field, labelOf } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import { isList } from '@/pages/fields/types'
import { words as common } from '@/words'
import { words } from './member_words'
import { choiceLabel, type Draft } from './values'

interface Props {
  field: Field
  draft: Draft
  onChange: (draft: Draft) => void
  error?: string
  label?: string
  description?: string
  /** Whether the value may be taken away. */
  clearable?: boolean
  required?: boolean
}

/** The control for a value of a field, by its type. Forms that the API understands are not refused here: it judges. */
export function FieldInput(props: Props) {
  const { lang } = useLang()
  const { field } = props
  const label = props.label ?? labelOf(field, lang)
  const shared = { label, description: props.description, error: props.error, withAsterisk: props.required }
  if (isList(field.type)) return <ItemsInput {...props} shared={shared} />
  if (field.type === 'boolean' || field.type === 'choice') return <ChoiceInput {...props} shared={shared} />
  return <LineInput {...props} shared={shared} />
}

type Shared = { label: string; description?: string; error?: string; withAsterisk?: boolean }

function ItemsInput({ field, draft, onChange, shared }: Props & { shared: Shared }) {
  const w = useWords(words)
  return (
    <TagsInput
      {...shared}
      value={Array.isArray(draft) ? draft : []}
      onChange={onChange}
      splitChars={field.type === 'list' ? ['\n'] : [',', '、', '\n']}
      description={shared.description ?? w.itemsHelp}
      acceptValueOnBlur
      allowDuplicates={field.type !== 'tags'}
      clearable
      clearButtonProps={{ 'aria-label': w.clearOf(shared.label) }}
    />
  )
}

function ChoiceInput({ field, draft, onChange, clearable = true, shared }: Props & { shared: Shared }) {
  const w = useWords(words)
  const c = useWords(common)
  const { lang } = useLang()
  const data =
    field.type === 'boolean'
      ? [
          { value: 'true', label: c.yes },
          { value: 'false', label: c.no },
        ]
      : (field.choices ?? []).map((o) => ({ value: String(o.number), label: choiceLabel(field, o.number, lang) }))
  return (
    <Select
      {...shared}
      data={data}
      value={typeof draft === 'string' && draft !== '' ? draft : null}
      onChange={(value) => onChange(value ?? '')}
      clearable={clearable}
      allowDeselect={clearable}
      searchable={data.length > 8}
      nothingFoundMessage={c.none}
      placeholder={w.unset}
      comboboxProps={{ withinPortal: false }}
      clearButtonProps={{ 'aria-label': w.clearOf(shared.label) }}
    />
  )
}

function LineInput({ field, draft, onChange, shared }: Props & { shared: Shared }) {
  const value = typeof draft === 'string' ? draft : ''
  const line = {
    ...shared,
    value,
    onChange: (e: { currentTarget: { value: string } }) => onChange(e.currentTarget.value),
  }
  switch (field.type) {
    case 'date':
      return <TextInput {...line} type="date" max="9999-12-31" />
    case 'datetime':
      return <TextInput {...line} type="datetime-local" step={1} max="9999-12-31T23:59:59" />
    case 'number':
      return <TextInput {...line} inputMode="decimal" autoComplete="off" />
    case 'email':
      return <TextInput {...line} inputMode="email" autoComplete="off" autoCapitalize="none" />
    case 'phone':
      return <TextInput {...line} inputMode="tel" autoComplete="off" />
  }
  // Text may have line breaks, which a line would swallow.
  if (value.includes('\n') || value.length > 60) return <Textarea {...line} autosize minRows={2} maxRows={8} />
  return <TextInput {...line} autoComplete="off" />
}
