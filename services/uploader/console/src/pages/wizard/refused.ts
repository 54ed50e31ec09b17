import { ApiError, type Schemas } from '@/api/client'
import type { Step } from './steps'

type Part = Schemas['ProblemPart']

const reading = ['encoding', 'delimiter', 'sheet', 'header_row', 'no_header']

/** What the API says of single options and columns; nothing where it refuses the whole. */
export const partsOf = (error: unknown): Part[] => (error instanceof ApiError ? (error.problem.errors ?? []) : [])

/** The step where what was refused can be changed. */
export function stepOf(part: Part): Step {
  if (part.option && reading.includes(part.option)) return 'found'
  if (part.header || part.field || part.option === 'mapping') return 'mapping'
  return 'options'
}

/** What was refused of an option, as its control shows it; undefined where nothing was. */
export function refusalOf(parts: Part[], option: string): string | undefined {
  const said = parts.filter((p) => p.option === option && !p.header).map((p) => p.detail)
  return said.length > 0 ? said.join(' ') : undefined
}
