import { Button, Group, NumberInput, SimpleGrid, Stack } from '@mantine/core'
import { modals } from '@mantine/modals'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import { Section } from './Section'
import { words } from './words'

type Days = Schemas['Retention']

const retentionQuery = queryOptions({ queryKey: ['retention'], queryFn: () => ask(api.GET('/v1/retention')) })

/** The bounds of each period, in days, as the API has them. */
const bounds = {
  source_days: [1, 3660],
  report_days: [1, 3660],
  journal_days: [1, 366],
  audit_days: [30, 3660],
} as const

/** For how long things are kept. */
export function Retention({ may }: { may: boolean }) {
  const w = useWords(words)
  const retention = useQuery(retentionQuery)
  return (
    <Section title={w.retention} lead={w.retentionLead}>
      {retention.isPending && <Loading>{w.loading}</Loading>}
      {retention.isError && <Failure error={retention.error} retry={retention.refetch} />}
      {retention.data && <Form now={retention.data} may={may} />}
    </Section>
  )
}

function Form({ now, may }: { now: Days; may: boolean }) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const [days, setDays] = useState(now)
  const save = useAct(() => ask(api.PATCH('/v1/retention', { body: days })), {
    done: w.saved,
    quiet: true,
    then: (kept) => queries.setQueryData(retentionQuery.queryKey, kept),
  })
  const labels: [keyof typeof bounds, string, string][] = [
    ['source_days', w.sourceDays, w.sourceHelp],
    ['report_days', w.reportDays, w.reportHelp],
    ['journal_days', w.journalDays, w.journalHelp],
    ['audit_days', w.auditDays, w.auditHelp],
  ]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!labels.some(([key]) => days[key] < now[key])) {
      save.mutate()
      return
    }
    modals.openConfirmModal({
      title: w.shorterTitle,
      children: w.shorterText,
      labels: { confirm: w.shorterDo, cancel: w.cancel },
      confirmProps: { color: 'red' },
      onConfirm: () => save.mutate(),
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {labels.map(([key, label, help]) => (
            <NumberInput
              key={key}
              label={label}
              description={help}
              value={days[key]}
              onChange={(v) => typeof v === 'number' && setDays({ ...days, [key]: v })}
              min={bounds[key][0]}
              max={bounds[key][1]}
              clampBehavior="blur"
              allowDecimal={false}
              thousandSeparator=","
              suffix={w.days}
              disabled={!may}
            />
          ))}
        </SimpleGrid>
        {save.isError && <Failure error={save.error} />}
        {may && (
          <Group>
            <Button type="submit" loading={save.isPending} aria-label={`${w.retention}: ${c.save}`}>
              {c.save}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  )
}
