import { Alert, Button, Drawer, Group, Stack, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQueryClient } from '@tanstack/react-query'
import { Archive, ArchiveRestore, Info } from 'lucide-react'
import type { FormEvent } from 'react'
import { useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { type Field, labelOf } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import { FieldFacts } from './FieldFacts'
import { changeOf, definitionOf, type FieldDraft, FieldForm, newDraft, wrongParts } from './FieldForm'
import { words } from './words'

interface Props {
  /** The field that is open; new for one that is to be made. */
  field: Field | 'new' | null
  onClose: () => void
  mayEdit: boolean
}

/** A field in a drawer: made, changed, retired and taken back; a standard one is only looked at. */
export function FieldDrawer({ field, onClose, mayEdit }: Props) {
  const w = useWords(words)
  const title = field === 'new' ? w.createTitle : field?.custom ? w.changeTitle : w.standardTitle
  return (
    <Drawer opened={field !== null} onClose={onClose} position="right" size="lg" title={title} keepMounted={false}>
      {field === 'new' && <Editor key="new" onClose={onClose} />}
      {field && field !== 'new' && (
        <Stack>
          {!field.custom && (
            <Alert color="gray" icon={<Info size={18} />}>
              {w.standardText}
            </Alert>
          )}
          {field.custom && mayEdit && !field.retired ? (
            <Editor key={field.key} field={field} onClose={onClose} />
          ) : (
            <FieldFacts field={field} />
          )}
          {field.retired && <Alert color="gray">{w.retiredText}</Alert>}
          {field.custom && mayEdit && <Retirement field={field} onClose={onClose} />}
          {field.custom && !mayEdit && (
            <Text size="sm" c="dimmed">
              {w.viewOnly}
            </Text>
          )}
        </Stack>
      )}
    </Drawer>
  )
}

function Editor({ field, onClose }: { field?: Field; onClose: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const { lang } = useLang()
  const [draft, setDraft] = useState<FieldDraft>(() => newDraft(field))
  const save = useAct(
    (): Promise<Schemas['Field']> =>
      field
        ? ask(api.PATCH('/v1/fields/{key}', { params: { path: { key: field.key } }, body: changeOf(draft, field) }))
        : ask(api.POST('/v1/fields', { body: definitionOf(draft) })),
    {
      quiet: true,
      done: (saved) => (field ? c.saved : w.created(labelOf(saved, lang))),
      then: async () => {
        onClose()
        await queries.invalidateQueries({ queryKey: ['fields'] })
      },
    },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const wrong = wrongParts(save.error)
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <FieldForm
          draft={draft}
          onChange={(to) => setDraft((d) => ({ ...d, ...to }))}
          field={field}
          wrong={wrong}
          error={save.error}
        />
        {save.isError && wrong.size === 0 && <Failure error={save.error} />}
        <Group justify="flex-end" style={{ position: 'sticky', bottom: 0 }} py="sm" bg="var(--mantine-color-body)">
          <Button variant="default" onClick={onClose}>
            {c.cancel}
          </Button>
          <Button type="submit" disabled={save.isPending}>
            {save.isPending ? c.saving : field ? c.save : c.create}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** Takes a field out of use, or back into it. */
function Retirement({ field, onClose }: { field: Field; onClose: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const { lang } = useLang()
  const queries = useQueryClient()
  const path = { key: field.key }
  const then = async () => {
    onClose()
    await queries.invalidateQueries({ queryKey: ['fields'] })
  }
  const retire = useAct(() => ask(api.POST('/v1/fields/{key}/retire', { params: { path } })), { done: w.retired, then })
  const restore = useAct(() => ask(api.PATCH('/v1/fields/{key}', { params: { path }, body: { retired: false } })), {
    done: w.restored,
    then,
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: w.retireTitle(labelOf(field, lang)),
      children: <Text size="sm">{w.retireText}</Text>,
      labels: { confirm: w.retire, cancel: c.cancel },
      onConfirm: () => retire.mutate(),
    })
  return (
    <Group>
      {field.retired ? (
        <Button
          leftSection={<ArchiveRestore size={16} aria-hidden />}
          onClick={() => restore.mutate()}
          disabled={restore.isPending}
        >
          {w.restore}
        </Button>
      ) : (
        <Button
          variant="subtle"
          color="red"
          size="xs"
          leftSection={<Archive size={14} aria-hidden />}
          onClick={confirm}
          disabled={retire.isPending}
        >
          {w.retire}
        </Button>
      )}
    </Group>
  )
}
