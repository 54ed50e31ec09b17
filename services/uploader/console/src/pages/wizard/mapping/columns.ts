import type { Schemas } from '@/api/client'
import type { Field } from '@/api/fields'
import type { Draft } from '../draft'

/** A column of the file with the field that it feeds, and who says so. */
export interface Mapped {
  header: string
  field: string
  inverted: boolean
  blank?: 'keep' | 'clear'
  by: 'choice' | 'remembered' | 'suggested'
  summary: Schemas['ColumnSummary']
}

type Found = Schemas['Shown']

/**
 * The mapping as it would be used: what was decided, and for the other columns what is remembered or suggested, as far as
 * its fields are there and not decided for others.
 */
export function mappingOf(draft: Draft, found: Found, fields: Map<string, Field>): Mapped[] {
  const base = baseOf(draft, found)
  const by = base === found.suggested_mapping ? 'suggested' : 'remembered'
  const columns = found.columns ?? []
  const taken = new Set(
    columns.map((c) => draft.choices[c.header]?.field).filter((key): key is string => key !== undefined && key !== ''),
  )
  return columns.map((summary, n) => {
    const { header } = summary
    const choice = draft.choices[header]
    if (choice) {
      return {
        header,
        summary,
        field: fields.has(choice.field) ? choice.field : '',
        inverted: choice.inverted ?? false,
        blank: choice.blank,
        by: 'choice',
      }
    }
    const guess = draft.profile?.closed ? undefined : base?.[n]
    const usable = guess?.field && !taken.has(guess.field) && fields.has(guess.field)
    return {
      header,
      summary,
      field: usable ? guess.field : '',
      inverted: usable ? guess.inverted : false,
      blank: usable && guess.blank ? (guess.blank as Mapped['blank']) : undefined,
      by,
    }
  })
}

function baseOf(draft: Draft, found: Found) {
  return draft.base === 'remembered' && found.remembered ? found.remembered.mapping : found.suggested_mapping
}

/** The fields that members can be told by, of those that imports of this kind have; the likeliest first. */
export function keysFor(fields: Map<string, Field>, kind: string | undefined): Field[] {
  const order = ['member_sn', 'email', 'phone', 'line_id', 'id']
  const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length)
  return [...fields.values()]
    .filter((f) => f.merge_key && (kind !== 'lead' || f.custom || ['email', 'phone', 'id'].includes(f.key)))
    .sort((a, b) => rank(a.key) - rank(b.key))
}

/** The key of the import: the one that was chosen, else the likeliest that a column feeds. */
export function keyOf(draft: Draft, mapping: Mapped[], fields: Map<string, Field>): string {
  if (draft.options.key) return draft.options.key
  const keys = keysFor(fields, draft.options.kind)
  const fed = new Set(mapping.map((m) => m.field))
  return keys.find((f) => fed.has(f.key))?.key ?? keys[0]?.key ?? 'member_sn'
}

/** Whether the import may create members, who need their required fields. */
export function creates(draft: Draft): boolean {
  const { mode, preset, kind } = draft.options
  return kind !== 'lead' && mode !== 'update' && mode !== 'delete' && preset !== 'delete'
}

/** The required fields that no column feeds. A name can be made of both its parts. */
export function missingFields(draft: Draft, mapping: Mapped[], fields: Map<string, Field>): Field[] {
  if (!creates(draft)) return []
  const fed = new Set(mapping.map((m) => m.field))
  return [...fields.values()].filter(
    (f) =>
      f.required &&
      !f.read_only &&
      !fed.has(f.key) &&
      !(f.key === 'name' && fed.has('first_name') && fed.has('last_name')),
  )
}

/** Whether a column may feed the field: those that Meibo fills are fed by none, but as the key. */
export const feedable = (field: Field, key: string) => !field.read_only || (field.merge_key && field.key === key)

const plain = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-・.／/()（）]/g, '')

/** Whether a field is meant by what somebody types: a part of its label, its key or one of its synonyms. */
export function means(field: Field, typed: string): boolean {
  const wanted = plain(typed)
  return [field.key, field.label.ja, field.label.en, ...(field.synonyms ?? [])].some(
    (name) => name !== undefined && plain(name).includes(wanted),
  )
}

/** What the start of an import is told of it: everything that was decided, and the mapping column by column. */
export function startOf(draft: Draft, mapping: Mapped[], fields: Map<string, Field>): Schemas['ImportOptions'] {
  return {
    ...draft.options,
    ...draft.reading,
    key: keyOf(draft, mapping, fields),
    mapping: mapping
      .filter((m) => m.header !== '')
      .map((m) => ({
        header: m.header,
        field: m.field,
        inverted: m.field !== '' && m.inverted ? true : undefined,
        blank: m.field !== '' ? m.blank : undefined,
      })),
  }
}
