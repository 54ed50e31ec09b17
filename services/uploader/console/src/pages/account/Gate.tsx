import { Center, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { Appearance } from '@/shell/Menu'

/** The frame of what is seen before anybody is signed in. */
export function Gate({
  title,
  heading,
  lead,
  children,
}: {
  title: string
  heading: string
  lead: string
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Meibo`
  }, [title])
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder shadow="sm" radius="lg" p={{ base: 'lg', xs: 'xl' }} w="100%" maw={440}>
        <Stack>
          <Group gap="sm" wrap="nowrap">
            <img src="/icon.svg" width={40} height={40} alt="" />
            <div>
              <Title order={1} size="h2">
                {heading}
              </Title>
              <Text size="sm" c="dimmed">
                {lead}
              </Text>
            </div>
          </Group>
          {children}
          <Appearance />
        </Stack>
      </Paper>
    </Center>
  )
}
