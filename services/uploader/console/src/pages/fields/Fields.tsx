import { Page } from '@/parts/Page'

export function Fields() {
  return <Page title="Fields">…</Page>
}
