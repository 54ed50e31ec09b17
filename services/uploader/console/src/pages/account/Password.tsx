import { Page } from '@/parts/Page'

export function Password() {
  return <Page title="Password">…</Page>
}
