import { Button, Group, Paper, SegmentedControl, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Download, FileSpreadsheet, FileText } from 'lucide-react'
import { useState } from 'react'
import { type Field, fieldsQuery, labelOf } from '@/api/fields'
import { useList } from '@/api/list'
import { useFormats } from '@/lang/format'
import { type Lang, useLang, useWords } from '@/lang/lang'
import { typeWords } from '@/pages/fields/types'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { download, type Kind, type Template } from './download'
import { words } from './words'

/** Empty files for the list of now, and what is in them. */
export function Templates() {
  const w = useWords(words)
  const { list } = useList()
  const [kind, setKind] = useState<Kind>('member')
  const fields = useQuery(fieldsQuery(list))
  return (
    <Page title={w.title} lead={w.lead}>
      <div>
        <Group gap="sm" mb={6}>
          <Text fw={600}>
            {w.list}: {list}
          </Text>
          <SegmentedControl
            aria-label={w.kind}
            value={kind}
            onChange={(to) => setKind(to as Kind)}
            data={Object.entries(w.kinds).map(([value, label]) => ({ value, label }))}
          />
        </Group>
        <Text size="sm" c="dimmed">
          {w.kindHelp[kind]}
        </Text>
      </div>
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        <Format template="xlsx" list={list} kind={kind} best />
        <Format template="utf8" list={list} kind={kind} />
        <Format template="sjis" list={list} kind={kind} />
      </SimpleGrid>
      {fields.isPending && <Loading>{w.loading}</Loading>}
      {fields.isError && <Failure error={fields.error} retry={() => fields.refetch()} />}
      {fields.data && <Contents fields={fields.data.filter((f) => isIn(f, kind))} />}
    </Page>
  )
}

/** Whether rows of that kind can bring the field. */
const isIn = (field: Field, kind: Kind) => !field.read_only && (kind === 'member' || field.key !== 'member_sn')

function Format({ template, list, kind, best }: { template: Template; list: string; kind: Kind; best?: boolean }) {
  const w = useWords(words)
  const { name, about } = w.formats[template]
  const save = useAct(() => download(template, list, kind))
  const Icon = template === 'xlsx' ? FileSpreadsheet : FileText
  return (
    <Paper withBorder p="md">
      <Stack h="100%" gap="xs">
        <Group gap="xs" wrap="nowrap">
          <Icon size={20} aria-hidden />
          <Title order={2} size="h3">
            {name}
          </Title>
        </Group>
        <Text size="sm">{about}</Text>
        <Button
          mt="auto"
          variant={best ? 'filled' : 'default'}
          leftSection={<Download size={16} aria-hidden />}
          onClick={() => save.mutate()}
          disabled={save.isPending}
          aria-label={w.downloadOf(name)}
        >
          {save.isPending ? w.downloading : w.download}
        </Button>
      </Stack>
    </Paper>
  )
}

function Contents({ fields }: { fields: Field[] }) {
  const w = useWords(words)
  const types = useWords(typeWords)
  const { lang } = useLang()
  const { number } = useFormats()
  return (
    <Stack gap="xs" component="section" aria-label={w.contents}>
      <Title order={2}>{w.contents}</Title>
      <Text c="dimmed" size="sm">
        {w.contentsText(number(fields.length))}
      </Text>
      <Paper withBorder>
        <Table.ScrollContainer minWidth={620}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{w.column}</Table.Th>
                <Table.Th scope="col">{w.required}</Table.Th>
                <Table.Th scope="col">{w.type}</Table.Th>
                <Table.Th scope="col">{w.accepted}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {fields.map((f) => (
                <Table.Tr key={f.key}>
                  <Table.Th scope="row" fw={500}>
                    {labelOf(f, lang)} ({f.key}){f.required && '*'}
                  </Table.Th>
                  <Table.Td>{f.required ? w.yes : w.no}</Table.Td>
                  <Table.Td>{types[f.type].name}</Table.Td>
                  <Table.Td>{choices(f, lang, w.choices) || types[f.type].about}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Paper>
    </Stack>
  )
}

function choices(field: Field, lang: Lang, say: (names: string) => string): string {
  const all = field.choices ?? []
  if (all.length === 0) return ''
  const names = all.map((c) => labelOf(c, lang))
  return say(names.length > 12 ? `${names.slice(0, 12).join(', ')} …` : names.join(', '))
}
