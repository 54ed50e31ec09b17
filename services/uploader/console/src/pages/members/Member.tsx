import { Page } from '@/parts/Page'

export function Member() {
  return <Page title="Member">…</Page>
}
