import { expect, test } from 'vitest'
import { dayIn, expectedRows, joined, rateOf, speedsOf } from './figures'

test('a day begins at the midnight of its time zone, also where clocks are set', () => {
  expect(dayIn('Asia/Tokyo', '2026-11-24')).toBe('2026-11-23T15:00:00.000Z')
  expect(dayIn('Asia/Tokyo', '2026-12-31', 1)).toBe('2026-12-31T15:00:00.000Z')
  expect(dayIn('Europe/Berlin', '2026-03-29')).toBe('2026-03-28T23:00:00.000Z')
  expect(dayIn('Europe/Berlin', '2026-03-29', 1)).toBe('2026-03-29T22:00:00.000Z')
  expect(dayIn('Asia/Tokyo', 'yesterday')).toBeUndefined()
})

test('speed is that of the latest rows', () => {
  const samples = [
    { at: 0, done: 0 },
    { at: 10_000, done: 1000 },
    { at: 20_000, done: 6000 },
  ]
  expect(rateOf(samples)).toBe(500)
  expect(rateOf(samples.slice(0, 1))).toBeNull()
  expect(speedsOf(samples).map((s) => s.rate)).toEqual([100, 500])
})

test('what was seen here goes on where the server has nothing yet', () => {
  const noted = [
    { at: 0, done: 0 },
    { at: 5000, done: 10 },
  ]
  const seen = [
    { at: 4000, done: 9 },
    { at: 6000, done: 8 },
    { at: 7000, done: 12 },
  ]
  expect(joined(noted, seen)).toEqual([...noted, { at: 7000, done: 12 }])
})

test('how many rows a file has is guessed by its first ones, and never less than what was read', () => {
  const found = {
    format: 'csv' as const,
    max_rows: 500,
    sample_rows: [
      ['a', '山田'],
      ['b', '田中'],
    ],
  }
  expect(expectedRows({ size: 900, total: 10 }, found)).toBe(100)
  expect(expectedRows({ size: 900, total: 120 }, found)).toBe(120)
  expect(expectedRows({ size: 900, total: 10 }, { ...found, format: 'xlsx' })).toBe(500)
})
