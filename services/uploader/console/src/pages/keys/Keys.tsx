import { Alert, Badge, Box, Button, Group, Paper, Stack, Switch, Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { NewKey } from './NewKey'
import { words } from './words'

type Key = Schemas['ApiKey']

const keysQuery = queryOptions({ queryKey: ['keys'], queryFn: () => ask(api.GET('/v1/keys')) })

const stateOf = (k: Key) => {
  if (k.revoked_at) return 'revoked'
  return k.expires_at && new Date(k.expires_at).getTime() <= Date.now() ? 'expired' : 'active'
}

const colors = { active: 'teal', expired: 'orange', revoked: 'gray' }

/** The keys by which other systems come in. */
export function Keys() {
  const w = useWords(words)
  const may = useMay('admin')
  const queries = useQueryClient()
  const keys = useQuery({ ...keysQuery, enabled: may })
  if (!may) {
    return (
      <Page title={w.title}>
        <Alert color="gray">{w.denied}</Alert>
      </Page>
    )
  }
  // Closing it by a stray click would lose the key that it shows.
  const create = () =>
    modals.open({
      title: w.create,
      size: 'lg',
      closeOnClickOutside: false,
      children: <NewKey changed={() => queries.invalidateQueries(keysQuery)} />,
    })
  const button = (
    <Button leftSection={<Plus size={16} aria-hidden />} onClick={create}>
      {w.create}
    </Button>
  )
  const items = keys.data?.items ?? []
  return (
    <Page title={w.title} lead={w.lead} width={900} actions={items.length > 0 && button}>
      {keys.isPending && <Loading>{w.loading}</Loading>}
      {keys.isError && <Failure error={keys.error} retry={keys.refetch} />}
      {keys.data && items.length === 0 && (
        <Empty icon={KeyRound} title={w.emptyTitle} action={button}>
          {w.empty}
        </Empty>
      )}
      {items.length > 0 && <KeyList items={items} />}
    </Page>
  )
}

function KeyList({ items }: { items: Key[] }) {
  const w = useWords(words)
  const [old, setOld] = useState(false)
  const working = items.filter((k) => stateOf(k) === 'active')
  const gone = items.length - working.length
  return (
    <Stack>
      <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }} aria-label={w.title}>
        {(old || working.length === 0 ? items : working).map((k) => (
          <KeyRow key={k.id} apiKey={k} />
        ))}
      </Stack>
      {gone > 0 && working.length > 0 && (
        <Switch label={w.showOld(gone)} checked={old} onChange={(e) => setOld(e.currentTarget.checked)} />
      )}
    </Stack>
  )
}

function KeyRow({ apiKey: k }: { apiKey: Key }) {
  const w = useWords(words)
  const queries = useQueryClient()
  const f = useFormats(useSession().tenant.time_zone)
  const state = stateOf(k)
  const revoke = useAct(() => ask(api.POST('/v1/keys/{id}/revoke', { params: { path: { id: k.id } } })), {
    done: w.revoked(k.name),
    then: () => queries.invalidateQueries(keysQuery),
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: w.revokeTitle(k.name),
      children: w.revokeText,
      labels: { confirm: w.revoke, cancel: w.cancel },
      confirmProps: { color: 'red' },
      onConfirm: () => revoke.mutate(),
    })
  return (
    <Paper component="li" withBorder p="md">
      <Group wrap="nowrap" align="flex-start">
        <Box flex={1} miw={0}>
          <Group gap="xs">
            <Text fw={600}>{k.name}</Text>
            <Badge variant="light" color={colors[state]} tt="none">
              {w.states[state]}
            </Badge>
            <Badge variant="default" tt="none">
              {w.scopes[k.scope]}
            </Badge>
          </Group>
          <Text size="sm">{[k.user?.name ?? w.nobody, w.createdAt(f.date(k.created_at))].join(' · ')}</Text>
          <Text size="sm" c="dimmed">
            <span title={k.last_used_at ? f.dateTime(k.last_used_at) : undefined}>
              {k.last_used_at ? w.lastUsed(f.ago(k.last_used_at)) : w.unused}
            </span>
            {' · '}
            {k.revoked_at
              ? w.revokedAt(f.date(k.revoked_at))
              : k.expires_at
                ? w.expires(f.date(k.expires_at))
                : w.noExpiry}
          </Text>
        </Box>
        {state !== 'revoked' && (
          <Button
            variant="default"
            size="xs"
            loading={revoke.isPending}
            onClick={confirm}
            aria-label={w.revokeOf(k.name)}
          >
            {w.revoke}
          </Button>
        )}
      </Group>
    </Paper>
  )
}
