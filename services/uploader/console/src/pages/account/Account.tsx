import { Anchor, Button, Group, Paper, PasswordInput, Stack, Table, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useState } from 'react'
import { api, ask } from '@/api/client'
import { sessionQuery, useMay, useSession } from '@/api/session'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Page } from '@/parts/Page'
import { words as shell } from '@/shell/words'
import { NewPassword } from './NewPassword'
import { Sessions, sessionsQuery } from './Sessions'
import { words } from './words'

/** What concerns whoever is signed in, and nobody else. */
export function Account() {
  const w = useWords(words)
  return (
    <Page title={w.account} width={760}>
      <Section title={w.profile}>
        <Profile />
      </Section>
      <Section title={w.changePassword} lead={w.changeHelp}>
        <ChangePassword />
      </Section>
      <Section title={w.sessions} lead={w.sessionsHelp}>
        <Sessions />
      </Section>
    </Page>
  )
}

function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p={{ base: 'md', sm: 'lg' }} aria-label={title}>
      <Title order={2}>{title}</Title>
      {lead && (
        <Text size="sm" c="dimmed" mt={4}>
          {lead}
        </Text>
      )}
      <div style={{ marginTop: 16 }}>{children}</div>
    </Paper>
  )
}

function Profile() {
  const w = useWords(words)
  const roles = useWords(shell).roles
  const isAdmin = useMay('admin')
  const { user, tenant } = useSession()
  const rows: [string, ReactNode][] = [
    [w.name, user.name],
    [w.email, user.email],
    [w.tenant, tenant.name],
    [w.role, roles[user.role]],
    [w.mailLanguage, w.languages[user.language]],
  ]
  return (
    <>
      <Table withRowBorders={false} verticalSpacing={6} horizontalSpacing={0}>
        <Table.Tbody>
          {rows.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" w={{ base: 120, xs: 180 }} fw={400}>
                {label}
              </Table.Th>
              <Table.Td fw={600}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" mt="sm">
        {isAdmin ? w.profileAdmin : w.profileHelp}{' '}
        {isAdmin && (
          <Anchor component={Link} to="/users" size="sm">
            {w.toUsers}
          </Anchor>
        )}
      </Text>
    </>
  )
}

function ChangePassword() {
  const w = useWords(words)
  const { user } = useSession()
  const queries = useQueryClient()
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const change = useAct(() => ask(api.PUT('/v1/password', { body: { old_password: old, new_password: next } })), {
    done: w.changed,
    quiet: true,
    then: async (session) => {
      setOld('')
      setNext('')
      queries.setQueryData(sessionQuery.queryKey, session)
      await queries.invalidateQueries(sessionsQuery)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack maw={480}>
        {/* For password managers, which keep a password by whose it is. */}
        <input type="text" value={user.email} readOnly hidden autoComplete="username" />
        <PasswordInput
          label={w.oldPassword}
          value={old}
          onChange={(e) => setOld(e.target.value)}
          required
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': w.showPassword, 'aria-hidden': false, tabIndex: 0 }}
        />
        <NewPassword value={next} onChange={setNext} />
        {change.isError && <Failure error={change.error} />}
        <Group>
          <Button type="submit" loading={change.isPending}>
            {w.changeDo}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
