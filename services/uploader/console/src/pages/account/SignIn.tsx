import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import { ApiError, api, ask } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Gate } from './Gate'
import { words } from './words'

const storageKey = 'meibo.tenant'

/** Where somebody has signed in is where they are likely to sign in next. */
export const rememberTenant = (name: string) => localStorage.setItem(storageKey, name)

/** Where people come in. The tenant is remembered in this browser; an address of ours that was asked for is gone on to. */
export function SignIn() {
  const w = useWords(words)
  const f = useFormats()
  const search = useSearch({ from: '/sign-in' })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [tenant, setTenant] = useState(search.tenant ?? (search.email ? '' : (localStorage.getItem(storageKey) ?? '')))
  const [email, setEmail] = useState(search.email ?? '')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => ask(api.POST('/v1/session', { body: { tenant: tenant.trim(), email, password } })),
    onSuccess: async (session) => {
      rememberTenant(session.tenant.name)
      queries.clear()
      queries.setQueryData(sessionQuery.queryKey, session)
      await navigate({
        href: search.to?.startsWith('/') && !search.to.startsWith('//') ? search.to : '/imports',
        replace: true,
      })
    },
  })
  const locked = useLock(signIn.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <Gate title={w.signIn} heading="Meibo" lead={w.signInLead}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={w.tenant}
            description={w.tenantHelp}
            value={tenant}
            onChange={(e) => setTenant(e.target.value)}
            required
            autoComplete="organization"
            autoCapitalize="none"
            autoFocus={tenant === ''}
          />
          <TextInput
            label={w.email}
            type="email"
            value={email}
            onChange={(e) => setEmail(e.target.value)}
            required
            autoComplete="username"
            autoFocus={tenant !== '' && email === ''}
          />
          <PasswordInput
            label={w.password}
            value={password}
            onChange={(e) => setPassword(e.target.value)}
            required
            autoComplete="current-password"
            autoFocus={tenant !== '' && email !== ''}
            visibilityToggleButtonProps={{ 'aria-label': w.showPassword, 'aria-hidden': false, tabIndex: 0 }}
          />
          {locked && (
            <Alert role="alert" color="yellow" icon={<Clock size={18} aria-hidden />} title={w.locked}>
              {w.lockedUntil(f.time(locked))}
            </Alert>
          )}
          {signIn.isError && waitOf(signIn.error) === undefined && <Failure error={signIn.error} />}
          <Button type="submit" loading={signIn.isPending} disabled={locked !== undefined} fullWidth>
            {signIn.isPending ? w.signingIn : w.signIn}
          </Button>
          <Text size="xs" c="dimmed">
            {w.forgotten}
          </Text>
        </Stack>
      </form>
    </Gate>
  )
}

/** The seconds that a refusal asks to wait; undefined for other errors. */
const waitOf = (error: unknown) => {
  if (!(error instanceof ApiError) || error.code !== 'sign_in_locked') return undefined
  return Number(error.response?.headers.get('Retry-After')) || undefined
}

/** Until when signing in is of no use; undefined as soon as it is again. */
function useLock(error: unknown): Date | undefined {
  const [until, setUntil] = useState<Date>()
  useEffect(() => {
    const seconds = waitOf(error)
    if (seconds === undefined) return
    setUntil(new Date(Date.now() + seconds * 1000))
    const timer = setTimeout(() => setUntil(undefined), seconds * 1000)
    return () => {
      clearTimeout(timer)
      setUntil(undefined)
    }
  }, [error])
  return until
}
