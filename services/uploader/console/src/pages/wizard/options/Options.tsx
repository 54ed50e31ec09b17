import { Accordion, Group, Stack, Text, Title } from '@mantine/core'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { KeyNotice, KeySelect } from '../mapping/Notices'
import type { Prepared } from '../Prepare'
import { refusalOf, stepOf } from '../refused'
import { Consent } from './Consent'
import { Details } from './Details'
import { Limits } from './Limits'
import { Marks } from './Marks'
import { Pick } from './Pick'
import { SaveProfile } from './SaveProfile'
import { TypeCards } from './TypeCards'
import { defaultsOf, typeOf } from './types'
import { words } from './words'

/** What the import does to members, in words; all of it has a safe default. */
export function Options(props: Prepared) {
  const { draft, refused } = props
  const w = useWords(words)
  const here = refused.filter((p) => stepOf(p) === 'options')
  const touched = draft.options.max_failed || draft.options.max_changed || draft.options.max_removed
  return (
    <>
      <div>
        <Title order={2}>{w.title}</Title>
        <Text c="dimmed" mt={4}>
          {w.lead}
        </Text>
      </div>
      {here.length > 0 && <Failure error={new Error(here.map((p) => p.detail).join('\n'))} />}
      <TypeCards {...props} />
      <Section title={w.rules}>
        <KeySelect {...props} error={refusalOf(refused, 'key')} />
        <KeyNotice {...props} />
        <Rules {...props} />
      </Section>
      <Section title={w.consentTitle}>
        <Consent {...props} />
      </Section>
      <Section title={w.marks}>
        <Marks {...props} />
      </Section>
      <Accordion variant="separated" multiple defaultValue={touched || here.length > 0 ? ['limits', 'details'] : []}>
        <Accordion.Item value="limits">
          <Accordion.Control>{w.limits}</Accordion.Control>
          <Accordion.Panel>
            <Limits {...props} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="details">
          <Accordion.Control>{w.details}</Accordion.Control>
          <Accordion.Panel>
            <Details {...props} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="save">
          <Accordion.Control>{w.save}</Accordion.Control>
          <Accordion.Panel>
            <SaveProfile {...props} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </>
  )
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Stack component="section" gap="md">
      <Title order={3}>{title}</Title>
      {children}
    </Stack>
  )
}

/** What happens where a row is not plain. */
function Rules({ draft, change, refused }: Prepared) {
  const w = useWords(words)
  const type = typeOf(draft.options)
  const otherwise = defaultsOf(draft.options)
  const set = (to: Partial<Prepared['draft']['options']>) => change((d) => ({ ...d, options: { ...d.options, ...to } }))
  return (
    <Group grow align="flex-start" gap="lg" preventGrowOverflow={false} wrap="wrap">
      {type !== 'delete' && (
        <Pick
          label={w.blank}
          description={w.blankHelp}
          options={w.blankOf}
          value={draft.options.blank ?? otherwise.blank}
          onChange={(blank) => set({ blank })}
          error={refusalOf(refused, 'blank')}
        />
      )}
      <Pick
        label={w.duplicates}
        options={w.duplicatesOf}
        value={draft.options.duplicates ?? otherwise.duplicates}
        onChange={(duplicates) => set({ duplicates })}
        error={refusalOf(refused, 'duplicates')}
      />
      {type !== 'delete' && (
        <>
          <Pick
            label={w.multiple}
            options={w.multipleOf}
            value={draft.options.multiple_matches ?? 'reject'}
            onChange={(multiple_matches) => set({ multiple_matches })}
            error={refusalOf(refused, 'multiple_matches')}
          />
          <Pick
            label={w.lists}
            options={w.listsOf}
            value={draft.options.list_values ?? otherwise.lists}
            onChange={(list_values) => set({ list_values })}
            error={refusalOf(refused, 'list_values')}
          />
        </>
      )}
    </Group>
  )
}
