import { Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { besides, type Import, isFinal, type Outcome, outcomes } from './figures'
import classes from './Import.module.css'
import { importWords } from './importWords'
import { words } from './words'

const colors: Record<Outcome, string> = {
  created: 'teal.6',
  updated: 'blue.6',
  unchanged: 'gray.5',
  deleted: 'grape.6',
  skipped: 'yellow.5',
  failed: 'red.6',
  not_processed: 'gray.3',
}
const css = (color: string) => `var(--mantine-color-${color.replace('.', '-')})`

/** What became of the rows so far: seven numbers that add up to the eighth. */
export function Outcomes({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const said = useWords(words)
  const f = useFormats()
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="outcomes">
      <Stack gap="md">
        <Title order={2} id="outcomes">
          {w.outcomes}
        </Title>
        <Progress.Root size={14} aria-hidden>
          {i.total > 0 &&
            outcomes.map((o) => <Progress.Section key={o} value={(i[o] * 100) / i.total} color={colors[o]} />)}
        </Progress.Root>
        <dl className={classes.tiles}>
          {outcomes.map((o) => (
            <div key={o} className={classes.tile} data-none={i[o] === 0 || undefined}>
              <dt>
                <span className={classes.dot} style={{ background: css(colors[o]) }} aria-hidden />
                {said.outcomes[o]}
              </dt>
              <dd>{f.number(i[o])}</dd>
            </div>
          ))}
          <div className={classes.tile} data-total>
            <dt>{said.total}</dt>
            <dd>{f.number(i.total)}</dd>
          </div>
        </dl>
        <Text size="sm" c="dimmed">
          {outcomes
            .filter((o) => i[o] > 0)
            .map((o) => f.number(i[o]))
            .join(' + ') || '0'}
          {' = '}
          {f.number(i.total)}　{isFinal(i) ? w.sum : w.sumLive}
        </Text>
        <Beside import={i} />
      </Stack>
    </Paper>
  )
}

/** What is counted, but is no row. */
function Beside({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const f = useFormats()
  const all = besides.filter((b) => i[b] > 0)
  if (all.length === 0) return null
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {w.besideTitle}
      </Text>
      <Group gap="lg">
        {all.map((b) => (
          <Text key={b} size="sm">
            {w.beside[b]} <b>{f.number(i[b])}</b>
          </Text>
        ))}
      </Group>
    </div>
  )
}
