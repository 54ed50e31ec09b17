import { Group, NumberInput, Stack, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '@/lang/lang'
import type { Prepared } from '../Prepare'
import { refusalOf } from '../refused'
import { Pick as Choose } from './Pick'
import { words } from './words'

type Who = 'default' | 'others' | 'nobody'

/** The tag that members get, the note that the list gets, and who gets a mail. */
export function Marks({ draft, change, refused }: Prepared) {
  const w = useWords(words)
  const { options } = draft
  const set = (to: Partial<typeof options>) => change((d) => ({ ...d, options: { ...d.options, ...to } }))
  return (
    <Stack>
      <Group grow align="flex-start" gap="lg" preventGrowOverflow={false} wrap="wrap">
        <TextInput
          label={w.importTag}
          description={w.importTagHelp}
          value={options.import_tag ?? ''}
          onChange={(e) => set({ import_tag: e.target.value || undefined })}
          error={refusalOf(refused, 'import_tag')}
          maxLength={100}
          miw={260}
        />
        <Textarea
          label={w.note}
          description={w.noteHelp}
          value={options.note ?? ''}
          onChange={(e) => set({ note: e.target.value || undefined })}
          error={refusalOf(refused, 'note')}
          maxLength={1000}
          autosize
          minRows={1}
          miw={260}
        />
      </Group>
      <Notify draft={draft} change={change} refused={refused} />
    </Stack>
  )
}

function Notify({ draft, change, refused }: Pick<Prepared, 'draft' | 'change' | 'refused'>) {
  const w = useWords(words)
  const { notify } = draft.options
  const [who, setWho] = useState<Who>(
    !notify?.recipients ? 'default' : notify.recipients.length > 0 ? 'others' : 'nobody',
  )
  const set = (to: Partial<NonNullable<typeof notify>>) =>
    change((d) => ({ ...d, options: { ...d.options, notify: { ...d.options.notify, ...to } } }))
  const choose = (next: Who) => {
    setWho(next)
    set({ recipients: next === 'nobody' ? [] : undefined })
  }
  return (
    <Group grow align="flex-start" gap="lg" preventGrowOverflow={false} wrap="wrap">
      <Choose label={w.notify} options={w.notifyOf} value={who} onChange={choose} />
      <Stack miw={260}>
        {who === 'others' && (
          <TagsInput
            label={w.recipients}
            description={w.recipientsHelp}
            value={notify?.recipients ?? []}
            onChange={(recipients) => set({ recipients: recipients.length > 0 ? recipients : undefined })}
            error={refusalOf(refused, 'notify.recipients')}
            maxTags={20}
          />
        )}
        {who !== 'nobody' && (
          <NumberInput
            label={w.minRows}
            value={notify?.min_rows ?? 0}
            onChange={(n) => set({ min_rows: typeof n === 'number' && n > 0 ? n : undefined })}
            min={0}
            allowDecimal={false}
            thousandSeparator=","
          />
        )}
      </Stack>
    </Group>
  )
}
