import { Alert, Button, Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, ask } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Gate } from './Gate'
import { NewPassword } from './NewPassword'
import { rememberTenant } from './SignIn'
import { words } from './words'

/** Where an invitation leads: somebody chooses a password, and is signed in by it. */
export function Password() {
  const w = useWords(words)
  // The token is read once: it stays in the address for a reload, and is gone with the next page.
  const [token] = useState(() => location.hash.slice(1))
  if (!token) {
    return (
      <Gate title={w.choose} heading={w.choose} lead={w.chooseLead}>
        <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={w.noToken}>
          {w.noTokenHelp}
        </Alert>
        <Button component={Link} to="/sign-in" variant="default">
          {w.toSignIn}
        </Button>
      </Gate>
    )
  }
  return (
    <Gate title={w.choose} heading={w.choose} lead={w.chooseLead}>
      <Choose token={token} />
    </Gate>
  )
}

function Choose({ token }: { token: string }) {
  const w = useWords(words)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [password, setPassword] = useState('')
  const choose = useMutation({
    mutationFn: () => ask(api.POST('/v1/password', { body: { token, password } })),
    onSuccess: async ({ tenant, email }) => {
      rememberTenant(tenant)
      queries.clear()
      try {
        queries.setQueryData(
          sessionQuery.queryKey,
          await ask(api.POST('/v1/session', { body: { tenant, email, password } })),
        )
      } catch {
        // The password is set all the same; the sign-in says what is in the way.
        await navigate({ to: '/sign-in', search: { tenant, email }, replace: true })
        return
      }
      await navigate({ to: '/imports', replace: true })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    choose.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <NewPassword value={password} onChange={setPassword} autoFocus />
        {choose.isError && <Failure error={choose.error} />}
        <Button type="submit" loading={choose.isPending} fullWidth>
          {choose.isPending ? w.choosing : w.chooseDo}
        </Button>
      </Stack>
    </form>
  )
}
