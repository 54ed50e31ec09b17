import { expect, test } from 'vitest'
import { type Operations, troublesOf } from './troubles'

const at = '2026-04-01T00:10:00Z'
const worker = (service: string, seen_at = at) =>
  ({
    service,
    host: 'a',
    version: '1',
    started_at: at,
    seen_at,
    busy: 0,
    concurrency: 1,
    rows_per_second: 0,
  }) as NonNullable<Operations['workers']>[number]
const well: Operations = {
  at,
  queue: { chunks_waiting: 0, jobs_waiting: 0, oldest_seconds: null },
  workers: ['splitter', 'merger', 'notifier'].map((s) => worker(s)),
  imports: [],
  dead: [],
  mails_waiting: 0,
}

test('nothing is wrong where everybody works, however much waits', () => {
  expect(troublesOf(well)).toEqual([])
  expect(troublesOf({ ...well, queue: { chunks_waiting: 9000, jobs_waiting: 40, oldest_seconds: 30 } })).toEqual([])
})

test('a queue that is away and workers that are silent are named', () => {
  const workers = [worker('splitter'), worker('merger', '2026-04-01T00:08:00Z'), worker('notifier')]
  expect(troublesOf({ ...well, queue: undefined, workers })).toEqual([
    { kind: 'queue' },
    { kind: 'missing', service: 'merger' },
  ])
})
