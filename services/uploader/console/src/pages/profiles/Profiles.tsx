import { Page } from '@/parts/Page'

export function Profiles() {
  return <Page title="Profiles">…</Page>
}
