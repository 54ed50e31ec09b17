import { Button, Group, Text, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { dropDraft } from '../draft'
import { startOf } from '../mapping/columns'
import { KeyNotice, Required } from '../mapping/Notices'
import { dangerous, typeOf } from '../options/types'
import type { Prepared } from '../Prepare'
import { partsOf, stepOf } from '../refused'
import { steps } from '../steps'
import { Ways } from '../Wizard'
import { words as frame } from '../words'
import { Summary } from './Summary'
import { Trial, useTrial } from './Trial'
import { words } from './words'

/** The last look: what will happen, a dry run of it, and the start. */
export function Check(props: Prepared) {
  const { id, draft, mapping, fields, found, setRefused } = props
  const w = useWords(words)
  const fw = useWords(frame)
  const f = useFormats()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const type = typeOf(draft.options)
  const { data: tried } = useTrial(draft.trial?.id)
  const start = useAct(
    () => ask(api.POST('/v1/imports/{id}/start', { params: { path: { id } }, body: startOf(draft, mapping, fields) })),
    {
      quiet: true,
      then: async () => {
        dropDraft(id)
        await navigate({ to: '/imports/$id', params: { id } })
        await queries.invalidateQueries({ queryKey: ['wizard'] })
      },
    },
  )
  const begin = () => {
    setRefused([])
    if (!dangerous(type)) {
      start.mutate()
      return
    }
    const removed = type === 'delete' ? tried?.deleted : tried?.removed
    modals.openConfirmModal({
      title: type === 'delete' ? w.confirmDelete : w.confirmNew,
      children: (
        <>
          <Text>{type === 'delete' ? w.confirmDeleteHelp(found.list, null) : w.confirmNewHelp(found.list)}</Text>
          {removed ? (
            <Text mt="sm" fw={600}>
              {w.confirmRemoved(f.number(removed))}
            </Text>
          ) : null}
        </>
      ),
      labels: { confirm: w.start, cancel: fw.back },
      confirmProps: { color: 'red' },
      onConfirm: () => start.mutate(),
    })
  }
  return (
    <>
      <Title order={2}>{w.title}</Title>
      <Summary {...props} />
      <KeyNotice {...props} />
      <Required {...props} />
      <Trial {...props} />
      {start.isError && <Refusal {...props} error={start.error} />}
      <Ways
        back={
          <Button component={Link} variant="default" to={`/imports/new/${id}`} search={{ step: 'options' } as never}>
            {fw.back}
          </Button>
        }
      >
        <Button
          size="md"
          color={dangerous(type) ? 'red' : undefined}
          leftSection={<Play size={18} aria-hidden />}
          onClick={begin}
          loading={start.isPending}
        >
          {start.isPending ? w.starting : w.start}
        </Button>
      </Ways>
    </>
  )
}

/** What the API has refused, with the way to the steps where it can be corrected. */
export function Refusal({ id, error, setRefused }: Prepared & { error: unknown }) {
  const w = useWords(words)
  const fw = useWords(frame)
  const parts = partsOf(error)
  const where = steps.filter((step) => parts.some((p) => stepOf(p) === step))
  return (
    <div>
      <Failure error={error} title={fw.refused} />
      <Group mt="xs">
        {where.map((step) => (
          <Button
            key={step}
            size="xs"
            variant="default"
            component={Link}
            to={`/imports/new/${id}`}
            search={{ step } as never}
            onClick={() => setRefused(parts)}
          >
            {w.goTo(fw.steps[step])}
          </Button>
        ))}
      </Group>
    </div>
  )
}
