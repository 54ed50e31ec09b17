import { Anchor, Box, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import type { Schemas } from '@/api/client'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { usersQuery } from '@/pages/users/query'
import classes from './Audit.module.css'
import { useDetails } from './details'
import { words } from './words'

type AuditEntry = Schemas['AuditEntry']

/** One act: when, what, to what, and by whom. */
export function Entry({ entry }: { entry: AuditEntry }) {
  const w = useWords(words)
  const f = useFormats(useSession().tenant.time_zone)
  const details = useDetails(entry)
  const { actor } = entry
  const by = [
    actor.kind === 'system' ? w.kinds.system : actor.kind === 'key' ? w.withKey(actor.name) : actor.name,
    actor.kind === 'operator' && w.kinds.operator,
    actor.kind === 'user' && actor.key && w.withKey(actor.key),
    actor.address,
  ].filter(Boolean)
  return (
    <Group component="li" className={classes.entry} wrap="nowrap" align="flex-start" gap="md">
      <Text component="time" dateTime={entry.at} size="sm" className={classes.time} title={f.dateTime(entry.at)}>
        {f.time(entry.at)}
      </Text>
      <Box miw={0} flex={1}>
        <Text>
          <Text span fw={600}>
            {w.acts[entry.act] ?? entry.act}
          </Text>
          <ObjectOf entry={entry} />
        </Text>
        {details.length > 0 && (
          <Text size="sm">
            {details.map(([label, value], i) => (
              <Fragment key={label}>
                {i > 0 && ' · '}
                {label}
                {w.colon}
                {value}
              </Fragment>
            ))}
          </Text>
        )}
        <Text size="sm" c="dimmed">
          {by.join(' · ')}
        </Text>
      </Box>
    </Group>
  )
}

/** What it was done to, with the way there. */
function ObjectOf({ entry }: { entry: AuditEntry }) {
  const w = useWords(words)
  const users = useQuery(usersQuery)
  const slash = entry.object.indexOf('/')
  const kind = entry.object.slice(0, slash)
  const id = entry.object.slice(slash + 1)
  const label = w.objects[kind]
  if (!label) return null
  const link = (node: ReactNode) => <Text span> {node}</Text>
  switch (kind) {
    case 'import':
      return link(
        <Link to="/imports/$id" params={{ id }}>
          {typeof entry.detail.file_name === 'string' ? entry.detail.file_name : label}
        </Link>,
      )
    case 'member':
      return link(
        <Link to="/members/$id" params={{ id }}>
          {label} {id}
        </Link>,
      )
    case 'user': {
      if (String(entry.actor.user_id) === id) return null
      const name = users.data?.items?.find((u) => String(u.id) === id)?.name
      return link(
        name ? (
          <Anchor component={Link} to="/users">
            {name}
          </Anchor>
        ) : (
          String(entry.detail.email ?? `${label} ${id}`)
        ),
      )
    }
    case 'key':
      return link(
        <Anchor component={Link} to="/keys">
          {String(entry.detail.name ?? `${label} ${id}`)}
        </Anchor>,
      )
    default:
      return link(
        <Anchor component={Link} to={{ field: '/fields', list: '/lists', profile: '/profiles' }[kind] ?? '/audit'}>
          {id}
        </Anchor>,
      )
  }
}
