import { Badge, Group, Paper, Radio, Select, Stack, Text } from '@mantine/core'
import type { Schemas } from '@/api/client'
import { useWords } from '@/lang/lang'
import type { Reading } from '../draft'
import type { SetReading } from './Found'
import classes from './Found.module.css'
import { words } from './words'

/** All that a CSV may be written in. */
const all = ['UTF-8', 'Shift_JIS', 'EUC-JP', 'UTF-16LE', 'UTF-16BE']

/** The encodings that the file could be in, with cells to tell by. */
export function Encodings({
  inspection,
  reading,
  read,
}: {
  inspection: Schemas['Shown']
  reading: Reading
  read: SetReading
}) {
  const w = useWords(words)
  const candidates = inspection.encodings ?? []
  const others = all.filter((e) => !candidates.some((c) => c.encoding === e))
  const plain = candidates.every((c) => (c.samples ?? []).length === 0)
  return (
    <Stack gap="xs">
      <Radio.Group
        label={w.encoding}
        description={plain ? w.ascii : w.encodingHelp}
        value={inspection.encoding}
        onChange={(encoding) => read({ encoding })}
      >
        <div className={classes.cards}>
          {candidates.map((c) => (
            <Paper
              key={c.encoding}
              component="label"
              withBorder
              p="sm"
              className={classes.card}
              data-chosen={c.encoding === inspection.encoding || undefined}
            >
              <Group gap="xs" wrap="nowrap">
                <Radio value={c.encoding} aria-label={c.encoding} />
                <Text fw={600}>{c.encoding}</Text>
                {c.encoding === inspection.encoding && !reading.encoding && (
                  <Badge variant="light" tt="none">
                    {w.detected}
                  </Badge>
                )}
              </Group>
              <Group gap={6} mt={6} pl={30}>
                {(c.samples ?? []).map((sample) => (
                  <Text key={sample} size="sm" component="span" className={classes.sample}>
                    {sample}
                  </Text>
                ))}
              </Group>
            </Paper>
          ))}
        </div>
      </Radio.Group>
      {others.length > 0 && (
        <Select
          label={w.otherEncoding}
          data={others}
          value={null}
          onChange={(encoding) => encoding && read({ encoding })}
          size="xs"
          w={220}
        />
      )}
    </Stack>
  )
}
