import { Group, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, ask } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import type { TenantSettings } from './query'
import { Section } from './Section'
import { words } from './words'

const meQuery = { queryKey: ['me'], queryFn: () => ask(api.GET('/v1/me')) }

/** What the tenant may have, and where it stands with it. */
export function Limits({ settings }: { settings: TenantSettings }) {
  const w = useWords(words)
  const f = useFormats(useSession().tenant.time_zone)
  const me = useQuery(meQuery)
  if (me.isPending) return <Loading>{w.loading}</Loading>
  if (me.isError) return <Failure error={me.error} retry={me.refetch} />
  const { limits, usage } = me.data
  const imports = (n: number) => w.imports(f.number(n))
  const rows = (n: number) => w.rows(f.number(n))
  return (
    <Section title={w.limits} lead={w.limitsLead}>
      <Stack>
        <Bar
          label={w.running}
          used={usage.running_imports}
          limit={limits.running_imports}
          write={imports}
          note={usage.queued_imports > 0 ? w.queued(f.number(usage.queued_imports)) : undefined}
        />
        <Bar
          label={w.rowsToday}
          used={usage.rows_today}
          limit={limits.rows_per_day}
          write={rows}
          note={limits.rows_per_day !== null ? w.freeAt(f.dateTime(usage.rows_free_at)) : undefined}
        />
        <Bar label={w.storage} used={usage.storage_bytes} limit={limits.storage_bytes} write={f.bytes} />
        <Line
          label={w.quota}
          value={settings.member_quota === null ? w.quotaNone : w.people(f.number(settings.member_quota))}
        />
        <Line label={w.rowLimit} value={f.bytes(settings.row_limit)} />
      </Stack>
    </Section>
  )
}

function Line({ label, value }: { label: string; value: string }) {
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm">{label}</Text>
      <Text size="sm" fw={600}>
        {value}
      </Text>
    </Group>
  )
}

function Bar({
  label,
  used,
  limit,
  write,
  note,
}: {
  label: string
  used: number
  limit: number | null
  write: (n: number) => string
  note?: string
}) {
  const w = useWords(words)
  const share = limit === null ? 0 : limit > 0 ? used / limit : 1
  const warning = limit === null ? undefined : share >= 1 ? w.full : share >= 0.8 ? w.near : undefined
  return (
    <div>
      <Line label={label} value={limit === null ? w.unlimited(write(used)) : w.used(write(used), write(limit))} />
      {limit !== null && (
        <Progress
          mt={6}
          value={Math.min(100, share * 100)}
          color={warning ? 'orange' : undefined}
          aria-label={label}
          aria-valuetext={w.used(write(used), write(limit))}
        />
      )}
      {(warning || note) && (
        <Text size="sm" c="dimmed" mt={4}>
          {[warning, note].filter(Boolean).join(' ')}
        </Text>
      )}
    </div>
  )
}
