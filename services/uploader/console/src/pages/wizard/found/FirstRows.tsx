import { Button, Group, Paper, ScrollArea, Table, Text, Title } from '@mantine/core'
import { useState } from 'react'
import type { Schemas } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import classes from './Found.module.css'
import { words } from './words'

/** How many rows, and how many columns at first, are shown. */
const mostRows = 10
const mostColumns = 40

/** The file's first rows as a table. */
export function FirstRows({ inspection }: { inspection: Schemas['Shown'] }) {
  const w = useWords(words)
  const f = useFormats()
  const [wide, setWide] = useState(false)
  const all = inspection.columns ?? []
  const columns = wide ? all : all.slice(0, mostColumns)
  const rows = (inspection.sample_rows ?? []).slice(0, mostRows)
  const numbers = inspection.sample_row_numbers ?? []
  return (
    <section>
      <Group justify="space-between">
        <div>
          <Title order={3}>{w.sample}</Title>
          <Text size="sm" c="dimmed">
            {rows.length > 0 ? w.sampleHelp(f.number(rows.length)) : w.noRows}
          </Text>
        </div>
        {columns.length < all.length && (
          <Button size="xs" variant="default" onClick={() => setWide(true)}>
            {w.moreColumns(f.number(all.length - columns.length))}
          </Button>
        )}
      </Group>
      <Paper withBorder mt="xs">
        <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': w.sample }}>
          <Table className={classes.rows} striped fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{w.number}</Table.Th>
                {columns.map((c) => (
                  <Table.Th scope="col" key={c.header} title={c.header}>
                    {c.header}
                    <Text size="xs" c="dimmed" fw={400}>
                      {w.filled(f.percent(c.fill_rate))}
                    </Text>
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row, n) => (
                <Table.Tr key={numbers[n] ?? n}>
                  <Table.Th scope="row" fw={400}>
                    {numbers[n] ?? n + 1}
                  </Table.Th>
                  {columns.map((c, at) => (
                    <Table.Td key={c.header} title={row?.[at]}>
                      {row?.[at]}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      </Paper>
    </section>
  )
}
