import { Badge, Group, Stack, Text, Title } from '@mantine/core'
import { type Field, labelOf } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import { Flags } from './Flags'
import { typeWords } from './types'
import { words } from './words'

/** What there is to know of a field that is only looked at. */
export function FieldFacts({ field }: { field: Field }) {
  const w = useWords(words)
  const type = useWords(typeWords)[field.type]
  const { lang } = useLang()
  const choices = field.choices ?? []
  return (
    <Stack gap="md">
      <div>
        <Title order={3}>{labelOf(field, lang)}</Title>
        <Text size="sm" c="dimmed">
          {w.key}: {field.key}
        </Text>
      </div>
      <div>
        <Text size="sm" fw={600}>
          {w.type}
        </Text>
        <Text size="sm">
          {type.name} — {type.about}
        </Text>
      </div>
      <Flags field={field} />
      {choices.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {w.choices}
          </Text>
          {choices.map((o) => (
            <Text key={o.number} size="sm">
              {o.number} = {labelOf(o, lang)}
            </Text>
          ))}
        </div>
      )}
      {(field.synonyms ?? []).length > 0 && (
        <div>
          <Text size="sm" fw={600} mb={4}>
            {w.synonyms}
          </Text>
          <Group gap={4}>
            {field.synonyms?.map((s) => (
              <Badge key={s} variant="default" tt="none" fw={400}>
                {s}
              </Badge>
            ))}
          </Group>
        </div>
      )}
    </Stack>
  )
}
