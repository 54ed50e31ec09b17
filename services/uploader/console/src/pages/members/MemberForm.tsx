import { Fieldset, SimpleGrid, Stack } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { ApiError } from '@/api/client'
import type { Field } from '@/api/fields'
import { useSession } from '@/api/session'
import { useWords } from '@/lang/lang'
import { FieldInput } from './FieldInput'
import { words } from './member_words'
import { type Draft, grouped } from './values'

/** What is being said of a member, by the keys of the fields that are said otherwise than before. */
export type Drafts = Record<string, Draft>

/** Controls for fields, by group, each with what the API says is wrong with it. */
export function MemberForm({
  fields,
  draftOf,
  onChange,
  error,
  isNew,
  about,
}: {
  fields: Field[]
  draftOf: (field: Field) => Draft
  onChange: (field: Field, draft: Draft) => void
  error: unknown
  isNew?: boolean
  /** What there is to say of a group. */
  about?: { consents?: string }
}) {
  const w = useWords(words)
  const zone = useSession().tenant.time_zone
  const wrong = partsByField(error)
  const form = useRef<HTMLDivElement>(null)
  // Whoever has sent a form that is refused stands at the first control that is wrong.
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [error])
  return (
    <Stack ref={form}>
      {grouped(fields).map(([group, list]) => (
        <Fieldset key={group} legend={w.groups[group]}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" style={{ alignItems: 'start' }}>
            {list.map((field) => (
              <FieldInput
                key={field.key}
                field={field}
                draft={draftOf(field)}
                onChange={(draft) => onChange(field, draft)}
                error={wrong.get(field.key)}
                required={isNew && field.required}
                clearable={!field.required && (isNew || !field.consent)}
                description={field.type === 'datetime' ? w.zoneHelp(zone) : undefined}
              />
            ))}
          </SimpleGrid>
          {group === 'consents' && about?.consents}
        </Fieldset>
      ))}
    </Stack>
  )
}

/** What the API says is wrong with fields, by their keys. */
export function partsByField(error: unknown): Map<string, string> {
  const parts = error instanceof ApiError ? (error.problem.errors ?? []) : []
  const byField = new Map<string, string>()
  for (const p of parts) {
    if (p.field) byField.set(p.field, [byField.get(p.field), p.detail].filter(Boolean).join(' '))
  }
  return byField
}

/** Whether all that is wrong stands at controls that are shown. */
export function isShown(error: unknown, fields: Field[]): boolean {
  const parts = error instanceof ApiError ? (error.problem.errors ?? []) : []
  return parts.length > 0 && parts.every((p) => fields.some((f) => f.key === p.field))
}
