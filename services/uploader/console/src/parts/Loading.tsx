import { Center, Group, Loader, Text } from '@mantine/core'
import { useWords } from '@/lang/lang'
import { words } from '@/words'

/** Something is on its way; what it is stands beside the spinner. */
export function Loading({ children }: { children?: string }) {
  const w = useWords(words)
  return (
    <Center py="xl" role="status">
      <Group gap="sm">
        <Loader size="sm" />
        <Text c="dimmed">{children ?? w.loading}</Text>
      </Group>
    </Center>
  )
}
