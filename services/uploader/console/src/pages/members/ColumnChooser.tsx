import { Button, Checkbox, Popover, ScrollArea, Stack, Text, TextInput } from '@mantine/core'
import { Columns3 } from 'lucide-react'
import { useState } from 'react'
import { type Field, labelOf } from '@/api/fields'
import { useLang, useWords } from '@/lang/lang'
import { words } from './words'

/** Chooses the columns of the members' table. */
export function ColumnChooser({
  fields,
  keys,
  onChange,
}: {
  fields: Field[]
  keys: string[]
  onChange: (keys: string[] | null) => void
}) {
  const w = useWords(words)
  const { lang } = useLang()
  const [sought, setSought] = useState('')
  const found = fields.filter((f) => `${labelOf(f, lang)} ${f.key}`.toLowerCase().includes(sought.toLowerCase()))
  return (
    <Popover width={300} position="bottom-end" trapFocus shadow="md">
      <Popover.Target>
        <Button variant="default" leftSection={<Columns3 size={16} aria-hidden />}>
          {w.columns}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <TextInput
            aria-label={w.fieldSearch}
            placeholder={w.fieldSearch}
            value={sought}
            onChange={(e) => setSought(e.currentTarget.value)}
            data-autofocus
          />
          <ScrollArea.Autosize mah={300} type="auto" viewportProps={{ tabIndex: -1 }}>
            <Checkbox.Group value={keys} onChange={onChange} aria-label={w.columns}>
              <Stack gap={8} py={4}>
                {found.map((f) => (
                  <Checkbox key={f.key} value={f.key} label={labelOf(f, lang)} />
                ))}
              </Stack>
            </Checkbox.Group>
          </ScrollArea.Autosize>
          <Text size="xs" c="dimmed">
            {w.columnsHelp}
          </Text>
          <Button size="xs" variant="subtle" onClick={() => onChange(null)}>
            {w.columnsReset}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
