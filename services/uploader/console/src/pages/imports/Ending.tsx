import { Alert, type AlertProps, Anchor, Button, Group, List, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleAlert, CircleCheck, CircleX, FlaskConical, Info } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { draftOfImport, storeDraft } from '@/pages/wizard/draft'
import { useAct } from '@/parts/act'
import { failedYet, hasChanged, type Import, isFinal } from './figures'
import { importWords } from './importWords'
import { importQuery } from './queries'
import { useUndoUntil } from './Undo'
import { undoWords } from './undoWords'

/** How the import has ended, in sentences; or, of a dry run and of a retry, what it is. */
export function Ending({ import: i }: { import: Import }) {
  return (
    <Stack gap="sm">
      {i.parent && <OfParent id={i.parent} />}
      {i.dry_run && <DryRun import={i} />}
      {isFinal(i) && <Outcome import={i} />}
      <Warnings import={i} />
    </Stack>
  )
}

/** A tinted box whose words are as dark as all others: coloured ones are hard to read on it. */
const Note = (props: AlertProps) => (
  <Alert variant="light" styles={{ title: { color: 'var(--mantine-color-text)' } }} {...props} />
)

/** What came of it, and until when it can be undone. */
function Outcome({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const u = useWords(undoWords)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const until = useUndoUntil(i)
  const bad = i.state === 'failed'
  const partly = i.state === 'completed' && i.failed > 0
  const Icon = bad ? CircleX : partly || i.state === 'cancelled' ? CircleAlert : CircleCheck
  const took = i.started_at && i.finished_at ? (Date.parse(i.finished_at) - Date.parse(i.started_at)) / 1000 : null
  return (
    <Note
      color={bad ? 'red' : partly || i.state === 'cancelled' ? 'orange' : 'teal'}
      icon={<Icon size={20} aria-hidden />}
      title={headline(i, w, f.number)}
    >
      <Stack gap={6} c="var(--mantine-color-text)">
        {i.error && (
          <Text inherit>
            <b>{w.why}</b> — {i.error.detail}
          </Text>
        )}
        {i.stopped && <HowFar import={i} />}
        {bad && i.resumable && <Text inherit>{w.canResume}</Text>}
        {i.state === 'completed' && (
          <Text inherit>
            {i.failed === 0 && w.allWell}
            {i.failed > 0 && failedYet(i) === 0 && w.mended} {took !== null && w.tookAll(f.span(Math.max(1, took)))}
          </Text>
        )}
        {until && hasChanged(i) && !i.undo && i.state !== 'undone' && (
          <Text inherit>{(until.getTime() > Date.now() ? u.until : u.expired)(f.dateTime(until))}</Text>
        )}
      </Stack>
    </Note>
  )
}

function headline(i: Import, w: (typeof importWords)['ja'], number: (n: number) => string): string {
  if (i.state !== 'completed') return w.ended[i.state === 'failed' || i.state === 'cancelled' ? i.state : 'undone']
  const whole = (i.dry_run ? w.ended.tried : w.ended.completed)(number(i.total))
  return i.failed > 0 && !i.dry_run ? `${whole} ${w.ended.partly(number(i.failed))}` : whole
}

/** How far an import had come that has stopped. */
function HowFar({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const f = useFormats()
  const s = i.stopped
  if (!s) return null
  if (s.stage === 'waiting') return <Text inherit>{w.notBegun}</Text>
  const percent = s.percent === null ? '' : w.percentDone(f.percent(s.percent / 100))
  const say = i.dry_run ? w.howFarTest : w.howFar
  return <Text inherit>{say(percent, f.number(s.rows_read), f.number(s.rows_merged), f.number(s.not_processed))}</Text>
}

/** Says clearly that nothing was written, and leads on to where it is. */
function DryRun({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const mayImport = useMay('import')
  const navigate = useNavigate()
  const then = ({ id }: { id: string }) => {
    storeDraft(id, draftOfImport(i))
    return navigate({ to: '/imports/new/$id', params: { id }, search: { step: 'check' } })
  }
  const real = useAct(
    () => ask(api.POST('/v1/imports', { body: { source_of: i.id, kind: i.kind as 'member' | 'lead' } })),
    { then },
  )
  return (
    <Note color="blue" icon={<FlaskConical size={20} aria-hidden />} title={w.dryRunTitle}>
      <Text inherit c="var(--mantine-color-text)">
        {w.dryRunHelp}
      </Text>
      {i.state === 'completed' && mayImport && (
        <Group mt="sm">
          <Button onClick={() => real.mutate()} loading={real.isPending} size="sm">
            {w.dryRunNext}
          </Button>
        </Group>
      )}
    </Note>
  )
}

function OfParent({ id }: { id: string }) {
  const w = useWords(importWords)
  const { data } = useQuery(importQuery(id))
  return (
    <Note color="gray" icon={<Info size={20} aria-hidden />}>
      <Text inherit c="var(--mantine-color-text)">
        {data && w.isRetry(data.file_name)}{' '}
        <Anchor component={Link} to={`/imports/${id}`} inherit>
          {w.openParent}
        </Anchor>
      </Text>
    </Note>
  )
}

/** What else there is to know. */
function Warnings({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const warnings = i.warnings ?? []
  if (warnings.length === 0) return null
  return (
    <Note color="yellow" icon={<CircleAlert size={20} aria-hidden />} title={w.warnings}>
      <List c="var(--mantine-color-text)" size="sm">
        {warnings.map((n) => (
          <List.Item key={`${n.code}/${n.detail}`}>{n.detail}</List.Item>
        ))}
      </List>
    </Note>
  )
}
