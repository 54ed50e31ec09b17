import { Alert, Button, Drawer, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { ApiError, api } from '@/api/client'
import { type Field, fieldsQuery } from '@/api/fields'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import { type Drafts, isShown, MemberForm } from './MemberForm'
import { words } from './member_words'
import { memberQuery, read } from './queries'
import { isEmpty, saidBy } from './values'

interface Props {
  list: string
  opened: boolean
  onClose: () => void
}

/** Adds one member to a list, in a drawer. */
export function CreateMember(props: Props) {
  const w = useWords(words)
  const fields = useQuery({ ...fieldsQuery(props.list), enabled: props.opened }).data
  return (
    <Drawer
      opened={props.opened}
      onClose={props.onClose}
      position="right"
      size="lg"
      title={w.createTitle}
      keepMounted={false}
    >
      {fields ? <Form {...props} fields={fields} /> : <Loading />}
    </Drawer>
  )
}

const main = ['member_sn', 'name', 'last_name', 'first_name', 'email', 'phone', 'sex', 'birthday']

function Form({ list, fields, onClose }: Props & { fields: Field[] }) {
  const w = useWords(words)
  const c = useWords(common)
  const [kind, setKind] = useState<'member' | 'lead'>('member')
  const [all, setAll] = useState(false)
  const [drafts, setDrafts] = useState<Drafts>({})
  const possible = fields.filter((f) => !f.read_only && (kind === 'member' || f.key !== 'member_sn'))
  const said = possible.filter((f) => !isEmpty(drafts[f.key]))
  const shown = possible.filter((f) => all || f.required || main.includes(f.key) || said.includes(f))
  const create = useCreate(list, onClose)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ list, kind, ...Object.fromEntries(said.map((f) => [f.key, saidBy(f, drafts[f.key] ?? '')])) })
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Text size="sm" c="dimmed">
          {w.createLead(list)}
        </Text>
        <div>
          <SegmentedControl
            aria-label={w.createKind}
            value={kind}
            onChange={(k) => setKind(k === 'lead' ? 'lead' : 'member')}
            data={Object.entries(w.kinds).map(([value, label]) => ({ value, label }))}
          />
          <Text size="xs" c="dimmed" mt={4}>
            {w.createKindHelp}
          </Text>
        </div>
        <MemberForm
          isNew
          fields={shown}
          draftOf={(f) => drafts[f.key] ?? (['list', 'number_list', 'tags'].includes(f.type) ? [] : '')}
          onChange={(f, draft) => setDrafts((d) => ({ ...d, [f.key]: draft }))}
          error={create.error}
          about={{ consents: w.createConsents }}
        />
        <Button variant="subtle" size="xs" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? w.createLess : w.createMore}
        </Button>
        <Refused error={create.error} fields={shown} />
        <Group justify="flex-end" style={{ position: 'sticky', bottom: 0 }} py="sm" bg="var(--mantine-color-body)">
          <Button variant="default" onClick={onClose}>
            {c.cancel}
          </Button>
          <Button type="submit" disabled={create.isPending}>
            {create.isPending ? c.saving : w.add}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function useCreate(list: string, then: () => void) {
  const w = useWords(words)
  const queries = useQueryClient()
  const navigate = useNavigate()
  // The same member that is sent again, since no answer came, is not made twice.
  const [key] = useState(() => ({ of: '', is: '' }))
  return useAct(
    (body: Record<string, unknown>) => {
      const text = JSON.stringify(body)
      if (key.of !== text) Object.assign(key, { of: text, is: randomKey() })
      return read(api.POST('/v1/members', { params: { header: { 'Idempotency-Key': key.is } }, body }))
    },
    {
      done: w.created,
      quiet: true,
      then: async (made) => {
        queries.setQueryData(memberQuery(made.member.id).queryKey, made)
        queries.invalidateQueries({ queryKey: ['members', list] })
        then()
        await navigate({ to: '/members/$id', params: { id: String(made.member.id) } })
      },
    },
  )
}

/** 128 random bits; crypto.randomUUID is not there where the page came without TLS. */
const randomKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')

function Refused({ error, fields }: { error: unknown; fields: Field[] }) {
  const w = useWords(words)
  const navigate = useNavigate()
  if (!error || isShown(error, fields)) return null
  const holder = error instanceof ApiError && error.code === 'member_exists' ? error.problem.member_id : undefined
  if (!holder) return <Failure error={error} />
  return (
    <Alert role="alert" color="yellow" icon={<CircleAlert size={18} />} title={w.exists}>
      <Stack gap="sm" align="flex-start">
        {w.existsText}
        <Button
          size="xs"
          variant="default"
          onClick={() => navigate({ to: '/members/$id', params: { id: String(holder) } })}
        >
          {w.existsAction}
        </Button>
      </Stack>
    </Alert>
  )
}
