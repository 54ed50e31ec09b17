import { useQuery } from '@tanstack/react-query'
import { api, ask, type Schemas } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { words as shell } from '@/shell/words'
import { words as common } from '@/words'
import { words } from './words'

/** Details that tell people nothing, or that stand elsewhere in the entry. */
const silent = new Set(['sha256', 'session', 'erasure', 'version', 'journal', 'of', 'user'])

const fieldsQuery = { queryKey: ['fields', 'names'], queryFn: () => ask(api.GET('/v1/fields')), staleTime: 60_000 }

/** Returns what else is known of an act as labels with values, in the person's words. */
export function useDetails({ act, object, detail }: Schemas['AuditEntry']): [string, string][] {
  const w = useWords(words)
  const c = useWords(common)
  const roles = useWords(shell).roles
  const { lang } = useLang()
  const f = useFormats(useSession().tenant.time_zone)
  const withFields = 'fields' in detail || 'required' in detail
  const fields = useQuery({ ...fieldsQuery, enabled: withFields }).data?.items
  const named = (key: unknown) => {
    const label = fields?.find((field) => field.key === key)?.label
    return label?.[lang] || String(key)
  }
  const said = (key: string, value: unknown): string => {
    if (value === null || value === undefined) return key === 'expires_at' ? c.none : w.unlimited
    if (typeof value === 'boolean') return value ? c.yes : c.no
    if (Array.isArray(value)) return value.length > 0 ? value.map(named).join(w.between) : c.none
    switch (key) {
      case 'role':
      case 'role_before':
        return roles[String(value)] ?? String(value)
      case 'size':
      case 'max_storage':
        return f.bytes(Number(value))
      case 'expires_at':
        return f.dateTime(String(value))
      case 'mode':
      case 'kind':
        return w.modes[String(value)] ?? String(value)
      case 'scope':
        return w.scopes[String(value)] ?? String(value)
    }
    if (typeof value === 'object') {
      return Object.entries(value)
        .map(([k, v]) => `${w.details[k] ?? k} ${said(k, v)}`)
        .join(w.between)
    }
    return typeof value === 'number' ? f.number(value) : String(value)
  }
  return Object.entries(detail)
    .filter(([key, value]) => {
      if (silent.has(key)) return false
      if (key === 'role_before') return value !== detail.role
      // It stands in the link beside the act.
      if (key === 'file_name') return !object.startsWith('import/')
      if (key === 'name') return !object.startsWith('key/') && !object.endsWith(`/${value}`)
      // What is not so needs no mention, but for changes of users, whom it enables again.
      return value !== false || act === 'user.change'
    })
    .map(([key, value]) => [w.details[key] ?? key, said(key, value)])
}
