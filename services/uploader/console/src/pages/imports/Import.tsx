import { Accordion, Anchor, Group, Stack, Text } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { Broken } from '@/shell/Trouble'
import { Controls } from './Controls'
import { Ending } from './Ending'
import { Failures } from './Failures'
import { isDraft, isFinal, type Import as Shown } from './figures'
import { importWords } from './importWords'
import { Outcomes } from './Outcomes'
import { Progressing } from './Progressing'
import { useLiveImport, usePace } from './queries'
import { Retries } from './Retries'
import { Sample } from './Sample'
import { Settings } from './Settings'
import { Speed } from './Speed'
import { StateBadge } from './StateBadge'
import { Timeline } from './Timeline'
import { Undone } from './Undone'

/** One import, live while it runs. Mails about imports lead here. */
export function Import() {
  const w = useWords(importWords)
  const { id } = useParams({ from: '/inside/imports/$id' })
  const query = useLiveImport(id)
  if (!query.data) return query.isError ? <Broken error={query.error} /> : <Loading>{w.loading}</Loading>
  return <OneImport key={id} import={query.data} />
}

function OneImport({ import: i }: { import: Shown }) {
  const w = useWords(importWords)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const { samples, ahead } = usePace(i)
  const at = i.started_at ?? i.created_at
  return (
    <Stack gap="xs">
      <Anchor component={Link} to="/imports" size="sm" maw={1180} mx="auto" w="100%">
        <ChevronLeft size={14} aria-hidden style={{ verticalAlign: '-2px' }} /> {w.back}
      </Anchor>
      <Page
        title={i.file_name}
        lead={
          <Group component="span" gap="sm">
            <StateBadge import={i} size="lg" />
            <Text span>
              {w.by(i.list, i.user || w.byKey)} · <time dateTime={at}>{f.dateTime(at)}</time>
            </Text>
          </Group>
        }
        actions={<Controls import={i} />}
      >
        <Ending import={i} />
        {i.undo && <Undone import={i} />}
        {(!isFinal(i) || i.stopped || (i.undo && i.undo.state !== 'done')) && (
          <Progressing import={i} samples={samples} ahead={ahead} />
        )}
        <Retries import={i} />
        {!isDraft(i) && <Outcomes import={i} />}
        <Failures import={i} />
        <Speed samples={samples} />
        <More import={i} />
      </Page>
    </Stack>
  )
}

/** What not everybody looks for, closed until it is. A dry run is all about what would change. */
function More({ import: i }: { import: Shown }) {
  const w = useWords(importWords)
  const [open, setOpen] = useState<string[]>(i.dry_run ? ['sample'] : [])
  const parts = [
    ['sample', w.sample, Sample],
    ['timeline', w.timeline, Timeline],
    ['settings', w.settings, Settings],
  ] as const
  return (
    <Accordion variant="separated" multiple value={open} onChange={setOpen} order={2}>
      {parts
        .filter(([value]) => value !== 'sample' || !isDraft(i))
        .map(([value, title, Part]) => (
          <Accordion.Item key={value} value={value}>
            <Accordion.Control>
              <Text fw={650}>{title}</Text>
            </Accordion.Control>
            <Accordion.Panel>{open.includes(value) && <Part import={i} />}</Accordion.Panel>
          </Accordion.Item>
        ))}
    </Accordion>
  )
}
