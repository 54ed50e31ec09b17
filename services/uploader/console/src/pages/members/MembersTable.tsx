import { Badge, Group, Paper, Table, Text } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { type Field, labelOf } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import classes from './Members.module.css'
import { type MemberValues, nameOf, useValueText } from './values'
import { words } from './words'

/** Members in a table; each is opened by its name or anywhere on its row. */
export function MembersTable({ members, columns, old }: { members: MemberValues[]; columns: Field[]; old: boolean }) {
  const w = useWords(words)
  const { lang } = useLang()
  const valueText = useValueText()
  const navigate = useNavigate()
  return (
    <Paper withBorder className={old ? classes.old : undefined}>
      <Table.ScrollContainer minWidth={Math.min(220 + columns.length * 130, 1100)}>
        <Table highlightOnHover className={classes.table} verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{w.member}</Table.Th>
              {columns.map((f) => (
                <Table.Th key={f.key} scope="col">
                  {labelOf(f, lang)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {members.map((m) => (
              <Table.Tr
                key={m.id}
                className={classes.row}
                onClick={(e) => {
                  if ((e.target as Element).closest('a') || getSelection()?.toString()) return
                  navigate({ to: '/members/$id', params: { id: String(m.id) } })
                }}
              >
                <Table.Th scope="row" fw={500}>
                  <Who member={m} />
                </Table.Th>
                {columns.map((f) => {
                  const text = valueText(f, m[f.key])
                  return (
                    <Table.Td key={f.key} title={text.length > 24 ? text : undefined}>
                      {text}
                    </Table.Td>
                  )
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  )
}

function Who({ member }: { member: MemberValues }) {
  const w = useWords(words)
  return (
    <Group gap={6} wrap="nowrap">
      <Text component={Link} to={`/members/${member.id}`} className={classes.who} c="var(--mantine-color-anchor)">
        {nameOf(member)}
      </Text>
      {member.kind === 'lead' && (
        <Badge size="sm" variant="default" tt="none">
          {w.kinds.lead}
        </Badge>
      )}
      {member.blocked_at && (
        <Badge size="sm" variant="light" color="red" tt="none">
          {w.isBlocked}
        </Badge>
      )}
    </Group>
  )
}
