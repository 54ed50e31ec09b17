import { Paper, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** One matter of the settings, under a heading of its own. */
export function Section({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p={{ base: 'md', sm: 'lg' }} aria-label={title}>
      <Title order={2}>{title}</Title>
      <Text size="sm" c="dimmed" mt={4} mb="md">
        {lead}
      </Text>
      {children}
    </Paper>
  )
}
