import '@mantine/dropzone/styles.css'
import { Button, Stack, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { FileUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { useWords } from '@/lang/lang'
import { words } from './words'

/** Where a file is dropped or chosen. */
export function Drop({
  onFile,
  busy,
  label,
  help,
}: {
  onFile: (file: File) => void
  busy?: boolean
  label?: string
  help?: string
}) {
  const w = useWords(words)
  const open = useRef<() => void>(null)
  const [several, setSeveral] = useState(false)
  return (
    <Dropzone
      onDrop={(files) => {
        setSeveral(files.length !== 1)
        if (files.length === 1 && files[0]) onFile(files[0])
      }}
      onReject={() => setSeveral(true)}
      openRef={open}
      loading={busy}
      multiple={false}
      // The button is what the keyboard reaches; the whole area is for the mouse.
      activateOnKeyboard={false}
      tabIndex={-1}
      radius="lg"
      p="xl"
    >
      <Stack align="center" gap="xs" py="lg" style={{ pointerEvents: 'none' }}>
        <FileUp size={40} aria-hidden color="var(--mantine-primary-color-filled)" />
        <Text fw={600} visibleFrom="sm">
          {w.drop}
        </Text>
        <Text fw={600} hiddenFrom="sm">
          {w.dropShort}
        </Text>
        <Text size="sm" c="dimmed" ta="center" maw={520}>
          {help ?? w.formats}
        </Text>
        <Button
          mt="sm"
          style={{ pointerEvents: 'all' }}
          onClick={(event) => {
            event.stopPropagation()
            open.current?.()
          }}
        >
          {label ?? w.choose}
        </Button>
        {several && (
          <Text role="alert" c="red" size="sm">
            {w.one}
          </Text>
        )}
      </Stack>
    </Dropzone>
  )
}
