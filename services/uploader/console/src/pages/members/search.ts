/** What the address of the members' page says of the members that are shown. */
export interface MembersSearch {
  q?: string
  kind?: 'member' | 'lead'
  blocked?: 'include' | 'only'
  /** Conditions field:operator:value, as the API has them. */
  filter?: string[]
}

const text = (value: unknown) =>
  typeof value === 'number' ? String(value) : typeof value === 'string' && value !== '' ? value : undefined

const oneOf = <T extends string>(value: unknown, accepted: readonly T[]) => accepted.find((a) => a === value)

export function membersSearch(search: Record<string, unknown>): MembersSearch {
  const said = Array.isArray(search.filter) ? search.filter : [search.filter]
  const filter = said.filter((f): f is string => typeof f === 'string' && f.includes(':'))
  return {
    q: text(search.q),
    kind: oneOf(search.kind, ['member', 'lead']),
    blocked: oneOf(search.blocked, ['include', 'only']),
    filter: filter.length > 0 ? filter : undefined,
  }
}
