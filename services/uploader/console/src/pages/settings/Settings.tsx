import { Alert } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Lock } from 'lucide-react'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { Basics } from './Basics'
import { Limits } from './Limits'
import { Notify } from './Notify'
import { settingsQuery } from './query'
import { Retention } from './Retention'
import { words } from './words'

/** What a tenant has settled: everybody sees it, administrators change it. */
export function Settings() {
  const w = useWords(words)
  const may = useMay('admin')
  const settings = useQuery(settingsQuery)
  return (
    <Page title={w.title} lead={w.lead} width={760}>
      {!may && (
        <Alert color="gray" icon={<Lock size={18} aria-hidden />}>
          {w.readOnly}
        </Alert>
      )}
      {settings.isPending && <Loading>{w.loading}</Loading>}
      {settings.isError && <Failure error={settings.error} retry={settings.refetch} />}
      {settings.data && (
        <>
          <Notify settings={settings.data} may={may} />
          <Basics settings={settings.data} may={may} />
          <Retention may={may} />
          <Limits settings={settings.data} />
        </>
      )}
    </Page>
  )
}
