import { useCallback, useState } from 'react'
import type { Schemas } from '@/api/client'

type Options = Schemas['ImportOptions']

/** How the file is read where that was chosen; what is not said is as it was found. */
export type Reading = Pick<Options, 'encoding' | 'delimiter' | 'sheet' | 'header_row' | 'no_header'>

/** What was said of the import's options, as far as they are not about reading or mapping. */
export type Said = Omit<Options, keyof Reading | 'mapping' | 'map' | 'mapping_from' | 'dry_run'>

/** What somebody has decided about a column. */
export interface Choice {
  field: string
  inverted?: boolean
  blank?: 'keep' | 'clear'
}

/** Everything that was decided in the wizard about an import that has not started. It is kept in this browser. */
export interface Draft {
  reading: Reading
  /** Where the mapping of columns comes from that nobody has decided about. */
  base: 'remembered' | 'suggested'
  /** By header. */
  choices: Record<string, Choice>
  options: Said
  /** The profile that the decisions come from, with the headers that it expects. */
  profile?: { name: string; header: string[]; closed: boolean }
  /** The dry run of these decisions, and what they were then. */
  trial?: { id: string; said: string }
}

export const noDraft: Draft = { reading: {}, base: 'remembered', choices: {}, options: {} }

const storageKey = (id: string) => `meibo.draft.${id}`

export function readDraft(id: string): Draft {
  try {
    return { ...noDraft, ...(JSON.parse(localStorage.getItem(storageKey(id)) ?? '{}') as Partial<Draft>) }
  } catch {
    return noDraft
  }
}

export const storeDraft = (id: string, draft: Draft) => localStorage.setItem(storageKey(id), JSON.stringify(draft))

export const dropDraft = (id: string) => localStorage.removeItem(storageKey(id))

export type Change = (change: (draft: Draft) => Draft) => void

/** The draft of an import, and what changes it. */
export function useDraft(id: string): [Draft, Change] {
  const [draft, set] = useState(() => readDraft(id))
  const change = useCallback<Change>(
    (next) =>
      set((now) => {
        const then = next(now)
        storeDraft(id, then)
        return then
      }),
    [id],
  )
  return [draft, change]
}

/** What a profile decides. */
export function draftOf(profile: Schemas['Profile']): Draft {
  const {
    mapping,
    map,
    mapping_from,
    dry_run: _,
    encoding,
    delimiter,
    sheet,
    header_row,
    no_header,
    ...options
  } = profile.options ?? {}
  const choices: Record<string, Choice> = {}
  for (const c of mapping ?? []) choices[c.header] = { field: c.field, inverted: c.inverted, blank: c.blank }
  for (const [header, field] of Object.entries(map ?? {})) choices[header] = { field }
  const reading = Object.fromEntries(
    Object.entries({ encoding, delimiter, sheet, header_row, no_header }).filter(([, value]) => value !== undefined),
  )
  return {
    reading,
    base: mapping_from === 'headers' ? 'suggested' : 'remembered',
    choices,
    options,
    profile: { name: profile.name, header: profile.header ?? [], closed: (mapping ?? []).length > 0 },
  }
}

/** What an import was started with, for another one of the same file. */
export function draftOfImport(i: Schemas['Import']): Draft {
  const said = {
    kind: i.kind,
    mode: i.mode,
    key: i.key,
    blank: i.blank,
    duplicates: i.duplicates,
    list_values: i.list_values,
    multiple_matches: i.multiple_matches,
    new_consent: i.new_consent,
    consent: i.consent,
    registration: i.registration,
    skip_without: i.skip_without,
    import_tag: i.import_tag,
    max_failed: i.max_failed,
    max_removed: i.max_removed,
    max_changed: i.max_changed,
    note: i.note,
  }
  const choices: Record<string, Choice> = {}
  for (const c of i.mapping ?? []) {
    choices[c.header] = { field: c.field, inverted: c.inverted, blank: c.blank === 'clear' ? 'clear' : undefined }
  }
  return {
    reading: {},
    base: 'suggested',
    choices,
    options: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== '')) as Said,
  }
}
