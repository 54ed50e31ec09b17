import { ActionIcon, CopyButton, Group, TextInput, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useWords } from '@/lang/lang'
import { words } from '@/words'

/** Something that is shown this once, with what puts it on the clipboard. It is selected by a click, for browsers that let nobody there. */
export function Secret({ label, description, value }: { label: string; description?: string; value: string }) {
  const w = useWords(words)
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <TextInput
        label={label}
        description={description}
        value={value}
        readOnly
        style={{ flex: 1 }}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        onFocus={(e) => e.currentTarget.select()}
      />
      <CopyButton value={value} timeout={3000}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? w.copied : w.copy}>
            <ActionIcon
              size={36}
              variant="default"
              onClick={copy}
              aria-label={copied ? w.copied : `${w.copy}: ${label}`}
            >
              {copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  )
}
