import { useMemo } from 'react'
import type { Schemas } from '@/api/client'
import { type Field, labelOf } from '@/api/fields'
import { useSession } from '@/api/session'
import { formats } from '@/lang/format'
import { type Lang, useLang } from '@/lang/lang'
import { isList } from '@/pages/fields/types'

/** A member as the API shows it: what all members have, and the fields by their keys. */
export type MemberValues = NonNullable<Schemas['MemberPage']['items']>[number]

const words = {
  ja: { yes: 'はい', no: 'いいえ', comma: '、' },
  en: { yes: 'yes', no: 'no', comma: ', ' },
}

/** Whether there is no value. */
export const isEmpty = (value: unknown) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

/** What people call a choice of a field. */
export function choiceLabel(field: Field, number: unknown, lang: Lang): string {
  const choice = field.choices?.find((c) => c.number === number)
  return choice ? labelOf(choice, lang) : String(number)
}

/** Returns what writes a value as people read it; empty where there is none. Numbers keep every digit that they have. */
export function useValueText(): (field: Field | undefined, value: unknown) => string {
  const { lang } = useLang()
  const zone = useSession().tenant.time_zone
  return useMemo(() => {
    const days = formats(lang, 'UTC')
    const times = formats(lang, zone)
    return (field, value) => {
      if (isEmpty(value)) return ''
      if (Array.isArray(value)) return value.map(String).join(words[lang].comma)
      if (typeof value === 'boolean') return value ? words[lang].yes : words[lang].no
      if (field?.type === 'choice') return choiceLabel(field, value, lang)
      if (field?.type === 'date') return days.date(`${value}T00:00:00Z`)
      if (field?.type === 'datetime') return times.dateTime(String(value))
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
    }
  }, [lang, zone])
}

/** A value while it is being edited: text, or the items of a list. */
export type Draft = string | string[]

/** The value as controls hold it. Times are those of the zone, as the API reads them back. */
export function draftOf(field: Field, value: unknown, zone: string): Draft {
  if (isList(field.type)) return Array.isArray(value) ? value.map(String) : []
  if (isEmpty(value)) return ''
  return field.type === 'datetime' ? localTime(String(value), zone) : String(value)
}

/** 2024-05-04T09:30:00 in the zone, as controls of the browser have it. */
function localTime(at: string, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone })
    .format(new Date(at))
    .replace(' ', 'T')
}

/** What the API is told: null takes the value away. */
export function saidBy(field: Field, draft: Draft): unknown {
  if (Array.isArray(draft)) return draft.length > 0 ? draft : null
  if (draft === '') return null
  if (field.type === 'boolean') return draft === 'true'
  return field.type === 'choice' ? Number(draft) : draft
}

/** Whether two drafts say the same. */
export const sameDraft = (a: Draft, b: Draft) =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((v, i) => v === b[i]) : a === b

/** The groups in which a member's fields are shown. */
export type Group = 'person' | 'channels' | 'consents' | 'custom' | 'assigned'

const person = (
  'member_sn name last_name first_name email phone sex birthday city country iso_code ' +
  'register_date register_type member_level tags is_active'
).split(' ')

/** The fields by group, in their order; groups without fields are left out. */
export function grouped(fields: Field[]): [Group, Field[]][] {
  const groups: Record<Group, Field[]> = { person: [], channels: [], consents: [], custom: [], assigned: [] }
  for (const field of fields) groups[groupOf(field)].push(field)
  groups.person.sort((a, b) => person.indexOf(a.key) - person.indexOf(b.key))
  return (Object.entries(groups) as [Group, Field[]][]).filter(([, list]) => list.length > 0)
}

function groupOf(field: Field): Group {
  if (field.custom) return field.consent ? 'consents' : 'custom'
  if (field.read_only) return 'assigned'
  if (field.consent) return 'consents'
  return person.includes(field.key) ? 'person' : 'channels'
}

/** What people know the member by: the name, else the first other thing that tells who it is. */
export const nameOf = (member: MemberValues) =>
  member.name || member.member_sn || member.email || member.phone || `#${member.id}`

/** The label of a field by its key; the key itself where the field is not used any more. */
export const labelByKey = (fields: Map<string, Field>, key: string, lang: Lang) => {
  const field = fields.get(key)
  return field ? labelOf(field, lang) : key
}
