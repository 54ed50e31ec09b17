import { Button, Collapse, Group, Modal, Select, Stack, Switch, TagsInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { type Field, fieldsQuery } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import type { Mapped } from './columns'
import { words } from './words'

type Type = Field['type']

/** Types that can tell members apart. */
const keyTypes: Type[] = ['string', 'email', 'phone', 'number']

/** Makes a field of the tenant's own for a column, which feeds it then. */
export function NewField({
  column,
  list,
  fields,
  onClose,
  onMade,
}: {
  column: Mapped
  list: string
  fields: Map<string, Field>
  onClose: () => void
  onMade: (field: Field) => void
}) {
  const w = useWords(words)
  const c = useWords(common)
  const { lang } = useLang()
  const queries = useQueryClient()
  const [label, setLabel] = useState(column.header)
  const [type, setType] = useState<Type>(column.summary.type)
  const [choices, setChoices] = useState<string[]>(() => [...new Set(column.summary.samples ?? [])])
  const [key, setKey] = useState(() => freeKey(column.header, fields))
  const [asKey, setAsKey] = useState(false)
  const [more, setMore] = useState(false)
  const make = useAct(
    () => {
      const body: Schemas['Definition'] = { key, type, label: { [lang]: label.trim() } }
      if (type === 'choice') body.choices = choices.map((choice) => ({ label: { [lang]: choice } }))
      if (type === 'list' || type === 'number_list' || type === 'tags') body.comma_separated = true
      if (asKey && keyTypes.includes(type)) body.merge_key = true
      return ask(api.POST('/v1/fields', { body }))
    },
    {
      quiet: true,
      done: w.made(label),
      then: async (field) => {
        queries.setQueryData<Field[]>(fieldsQuery(list).queryKey, (all) => [...(all ?? []), field])
        onMade(field)
        await queries.invalidateQueries({ queryKey: ['fields'] })
      },
    },
  )
  const incomplete = type === 'choice' && choices.length === 0
  const submit = (event: FormEvent) => {
    event.preventDefault()
    event.stopPropagation()
    if (!incomplete) make.mutate()
  }
  return (
    <Modal opened onClose={onClose} title={w.newFieldOf(column.header)} closeButtonProps={{ 'aria-label': c.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput label={w.label} value={label} onChange={(e) => setLabel(e.target.value)} required data-autofocus />
          <Select
            label={w.type}
            description={w.typeLocked}
            data={Object.entries(w.types).map(([value, name]) => ({ value, label: name }))}
            value={type}
            onChange={(value) => value && setType(value as Type)}
            allowDeselect={false}
          />
          {type === 'choice' && (
            <TagsInput
              label={w.choices}
              description={w.choicesHelp}
              value={choices}
              onChange={setChoices}
              error={incomplete ? w.needChoice : undefined}
            />
          )}
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => setMore(!more)}
            aria-expanded={more}
            w="fit-content"
          >
            {w.details}
          </Button>
          <Collapse expanded={more}>
            <Stack>
              <TextInput
                label={w.apiKey}
                description={w.apiKeyHelp}
                value={key}
                onChange={(e) => setKey(e.target.value)}
                required
                pattern="[a-z][a-z0-9_]*"
              />
              {keyTypes.includes(type) && (
                <Switch
                  label={w.asKey}
                  description={w.asKeyHelp}
                  checked={asKey}
                  onChange={(e) => setAsKey(e.target.checked)}
                />
              )}
            </Stack>
          </Collapse>
          {make.isError && <Failure error={make.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {c.cancel}
            </Button>
            <Button type="submit" loading={make.isPending}>
              {w.makeField}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** A key that no field has: what is Latin of the header, else a number. */
function freeKey(header: string, fields: Map<string, Field>): string {
  const latin = header
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 40)
  const stem = latin.length >= 2 ? latin : 'field'
  if (stem !== 'field' && !fields.has(stem)) return stem
  for (let n = stem === 'field' ? fields.size + 1 : 2; ; n++) {
    const key = `${stem}_${n}`
    if (!fields.has(key)) return key
  }
}
