import { Badge, Group } from '@mantine/core'
import type { Field } from '@/api/fields'
import { useWords } from '@/lang/lang'
import { words } from './words'

/** What sets a field apart from others. */
export function Flags({ field: f }: { field: Field }) {
  const { flags } = useWords(words)
  const said = [
    f.retired && flags.retired,
    f.required && flags.required,
    f.merge_key && flags.key,
    f.unique && flags.unique,
    f.consent && flags.consent,
    f.read_only && flags.readOnly,
    f.custom && flags.custom,
  ].filter((flag) => flag !== false)
  return (
    <Group gap={4}>
      {said.map((flag) => (
        <Badge key={flag} variant="default" tt="none" size="sm" fw={500}>
          {flag}
        </Badge>
      ))}
    </Group>
  )
}
