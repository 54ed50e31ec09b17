import { expect, test } from 'vitest'
import { beginOf } from './search'

test('a day begins when it does in the zone, not at the browser or in UTC', () => {
  expect(beginOf('2026-04-01', 'Asia/Tokyo', 0)).toBe('2026-03-31T15:00:00.000Z')
  expect(beginOf('2026-04-01', 'Asia/Tokyo', 1)).toBe('2026-04-01T15:00:00.000Z')
  expect(beginOf('2026-12-31', 'America/New_York', 1)).toBe('2027-01-01T05:00:00.000Z')
})
