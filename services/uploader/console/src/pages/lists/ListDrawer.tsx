import { Button, Drawer, Group, MultiSelect, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { ApiError, api, ask, type Schemas } from '@/api/client'
import { type Field, fieldsQuery, labelOf } from '@/api/fields'
import { useList } from '@/api/list'
import { useLang, useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import { words } from './words'

type List = Schemas['List']

const mainList = 'main'

/** A list in a drawer: made, changed, or deleted while nothing is in it. */
export function ListDrawer({ list, onClose }: { list: List | 'new' | null; onClose: () => void }) {
  const w = useWords(words)
  // What fields say of themselves, from which a list may differ.
  const fields = useQuery({
    queryKey: ['fields', '', 'now'],
    queryFn: async () => (await ask(api.GET('/v1/fields'))).items ?? [],
    enabled: list !== null,
  }).data
  return (
    <Drawer
      opened={list !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={list === 'new' ? w.createTitle : w.changeTitle}
      keepMounted={false}
    >
      {list && fields ? (
        <Form
          key={list === 'new' ? '' : list.name}
          list={list === 'new' ? undefined : list}
          fields={fields}
          onClose={onClose}
        />
      ) : (
        <Loading />
      )}
    </Drawer>
  )
}

/** Which fields the list requires: what it says itself, else what the field says. */
const requiredBy = (fields: Field[], list?: List) =>
  fields.filter((f) => !f.read_only && (list?.required?.[f.key] ?? f.required)).map((f) => f.key)

/** What the list has to say of fields for these to be required and no others. */
const differing = (fields: Field[], keys: string[]) =>
  Object.fromEntries(
    fields.filter((f) => !f.read_only && keys.includes(f.key) !== f.required).map((f) => [f.key, keys.includes(f.key)]),
  )

function Form({ list, fields, onClose }: { list?: List; fields: Field[]; onClose: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const { lang } = useLang()
  const [name, setName] = useState(list?.name ?? '')
  const [note, setNote] = useState(list?.note ?? '')
  const [keys, setKeys] = useState(() => requiredBy(fields, list))
  const save = useSave(list, onClose)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ name, note, required: differing(fields, keys) })
  }
  const problem = save.error instanceof ApiError ? save.error.problem : undefined
  const wrong = (option: string) =>
    (problem?.errors ?? []).find((p) => p.option === option)?.detail ??
    (option === 'name' && problem?.code === 'exists' ? problem.detail : undefined)
  const shown = ['name', 'note', 'required'].some(wrong)
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          label={w.name}
          description={list?.name === mainList ? w.mainName : w.nameHelp}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          disabled={list?.name === mainList}
          error={wrong('name')}
          withAsterisk={!list}
          maxLength={100}
          data-autofocus
        />
        <Textarea
          label={w.note}
          description={w.noteHelp}
          value={note}
          onChange={(e) => setNote(e.currentTarget.value)}
          error={wrong('note')}
          autosize
          minRows={2}
          maxRows={8}
          maxLength={1000}
        />
        <MultiSelect
          label={w.required}
          description={w.requiredHelp}
          placeholder={keys.length === 0 ? w.requiredPlaceholder : undefined}
          data={fields.filter((f) => !f.read_only).map((f) => ({ value: f.key, label: labelOf(f, lang) }))}
          value={keys}
          onChange={setKeys}
          error={wrong('required')}
          searchable
          comboboxProps={{ withinPortal: false }}
        />
        {save.isError && !shown && <Failure error={save.error} />}
        <Group justify="space-between">
          {list && list.name !== mainList ? <Remove list={list} onClose={onClose} /> : <span />}
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {c.cancel}
            </Button>
            <Button type="submit" disabled={save.isPending || name.trim() === ''}>
              {save.isPending ? c.saving : list ? c.save : c.create}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  )
}

function useSave(list: List | undefined, then: () => void) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const { list: current, setList } = useList()
  return useAct(
    (body: { name: string; note: string; required: Record<string, boolean> }): Promise<List> => {
      if (!list) return ask(api.POST('/v1/lists', { body }))
      const { name, ...rest } = body
      const change = list.name === name ? rest : { name, ...rest }
      return ask(api.PATCH('/v1/lists/{list}', { params: { path: { list: list.name } }, body: change }))
    },
    {
      quiet: true,
      done: (saved) => (list ? c.saved : w.created(saved.name)),
      then: async (saved) => {
        // Who looks at a list that is called otherwise now goes on looking at it.
        if (list?.name === current && saved.name !== current) setList(saved.name)
        then()
        await queries.invalidateQueries({ queryKey: ['lists'] })
        await queries.invalidateQueries({ queryKey: fieldsQuery(saved.name).queryKey })
      },
    },
  )
}

function Remove({ list, onClose }: { list: List; onClose: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const remove = useAct(() => ask(api.DELETE('/v1/lists/{list}', { params: { path: { list: list.name } } })), {
    done: w.removed,
    then: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: ['lists'] })
    },
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: w.removeTitle(list.name),
      children: <Text size="sm">{w.removeText}</Text>,
      labels: { confirm: w.remove, cancel: c.cancel },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    })
  return (
    <Button
      variant="subtle"
      color="red"
      leftSection={<Trash2 size={16} aria-hidden />}
      onClick={confirm}
      disabled={remove.isPending}
    >
      {w.remove}
    </Button>
  )
}
