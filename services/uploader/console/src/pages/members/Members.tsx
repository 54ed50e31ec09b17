import { Button, Group, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Search, Upload, UserPlus, Users } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { type Field, fieldsQuery } from '@/api/fields'
import { useList } from '@/api/list'
import { useMay } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { ColumnChooser } from './ColumnChooser'
import { CreateMember } from './CreateMember'
import { useColumns } from './columns'
import { Conditions, FilterEditor } from './FilterEditor'
import { MembersTable } from './MembersTable'
import { countQuery, membersQuery } from './queries'
import type { MembersSearch } from './search'
import { words } from './words'

const noFields: Field[] = []

/** The members of the list of now: found, counted, opened and added. What is asked for stands in the address. */
export function Members() {
  const w = useWords(words)
  const { list } = useList()
  const search = useSearch({ from: '/inside/members' })
  const navigate = useNavigate({ from: '/members' })
  const mayEdit = useMay('import')
  const [adding, add] = useDisclosure()
  const fields = useQuery(fieldsQuery(list)).data ?? noFields
  const shown = useMemo(() => fields.filter((f) => f.key !== 'name'), [fields])
  const { columns, keys, setKeys } = useColumns(shown)
  const change = (to: Partial<MembersSearch>) => navigate({ search: (was) => ({ ...was, ...to }), replace: true })
  return (
    <Page
      title={w.title}
      lead={w.lead(list)}
      actions={
        mayEdit && (
          <Button leftSection={<UserPlus size={16} aria-hidden />} onClick={add.open}>
            {w.add}
          </Button>
        )
      }
    >
      <Stack gap="md">
        <Group gap="sm" align="flex-end">
          <SearchBox value={search.q ?? ''} onChange={(q) => change({ q: q || undefined })} />
          <SegmentedControl
            aria-label={w.kind}
            value={search.kind ?? 'any'}
            onChange={(kind) => change({ kind: kind === 'any' ? undefined : (kind as MembersSearch['kind']) })}
            data={Object.entries(w.kinds).map(([value, label]) => ({ value, label }))}
          />
          <Select
            aria-label={w.blocked}
            w={190}
            value={search.blocked ?? 'exclude'}
            onChange={(to) => change({ blocked: to === 'exclude' ? undefined : (to as MembersSearch['blocked']) })}
            data={Object.entries(w.blockedChoices).map(([value, label]) => ({ value, label }))}
            allowDeselect={false}
          />
          <FilterEditor
            fields={fields}
            onAdd={(condition) => change({ filter: [...new Set([...(search.filter ?? []), condition])] })}
          />
          <ColumnChooser fields={shown} keys={keys} onChange={setKeys} />
        </Group>
        <Conditions
          conditions={search.filter ?? []}
          fields={useMemo(() => new Map(fields.map((f) => [f.key, f])), [fields])}
          onRemove={(gone) => {
            const left = gone === null ? [] : (search.filter ?? []).filter((f) => f !== gone)
            change({ filter: left.length > 0 ? left : undefined })
          }}
        />
        <Found list={list} search={search} columns={columns} onAdd={mayEdit ? add.open : undefined} />
      </Stack>
      {mayEdit && <CreateMember list={list} opened={adding} onClose={add.close} />}
    </Page>
  )
}

/** The search box: what is typed counts after a moment, and Enter counts at once. */
function SearchBox({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const w = useWords(words)
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const later = useDebouncedCallback(onChange, 350)
  return (
    <TextInput
      aria-label={w.search}
      type="search"
      placeholder={w.searchHint}
      leftSection={<Search size={16} aria-hidden />}
      value={text}
      onChange={(e) => {
        setText(e.currentTarget.value)
        later(e.currentTarget.value)
      }}
      onKeyDown={(e) => e.key === 'Enter' && !e.nativeEvent.isComposing && onChange(text)}
      maxLength={200}
      flex="1 1 260px"
    />
  )
}

function Found({
  list,
  search,
  columns,
  onAdd,
}: {
  list: string
  search: MembersSearch
  columns: Field[]
  onAdd?: () => void
}) {
  const w = useWords(words)
  const found = useInfiniteQuery(membersQuery(list, search))
  const members = found.data?.pages.flatMap((page) => page.items ?? []) ?? []
  if (found.isPending) return <Loading>{w.loading}</Loading>
  if (found.isError && members.length === 0) return <Failure error={found.error} retry={() => found.refetch()} />
  if (members.length === 0 && !found.isPlaceholderData) return <Nothing search={search} onAdd={onAdd} />
  return (
    <Stack gap="sm">
      <Count list={list} search={search} shown={members.length} />
      {found.isError && <Failure error={found.error} retry={() => found.refetch()} />}
      <MembersTable members={members} columns={columns} old={found.isPlaceholderData} />
      {found.hasNextPage && (
        <Button variant="default" onClick={() => found.fetchNextPage()} disabled={found.isFetchingNextPage}>
          {found.isFetchingNextPage ? w.moreLoading : w.more}
        </Button>
      )}
    </Stack>
  )
}

function Count({ list, search, shown }: { list: string; search: MembersSearch; shown: number }) {
  const w = useWords(words)
  const { number } = useFormats()
  const { data } = useQuery(countQuery(list, search))
  const count = data?.count
  return (
    <Text size="sm" c="dimmed" aria-live="polite">
      {count === undefined ? w.counting : (data?.count_more ? w.countMore : w.count)(number(count))}
      {count !== undefined && count > shown && ` · ${w.shown(number(shown))}`}
    </Text>
  )
}

/** No members: because nobody matches, or because there are none yet. */
function Nothing({ search, onAdd }: { search: MembersSearch; onAdd?: () => void }) {
  const w = useWords(words)
  const navigate = useNavigate({ from: '/members' })
  if (search.q || search.kind || search.filter || search.blocked === 'only') {
    return (
      <Empty
        icon={Search}
        title={w.noMatch}
        action={
          <Button variant="default" mt="sm" onClick={() => navigate({ search: {} })}>
            {w.clear}
          </Button>
        }
      >
        {w.noMatchText}
      </Empty>
    )
  }
  return (
    <Empty
      icon={Users}
      title={w.emptyTitle}
      action={
        onAdd && (
          <Group justify="center" mt="sm">
            <Button component={Link} to="/imports/new" leftSection={<Upload size={16} aria-hidden />}>
              {w.emptyAction}
            </Button>
            <Button variant="subtle" onClick={onAdd}>
              {w.emptyByHand}
            </Button>
          </Group>
        )
      }
    >
      {w.emptyText}
    </Empty>
  )
}
