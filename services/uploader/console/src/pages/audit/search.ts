/** What the audit log is narrowed to, as the address has it. */
export interface AuditSearch {
  act?: string
  /** A user's id, or the kind of what is no user. */
  who?: string
  object?: string
  /** Days, as 2026-04-01; the last one is in it. */
  since?: string
  until?: string
}

const text = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined
const day = (value: unknown) => (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined)

export const auditSearch = (search: Record<string, unknown>): AuditSearch => ({
  act: text(search.act),
  who: text(search.who),
  object: text(search.object),
  since: day(search.since),
  until: day(search.until),
})

type Kind = 'user' | 'key' | 'operator' | 'system'

/** The same as the API is asked for it; days are those of the zone. */
export function auditQuery(s: AuditSearch, timeZone: string) {
  const user = s.who && /^\d+$/.test(s.who) ? Number(s.who) : undefined
  return {
    act: s.act,
    object: s.object,
    user_id: user,
    kind: user === undefined ? (s.who as Kind | undefined) : undefined,
    since: s.since && beginOf(s.since, timeZone, 0),
    until: s.until && beginOf(s.until, timeZone, 1),
  }
}

/** The moment at which a day begins in a zone, so many days later. */
export function beginOf(date: string, timeZone: string, later: number): string {
  const utc = Date.parse(`${date}T00:00:00Z`) + later * 86_400_000
  // What the clocks of the zone show at that moment tells how far they are ahead.
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(utc)
  return new Date(utc - (Date.parse(`${shown.replace(' ', 'T')}Z`) - utc)).toISOString()
}
