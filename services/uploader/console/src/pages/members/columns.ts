import { useState } from 'react'
import type { Field } from '@/api/fields'
import { useSession } from '@/api/session'

const usual = ['member_sn', 'email', 'phone', 'member_level', 'tags', 'created_at']

/** The columns of the members' table, which are remembered in this browser for the tenant. */
export function useColumns(fields: Field[]) {
  const storageKey = `meibo.columns.${useSession().tenant.name}`
  const [keys, set] = useState(() => remembered(storageKey))
  const known = new Map(fields.map((f) => [f.key, f]))
  return {
    columns: keys.map((key) => known.get(key)).filter((f) => f !== undefined),
    keys,
    setKeys: (next: string[] | null) => {
      if (next) localStorage.setItem(storageKey, JSON.stringify(next))
      else localStorage.removeItem(storageKey)
      set(next ?? usual)
    },
  }
}

function remembered(storageKey: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? 'null')
    if (Array.isArray(kept)) return kept.filter((k) => typeof k === 'string')
  } catch {
    // What somebody else has written there is not ours.
  }
  return usual
}
