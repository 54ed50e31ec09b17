import { Group, Stack, Text, TextInput } from '@mantine/core'
import { useWords } from '@/lang/lang'
import type { Prepared } from '../Prepare'
import { refusalOf } from '../refused'
import { typeOf } from './types'
import { words } from './words'

const limit = /^([0-9]{1,15}|(100|[0-9]{1,2})(\.[0-9]{1,6})?%)$/

/** Beyond these the import stops. */
export function Limits({ draft, change, refused }: Prepared) {
  const w = useWords(words)
  const labels = { max_failed: w.maxFailed, max_changed: w.maxChanged, max_removed: w.maxRemoved }
  const names: (keyof typeof labels)[] = ['max_failed', 'max_changed']
  if (typeOf(draft.options) === 'new') names.push('max_removed')
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {w.limitsHelp}
      </Text>
      <Group grow align="flex-start" preventGrowOverflow={false} wrap="wrap">
        {names.map((name) => {
          const value = draft.options[name]
          const text = value === undefined ? '' : String(value)
          return (
            <TextInput
              key={name}
              label={labels[name]}
              description={name === 'max_removed' ? w.maxRemovedHelp : undefined}
              value={text}
              onChange={(e) => {
                const said = e.target.value.normalize('NFKC').trim() || undefined
                change((d) => ({ ...d, options: { ...d.options, [name]: said } }))
              }}
              error={refusalOf(refused, name) ?? (text !== '' && !limit.test(text) ? w.badLimit : undefined)}
              inputMode="text"
              miw={220}
            />
          )
        })}
      </Group>
    </Stack>
  )
}
