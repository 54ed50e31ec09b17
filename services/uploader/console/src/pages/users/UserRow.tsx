import { ActionIcon, Avatar, Badge, Box, Group, Menu, Paper, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQueryClient } from '@tanstack/react-query'
import { Ban, Ellipsis, Link2, Pencil, Trash2, UserCheck } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { words as shell } from '@/shell/words'
import { Edit } from './Edit'
import { InvitationLink } from './Invite'
import { type Person, usersQuery } from './query'
import { words } from './words'

/** How a user stands: whether they can sign in, and if not, what for. */
const stateOf = (p: Person) => {
  if (p.disabled_at) return 'disabled'
  if (p.has_password) return 'active'
  return p.invited_until ? 'invited' : 'lapsed'
}

const colors = { active: 'teal', invited: 'blue', lapsed: 'orange', disabled: 'gray' }

/** One user, and what can be done about them. */
export function UserRow({ person }: { person: Person }) {
  const w = useWords(words)
  const roles = useWords(shell).roles
  const { user, tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const state = stateOf(person)
  return (
    <Paper component="li" withBorder p="md">
      <Group wrap="nowrap" align="flex-start">
        <Avatar name={person.name} color="initials" radius="xl" alt="" visibleFrom="xs" />
        <Box flex={1} miw={0}>
          <Group gap="xs">
            <Text fw={600}>{person.name}</Text>
            {person.id === user.id && <Text size="sm">({w.you})</Text>}
            <Badge variant="light" color={colors[state]} tt="none">
              {w.states[state]}
            </Badge>
          </Group>
          <Text size="sm">{person.email}</Text>
          <Text size="sm" c="dimmed">
            {roles[person.role]} · <When person={person} f={f} />
          </Text>
        </Box>
        <Actions person={person} />
      </Group>
    </Paper>
  )
}

function When({ person, f }: { person: Person; f: ReturnType<typeof useFormats> }) {
  const w = useWords(words)
  if (person.disabled_at) return w.disabledAt(f.date(person.disabled_at))
  if (!person.has_password && person.invited_until) return w.invitedUntil(f.dateTime(person.invited_until))
  if (person.signed_in_at)
    return <span title={f.dateTime(person.signed_in_at)}>{w.signedIn(f.ago(person.signed_in_at))}</span>
  return w.never
}

function Actions({ person }: { person: Person }) {
  const w = useWords(words)
  const { user } = useSession()
  const acts = useActs(person)
  if (person.role === 'owner' && user.role !== 'owner') return null
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={w.menu(person.name)}>
          <Ellipsis size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Pencil size={16} />} onClick={acts.edit}>
          {w.edit}
        </Menu.Item>
        {!person.disabled_at && (
          <Menu.Item leftSection={<Link2 size={16} />} onClick={acts.invite}>
            {person.has_password ? w.resetPassword : w.reinvite}
          </Menu.Item>
        )}
        {person.id !== user.id && (
          <>
            {person.disabled_at ? (
              <Menu.Item leftSection={<UserCheck size={16} />} onClick={acts.enable}>
                {w.enable}
              </Menu.Item>
            ) : (
              <Menu.Item leftSection={<Ban size={16} />} onClick={acts.disable}>
                {w.disable}
              </Menu.Item>
            )}
            <Menu.Divider />
            <Menu.Item color="red" leftSection={<Trash2 size={16} />} onClick={acts.remove}>
              {w.remove}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

/** What can be done about a user; where something is lost, it is asked first. */
function useActs(person: Person) {
  const w = useWords(words)
  const queries = useQueryClient()
  const path = { params: { path: { id: person.id } } }
  const then = () => queries.invalidateQueries(usersQuery)
  const setDisabled = useAct((disabled: boolean) => ask(api.PATCH('/v1/users/{id}', { ...path, body: { disabled } })), {
    done: (p) => (p.disabled_at ? w.disabled(p.name) : w.enabled(p.name)),
    then,
  })
  const remove = useAct(() => ask(api.DELETE('/v1/users/{id}', path)), { done: w.removed(person.name), then })
  const invite = useAct(() => ask(api.POST('/v1/users/{id}/invitation', path)), {
    then: async (invitation) => {
      modals.open({
        title: w.linkTitle(person.name),
        size: 'lg',
        children: <InvitationLink invitation={invitation} />,
      })
      await then()
    },
  })
  return {
    edit: () => modals.open({ title: w.editTitle(person.name), children: <Edit person={person} changed={then} /> }),
    invite: () => invite.mutate(),
    enable: () => setDisabled.mutate(false),
    disable: () =>
      modals.openConfirmModal({
        title: w.disableTitle(person.name),
        children: w.disableText,
        labels: { confirm: w.disable, cancel: w.done },
        onConfirm: () => setDisabled.mutate(true),
      }),
    remove: () =>
      modals.openConfirmModal({
        title: w.removeTitle(person.name),
        children: w.removeText,
        labels: { confirm: w.remove, cancel: w.done },
        confirmProps: { color: 'red' },
        onConfirm: () => remove.mutate(),
      }),
  }
}
