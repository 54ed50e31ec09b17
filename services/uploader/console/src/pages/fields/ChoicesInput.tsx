import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  NumberInput,
  Paper,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core'
import { Plus, X } from 'lucide-react'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import type { ChoiceDraft } from './FieldForm'
import { words } from './words'

/** The choices of a field. Those that members may have already are called otherwise, and not taken away. */
export function ChoicesInput({
  choices,
  onChange,
  error,
}: {
  choices: ChoiceDraft[]
  onChange: (choices: ChoiceDraft[]) => void
  error?: string
}) {
  const w = useWords(words)
  const { number } = useFormats()
  const add = () => {
    const id = Math.max(-1, ...choices.map((c) => c.id)) + 1
    onChange([...choices, { id, ja: '', en: '', synonyms: [], settled: false }])
  }
  const change = (id: number, to: Partial<ChoiceDraft>) =>
    onChange(choices.map((c) => (c.id === id ? { ...c, ...to } : c)))
  return (
    <Fieldset legend={w.choices}>
      <Stack gap="sm">
        <Text size="xs" c="dimmed">
          {w.choicesHelp}
        </Text>
        {choices.map((choice, i) => (
          <Choice
            key={choice.id}
            choice={choice}
            name={number(i + 1)}
            onChange={(to) => change(choice.id, to)}
            onRemove={choice.settled ? undefined : () => onChange(choices.filter((c) => c.id !== choice.id))}
          />
        ))}
        {error && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {error}
          </Text>
        )}
        <Button variant="default" size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={add}>
          {w.choiceAdd}
        </Button>
      </Stack>
    </Fieldset>
  )
}

function Choice({
  choice: c,
  name,
  onChange,
  onRemove,
}: {
  choice: ChoiceDraft
  name: string
  onChange: (to: Partial<ChoiceDraft>) => void
  onRemove?: () => void
}) {
  const w = useWords(words)
  return (
    <Paper withBorder p="xs" role="group" aria-label={w.choice(name)}>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600}>
          {w.choice(name)}
        </Text>
        {onRemove && (
          <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={w.choiceRemove(name)}>
            <X size={16} />
          </ActionIcon>
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        <TextInput size="xs" label={w.labelJa} value={c.ja} onChange={(e) => onChange({ ja: e.currentTarget.value })} />
        <TextInput size="xs" label={w.labelEn} value={c.en} onChange={(e) => onChange({ en: e.currentTarget.value })} />
        <NumberInput
          size="xs"
          label={w.choiceNumber}
          value={c.number ?? ''}
          onChange={(n) => onChange({ number: n === '' ? undefined : Number(n) })}
          disabled={c.settled}
          allowDecimal={false}
        />
        <TagsInput
          size="xs"
          label={w.choiceSynonyms}
          value={c.synonyms}
          onChange={(synonyms) => onChange({ synonyms })}
          splitChars={[',', '、']}
          acceptValueOnBlur
        />
      </SimpleGrid>
    </Paper>
  )
}
