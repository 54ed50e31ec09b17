import { Button, Group, Select, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useMemo, useState } from 'react'
import { useLang, useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { words as common } from '@/words'
import { type TenantSettings, useChangeSettings } from './query'
import { regionsOf } from './regions'
import { Section } from './Section'
import { words } from './words'

/** What the tenant is called, and how its dates and phone numbers are meant. */
export function Basics({ settings, may }: { settings: TenantSettings; may: boolean }) {
  const w = useWords(words)
  const c = useWords(common)
  const { lang } = useLang()
  const change = useChangeSettings()
  const [label, setLabel] = useState(settings.label)
  const [language, setLanguage] = useState(settings.language)
  const [zone, setZone] = useState(settings.time_zone)
  const [region, setRegion] = useState(settings.region)
  const zones = useMemo(
    () => [...new Set([settings.time_zone, 'UTC', ...Intl.supportedValuesOf('timeZone')])],
    [settings],
  )
  const regions = useMemo(() => regionsOf(lang), [lang])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ label: label.trim(), language, time_zone: zone, region })
  }
  return (
    <Section title={w.basics} lead={`${w.name}: ${settings.name} (${w.nameHelp})`}>
      <form onSubmit={submit}>
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={w.label}
              description={w.labelHelp}
              value={label}
              onChange={(e) => setLabel(e.target.value)}
              maxLength={100}
              placeholder={settings.name}
              disabled={!may}
            />
            <Select
              label={w.language}
              description={w.languageHelp}
              data={Object.entries(w.languages).map(([value, text]) => ({ value, label: text }))}
              value={language}
              onChange={(v) => v && setLanguage(v as TenantSettings['language'])}
              allowDeselect={false}
              disabled={!may}
            />
            <Select
              label={w.timeZone}
              description={w.timeZoneHelp}
              data={zones}
              value={zone}
              onChange={(v) => v && setZone(v)}
              searchable
              allowDeselect={false}
              nothingFoundMessage={w.unknown}
              limit={100}
              disabled={!may}
            />
            <Select
              label={w.region}
              description={w.regionHelp}
              data={regions}
              value={region}
              onChange={(v) => v && setRegion(v)}
              searchable
              allowDeselect={false}
              nothingFoundMessage={w.unknown}
              disabled={!may}
            />
          </SimpleGrid>
          <TextInput
            label={w.mailFrom}
            description={w.operators}
            value={settings.mail_from || w.mailFromDefault}
            readOnly
            variant="filled"
          />
          {change.isError && <Failure error={change.error} />}
          {may && (
            <Group>
              <Button type="submit" loading={change.isPending} aria-label={`${w.basics}: ${c.save}`}>
                {c.save}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Section>
  )
}
