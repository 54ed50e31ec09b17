import { Anchor, Button, Group, List, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '@/api/client'
import { labelOf, useFieldsByKey } from '@/api/fields'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import type { Import } from './figures'
import { keptQuery } from './queries'
import { undoWords } from './undoWords'

/** What an undo keeps, or would keep: how often for which reason, and page by page which members and fields. */
export function Kept({ import: i, undo }: { import: Import; undo: Schemas['Undo'] }) {
  const w = useWords(undoWords)
  const c = useWords(common)
  const f = useFormats()
  const [cursors, setCursors] = useState([''])
  const query = useQuery(keptQuery(i.id, undo.dry_run, cursors.at(-1) ?? ''))
  const next = query.data?.next_cursor
  return (
    <Stack gap="sm">
      <Text size="sm">{w.keptHelp}</Text>
      <List size="sm">
        {(undo.kept_counts ?? []).map((k) => (
          <List.Item key={k.code}>
            <b>{w.count(f.number(k.count))}</b> {k.reason}
          </List.Item>
        ))}
      </List>
      {query.isError && <Failure error={query.error} retry={() => query.refetch()} />}
      {query.isPending && <Loading>{w.loadingKept}</Loading>}
      {query.data && <Rows list={i.list} items={query.data.items ?? []} />}
      {(next || cursors.length > 1) && (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            disabled={cursors.length === 1}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            {w.previous}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={!next || query.isPlaceholderData}
            onClick={() => next && setCursors([...cursors, next])}
          >
            {c.next}
          </Button>
        </Group>
      )}
    </Stack>
  )
}

function Rows({ list, items }: { list: string; items: Schemas['Kept'][] }) {
  const w = useWords(undoWords)
  const { lang } = useLang()
  const fields = useFieldsByKey(list)
  return (
    <Table.ScrollContainer minWidth={460} maxHeight={340}>
      <Table stickyHeader aria-label={w.keptList}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{w.member}</Table.Th>
            <Table.Th scope="col">{w.field}</Table.Th>
            <Table.Th scope="col">{w.reason}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((k) => {
            const field = fields.get(k.field)
            return (
              <Table.Tr key={`${k.member_id}/${k.field}/${k.code}`}>
                <Table.Th scope="row" fw={400}>
                  <Anchor component={Link} to={`/members/${k.member_id}`} size="sm">
                    {w.memberOf(k.member_id)}
                  </Anchor>
                </Table.Th>
                <Table.Td>{field ? labelOf(field, lang) : k.field || w.whole}</Table.Td>
                <Table.Td>{k.reason}</Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
