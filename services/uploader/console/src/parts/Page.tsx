import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

/** A page: its one heading, what can be done with all of it, and its content. The heading is the window's title too. */
export function Page({
  title,
  lead,
  actions,
  children,
  width = 1180,
}: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
  width?: number
}) {
  useEffect(() => {
    document.title = `${title} · Meibo`
  }, [title])
  return (
    <Stack gap="lg" maw={width} mx="auto" w="100%">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1}>{title}</Title>
          {lead && (
            <Text c="dimmed" mt={4}>
              {lead}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}
