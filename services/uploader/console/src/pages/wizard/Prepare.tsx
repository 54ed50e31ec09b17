import { Button } from '@mantine/core'
import { modals } from '@mantine/modals'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { ApiError, api, ask, type Schemas } from '@/api/client'
import { useFieldsByKey } from '@/api/fields'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Check } from './check/Check'
import { type Change, type Draft, dropDraft, type Reading, useDraft } from './draft'
import { Found } from './found/Found'
import { type Mapped, mappingOf } from './mapping/columns'
import { Mapping } from './mapping/Mapping'
import { Options } from './options/Options'
import { Steps } from './Steps'
import { type Step, steps } from './steps'
import { giveUp } from './upload/uploads'
import { Frame, Ways } from './Wizard'
import { words } from './words'

type Parts = Schemas['ProblemPart'][]

/** What every step after the file has to do with. */
export interface Prepared {
  id: string
  found: Schemas['Import']
  inspection: Schemas['Shown']
  fields: ReturnType<typeof useFieldsByKey>
  draft: Draft
  change: Change
  mapping: Mapped[]
  /** What the API has refused of it the last time. */
  refused: Parts
  setRefused: (parts: Parts) => void
}

/** The inspection of an import's file, read as the draft says; nothing is stored by looking. */
const inspectionQuery = (id: string, reading: Reading) => ({
  queryKey: ['wizard', 'inspection', id, reading],
  queryFn: () => {
    const query = {
      encoding: reading.encoding,
      delimiter: reading.delimiter,
      sheet: reading.sheet,
      header_row: reading.no_header ? undefined : reading.header_row,
      no_header:
        reading.no_header === undefined ? undefined : reading.no_header ? ('true' as const) : ('false' as const),
    }
    return ask(api.GET('/v1/imports/{id}/inspection', { params: { path: { id }, query } }))
  },
  staleTime: 60_000,
  placeholderData: keepPreviousData,
})

/** The steps of an import whose file is there. */
export function Prepare({ found, step, lead }: { found: Schemas['Import']; step: Step; lead: string }) {
  const w = useWords(words)
  const { id } = found
  const [draft, change] = useDraft(id)
  const [refused, setRefused] = useState<Parts>([])
  const inspection = useQuery(inspectionQuery(id, draft.reading))
  const fields = useFieldsByKey(found.list)
  const mapping = useMemo(
    () => (inspection.data ? mappingOf(draft, inspection.data, fields) : []),
    [draft, inspection.data, fields],
  )
  if (!inspection.data || fields.size === 0) {
    return (
      <Frame top={<Steps id={id} now={step} />} lead={lead} actions={<Discard id={id} />}>
        {inspection.error ? (
          <Unreadable error={inspection.error} retry={() => change((d) => ({ ...d, reading: {} }))} />
        ) : (
          <Loading>{w.inspecting}</Loading>
        )}
      </Frame>
    )
  }
  const all: Prepared = { id, found, inspection: inspection.data, fields, draft, change, mapping, refused, setRefused }
  return (
    <Frame
      top={<Steps id={id} now={step} done={steps.filter((s) => s !== 'file')} />}
      lead={lead}
      actions={<Discard id={id} />}
    >
      {step === 'found' && <Found {...all} error={inspection.error} busy={inspection.isFetching} />}
      {step === 'mapping' && <Mapping {...all} />}
      {step === 'options' && <Options {...all} />}
      {step === 'check' ? <Check {...all} /> : <Onward id={id} step={step} held={inspection.error !== null} />}
    </Frame>
  )
}

function Unreadable({ error, retry }: { error: unknown; retry: () => void }) {
  return <Failure error={error} retry={error instanceof ApiError && error.status < 500 ? retry : undefined} />
}

/** To the step before and the one after. */
function Onward({ id, step, held }: { id: string; step: Step; held: boolean }) {
  const w = useWords(words)
  const at = steps.indexOf(step)
  const before = steps[at - 1]
  const after = steps[at + 1]
  return (
    <Ways
      back={
        before && before !== 'file' ? (
          <Button component={Link} variant="default" to={`/imports/new/${id}`} search={{ step: before } as never}>
            {w.back}
          </Button>
        ) : undefined
      }
    >
      {held ? (
        <Button disabled>{w.next}</Button>
      ) : (
        <Button component={Link} to={`/imports/new/${id}`} search={{ step: after } as never}>
          {w.next}
        </Button>
      )}
    </Ways>
  )
}

/** Gives the import up, when somebody is sure. */
function Discard({ id }: { id: string }) {
  const w = useWords(words)
  const navigate = useNavigate()
  const discard = useAct(() => giveUp(id), {
    done: w.discarded,
    then: async () => {
      dropDraft(id)
      await navigate({ to: '/imports/new' })
    },
  })
  const ask = () =>
    modals.openConfirmModal({
      title: w.discardTitle,
      children: w.discardHelp,
      labels: { confirm: w.discard, cancel: w.keep },
      confirmProps: { color: 'red' },
      onConfirm: () => discard.mutate(),
    })
  return (
    <Button variant="subtle" color="gray" size="xs" onClick={ask} loading={discard.isPending}>
      {w.discard}
    </Button>
  )
}
