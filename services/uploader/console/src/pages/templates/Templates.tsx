import { Page } from '@/parts/Page'

export function Templates() {
  return <Page title="Templates">…</Page>
}
