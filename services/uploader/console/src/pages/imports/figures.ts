import type { Schemas } from '@/api/client'

export type Import = Schemas['Import']
export type State = Import['state']

/** What becomes of rows. Together they are the total. */
export const outcomes = ['created', 'updated', 'unchanged', 'deleted', 'skipped', 'failed', 'not_processed'] as const
export type Outcome = (typeof outcomes)[number]

/** What is counted beside the rows, for it happens to members or fields of them. */
export const besides = ['removed', 'unified', 'protected', 'tagged'] as const

/** Rows that have an outcome. */
export const doneOf = (i: Pick<Import, 'total' | 'not_processed'>) => i.total - i.not_processed

const final: State[] = ['completed', 'failed', 'cancelled', 'undone']

/** Whether the import has ended. It may still be resumed or undone. */
export const isFinal = (i: Import) => final.includes(i.state)

/** Whether nothing changes any more until somebody does something. */
export const isSettled = (i: Import) => isFinal(i) && (!i.undo || i.undo.state === 'done')

/** Whether nobody has started the import yet. */
export const isDraft = (i: Import) => i.state === 'created' || i.state === 'uploaded'

/** Whether the import, or its undo, is on its way or waits for its turn. */
export const isUnderWay = (i: Import) => !isSettled(i) && !isDraft(i) && i.state !== 'paused'

/** Whether the import has changed anything that an undo could take back. */
export const hasChanged = (i: Import) =>
  !i.dry_run && i.created + i.updated + i.deleted + i.removed + i.unified + i.tagged > 0

/** Rows that fail still, after all retries. */
export const failedYet = (i: Import) => i.converged?.failed ?? i.failed

/** How much is done, from 0 to 1; null while nobody can tell, for the file is not read to its end. */
export function shareOf(i: Import): number | null {
  if (i.state === 'undoing' || i.undo?.state === 'running') {
    return i.undo && i.undo.total > 0 ? i.undo.done / i.undo.total : null
  }
  if (i.stopped) return i.stopped.percent === null ? null : i.stopped.percent / 100
  if (i.stage === 'waiting') return 0
  if (i.stage === 'reading') return null
  return i.total > 0 ? doneOf(i) / i.total : 1
}

/** About how many rows a file has, by its size and its first rows, as long as it is not read to its end. */
export function expectedRows(
  i: Pick<Import, 'size' | 'total'>,
  found: Pick<Schemas['Shown'], 'format' | 'max_rows' | 'sample_rows'>,
) {
  const rows = found.sample_rows ?? []
  const encoder = new TextEncoder()
  const bytes = rows.flatMap((r) => r ?? []).reduce((sum, cell) => sum + encoder.encode(cell).length + 1, 0)
  const guess = found.format !== 'csv' || bytes === 0 ? found.max_rows : Math.floor((i.size * rows.length) / bytes)
  return Math.max(i.total, Math.min(found.max_rows, guess))
}

/** How many rows had an outcome at a moment, in milliseconds. */
export interface Sample {
  at: number
  done: number
}

/** Rows per second over the latest span of samples, in milliseconds; null without two of them. */
export function rateOf(samples: Sample[], span = 12_000): number | null {
  const last = samples.at(-1)
  if (!last) return null
  const first = samples.find((s) => s.at >= last.at - span)
  if (!first || last.at - first.at < 500) return null
  return ((last.done - first.done) * 1000) / (last.at - first.at)
}

/** Speed between samples, each at the later one's moment. Samples that stand too near for a speed are put together. */
export function speedsOf(samples: Sample[], least = 400): { at: number; rate: number }[] {
  const speeds = []
  let before: Sample | undefined
  for (const s of samples) {
    if (before && s.at - before.at < least) continue
    if (before) speeds.push({ at: s.at, rate: ((s.done - before.done) * 1000) / (s.at - before.at) })
    before = s
  }
  return speeds
}

/** The samples of the server, and after them those that were seen here. Neither time nor rows go back. */
export function joined(noted: Sample[], seen: Sample[]): Sample[] {
  const all = [...noted]
  for (const s of seen) {
    const last = all.at(-1)
    if (!last || (s.at > last.at && s.done >= last.done)) all.push(s)
  }
  return all
}

/** The moment at which a day begins in a time zone, as the API wants it; undefined for what is no day. */
export function dayIn(zone: string, day: string, plus = 0): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!parts) return undefined
  const midnight = Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + plus)
  if (Number.isNaN(midnight)) return undefined
  const first = midnight - offset(zone, midnight)
  return new Date(midnight - offset(zone, first)).toISOString()
}

/** How far a zone is ahead of UTC at a moment, in milliseconds. */
function offset(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const n = (type: string) => Number(parts.find((p) => p.type === type)?.value)
  return (
    Date.UTC(n('year'), n('month') - 1, n('day'), n('hour'), n('minute'), n('second')) - Math.floor(at / 1000) * 1000
  )
}
