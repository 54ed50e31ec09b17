import { Button, Center, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { api, ask } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Appearance } from '@/shell/Menu'
import { words } from './words'

const storageKey = 'meibo.tenant'

/** Where people come in. The tenant is remembered in this browser; an address of ours that was asked for is gone on to. */
export function SignIn() {
  const w = useWords(words)
  const search = useSearch({ from: '/sign-in' })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [tenant, setTenant] = useState(search.tenant ?? (search.email ? '' : (localStorage.getItem(storageKey) ?? '')))
  const [email, setEmail] = useState(search.email ?? '')
  const [password, setPassword] = useState('')
  useEffect(() => {
    document.title = `${w.signIn} · Meibo`
  }, [w])
  const signIn = useMutation({
    mutationFn: () => ask(api.POST('/v1/session', { body: { tenant: tenant.trim(), email, password } })),
    onSuccess: async (session) => {
      localStorage.setItem(storageKey, session.tenant.name)
      queries.clear()
      queries.setQueryData(sessionQuery.queryKey, session)
      await navigate({
        href: search.to?.startsWith('/') && !search.to.startsWith('//') ? search.to : '/imports',
        replace: true,
      })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder shadow="sm" radius="lg" p="xl" w="100%" maw={420}>
        <form onSubmit={submit}>
          <Stack>
            <Group gap="sm">
              <img src="/icon.svg" width={40} height={40} alt="" />
              <div>
                <Title order={1} size="h2">
                  Meibo
                </Title>
                <Text size="sm" c="dimmed">
                  {w.signInLead}
                </Text>
              </div>
            </Group>
            <TextInput
              label={w.tenant}
              description={w.tenantHelp}
              value={tenant}
              onChange={(e) => setTenant(e.target.value)}
              required
              autoComplete="organization"
              autoCapitalize="none"
              data-autofocus
              autoFocus={tenant === ''}
            />
            <TextInput
              label={w.email}
              type="email"
              value={email}
              onChange={(e) => setEmail(e.target.value)}
              required
              autoComplete="username"
              autoFocus={tenant !== ''}
            />
            <PasswordInput
              label={w.password}
              value={password}
              onChange={(e) => setPassword(e.target.value)}
              required
              autoComplete="current-password"
            />
            {signIn.isError && <Failure error={signIn.error} />}
            <Button type="submit" loading={signIn.isPending} fullWidth>
              {signIn.isPending ? w.signingIn : w.signIn}
            </Button>
            <Text size="xs" c="dimmed">
              {w.forgotten}
            </Text>
            <Appearance />
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}
