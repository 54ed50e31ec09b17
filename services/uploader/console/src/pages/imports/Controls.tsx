import { Button, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Pause, Play, Square } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { type Import, isDraft, isFinal } from './figures'
import { importWords } from './importWords'
import { importQuery } from './queries'
import { UndoButton } from './Undo'

/** What can be done with the import at this moment. Whoever may not import sees none of it. */
export function Controls({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const queries = useQueryClient()
  const mayImport = useMay('import')
  const at = { params: { path: { id: i.id } } }
  const then = (now: Import) => {
    queries.setQueryData(importQuery(i.id).queryKey, now)
    return queries.invalidateQueries({ queryKey: ['import', i.id] })
  }
  const pause = useAct(() => ask(api.POST('/v1/imports/{id}/pause', at)), { done: w.paused, then })
  const resume = useAct(() => ask(api.POST('/v1/imports/{id}/resume', at)), { done: w.resumed, then })
  const cancel = useAct(() => ask(api.POST('/v1/imports/{id}/cancel', at)), { done: w.cancelled, then })
  if (!mayImport) return null
  const askFirst = () =>
    modals.openConfirmModal({
      title: w.cancelTitle,
      children: <Text>{i.started_at && !i.dry_run ? w.cancelHelp : w.cancelIdle}</Text>,
      labels: { confirm: w.cancel, cancel: w.keepGoing },
      confirmProps: { color: 'red' },
      onConfirm: () => cancel.mutate(),
    })
  const busy = pause.isPending || resume.isPending || cancel.isPending
  return (
    <>
      {isDraft(i) && (
        <Button component={Link} to={`/imports/new/${i.id}`}>
          {w.continueSetup}
        </Button>
      )}
      {i.state === 'running' && (
        <Button
          variant="default"
          leftSection={<Pause size={16} aria-hidden />}
          onClick={() => pause.mutate()}
          loading={pause.isPending}
          disabled={busy}
        >
          {w.pause}
        </Button>
      )}
      {i.resumable && (
        <Button
          leftSection={<Play size={16} aria-hidden />}
          onClick={() => resume.mutate()}
          loading={resume.isPending}
          disabled={busy}
        >
          {w.resume}
        </Button>
      )}
      {!isFinal(i) && i.state !== 'undoing' && (
        <Button
          variant="default"
          leftSection={<Square size={14} aria-hidden />}
          onClick={askFirst}
          loading={cancel.isPending}
          disabled={busy}
        >
          {w.cancel}
        </Button>
      )}
      <UndoButton import={i} />
    </>
  )
}
