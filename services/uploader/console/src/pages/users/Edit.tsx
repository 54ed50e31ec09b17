import { Button, Group, Select, Stack, TextInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, ask } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import type { Person } from './query'
import { Roles } from './Roles'
import { words } from './words'

/** Changes a user's name, role and language. */
export function Edit({ person, changed }: { person: Person; changed: () => unknown }) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const [name, setName] = useState(person.name)
  const [role, setRole] = useState(person.role)
  const [language, setLanguage] = useState(person.language)
  const save = useAct(
    () =>
      ask(
        api.PATCH('/v1/users/{id}', {
          params: { path: { id: person.id } },
          body: { name: name.trim(), role, language },
        }),
      ),
    {
      done: w.changed,
      quiet: true,
      then: async () => {
        modals.closeAll()
        await Promise.all([changed(), queries.invalidateQueries(sessionQuery)])
      },
    },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={w.name}
          value={name}
          onChange={(e) => setName(e.target.value)}
          required
          maxLength={100}
          data-autofocus
        />
        <Roles value={role} onChange={setRole} />
        <Select
          label={w.language}
          data={Object.entries(w.languages).map(([value, label]) => ({ value, label }))}
          value={language}
          onChange={(v) => v && setLanguage(v as Person['language'])}
          allowDeselect={false}
        />
        {save.isError && <Failure error={save.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {c.save}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
