import { Alert, Paper, Stack, Title } from '@mantine/core'
import { Undo2 } from 'lucide-react'
import { useWords } from '@/lang/lang'
import type { Import } from './figures'
import { Kept } from './Kept'
import { UndoCounts } from './UndoCounts'
import { undoWords } from './undoWords'

/** What an undo has done so far, and at its end what it has kept. */
export function Undone({ import: i }: { import: Import }) {
  const w = useWords(undoWords)
  const { undo } = i
  if (!undo) return null
  const done = undo.state === 'done'
  return (
    <Paper withBorder p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="undone">
      <Stack>
        <Title order={2} id="undone">
          <Undo2 size={18} aria-hidden style={{ verticalAlign: '-2px', marginRight: 8 }} />
          {done ? w.doneTitle : w.progress}
        </Title>
        {undo.error && (
          <Alert color="orange" variant="light" title={w.trouble}>
            {undo.error}
          </Alert>
        )}
        <UndoCounts undo={undo} />
        {done && undo.kept > 0 && <Kept import={i} undo={undo} />}
      </Stack>
    </Paper>
  )
}
