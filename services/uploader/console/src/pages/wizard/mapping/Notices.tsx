import { Alert, Button, Group, Select, Text } from '@mantine/core'
import { History, KeyRound, TriangleAlert } from 'lucide-react'
import { labelOf } from '@/api/fields'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import type { Prepared } from '../Prepare'
import { keyOf, keysFor, missingFields } from './columns'
import { words } from './words'

const listed = (names: string[] | null | undefined, lang: string) => (names ?? []).join(lang === 'ja' ? '、' : ', ')

/** Where the mapping comes from: an earlier import with what has changed since, a profile, or the headers alone. */
export function Origin({ inspection, draft, change }: Prepared) {
  const w = useWords(words)
  const { lang } = useLang()
  const f = useFormats(useSession().tenant.time_zone)
  const set = (base: 'remembered' | 'suggested') => change((d) => ({ ...d, base, choices: {}, profile: undefined }))
  const { remembered, drift, columns } = inspection
  if (draft.profile) {
    const there = new Set((columns ?? []).map((c) => c.header))
    const missing = draft.profile.header.filter((header) => !there.has(header))
    return (
      <Alert icon={<History size={18} aria-hidden />} title={w.profileTitle(draft.profile.name)}>
        {missing.length > 0 && <Text size="sm">{w.profileMissing(listed(missing, lang))}</Text>}
        <Again label={w.useSuggested} onClick={() => set('suggested')} />
      </Alert>
    )
  }
  if (!remembered) return null
  if (draft.base === 'suggested') {
    return (
      <Alert color="gray" icon={<History size={18} aria-hidden />} title={w.suggestedTitle}>
        <Again label={w.useRemembered} onClick={() => set('remembered')} />
      </Alert>
    )
  }
  return (
    <Alert icon={<History size={18} aria-hidden />} title={w.rememberedTitle}>
      <Text size="sm">{w.rememberedHelp(remembered.file_name, f.dateTime(remembered.at))}</Text>
      {(drift?.new_columns?.length ?? 0) > 0 && <Text size="sm">{w.newColumns(listed(drift?.new_columns, lang))}</Text>}
      {(drift?.missing_columns?.length ?? 0) > 0 && (
        <Text size="sm">{w.missingColumns(listed(drift?.missing_columns, lang))}</Text>
      )}
      {(drift?.gone_fields?.length ?? 0) > 0 && <Text size="sm">{w.goneFields(listed(drift?.gone_fields, lang))}</Text>}
      <Again label={w.useSuggested} onClick={() => set('suggested')} />
    </Alert>
  )
}

function Again({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Group mt="xs">
      <Button size="xs" variant="default" onClick={onClick}>
        {label}
      </Button>
    </Group>
  )
}

/** Chooses the key; says so where no column feeds it. */
export function KeySelect({ fields, mapping, draft, change, error }: Prepared & { error?: string }) {
  const w = useWords(words)
  const { lang } = useLang()
  const fed = new Set(mapping.map((m) => m.field))
  const keys = keysFor(fields, draft.options.kind).map((f) => ({
    value: f.key,
    label: fed.has(f.key) ? labelOf(f, lang) : w.keyUnmapped(labelOf(f, lang)),
  }))
  return (
    <Select
      label={w.key}
      description={w.keyHelp}
      data={keys}
      value={keyOf(draft, mapping, fields)}
      onChange={(key) => key && change((d) => ({ ...d, options: { ...d.options, key } }))}
      allowDeselect={false}
      error={error}
    />
  )
}

/** Says that nothing tells members apart. */
export function KeyNotice(props: Prepared) {
  const { fields, mapping, draft } = props
  const w = useWords(words)
  const { lang } = useLang()
  const key = keyOf(draft, mapping, fields)
  const field = fields.get(key)
  if (mapping.some((m) => m.field === key)) return null
  return (
    <Alert
      color="red"
      icon={<KeyRound size={18} aria-hidden />}
      title={w.keyMissing(field ? labelOf(field, lang) : key)}
      role="alert"
    >
      <Text size="sm" mb="xs">
        {w.keyMissingHelp}
      </Text>
      <KeySelect {...props} />
    </Alert>
  )
}

/** Says which required fields have no column. */
export function Required({ fields, mapping, draft }: Prepared) {
  const w = useWords(words)
  const { lang } = useLang()
  const missing = missingFields(draft, mapping, fields)
  if (missing.length === 0) return null
  return (
    <Alert
      color="yellow"
      icon={<TriangleAlert size={18} aria-hidden />}
      title={w.requiredMissing(
        listed(
          missing.map((f) => labelOf(f, lang)),
          lang,
        ),
      )}
    >
      {w.requiredHelp}
    </Alert>
  )
}
