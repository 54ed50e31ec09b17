import type { Schemas } from '@/api/client'

export type Operations = Schemas['Operations']

/** What is not as it should be. */
export type Trouble =
  | { kind: 'queue' }
  | { kind: 'missing'; service: string }
  | { kind: 'stuck'; id: string; file: string }
  | { kind: 'dead'; count: number }

/** After how many seconds without a word a worker counts as gone: it tells of itself every ten. */
const silence = 60

export const isSilent = (seenAt: string, at: string) => Date.parse(at) - Date.parse(seenAt) > silence * 1000

/** Looks for what needs somebody; nothing of it means that all is well. */
export function troublesOf(o: Operations): Trouble[] {
  const heard = new Set((o.workers ?? []).filter((w) => !isSilent(w.seen_at, o.at)).map((w) => w.service as string))
  const dead = o.dead?.length ?? 0
  return [
    ...(o.queue ? [] : [{ kind: 'queue' } as const]),
    ...['splitter', 'merger', 'notifier']
      .filter((service) => !heard.has(service))
      .map((service) => ({ kind: 'missing', service }) as const),
    ...(o.imports ?? []).filter((i) => i.stuck).map((i) => ({ kind: 'stuck', id: i.id, file: i.file_name }) as const),
    ...(dead > 0 ? [{ kind: 'dead', count: dead } as const] : []),
  ]
}
