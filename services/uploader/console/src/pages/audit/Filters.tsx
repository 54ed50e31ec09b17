import { CloseButton, Group, Pill, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useWords } from '@/lang/lang'
import { usersQuery } from '@/pages/users/query'
import type { AuditSearch } from './search'
import { words } from './words'

/** Narrows the log: by what was done, by whom, and when. */
export function Filters({ search, change }: { search: AuditSearch; change: (to: AuditSearch) => unknown }) {
  const w = useWords(words)
  const users = useQuery(usersQuery)
  const acts = Object.entries(w.groups).map(([prefix, group]) => ({
    group,
    items: [
      { value: prefix, label: `${group} (${w.everything})` },
      ...Object.entries(w.acts)
        .filter(([act]) => act.startsWith(prefix))
        .map(([value, label]) => ({ value, label })),
    ],
  }))
  const people = [
    ...(users.data?.items ?? []).map((u) => ({ value: String(u.id), label: u.name })),
    ...Object.entries(w.kinds).map(([value, label]) => ({ value, label })),
  ]
  return (
    <Group align="flex-end" gap="sm">
      <Select
        label={w.act}
        placeholder={w.everything}
        data={acts}
        value={search.act ?? null}
        onChange={(act) => change({ act: act ?? undefined })}
        searchable
        clearable
        w={{ base: '100%', xs: 260 }}
      />
      <Select
        label={w.who}
        placeholder={w.everybody}
        data={people}
        value={search.who ?? null}
        onChange={(who) => change({ who: who ?? undefined })}
        searchable
        clearable
        w={{ base: '100%', xs: 200 }}
      />
      <Day label={w.since} value={search.since} change={(since) => change({ since })} />
      <Day label={w.until} value={search.until} change={(until) => change({ until })} />
      {search.object && (
        <Pill
          withRemoveButton
          onRemove={() => change({ object: undefined })}
          removeButtonProps={{ 'aria-label': w.clear }}
        >
          {w.on(search.object)}
        </Pill>
      )}
    </Group>
  )
}

function Day({ label, value, change }: { label: string; value?: string; change: (to?: string) => unknown }) {
  const w = useWords(words)
  return (
    <TextInput
      type="date"
      label={label}
      value={value ?? ''}
      onChange={(e) => change(e.target.value || undefined)}
      w={{ base: 'calc(50% - 6px)', xs: 170 }}
      rightSection={
        value && <CloseButton size="sm" aria-label={`${label}${w.colon}${w.clear}`} onClick={() => change(undefined)} />
      }
    />
  )
}
