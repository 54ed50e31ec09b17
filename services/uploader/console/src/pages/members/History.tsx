import { Anchor, Badge, Button, Group, Paper, Stack, Text, Timeline, Title, VisuallyHidden } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ban, FilePlus2, GitMerge, type LucideIcon, Pencil, Trash2, Undo2 } from 'lucide-react'
import type { Schemas } from '@/api/client'
import { type Field, useFieldsByKey } from '@/api/fields'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words } from './history_words'
import classes from './Members.module.css'
import { historyQuery } from './queries'
import { isEmpty, labelByKey, useValueText } from './values'

type Happening = Schemas['Happening']

const icons: Record<Happening['act'], LucideIcon> = {
  created: FilePlus2,
  updated: Pencil,
  deleted: Trash2,
  removed: Trash2,
  unified: GitMerge,
  blocked: Ban,
  unblocked: Undo2,
}

/** What happened to a member: which import did it, from which row, and what changed; the newest first. */
export function History({ id, list = 'main' }: { id: number; list?: string }) {
  const w = useWords(words)
  const fields = useFieldsByKey(list)
  const found = useInfiniteQuery(historyQuery(id))
  const items = found.data?.pages.flatMap((p) => p.items ?? []) ?? []
  return (
    <Stack gap="md" component="section" aria-label={w.title}>
      <Title order={2}>{w.title}</Title>
      <Paper withBorder p="md">
        {found.isPending && <Loading>{w.loading}</Loading>}
        {found.isError && <Failure error={found.error} retry={() => found.refetch()} />}
        {found.isSuccess && items.length === 0 && <Text c="dimmed">{w.none}</Text>}
        {items.length > 0 && (
          <Timeline bulletSize={26} lineWidth={2} aria-label={w.title}>
            {items.map((h, i) => {
              const Icon = icons[h.act] ?? Pencil
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: nothing else tells two things at one moment apart
                <Timeline.Item key={`${h.at}/${h.act}/${i}`} bullet={<Icon size={14} aria-hidden />}>
                  <Entry happening={h} id={id} fields={fields} />
                </Timeline.Item>
              )
            })}
          </Timeline>
        )}
        {found.hasNextPage && (
          <Button
            mt="md"
            variant="default"
            size="xs"
            onClick={() => found.fetchNextPage()}
            disabled={found.isFetchingNextPage}
          >
            {found.isFetchingNextPage ? w.moreLoading : w.more}
          </Button>
        )}
      </Paper>
    </Stack>
  )
}

function Entry({ happening: h, id, fields }: { happening: Happening; id: number; fields: Map<string, Field> }) {
  const w = useWords(words)
  const { dateTime, number } = useFormats(useSession().tenant.time_zone)
  const from = h.import as Happening['import'] | null
  return (
    <div>
      <Group gap={6}>
        <Text fw={600}>{w.acts[h.act] ?? h.act}</Text>
        {h.undone && (
          <Badge size="sm" variant="default" tt="none">
            {w.undone}
          </Badge>
        )}
      </Group>
      {from && (
        <Text size="sm">
          {w.byImport}:{' '}
          <Anchor component={Link} to={`/imports/${from.id}`} inherit>
            {from.file_name}
          </Anchor>
          {h.row_number !== null && ` (${w.row(number(h.row_number))})`}
        </Text>
      )}
      {h.member_id !== id && <Text size="sm">{w.lead(h.member_id)}</Text>}
      {h.into && h.into !== id && (
        <Anchor component={Link} to={`/members/${h.into}`} size="sm">
          {w.into}
        </Anchor>
      )}
      <ChangeList happening={h} fields={fields} />
      <Text size="xs" c="dimmed" mt={2}>
        <time dateTime={h.at}>{dateTime(h.at)}</time>
        {h.actor ? ` · ${w.actor(h.actor)}` : ''}
      </Text>
    </div>
  )
}

function ChangeList({ happening: h, fields }: { happening: Happening; fields: Map<string, Field> }) {
  const w = useWords(words)
  const { lang } = useLang()
  const valueText = useValueText()
  const changes = h.changes ?? []
  if (changes.length === 0) return null
  if (!h.values_kept) {
    return (
      <Text size="sm">
        {w.fieldsOnly}
        {changes.map((c) => labelByKey(fields, c.field, lang)).join(lang === 'ja' ? '、' : ', ')}
      </Text>
    )
  }
  return (
    <ul className={classes.changes}>
      {changes.map((c) => {
        const field = fields.get(c.field)
        const say = (value: unknown) => (isEmpty(value) ? w.noValue : valueText(field, value))
        return (
          <li key={c.field}>
            <Text size="sm">
              <Text span inherit c="dimmed">
                {labelByKey(fields, c.field, lang)}:
              </Text>{' '}
              <VisuallyHidden>{w.before} </VisuallyHidden>
              <del className={classes.before}>{say(c.before)}</del> <span aria-hidden>→</span>{' '}
              <VisuallyHidden>{w.after} </VisuallyHidden>
              <ins className={classes.after}>{say(c.after)}</ins>
              {c.kept && ` (${w.kept})`}
            </Text>
          </li>
        )
      })}
    </ul>
  )
}
