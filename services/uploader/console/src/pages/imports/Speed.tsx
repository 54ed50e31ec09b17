import { Group, Paper, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { type Sample, speedsOf } from './figures'
import { importWords } from './importWords'

const SpeedChart = lazy(() => import('./SpeedChart'))

/** Speed over time, as a curve and in words. */
export function Speed({ samples }: { samples: Sample[] }) {
  const w = useWords(importWords)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const speeds = speedsOf(samples)
  const first = samples[0]
  const last = samples.at(-1)
  if (speeds.length < 2 || !first || !last) return null
  const average = ((last.done - first.done) * 1000) / (last.at - first.at)
  const most = Math.max(...speeds.map((s) => s.rate))
  const data = speeds.map((s) => ({ at: f.time(new Date(s.at)), rate: Math.round(s.rate) }))
  const few = data.filter((_, n) => n % Math.ceil(data.length / 24) === 0)
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="speed">
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2} id="speed">
            {w.speed}
          </Title>
          <Text size="sm" c="dimmed">
            {w.speedText(f.number(Math.round(average)), f.number(Math.round(most)))}
          </Text>
        </Group>
        <div aria-hidden>
          <Suspense fallback={<Skeleton h={150} />}>
            <SpeedChart data={data} name={w.rate} />
          </Suspense>
        </div>
        <details>
          <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
            {w.speedTable}
          </Text>
          <Table mt="xs" maw={360} verticalSpacing={2}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{w.at}</Table.Th>
                <Table.Th scope="col" ta="right">
                  {w.rate}
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {few.map((s) => (
                <Table.Tr key={s.at}>
                  <Table.Td>{s.at}</Table.Td>
                  <Table.Td ta="right">{f.number(s.rate)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </details>
      </Stack>
    </Paper>
  )
}
