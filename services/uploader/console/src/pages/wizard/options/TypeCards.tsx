import { Badge, Group, Paper, Radio, SimpleGrid, Text } from '@mantine/core'
import { useWords } from '@/lang/lang'
import foundClasses from '../found/Found.module.css'
import type { Prepared } from '../Prepare'
import { refusalOf } from '../refused'
import { dangerous, type Type, typeOf, types, withType } from './types'
import { words } from './words'

/** The registration types, each with what it does and what can be lost by it. */
export function TypeCards({ draft, change, mapping, refused }: Prepared) {
  const w = useWords(words)
  const type = typeOf(draft.options)
  const hasEmail = mapping.some((m) => m.field === 'email')
  return (
    <div>
      <Radio.Group
        label={w.type}
        value={type}
        onChange={(to) => change((d) => ({ ...d, options: withType(d.options, to as Type) }))}
        error={refusalOf(refused, 'mode') ?? refusalOf(refused, 'preset') ?? refusalOf(refused, 'skip_without')}
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} mt="xs" spacing="sm">
          {types.map((t) => {
            const off = t === 'column_update' && !hasEmail
            return (
              <Paper
                key={t}
                component="label"
                withBorder
                p="sm"
                className={foundClasses.card}
                data-chosen={t === type || undefined}
              >
                <Group gap="xs" wrap="nowrap" align="flex-start">
                  <Radio value={t} disabled={off} aria-label={w.types[t].name} aria-describedby={`type-${t}`} mt={2} />
                  <div id={`type-${t}`}>
                    <Group gap="xs">
                      <Text fw={600}>{w.types[t].name}</Text>
                      {t === 'standard' && (
                        <Badge variant="light" tt="none">
                          {w.recommended}
                        </Badge>
                      )}
                    </Group>
                    <Text size="sm">{w.types[t].help}</Text>
                    <Text
                      size="sm"
                      c={dangerous(t) ? 'var(--mantine-color-error)' : 'dimmed'}
                      fw={dangerous(t) ? 600 : 400}
                    >
                      {off ? w.needsEmail : w.types[t].lost}
                    </Text>
                  </div>
                </Group>
              </Paper>
            )
          })}
        </SimpleGrid>
      </Radio.Group>
      <Text size="sm" c="dimmed" mt="xs">
        {w.undoNote}
      </Text>
    </div>
  )
}
