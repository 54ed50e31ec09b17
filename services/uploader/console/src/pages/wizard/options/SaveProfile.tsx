import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, api, ask } from '@/api/client'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import { startOf } from '../mapping/columns'
import type { Prepared } from '../Prepare'
import { words } from './words'

/** Keeps fields and options under a name, for the next file of this sort. */
export function SaveProfile({ draft, mapping, fields, found }: Prepared) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const [name, setName] = useState(draft.profile?.name ?? '')
  const [taken, setTaken] = useState('')
  const save = useAct(
    async () => {
      const body = {
        list: found.list,
        options: startOf(draft, mapping, fields),
        header: mapping.map((m) => m.header).filter((header) => header !== ''),
      }
      if (taken === name.trim()) {
        return ask(api.PUT('/v1/profiles/{name}', { params: { path: { name: taken } }, body }))
      }
      try {
        return await ask(api.POST('/v1/profiles', { body: { ...body, name: name.trim() } }))
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) setTaken(name.trim())
        throw error
      }
    },
    {
      quiet: true,
      done: w.saved(name.trim()),
      then: () => queries.invalidateQueries({ queryKey: ['profiles'] }),
    },
  )
  const again = taken !== '' && taken === name.trim()
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {w.saveHelp}
      </Text>
      <Group align="flex-end">
        <TextInput
          label={w.name}
          value={name}
          onChange={(e) => setName(e.target.value)}
          maxLength={100}
          error={again && save.isError ? w.same : undefined}
          style={{ flex: '1 1 240px' }}
        />
        <Button variant="default" disabled={name.trim() === ''} loading={save.isPending} onClick={() => save.mutate()}>
          {again ? w.overwrite : c.save}
        </Button>
      </Group>
      {save.isError && !again && <Failure error={save.error} />}
    </Stack>
  )
}
