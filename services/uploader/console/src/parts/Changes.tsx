import { Badge, Group, Paper, Stack, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type Field, labelOf, useFieldsByKey } from '@/api/fields'
import { type Lang, useLang, type Words } from '@/lang/lang'
import classes from './Changes.module.css'

/** What a row of a file does to its member, as GET /v1/imports/{id}/preview tells it. */
export interface ChangedRow {
  row_number: number
  outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'skipped'
  member_id?: number | null
  /** Why the row was skipped, for programs; reason says it to people. */
  code?: string
  reason?: string
  changes?: { field: string; before?: unknown; after?: unknown }[] | null
}

const ja = {
  row: (n: string) => `${n}行目`,
  outcomes: { created: '新規登録', updated: '更新', unchanged: '変更なし', deleted: '削除', skipped: '対象外' },
  member: '会員を開く',
  field: '項目',
  before: '変更前',
  after: '変更後',
  none: '（なし）',
  yes: 'はい',
  no: 'いいえ',
  caption: (n: string) => `${n}行目の変更内容`,
}
const en: typeof ja = {
  row: (n) => `Row ${n}`,
  outcomes: { created: 'Created', updated: 'Updated', unchanged: 'Unchanged', deleted: 'Deleted', skipped: 'Skipped' },
  member: 'Open the member',
  field: 'Field',
  before: 'Before',
  after: 'After',
  none: '(none)',
  yes: 'yes',
  no: 'no',
  caption: (n) => `What row ${n} changes`,
}
const words: Words<typeof ja> = { ja, en }

const colors = { created: 'teal', updated: 'blue', unchanged: 'gray', deleted: 'red', skipped: 'gray' } as const

/** A value of a member, as people read it. */
export function shownValue(value: unknown, field: Field | undefined, lang: Lang): string {
  const w = words[lang]
  if (value === null || value === undefined || value === '') return w.none
  if (typeof value === 'boolean') return value ? w.yes : w.no
  if (Array.isArray(value)) {
    return value.length === 0 ? w.none : value.map((v) => shownValue(v, field, lang)).join(lang === 'ja' ? '、' : ', ')
  }
  const choice = field?.choices?.find((c) => c.number === value || c.key === value)
  if (choice) return labelOf(choice, lang)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Rows of a file with what each of them does to its member: before and after, changed cells marked. */
export function Changes({
  items,
  list = 'main',
  linked = true,
}: {
  items: ChangedRow[]
  list?: string
  /** Whether members are linked to; those that a dry run would create are not there yet. */
  linked?: boolean
}) {
  const { lang } = useLang()
  const w = words[lang]
  const fields = useFieldsByKey(list)
  const number = new Intl.NumberFormat(lang)
  return (
    <Stack gap="sm">
      {items.map((item) => (
        <Paper key={`${item.row_number}/${item.outcome}`} withBorder p="sm">
          <Group gap="xs" mb={(item.changes?.length ?? 0) > 0 ? 'xs' : 0}>
            <Text fw={600} size="sm">
              {w.row(number.format(item.row_number))}
            </Text>
            <Badge variant="light" color={colors[item.outcome]} tt="none" className={classes.badge}>
              {w.outcomes[item.outcome]}
            </Badge>
            {linked && item.member_id ? (
              <Text size="sm" component={Link} to={`/members/${item.member_id}`}>
                {w.member}
              </Text>
            ) : null}
            {(item.reason || item.code) && <Text size="sm">{item.reason || item.code}</Text>}
          </Group>
          {(item.changes?.length ?? 0) > 0 && (
            <Table className={classes.changes} withRowBorders={false} verticalSpacing={3} captionSide="top">
              <caption className={classes.hidden}>{w.caption(number.format(item.row_number))}</caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{w.field}</Table.Th>
                  {item.outcome !== 'created' && <Table.Th scope="col">{w.before}</Table.Th>}
                  {item.outcome !== 'deleted' && <Table.Th scope="col">{w.after}</Table.Th>}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {item.changes?.map((c) => {
                  const field = fields.get(c.field)
                  return (
                    <Table.Tr key={c.field}>
                      <Table.Th scope="row" fw={400}>
                        {field ? labelOf(field, lang) : c.field}
                      </Table.Th>
                      {item.outcome !== 'created' && (
                        <Table.Td>
                          <del className={classes.before}>{shownValue(c.before, field, lang)}</del>
                        </Table.Td>
                      )}
                      {item.outcome !== 'deleted' && (
                        <Table.Td>
                          <ins className={classes.after}>{shownValue(c.after, field, lang)}</ins>
                        </Table.Td>
                      )}
                    </Table.Tr>
                  )
                })}
              </Table.Tbody>
            </Table>
          )}
        </Paper>
      ))}
    </Stack>
  )
}
