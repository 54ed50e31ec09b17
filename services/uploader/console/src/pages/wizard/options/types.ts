import type { Said } from '../draft'

/** What can be chosen for an import to do: the five registration types, and two that every import tool has. */
export const types = ['standard', 'column_update', 'record_update', 'add', 'update', 'new', 'delete'] as const

export type Type = (typeof types)[number]

/** What the options say to do. */
export function typeOf(said: Said): Type {
  const preset = types.find((t) => t === said.preset)
  if (preset) return preset
  switch (said.mode) {
    case 'append':
      return 'add'
    case 'update':
      return 'update'
    case 'replace':
      return 'new'
    case 'delete':
      return 'delete'
    default:
      return said.blank === 'clear' ? 'record_update' : 'standard'
  }
}

/** The options with another type. What belonged to the last one goes with it. */
export function withType(said: Said, type: Type): Said {
  const { preset: _, mode: __, blank: ___, duplicates: ____, skip_without: _____, ...rest } = said
  if (type === 'standard') return rest
  if (type === 'update') return { ...rest, mode: 'update' }
  return { ...rest, preset: type }
}

/** What the options come to where nothing is said of them. */
export function defaultsOf(said: Said): {
  blank: 'keep' | 'clear'
  duplicates: 'last' | 'first'
  lists: 'append' | 'replace'
} {
  const type = typeOf(said)
  return {
    blank: type === 'record_update' || type === 'new' ? 'clear' : 'keep',
    duplicates: type === 'add' || type === 'new' ? 'first' : 'last',
    lists: type === 'new' ? 'replace' : 'append',
  }
}

/** Types by which members are lost, and that are confirmed for it. */
export const dangerous = (type: Type) => type === 'new' || type === 'delete'
