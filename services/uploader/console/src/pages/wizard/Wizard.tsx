import { Alert, Button, Group, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useParams, useSearch } from '@tanstack/react-router'
import { Ban } from 'lucide-react'
import type { ReactNode } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { words as common } from '@/words'
import { ChooseFile } from './file/ChooseFile'
import { Resume } from './file/Resume'
import { Uploading } from './file/Uploading'
import { Prepare } from './Prepare'
import { Steps } from './Steps'
import type { WizardSearch } from './steps'
import { useUpload } from './upload/uploads'
import { words } from './words'

/** From a file to an import that has started, step by step. The address says which import and which step. */
export function Wizard() {
  const w = useWords(words)
  const c = useWords(common)
  const { id } = useParams({ strict: false })
  if (!useMay('import')) {
    return (
      <Page title={w.title}>
        <Alert color="yellow">{c.viewOnly}</Alert>
      </Page>
    )
  }
  if (id) return <Existing key={id} id={id} />
  return (
    <Frame top={<Steps now="file" />}>
      <ChooseFile />
    </Frame>
  )
}

export function Frame({
  top,
  lead,
  actions,
  children,
}: {
  top: ReactNode
  lead?: string
  actions?: ReactNode
  children: ReactNode
}) {
  const w = useWords(words)
  return (
    <Page title={w.title} lead={lead} actions={actions} width={1040}>
      {top}
      <Stack gap="lg">{children}</Stack>
    </Page>
  )
}

export const importQuery = (id: string) => ({
  queryKey: ['wizard', 'import', id],
  queryFn: () => ask(api.GET('/v1/imports/{id}', { params: { path: { id } } })),
})

/** An import that is there already, wherever it stands. */
function Existing({ id }: { id: string }) {
  const w = useWords(words)
  const { step } = useSearch({ strict: false }) as WizardSearch
  const upload = useUpload(id)
  const { data: found, error, refetch } = useQuery(importQuery(id))
  if (error && !found) {
    return (
      <Frame top={<Steps now="file" />}>
        <Failure error={error} retry={refetch} />
      </Frame>
    )
  }
  if (!found) {
    return (
      <Frame top={<Steps now="file" />}>
        <Loading>{w.loadingImport}</Loading>
      </Frame>
    )
  }
  const lead = w.lead(found.file_name, found.list)
  if (found.state === 'cancelled' && !found.uploaded_at) return <Cancelled lead={lead} />
  if (found.parent || !waits(found)) return <Navigate to="/imports/$id" params={{ id }} replace />
  if (upload && upload.progress.stage !== 'done' && upload.progress.stage !== 'cancelled') {
    return (
      <Frame top={<Steps now="file" />} lead={lead}>
        <Uploading id={id} file={upload.file} progress={upload.progress} />
      </Frame>
    )
  }
  if (found.state === 'created') {
    return (
      <Frame top={<Steps now="file" />} lead={lead}>
        <Resume found={found} />
      </Frame>
    )
  }
  return <Prepare found={found} step={step && step !== 'file' ? step : 'found'} lead={lead} />
}

const waits = (i: Schemas['Import']) => i.state === 'created' || i.state === 'uploaded'

function Cancelled({ lead }: { lead: string }) {
  const w = useWords(words)
  return (
    <Frame top={<Steps now="file" />} lead={lead}>
      <Empty
        icon={Ban}
        title={w.cancelled}
        action={
          <Button component={Link} to="/imports/new" mt="sm">
            {w.startOver}
          </Button>
        }
      >
        {w.cancelledHelp}
      </Empty>
    </Frame>
  )
}

/** The way on and the way back, at the end of a step. */
export function Ways({ back, children }: { back?: ReactNode; children?: ReactNode }) {
  return (
    <Group justify="space-between" mt="md">
      {back ?? <span />}
      {children}
    </Group>
  )
}
