import { Button, Code, Container, Group, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { ApiError } from '@/api/client'
import { useLang, useWords } from '@/lang/lang'
import { sentenceOf } from '@/parts/Failure'
import { words } from '@/words'

/** Stands where an address leads nowhere. */
export function Missing() {
  const w = useWords(words)
  return (
    <Container size="sm" py="xl">
      <Title order={1}>{w.notFound}</Title>
      <Text my="md">{w.notFoundHelp}</Text>
      <Button component={Link} to="/imports">
        {w.back}
      </Button>
    </Container>
  )
}

/** Stands where a page could not be shown, for want of what it is about or by a fault of ours. */
export function Broken({ error }: { error: unknown }) {
  const w = useWords(words)
  const { lang } = useLang()
  if (error instanceof ApiError && error.status === 404) return <Missing />
  return (
    <Container size="sm" py="xl" role="alert">
      <Stack>
        <Title order={1}>{w.broken}</Title>
        <Text>{sentenceOf(error, lang)}</Text>
        {!(error instanceof ApiError) && (
          <>
            <Text>{w.brokenHelp}</Text>
            <Code block>{error instanceof Error ? (error.stack ?? error.message) : String(error)}</Code>
          </>
        )}
        <Group>
          <Button onClick={() => location.reload()}>{w.reload}</Button>
        </Group>
      </Stack>
    </Container>
  )
}
