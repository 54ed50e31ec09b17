import { Page } from '@/parts/Page'

export function Members() {
  return <Page title="Members">…</Page>
}
