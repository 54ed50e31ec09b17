import type { Field } from '@/api/fields'
import { isList } from '@/pages/fields/types'
import type { Draft } from './values'

/** How a field is compared. */
export type Operator =
  | 'eq' | 'ne' | 'contains' | 'starts' | 'gt' | 'gte' | 'lt' | 'lte' | 'any' | 'all' | 'none' | 'empty' | 'present' // biome-ignore format: one line says more

/** The operators of a field, as the API has them; the first is what people mean most often. */
export function operatorsOf(field: Field): Operator[] {
  const last: Operator[] = ['empty', 'present']
  if (isList(field.type)) return ['any', 'all', 'none', ...last]
  switch (field.type) {
    case 'string':
    case 'email':
    case 'phone':
      return ['contains', 'starts', 'eq', 'ne', ...last]
    case 'number':
    case 'date':
    case 'datetime':
      return ['gte', 'lte', 'gt', 'lt', 'eq', 'ne', ...last]
    default:
      return ['eq', 'ne', ...last]
  }
}

/** Whether the operator is complete without a value. */
export const isWhole = (op: Operator) => op === 'empty' || op === 'present'

/** The condition as the API reads it. */
export function conditionOf(field: Field, op: Operator, draft: Draft): string {
  if (isWhole(op)) return `${field.key}:${op}`
  return `${field.key}:${op}:${Array.isArray(draft) ? JSON.stringify(draft) : draft}`
}

/** A condition taken apart. Its value is what the API's member has: a list where it is one. */
export function partsOf(condition: string): { key: string; op: Operator; value: unknown } {
  const [key = '', op = '', ...rest] = condition.split(':')
  const value = rest.join(':')
  if (!value.startsWith('[')) return { key, op: op as Operator, value }
  try {
    return { key, op: op as Operator, value: JSON.parse(value) }
  } catch {
    return { key, op: op as Operator, value }
  }
}
