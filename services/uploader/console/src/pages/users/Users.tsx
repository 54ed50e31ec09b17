import { Alert, Button, Stack } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { Invite } from './Invite'
import { usersQuery } from './query'
import { UserRow } from './UserRow'
import { words } from './words'

/** Who may sign in. */
export function Users() {
  const w = useWords(words)
  const may = useMay('admin')
  const queries = useQueryClient()
  const users = useQuery({ ...usersQuery, enabled: may })
  const invite = () =>
    modals.open({
      title: w.invite,
      children: <Invite changed={() => queries.invalidateQueries(usersQuery)} />,
    })
  if (!may) {
    return (
      <Page title={w.title}>
        <Alert color="gray">{w.denied}</Alert>
      </Page>
    )
  }
  return (
    <Page
      title={w.title}
      lead={w.lead}
      width={900}
      actions={
        <Button leftSection={<UserPlus size={16} aria-hidden />} onClick={invite}>
          {w.invite}
        </Button>
      }
    >
      {users.isPending && <Loading>{w.loading}</Loading>}
      {users.isError && <Failure error={users.error} retry={users.refetch} />}
      {users.data && (
        <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label={w.title}>
          {(users.data.items ?? []).map((person) => (
            <UserRow key={person.id} person={person} />
          ))}
        </Stack>
      )}
    </Page>
  )
}
