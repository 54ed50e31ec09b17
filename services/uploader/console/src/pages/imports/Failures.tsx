import { Accordion, Alert, Badge, Group, List, Paper, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleAlert } from 'lucide-react'
import type { Schemas } from '@/api/client'
import { labelOf, useFieldsByKey } from '@/api/fields'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { failureWords } from './failureWords'
import { failedYet, type Import, isFinal } from './figures'
import classes from './Import.module.css'
import { failuresQuery } from './queries'
import { Retry } from './Retry'

/** Why rows failed, with examples, and how to bring them in after all. */
export function Failures({ import: i }: { import: Import }) {
  const w = useWords(failureWords)
  const f = useFormats()
  const query = useQuery({ ...failuresQuery(i.id), refetchInterval: isFinal(i) ? false : 5_000 })
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />
  if (!query.data) return i.failed > 0 ? <Loading>{w.loading}</Loading> : null
  const notes = query.data.notes ?? []
  return (
    <>
      {i.failed > 0 && (
        <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="failures">
          <Stack>
            <div>
              <Title order={2} id="failures">
                {w.title}
              </Title>
              <Text c="dimmed">{(i.dry_run ? w.leadTest : w.lead)(f.number(i.failed))}</Text>
            </div>
            {i.report_gone_at && (
              <Alert color="gray" variant="light">
                {w.gone}
              </Alert>
            )}
            <Reasons import={i} found={query.data} />
            {isFinal(i) && !i.report_gone_at && <Retry import={i} left={failedYet(i)} />}
          </Stack>
        </Paper>
      )}
      {notes.length > 0 && (
        <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="notes">
          <Title order={2} id="notes">
            {w.notes}
          </Title>
          <Text c="dimmed" mb="sm">
            {w.notesHelp}
          </Text>
          <List>
            {notes.map((n) => (
              <List.Item key={`${n.code}/${n.field}`}>
                {n.reason} <b>{w.rows(f.number(n.rows))}</b>
              </List.Item>
            ))}
          </List>
        </Paper>
      )}
    </>
  )
}

/** Reasons, the most frequent first; those with the same code stand together and share their examples. */
function Reasons({ import: i, found }: { import: Import; found: Schemas['FailuresBody'] }) {
  const w = useWords(failureWords)
  const f = useFormats()
  const codes = found.codes ?? []
  return (
    <Accordion variant="separated" multiple defaultValue={codes.slice(0, 1).map((c) => c.code)} order={3}>
      {codes.map((code) => (
        <Accordion.Item key={code.code} value={code.code}>
          <Accordion.Control icon={<CircleAlert size={18} color="var(--mantine-color-red-text)" aria-hidden />}>
            <Stack gap={4}>
              {(found.counts ?? [])
                .filter((c) => c.code === code.code)
                .map((c) => (
                  <Group key={c.field} gap="sm" wrap="nowrap" justify="space-between" align="flex-start">
                    <span>{c.reason}</span>
                    <Badge variant="default" size="lg" tt="none" style={{ flexShrink: 0 }}>
                      {w.rows(f.number(c.rows))}
                    </Badge>
                  </Group>
                ))}
            </Stack>
          </Accordion.Control>
          <Accordion.Panel>
            <Examples import={i} rows={code.examples ?? []} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  )
}

/** Failed rows as they stand in the file: the key and what is wrong first. */
function Examples({ import: i, rows }: { import: Import; rows: Schemas['FailedRow'][] }) {
  const w = useWords(failureWords)
  const f = useFormats()
  const { lang } = useLang()
  const fields = useFieldsByKey(i.list)
  if (rows.length === 0) return <Text c="dimmed">{w.gone}</Text>
  const wrong = new Set(rows.flatMap((r) => r.errorColumns ?? []))
  const mapped = (i.mapping ?? []).map((c) => c.field).filter((key) => key !== '' && rows.some((r) => key in r.cells))
  const rank = (key: string) => (key === i.key ? 0 : wrong.has(key) ? 1 : 2)
  const columns = mapped.toSorted((a, b) => rank(a) - rank(b))
  return (
    <Table.ScrollContainer minWidth={200 + columns.length * 110}>
      <Table aria-label={w.exampleOf}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{w.row}</Table.Th>
            {columns.map((key) => {
              const field = fields.get(key)
              return (
                <Table.Th key={key} scope="col">
                  {field ? labelOf(field, lang) : key}
                </Table.Th>
              )
            })}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((r) => (
            <Table.Tr key={r.rowNumber}>
              <Table.Th scope="row">{f.number(r.rowNumber)}</Table.Th>
              {columns.map((key) => {
                const bad = r.errorColumns?.includes(key)
                return (
                  <Table.Td key={key} className={bad ? classes.wrong : undefined}>
                    {r.cells[key] || (bad ? w.empty : '')}
                    {bad && <VisuallyHidden>（{w.bad}）</VisuallyHidden>}
                  </Table.Td>
                )
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
