import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import { TriangleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Secret } from '@/parts/Secret'
import type { Person, Role } from './query'
import { Roles } from './Roles'
import { words } from './words'

/** Adds a user, and then shows the link by which they choose a password. What was added is not added again if only the link fails. */
export function Invite({ changed }: { changed: () => unknown }) {
  const w = useWords(words)
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('editor')
  const [added, setAdded] = useState<Person>()
  const invite = useAct(
    async () => {
      const person =
        added ?? (await ask(api.POST('/v1/users', { body: { email: email.trim(), name: name.trim(), role } })))
      setAdded(person)
      await changed()
      return ask(api.POST('/v1/users/{id}/invitation', { params: { path: { id: person.id } } }))
    },
    { quiet: true, then: changed },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    invite.mutate()
  }
  if (invite.data) return <InvitationLink invitation={invite.data} />
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{w.inviteLead}</Text>
        <TextInput
          label={w.email}
          type="email"
          value={email}
          onChange={(e) => setEmail(e.target.value)}
          required
          maxLength={254}
          disabled={added !== undefined}
          autoComplete="off"
          data-autofocus
        />
        <TextInput
          label={w.name}
          value={name}
          onChange={(e) => setName(e.target.value)}
          required
          maxLength={100}
          disabled={added !== undefined}
          autoComplete="off"
        />
        {!added && <Roles value={role} onChange={setRole} />}
        {invite.isError && <Failure error={invite.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            {w.inviteDo}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** The link of an invitation, and what to do with it. The token stands behind the #, which browsers send to nobody. */
export function InvitationLink({ invitation }: { invitation: Schemas['Invitation'] }) {
  const w = useWords(words)
  const f = useFormats(useSession().tenant.time_zone)
  return (
    <Stack>
      <Text size="sm">{w.linkHelp(f.dateTime(invitation.expires_at))}</Text>
      <Secret label={w.linkLabel} value={`${location.origin}/password#${invitation.token}`} />
      <Alert color="yellow" icon={<TriangleAlert size={18} aria-hidden />}>
        {w.linkOnce}
      </Alert>
      <Group justify="flex-end">
        <Button onClick={() => modals.closeAll()}>{w.done}</Button>
      </Group>
    </Stack>
  )
}
