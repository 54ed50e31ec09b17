import { Page } from '@/parts/Page'

export function Lists() {
  return <Page title="Lists">…</Page>
}
