/** Which fields are shown. */
export type FieldsShown = 'standard' | 'custom' | 'retired'

/** What the address of the fields' page says. */
export interface FieldsSearch {
  q?: string
  show?: FieldsShown
}

export function fieldsSearch(search: Record<string, unknown>): FieldsSearch {
  const { q, show } = search
  return {
    q: typeof q === 'number' ? String(q) : typeof q === 'string' && q !== '' ? q : undefined,
    show: show === 'standard' || show === 'custom' || show === 'retired' ? show : undefined,
  }
}
