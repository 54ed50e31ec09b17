import { Group, Select, Stack, TextInput } from '@mantine/core'
import { useMemo } from 'react'
import { useSession } from '@/api/session'
import { useWords } from '@/lang/lang'
import type { Prepared } from '../Prepare'
import { refusalOf } from '../refused'
import { Pick } from './Pick'
import { words } from './words'

/** What is seldom said otherwise. */
export function Details({ draft, change, refused }: Prepared) {
  const w = useWords(words)
  const { tenant } = useSession()
  const { options } = draft
  const set = (to: Partial<typeof options>) => change((d) => ({ ...d, options: { ...d.options, ...to } }))
  const zones = useMemo(() => [...new Set([tenant.time_zone, ...Intl.supportedValuesOf('timeZone')])], [tenant])
  return (
    <Stack>
      <Group grow align="flex-start" preventGrowOverflow={false} wrap="wrap">
        <Select
          label={w.timeZone}
          description={w.timeZoneHelp}
          data={zones}
          value={options.time_zone ?? tenant.time_zone}
          onChange={(zone) => set({ time_zone: zone === tenant.time_zone ? undefined : (zone ?? undefined) })}
          searchable
          allowDeselect={false}
          limit={100}
          error={refusalOf(refused, 'time_zone')}
          miw={260}
        />
        <TextInput
          label={w.region}
          description={w.regionHelp}
          value={options.region ?? tenant.region}
          onChange={(e) => set({ region: e.target.value.normalize('NFKC').toUpperCase().trim() || undefined })}
          maxLength={2}
          error={refusalOf(refused, 'region')}
          miw={260}
        />
      </Group>
      <Pick
        label={w.registration}
        options={w.registrationOf}
        value={options.registration ?? 'registered'}
        onChange={(registration) => set({ registration })}
        error={refusalOf(refused, 'registration')}
      />
    </Stack>
  )
}
