import { Button, Group, Paper, SegmentedControl, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Columns3, Plus, Search } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '@/api/client'
import { type Field, labelOf } from '@/api/fields'
import { useMay } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { FieldDrawer } from './FieldDrawer'
import classes from './Fields.module.css'
import { Flags } from './Flags'
import type { FieldsSearch, FieldsShown } from './search'
import { typeWords } from './types'
import { words } from './words'

/** Every field there is, also those that are not used any more. */
const allFieldsQuery = {
  queryKey: ['fields', '', 'all'],
  queryFn: async () => (await ask(api.GET('/v1/fields', { params: { query: { retired: true } } }))).items ?? [],
}

/** The fields of members: found, made, changed and retired. */
export function Fields() {
  const w = useWords(words)
  const mayEdit = useMay('import')
  const search = useSearch({ from: '/inside/fields' })
  const navigate = useNavigate({ from: '/fields' })
  const found = useQuery(allFieldsQuery)
  const [open, setOpen] = useState<Field | 'new' | null>(null)
  const change = (to: Partial<FieldsSearch>) => navigate({ search: (was) => ({ ...was, ...to }), replace: true })
  return (
    <Page
      title={w.title}
      lead={w.lead}
      actions={
        mayEdit && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setOpen('new')}>
            {w.add}
          </Button>
        )
      }
    >
      <Group gap="sm">
        <TextInput
          type="search"
          aria-label={w.search}
          placeholder={w.searchHint}
          leftSection={<Search size={16} aria-hidden />}
          value={search.q ?? ''}
          onChange={(e) => change({ q: e.currentTarget.value || undefined })}
          flex="1 1 220px"
        />
        <SegmentedControl
          aria-label={w.show}
          value={search.show ?? 'all'}
          onChange={(to) => change({ show: to === 'all' ? undefined : (to as FieldsShown) })}
          data={Object.entries(w.shows).map(([value, label]) => ({ value, label }))}
        />
      </Group>
      {found.isPending && <Loading>{w.loading}</Loading>}
      {found.isError && <Failure error={found.error} retry={() => found.refetch()} />}
      {found.data && <Found fields={found.data} search={search} onOpen={setOpen} />}
      <FieldDrawer field={open} onClose={() => setOpen(null)} mayEdit={mayEdit} />
    </Page>
  )
}

function Found({
  fields,
  search,
  onOpen,
}: {
  fields: Field[]
  search: FieldsSearch
  onOpen: (field: Field | 'new') => void
}) {
  const w = useWords(words)
  const mayEdit = useMay('import')
  const sought = (search.q ?? '').normalize('NFKC').toLowerCase()
  const shown = fields.filter((f) => isAmong(f, search.show) && textOf(f).includes(sought))
  if (shown.length > 0) return <FieldsTable fields={shown} onOpen={onOpen} />
  if (search.show === 'custom' && !sought) {
    return (
      <Empty
        icon={Columns3}
        title={w.noCustom}
        action={
          mayEdit && (
            <Button mt="sm" onClick={() => onOpen('new')}>
              {w.add}
            </Button>
          )
        }
      >
        {w.noCustomText}
      </Empty>
    )
  }
  const retired = search.show === 'retired' && !sought
  return (
    <Empty icon={Search} title={retired ? w.noRetired : w.none}>
      {retired ? w.noRetiredText : w.noneText}
    </Empty>
  )
}

/** Whether a field is of the kind that is shown; retired ones are shown where they are asked for. */
function isAmong(field: Field, show?: FieldsShown): boolean {
  if (show === 'retired') return field.retired
  if (field.retired) return false
  return !show || field.custom === (show === 'custom')
}

const textOf = (f: Field) =>
  [f.key, f.label.ja, f.label.en, ...(f.synonyms ?? [])].join('\n').normalize('NFKC').toLowerCase()

function FieldsTable({ fields, onOpen }: { fields: Field[]; onOpen: (field: Field) => void }) {
  const w = useWords(words)
  const types = useWords(typeWords)
  const { lang } = useLang()
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={680}>
        <Table highlightOnHover verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{w.name}</Table.Th>
              <Table.Th scope="col">{w.type}</Table.Th>
              <Table.Th scope="col">{w.properties}</Table.Th>
              <Table.Th scope="col">{w.synonyms}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {fields.map((f) => (
              <Table.Tr key={f.key}>
                <Table.Th scope="row" fw={500}>
                  <button type="button" className={classes.open} onClick={() => onOpen(f)}>
                    {labelOf(f, lang)}
                  </button>
                  <Text size="xs" c="dimmed" fw={400}>
                    {f.key}
                  </Text>
                </Table.Th>
                <Table.Td>{types[f.type].name}</Table.Td>
                <Table.Td>
                  <Flags field={f} />
                </Table.Td>
                <Table.Td maw={300}>
                  <Synonyms all={f.synonyms ?? []} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  )
}

function Synonyms({ all }: { all: string[] }) {
  const w = useWords(words)
  const { lang } = useLang()
  const { number } = useFormats()
  if (all.length === 0) return null
  return (
    <Stack gap={0}>
      <Text size="sm" lineClamp={2} title={all.join('\n')}>
        {all.slice(0, 3).join(lang === 'ja' ? '、' : ', ')}
        {all.length > 3 && ` ${w.synonymsMore(number(all.length - 3))}`}
      </Text>
    </Stack>
  )
}
