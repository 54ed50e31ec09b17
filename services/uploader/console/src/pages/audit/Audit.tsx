import { Page } from '@/parts/Page'

export function Audit() {
  return <Page title="Audit">…</Page>
}
