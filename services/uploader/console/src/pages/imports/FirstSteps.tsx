import { Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Columns3, FileUp, ShieldCheck, Upload } from 'lucide-react'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { words } from './words'

const icons = [FileUp, Columns3, ShieldCheck]

/** Stands where nothing was ever imported: how it goes, and the way to the first import. */
export function FirstSteps() {
  const w = useWords(words)
  const mayImport = useMay('import')
  return (
    <Paper withBorder radius="lg" p={{ base: 'lg', sm: 40 }}>
      <Stack align="center" gap="xl">
        <div>
          <Title order={2} ta="center">
            {w.emptyTitle}
          </Title>
          <Text ta="center" c="dimmed" mt={6}>
            {w.emptyLead}
          </Text>
        </div>
        <SimpleGrid component="ol" cols={{ base: 1, sm: 3 }} spacing="xl" m={0} p={0} style={{ listStyle: 'none' }}>
          {w.steps.map(([title, text], n) => {
            const Icon = icons[n] ?? FileUp
            return (
              <Stack key={title} component="li" gap={6} align="center" ta="center">
                <ThemeIcon size={48} radius="xl" variant="light">
                  <Icon size={24} aria-hidden />
                </ThemeIcon>
                <Text fw={650}>
                  {n + 1}. {title}
                </Text>
                <Text size="sm" c="dimmed">
                  {text}
                </Text>
              </Stack>
            )
          })}
        </SimpleGrid>
        {mayImport ? (
          <Group justify="center" gap="lg">
            <Button component={Link} to="/imports/new" size="md" leftSection={<Upload size={18} aria-hidden />}>
              {w.start}
            </Button>
            <Anchor component={Link} to="/templates">
              {w.template}
            </Anchor>
          </Group>
        ) : (
          <Text>{w.viewer}</Text>
        )}
      </Stack>
    </Paper>
  )
}
