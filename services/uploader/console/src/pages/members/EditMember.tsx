import { Alert, Button, Checkbox, Drawer, Group, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { CircleAlert, RefreshCw } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { ApiError, api } from '@/api/client'
import type { Field } from '@/api/fields'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import { type Drafts, isShown, MemberForm, partsByField } from './MemberForm'
import { words } from './member_words'
import { memberQuery, type ReadMember, read } from './queries'
import { draftOf, saidBy, sameDraft } from './values'

interface Props {
  was: ReadMember
  fields: Field[]
  opened: boolean
  onClose: () => void
}

/** Edits a member in a drawer. What is entered stays until it is saved or the drawer is closed. */
export function EditMember(props: Props) {
  const w = useWords(words)
  return (
    <Drawer
      opened={props.opened}
      onClose={props.onClose}
      position="right"
      size="lg"
      title={w.editTitle}
      keepMounted={false}
    >
      <Form {...props} />
    </Drawer>
  )
}

function Form({ was, fields, onClose }: Props) {
  const w = useWords(words)
  const c = useWords(common)
  const { number } = useFormats()
  const zone = useSession().tenant.time_zone
  const [drafts, setDrafts] = useState<Drafts>({})
  const [agreed, setAgreed] = useState(false)
  const editable = fields.filter((f) => !f.read_only && (was.member.kind !== 'lead' || f.key !== 'member_sn'))
  const before = (field: Field) => draftOf(field, was.member[field.key], zone)
  const changed = editable.filter((f) => {
    const draft = drafts[f.key]
    return draft !== undefined && !sameDraft(draft, before(f))
  })
  const save = useSave(was, onClose)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = Object.fromEntries(changed.map((f) => [f.key, saidBy(f, drafts[f.key] ?? '')]))
    save.mutate({ body, allow: agreed })
  }
  const error = save.error
  const stale = error instanceof ApiError && error.status === 412
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <MemberForm
          fields={editable}
          draftOf={(f) => drafts[f.key] ?? before(f)}
          onChange={(f, draft) => setDrafts((d) => ({ ...d, [f.key]: draft }))}
          error={error}
        />
        {stale ? <Stale id={was.member.id} onLoaded={save.reset} /> : <Wrong error={error} fields={editable} />}
        {hasCode(error, 'consent_protected') && <Consent agreed={agreed} onChange={setAgreed} />}
        <Group justify="space-between" style={{ position: 'sticky', bottom: 0 }} py="sm" bg="var(--mantine-color-body)">
          <Text size="sm" c="dimmed" aria-live="polite">
            {changed.length === 0 ? w.unchanged : w.changedCount(number(changed.length))}
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {c.cancel}
            </Button>
            <Button type="submit" disabled={changed.length === 0 || save.isPending}>
              {save.isPending ? c.saving : c.save}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  )
}

/** Saves changes of the version that was read. */
function useSave(was: ReadMember, then: () => void) {
  const c = useWords(common)
  const queries = useQueryClient()
  return useAct(
    ({ body, allow }: { body: Record<string, unknown>; allow: boolean }) =>
      read(
        api.PATCH('/v1/members/{id}', {
          params: {
            path: { id: was.member.id },
            query: { list_values: 'replace', consent: allow ? 'allow' : 'guard' },
            header: { 'If-Match': was.etag },
          },
          body,
        }),
      ),
    {
      done: c.saved,
      quiet: true,
      then: async (now) => {
        queries.setQueryData(memberQuery(was.member.id).queryKey, now)
        then()
        await Promise.all([
          queries.invalidateQueries({ queryKey: ['member', was.member.id, 'history'] }),
          queries.invalidateQueries({ queryKey: ['members'] }),
        ])
      },
    },
  )
}

const hasCode = (error: unknown, code: string) =>
  error instanceof ApiError && (error.code === code || (error.problem.errors ?? []).some((p) => p.code === code))

/** Somebody has changed the member since it was read: what they did is loaded, and what was entered stays. */
function Stale({ id, onLoaded }: { id: number; onLoaded: () => void }) {
  const w = useWords(words)
  const queries = useQueryClient()
  const load = useAct(() => queries.fetchQuery({ ...memberQuery(id), staleTime: 0 }), {
    done: w.staleLoaded,
    then: onLoaded,
  })
  return (
    <Alert role="alert" color="yellow" icon={<RefreshCw size={18} />} title={w.stale}>
      <Stack gap="sm" align="flex-start">
        {w.staleText}
        <Button size="xs" variant="default" onClick={() => load.mutate()} disabled={load.isPending}>
          {w.staleAction}
        </Button>
      </Stack>
    </Alert>
  )
}

function Wrong({ error, fields }: { error: unknown; fields: Field[] }) {
  const w = useWords(words)
  const { number } = useFormats()
  if (!error) return null
  if (!isShown(error, fields)) return <Failure error={error} />
  return (
    <Alert role="alert" color="red" variant="light" icon={<CircleAlert size={18} />}>
      {w.wrongCount(number(partsByField(error).size))}
    </Alert>
  )
}

/** Asks for the word of somebody who may give it that a member who opted out agrees again. */
function Consent({ agreed, onChange }: { agreed: boolean; onChange: (agreed: boolean) => void }) {
  const w = useWords(words)
  const isAdmin = useMay('admin')
  return (
    <Alert color="yellow" icon={<CircleAlert size={18} />} title={w.consentNeeded}>
      <Stack gap="sm">
        {isAdmin ? w.consentNeededAdmin : w.consentNeededOther}
        {isAdmin && (
          <Checkbox label={w.consentConfirm} checked={agreed} onChange={(e) => onChange(e.currentTarget.checked)} />
        )}
      </Stack>
    </Alert>
  )
}
