import { Page } from '@/parts/Page'

export function Import() {
  return <Page title="Import">…</Page>
}
