import { Alert, Button, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import { hasChanged, type Import, isFinal } from './figures'
import { Kept } from './Kept'
import { importQuery, retentionQuery, type UndoFigures, undoQuery } from './queries'
import { UndoCounts } from './UndoCounts'
import { undoWords } from './undoWords'

/** Until when an import can be undone; undefined while that is not known. */
export function useUndoUntil(i: Import): Date | undefined {
  const { data } = useQuery({ ...retentionQuery, enabled: isFinal(i) && hasChanged(i) })
  if (!data || !i.finished_at) return undefined
  return new Date(Date.parse(i.finished_at) + data.journal_days * 86_400_000)
}

/** Whether an import can be undone now. */
export const isUndoable = (i: Import, until?: Date) =>
  isFinal(i) && i.state !== 'undone' && !i.undo && hasChanged(i) && (!until || until.getTime() > Date.now())

/** Undoes the import, but shows first what that would do. */
export function UndoButton({ import: i }: { import: Import }) {
  const w = useWords(undoWords)
  const mayImport = useMay('import')
  const until = useUndoUntil(i)
  const [open, modal] = useDisclosure()
  if (!mayImport || !isUndoable(i, until)) return null
  return (
    <>
      <Button variant="default" leftSection={<Undo2 size={16} aria-hidden />} onClick={modal.open}>
        {w.button}
      </Button>
      <Modal opened={open} onClose={modal.close} title={w.title} size="lg">
        {open && <Preview import={i} close={modal.close} />}
      </Modal>
    </>
  )
}

/** Tries the undo, shows what comes of it, and asks. */
function Preview({ import: i, close }: { import: Import; close: () => void }) {
  const w = useWords(undoWords)
  const c = useWords(common)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const until = useUndoUntil(i)
  const queries = useQueryClient()
  const at = { params: { path: { id: i.id } } }
  const trial = useTrial(i.id)
  const then = () => {
    close()
    return queries.invalidateQueries({ queryKey: importQuery(i.id).queryKey })
  }
  const undo = useAct(() => ask(api.POST('/v1/imports/{id}/undo', { ...at, body: {} })), {
    done: w.asked,
    then,
  })
  if (trial.error) return <Failure error={trial.error} retry={trial.again} />
  if (!trial.result) return <Loading>{w.trying}</Loading>
  return (
    <Stack>
      <div>
        <Title order={3}>{w.wouldTitle}</Title>
        <Text size="sm" c="dimmed">
          {w.wouldNote} {until && w.until(f.dateTime(until))}
        </Text>
      </div>
      <UndoCounts undo={trial.result} />
      {trial.result.kept > 0 ? <Kept import={i} undo={trial.result} /> : <Text>{w.nothingKept}</Text>}
      <Alert color="gray" variant="light">
        {w.final}
      </Alert>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {c.cancel}
        </Button>
        <Button
          color="red"
          leftSection={<Undo2 size={16} aria-hidden />}
          onClick={() => undo.mutate()}
          loading={undo.isPending}
        >
          {w.confirm}
        </Button>
      </Group>
    </Stack>
  )
}

/** A dry run of the undo, made anew whenever it is asked for. */
function useTrial(id: string): { result?: UndoFigures; error: unknown; again: () => void } {
  const queries = useQueryClient()
  const made = useQuery({
    queryKey: ['import', id, 'undo', 'trial'],
    queryFn: () => ask(api.POST('/v1/imports/{id}/undo', { params: { path: { id } }, body: { dry_run: true } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const asked = made.data
  const query = useQuery({
    ...undoQuery(id, true),
    enabled: made.isSuccess,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data && isOf(data, asked) ? false : 500),
  })
  const again = useMutation({ mutationFn: () => queries.resetQueries({ queryKey: ['import', id, 'undo'] }) })
  return {
    result: query.data && isOf(query.data, asked) ? query.data : undefined,
    error: made.error ?? query.error,
    again: again.mutate,
  }
}

/** Whether it is the end of the trial that was asked for, and not of one before. */
const isOf = (u: UndoFigures, asked?: UndoFigures) =>
  u.state === 'done' && (!asked || Date.parse(u.requested_at) >= Date.parse(asked.requested_at))
