import { Button, Collapse, Group, Select, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks'
import { FilterX, ListFilter, Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useList } from '@/api/list'
import { useSession } from '@/api/session'
import { useWords } from '@/lang/lang'
import { words as common } from '@/words'
import { groups, type HistorySearch, type Group as States } from './historySearch'
import { words } from './words'

/** What the history is narrowed by. It stands in the address, so that reloading and going back keep it. */
export function HistoryFilters({
  search,
  change,
  users,
}: {
  search: HistorySearch
  change: (part: HistorySearch) => void
  users: string[]
}) {
  const w = useWords(words)
  const { q, ...rest } = search
  const used = Object.values(rest).filter((v) => v !== undefined).length
  const [open, panel] = useDisclosure(used > 0)
  return (
    <Stack gap="sm">
      <Group gap="xs" wrap="nowrap">
        <SearchBox q={q} change={(next) => change({ q: next })} />
        <Button
          variant="default"
          onClick={panel.toggle}
          aria-expanded={open}
          aria-controls="history-filters"
          leftSection={<ListFilter size={16} aria-hidden />}
          style={{ flexShrink: 0 }}
        >
          {w.filters}
          {used > 0 && ` (${used})`}
        </Button>
      </Group>
      <Collapse expanded={open} id="history-filters">
        <Narrow search={search} change={change} users={users} />
        {used > 0 && (
          <Button
            mt="xs"
            variant="subtle"
            size="compact-sm"
            leftSection={<FilterX size={14} aria-hidden />}
            onClick={() => change(Object.fromEntries(Object.keys(rest).map((k) => [k, undefined])))}
          >
            {w.clear}
          </Button>
        )}
      </Collapse>
    </Stack>
  )
}

/** Searches a moment after the last letter. */
function SearchBox({ q, change }: { q?: string; change: (q?: string) => void }) {
  const w = useWords(words)
  const [text, setText] = useState(q ?? '')
  useEffect(() => setText(q ?? ''), [q])
  const later = useDebouncedCallback((next: string) => change(next.trim() || undefined), 250)
  return (
    <TextInput
      type="search"
      flex={1}
      maw={420}
      aria-label={w.search}
      placeholder={w.search}
      leftSection={<Search size={16} aria-hidden />}
      value={text}
      maxLength={200}
      onChange={(e) => {
        setText(e.target.value)
        later(e.target.value)
      }}
    />
  )
}

function Narrow({
  search,
  change,
  users,
}: {
  search: HistorySearch
  change: (part: HistorySearch) => void
  users: string[]
}) {
  const w = useWords(words)
  const c = useWords(common)
  const { lists } = useList()
  const { user } = useSession()
  const names = [...new Set([user.name || user.email, search.user, ...users].filter((n): n is string => Boolean(n)))]
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, sm: 3, lg: 6 }} spacing="sm">
      <Select
        label={w.state}
        placeholder={c.all}
        clearable
        data={(Object.keys(groups) as States[]).map((value) => ({ value, label: w.groups[value] }))}
        value={search.state ?? null}
        onChange={(v) => change({ state: (v as States | null) ?? undefined })}
      />
      <Select
        label={w.list}
        placeholder={c.all}
        clearable
        searchable={lists.length > 10}
        data={[...new Set([...lists.map((l) => l.name), search.list].filter((n): n is string => Boolean(n)))]}
        value={search.list ?? null}
        onChange={(v) => change({ list: v ?? undefined })}
      />
      <Select
        label={w.who}
        placeholder={c.all}
        clearable
        searchable={names.length > 10}
        data={names}
        value={search.user ?? null}
        onChange={(v) => change({ user: v ?? undefined })}
      />
      <Select
        label={w.tests}
        allowDeselect={false}
        data={[
          { value: 'include', label: w.withTests },
          { value: 'exclude', label: w.withoutTests },
          { value: 'only', label: w.onlyTests },
        ]}
        value={search.tests ?? 'include'}
        onChange={(v) => change({ tests: v === 'exclude' || v === 'only' ? v : undefined })}
      />
      <TextInput
        type="date"
        label={w.since}
        max={search.until}
        value={search.since ?? ''}
        onChange={(e) => change({ since: e.target.value || undefined })}
      />
      <TextInput
        type="date"
        label={w.until}
        min={search.since}
        value={search.until ?? ''}
        onChange={(e) => change({ until: e.target.value || undefined })}
      />
    </SimpleGrid>
  )
}
