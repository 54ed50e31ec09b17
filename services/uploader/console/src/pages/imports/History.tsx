import { Page } from '@/parts/Page'

export function History() {
  return <Page title="History">…</Page>
}
