import { Alert, Anchor, Button, Code, CopyButton, Group, Radio, Select, Stack, Text, TextInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useWords } from '@/lang/lang'
import { usersQuery } from '@/pages/users/query'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Secret } from '@/parts/Secret'
import { words as common } from '@/words'
import { words } from './words'

type Scope = Schemas['ApiKey']['scope']

const day = 24 * 60 * 60 * 1000
const nobody = 'nobody'

/** Makes a key, and then shows it, once. */
export function NewKey({ changed }: { changed: () => unknown }) {
  const w = useWords(words)
  const users = useQuery(usersQuery)
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>('import')
  const [user, setUser] = useState(nobody)
  const [expiry, setExpiry] = useState('365')
  const create = useAct(
    () =>
      ask(
        api.POST('/v1/keys', {
          body: {
            name: name.trim(),
            scope,
            user_id: user === nobody ? undefined : Number(user),
            expires_at: expiry === 'never' ? undefined : new Date(Date.now() + Number(expiry) * day).toISOString(),
          },
        }),
      ),
    { quiet: true, then: changed },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate()
  }
  if (create.data) return <Created created={create.data} />
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={w.name}
          description={w.nameHelp}
          value={name}
          onChange={(e) => setName(e.target.value)}
          required
          maxLength={100}
          autoComplete="off"
          data-autofocus
        />
        <Radio.Group label={w.scope} value={scope} onChange={(v) => setScope(v as Scope)}>
          <Stack gap="xs" mt={6}>
            {(['read', 'import', 'admin'] as const).map((s) => (
              <Radio key={s} value={s} label={w.scopes[s]} description={w.scopeHelp[s]} />
            ))}
          </Stack>
        </Radio.Group>
        <Select
          label={w.owner}
          description={w.ownerHelp}
          data={[
            { value: nobody, label: w.nobody },
            ...(users.data?.items ?? []).map((u) => ({ value: String(u.id), label: `${u.name} (${u.email})` })),
          ]}
          value={user}
          onChange={(v) => v && setUser(v)}
          allowDeselect={false}
        />
        <Select
          label={w.expiry}
          description={w.expiryHelp}
          data={['30', '90', '365', 'never'].map((value) => ({ value, label: w.expiries[value] ?? value }))}
          value={expiry}
          onChange={(v) => v && setExpiry(v)}
          allowDeselect={false}
        />
        {create.isError && <Failure error={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {w.createDo}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Created({ created }: { created: Schemas['CreatedKey'] }) {
  const w = useWords(words)
  const c = useWords(common)
  const read = created.scope === 'read'
  const example = read
    ? `curl -H "Authorization: Bearer ${created.key}" ${location.origin}/v1/imports`
    : `curl -H "Authorization: Bearer ${created.key}" \\\n  -F 'options={"list":"main"}' -F file=@members.csv \\\n  ${location.origin}/v1/imports`
  return (
    <Stack>
      <Alert color="yellow" icon={<TriangleAlert size={18} aria-hidden />} title={w.createdTitle}>
        {w.once}
      </Alert>
      <Secret label={w.key} value={created.key} />
      <div>
        <Group justify="space-between" mb={6}>
          <div>
            <Text fw={600} size="sm">
              {w.example}
            </Text>
            <Text size="sm" c="dimmed">
              {read ? w.exampleRead : w.exampleHelp}
            </Text>
          </div>
          <CopyButton value={example} timeout={3000}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" onClick={copy}>
                {copied ? c.copied : c.copy}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Code block style={{ whiteSpace: 'pre-wrap' }}>
          {example}
        </Code>
        <Anchor href="/docs" target="_blank" size="sm">
          {w.docs}
        </Anchor>
      </div>
      <Group justify="flex-end">
        <Button onClick={() => modals.closeAll()}>{w.close}</Button>
      </Group>
    </Stack>
  )
}
