import { Checkbox, NumberInput, Select, SimpleGrid, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { ApiError, type Schemas } from '@/api/client'
import type { Field } from '@/api/fields'
import { useWords } from '@/lang/lang'
import { ChoicesInput } from './ChoicesInput'
import { type FieldType, hasLength, isList, mayBeKey, typeWords } from './types'
import { words } from './words'

/** A field while it is being made or changed. */
export interface FieldDraft {
  key: string
  type: FieldType
  ja: string
  en: string
  synonyms: string[]
  choices: ChoiceDraft[]
  maxLength: number
  required: boolean
  readOnly: boolean
  mergeKey: boolean
  unique: boolean
  consent: boolean
  commaSeparated: boolean
}

export interface ChoiceDraft {
  /** Tells choices apart while they have no number. */
  id: number
  number?: number
  ja: string
  en: string
  synonyms: string[]
  /** Whether members may have it already. */
  settled: boolean
}

/** What a form begins with: the field as it is, or nothing. */
export function newDraft(f?: Field): FieldDraft {
  return {
    key: f?.key ?? '',
    type: f?.type ?? 'string',
    ja: f?.label.ja ?? '',
    en: f?.label.en ?? '',
    synonyms: f?.synonyms ?? [],
    choices: (f?.choices ?? []).map((c, id) => ({
      id,
      number: c.number,
      ja: c.label.ja ?? '',
      en: c.label.en ?? '',
      synonyms: c.synonyms ?? [],
      settled: true,
    })),
    maxLength: f?.max_length ?? 0,
    required: f?.required ?? false,
    readOnly: f?.read_only ?? false,
    mergeKey: f?.merge_key ?? false,
    unique: f?.unique ?? false,
    consent: f?.consent ?? false,
    commaSeparated: f?.comma_separated ?? true,
  }
}

const choicesOf = (d: FieldDraft) =>
  d.choices.map((c) => ({ number: c.number, label: { ja: c.ja, en: c.en }, synonyms: c.synonyms }))

/** The definition as the API takes it: properties that the type does not go with are left out. */
export function definitionOf(d: FieldDraft): Schemas['Definition'] {
  return {
    key: d.key.trim(),
    type: d.type,
    label: { ja: d.ja, en: d.en },
    synonyms: d.synonyms,
    choices: d.type === 'choice' ? choicesOf(d) : undefined,
    required: d.required,
    read_only: d.readOnly,
    merge_key: mayBeKey(d.type) && d.mergeKey,
    unique: mayBeKey(d.type) && d.unique,
    consent: d.type === 'boolean' && d.consent,
    comma_separated: isList(d.type) && d.commaSeparated,
    max_length: hasLength(d.type) ? d.maxLength : 0,
  }
}

/** What the form changes of a field. */
export function changeOf(d: FieldDraft, was: Field): Schemas['FieldChange'] {
  return {
    label: { ja: d.ja, en: d.en },
    synonyms: d.synonyms,
    choices: was.type === 'choice' ? choicesOf(d) : undefined,
    required: d.required,
    read_only: d.readOnly,
    comma_separated: isList(was.type) && was.type !== 'tags' ? d.commaSeparated : undefined,
    max_length: hasLength(was.type) && d.maxLength !== was.max_length ? d.maxLength : undefined,
  }
}

/** What the API says is wrong, by the property. */
export function wrongParts(error: unknown): Map<string, string> {
  const wrong = new Map<string, string>()
  if (!(error instanceof ApiError)) return wrong
  for (const p of error.problem.errors ?? []) if (p.option) wrong.set(p.option, p.detail)
  if (error.code === 'exists') wrong.set('key', error.message)
  return wrong
}

interface Props {
  draft: FieldDraft
  onChange: (to: Partial<FieldDraft>) => void
  /** The field that is changed; none where one is made. */
  field?: Field
  wrong: Map<string, string>
  error: unknown
}

/** Controls for the properties of a field, each with what the API says is wrong with it. */
export function FieldForm({ draft: d, onChange, field, wrong, error }: Props) {
  const w = useWords(words)
  const types = useWords(typeWords)
  const form = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [error])
  // Sentences of the API name the property; people know it by the label of its control.
  const say = (option: string, label: string) => wrong.get(option)?.replace(option, label)
  const under = (option: string, label: string) => {
    const found = [...wrong.keys()].find((k) => k === option || k.startsWith(`${option}[`))
    return found && say(found, label)
  }
  return (
    <Stack ref={form}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: 'start' }}>
        <TextInput
          label={w.labelJa}
          value={d.ja}
          onChange={(e) => onChange({ ja: e.currentTarget.value })}
          error={say('label.ja', w.labelJa)}
          data-autofocus
        />
        <TextInput
          label={w.labelEn}
          value={d.en}
          onChange={(e) => onChange({ en: e.currentTarget.value })}
          error={say('label.en', w.labelEn)}
        />
      </SimpleGrid>
      <Text size="xs" c="dimmed" mt={-8}>
        {w.labelHelp}
      </Text>
      <TextInput
        label={w.key}
        description={w.keyHelp}
        value={d.key}
        onChange={(e) => onChange({ key: e.currentTarget.value })}
        error={say('key', w.key)}
        disabled={field !== undefined}
        withAsterisk={!field}
        autoCapitalize="none"
        spellCheck={false}
        placeholder="shoe_size"
      />
      <Select
        label={w.type}
        description={field ? w.settledType : types[d.type].about}
        data={Object.entries(types).map(([value, t]) => ({ value, label: t.name }))}
        value={d.type}
        onChange={(type) => type && onChange({ type: type as FieldType })}
        allowDeselect={false}
        disabled={field !== undefined}
        error={say('type', w.type)}
        comboboxProps={{ withinPortal: false }}
      />
      {d.type === 'choice' && (
        <ChoicesInput
          choices={d.choices}
          onChange={(choices) => onChange({ choices })}
          error={under('choices', w.choices)}
        />
      )}
      {hasLength(d.type) && (
        <NumberInput
          label={w.maxLength}
          description={w.maxLengthHelp(d.mergeKey || d.unique)}
          value={d.maxLength}
          onChange={(n) => onChange({ maxLength: Number(n) || 0 })}
          min={0}
          max={10000}
          allowDecimal={false}
          error={say('max_length', w.maxLength)}
        />
      )}
      <TagsInput
        label={w.synonyms}
        description={w.synonymsHelp}
        value={d.synonyms}
        onChange={(synonyms) => onChange({ synonyms })}
        splitChars={[',', '、']}
        acceptValueOnBlur
        maxTags={50}
        error={under('synonyms', w.synonyms)}
      />
      <Properties draft={d} onChange={onChange} settled={field !== undefined} say={say} />
    </Stack>
  )
}

/** What can be ticked. Some of it is settled once the field is there, and says so. */
function Properties({
  draft: d,
  onChange,
  settled,
  say,
}: {
  draft: FieldDraft
  onChange: (to: Partial<FieldDraft>) => void
  settled: boolean
  say: (option: string, label: string) => string | undefined
}) {
  const w = useWords(words)
  const boxes = [
    { name: 'required', option: 'required', label: w.required, help: w.requiredHelp, fits: true },
    {
      name: 'mergeKey',
      option: 'merge_key',
      label: w.mergeKey,
      help: w.mergeKeyHelp,
      fits: mayBeKey(d.type),
      once: true,
    },
    { name: 'unique', option: 'unique', label: w.unique, help: w.uniqueHelp, fits: mayBeKey(d.type), once: true },
    {
      name: 'consent',
      option: 'consent',
      label: w.consent,
      help: w.consentHelp,
      fits: d.type === 'boolean',
      once: true,
    },
    {
      name: 'commaSeparated',
      option: 'comma_separated',
      label: w.commaSeparated,
      fits: d.type === 'list' || d.type === 'number_list',
    },
    { name: 'readOnly', option: 'read_only', label: w.readOnly, fits: true },
  ] as const
  return (
    <Stack gap="sm">
      {boxes
        .filter((b) => b.fits)
        .map((b) => {
          const once = 'once' in b
          const help = 'help' in b ? b.help : ''
          return (
            <Checkbox
              key={b.name}
              label={b.label}
              description={[help, once && w.settled].filter(Boolean).join(' ')}
              checked={d[b.name]}
              onChange={(e) => onChange({ [b.name]: e.currentTarget.checked })}
              disabled={once && settled}
              error={say(b.option, b.label)}
            />
          )
        })}
    </Stack>
  )
}
