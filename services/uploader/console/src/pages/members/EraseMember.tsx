import { Alert, Anchor, Button, Group, List, Modal, Stack, Table, Text, TextInput } from '@mantine/core'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { ApiError, api, ask, type Schemas } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import { words } from './member_words'

/** The erasure of a member, looked at until it is finished; null where there was none. */
export const erasureQuery = (id: number) =>
  queryOptions({
    queryKey: ['member', id, 'erasure'],
    queryFn: async (): Promise<Schemas['Erasure'] | null> => {
      try {
        return await ask(api.GET('/v1/members/{id}/erase', { params: { path: { id } } }))
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
    refetchInterval: ({ state }) => (state.data && !state.data.finished_at ? 10_000 : false),
  })

interface Props {
  id: number
  name: string
  opened: boolean
  onClose: () => void
}

/** Erases a member everywhere, once somebody has read what that means and typed a word. */
export function EraseMember({ id, name, opened, onClose }: Props) {
  const w = useWords(words)
  return (
    <Modal opened={opened} onClose={onClose} title={w.eraseTitle(name)} size="lg" keepMounted={false}>
      <Confirm id={id} onClose={onClose} />
    </Modal>
  )
}

function Confirm({ id, onClose }: { id: number; onClose: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const [typed, setTyped] = useState('')
  const queries = useQueryClient()
  const erase = useAct(() => ask(api.POST('/v1/members/{id}/erase', { params: { path: { id } } })), {
    quiet: true,
    done: w.erasedDone,
    then: async (erasure) => {
      queries.setQueryData(erasureQuery(id).queryKey, erasure)
      onClose()
      await queries.resetQueries({ queryKey: ['member', id], exact: true })
      await queries.invalidateQueries({ queryKey: ['members'] })
    },
  })
  const ready = typed.trim().toLowerCase() === w.eraseWord.toLowerCase()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) erase.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <Alert color="red" variant="light" icon={<TriangleAlert size={18} />} title={w.eraseNoWay}>
          <List size="sm" spacing={4}>
            {w.eraseMeans.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </Alert>
        <TextInput
          label={w.eraseType(w.eraseWord)}
          value={typed}
          onChange={(e) => setTyped(e.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        {erase.isError && <Refused error={erase.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {c.cancel}
          </Button>
          <Button type="submit" color="red" disabled={!ready || erase.isPending}>
            {erase.isPending ? w.erasing : w.erase}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** A lead that is part of a member is erased with that member. */
function Refused({ error }: { error: Error }) {
  const w = useWords(words)
  const navigate = useNavigate()
  const into = error instanceof ApiError ? error.problem.member_id : undefined
  return (
    <Stack gap="xs" align="flex-start">
      <Failure error={error} />
      {into && (
        <Button
          size="xs"
          variant="default"
          onClick={() => navigate({ to: '/members/$id', params: { id: String(into) } })}
        >
          {w.eraseOther}
        </Button>
      )}
    </Stack>
  )
}

/** What an erasure has done, and which files are kept that may still name the person. */
export function Erased({ erasure }: { erasure: Schemas['Erasure'] }) {
  const w = useWords(words)
  const { number, dateTime, date } = useFormats(useSession().tenant.time_zone)
  const now = useQuery(erasureQuery(erasure.member_id)).data ?? erasure
  const sources = now.sources ?? []
  return (
    <Stack>
      <Alert color={now.finished_at ? 'teal' : 'blue'} icon={<CircleCheck size={18} />} role="status">
        {now.finished_at ? w.eraseFinished(dateTime(now.finished_at)) : w.eraseUnderWay(dateTime(now.requested_at))}
        <br />
        {w.eraseCounts(number(now.journal_rows), number(now.report_rows))}
      </Alert>
      <Text fw={600}>{sources.length > 0 ? w.eraseFiles : w.eraseNoFiles}</Text>
      {sources.length > 0 && (
        <Table.ScrollContainer minWidth={460}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{w.eraseFile}</Table.Th>
                <Table.Th scope="col">{w.eraseHolds}</Table.Th>
                <Table.Th scope="col">{w.eraseUntil}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sources.map((s) => (
                <Table.Tr key={s.import_id}>
                  <Table.Td>
                    <Anchor component={Link} to={`/imports/${s.import_id}`}>
                      {s.file_name}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>{s.known ? w.eraseKnown : w.eraseMaybe}</Table.Td>
                  <Table.Td>{s.expires_at ? date(s.expires_at) : w.eraseRunning}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {now.more_sources && <Text size="sm">{w.eraseMoreFiles}</Text>}
    </Stack>
  )
}
