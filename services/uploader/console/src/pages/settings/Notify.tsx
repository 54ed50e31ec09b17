import { Alert, Button, Checkbox, Group, NumberInput, Stack, TagsInput } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import { type TenantSettings, useChangeSettings } from './query'
import { Section } from './Section'
import { words } from './words'

/** Who is told of the end of imports. */
export function Notify({ settings, may }: { settings: TenantSettings; may: boolean }) {
  const w = useWords(words)
  const c = useWords(common)
  const change = useChangeSettings()
  const [owners, setOwners] = useState(settings.notify.owners)
  const [importer, setImporter] = useState(settings.notify.importer)
  const [recipients, setRecipients] = useState(settings.notify.recipients ?? [])
  const [minRows, setMinRows] = useState<number | string>(settings.notify.min_rows)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ notify: { owners, importer, recipients, min_rows: Number(minRows) || 0 } })
  }
  return (
    <Section title={w.notify} lead={w.notifyLead}>
      <form onSubmit={submit}>
        <Stack>
          <Checkbox label={w.owners} checked={owners} onChange={(e) => setOwners(e.target.checked)} disabled={!may} />
          <Checkbox
            label={w.importer}
            checked={importer}
            onChange={(e) => setImporter(e.target.checked)}
            disabled={!may}
          />
          <TagsInput
            label={w.recipients}
            description={may ? w.recipientsHelp : undefined}
            value={recipients}
            onChange={setRecipients}
            maxTags={20}
            splitChars={[',', ' ', '、', ';']}
            acceptValueOnBlur
            disabled={!may}
          />
          <NumberInput
            label={w.minRows}
            description={w.minRowsHelp}
            value={minRows}
            onChange={setMinRows}
            min={0}
            allowDecimal={false}
            thousandSeparator=","
            suffix={w.rowsSuffix}
            maw={240}
            disabled={!may}
          />
          {!owners && !importer && recipients.length === 0 && (
            <Alert color="yellow" icon={<TriangleAlert size={18} aria-hidden />}>
              {w.nobody}
            </Alert>
          )}
          {change.isError && <Failure error={change.error} />}
          {may && (
            <Group>
              <Button type="submit" loading={change.isPending} aria-label={`${w.notify}: ${c.save}`}>
                {c.save}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Section>
  )
}
