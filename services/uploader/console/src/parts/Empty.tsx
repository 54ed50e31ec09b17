import { Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

/** What stands where there is nothing yet: what would be here, why one wants it, and the way to the first one. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon
  title: string
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <Paper withBorder p="xl" radius="lg">
      <Stack align="center" gap="xs" maw={520} mx="auto" ta="center" py="md">
        <ThemeIcon size={48} radius="xl" variant="light">
          <Icon size={24} aria-hidden />
        </ThemeIcon>
        <Title order={2} size="h3">
          {title}
        </Title>
        <Text c="dimmed">{children}</Text>
        {action}
      </Stack>
    </Paper>
  )
}
