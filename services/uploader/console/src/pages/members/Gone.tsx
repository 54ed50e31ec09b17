import { Alert, Anchor, Button, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Eraser, UserX } from 'lucide-react'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { Erased, EraseMember, erasureQuery } from './EraseMember'
import { History } from './History'
import { words } from './member_words'
import { historyQuery } from './queries'

/** A member who is not there: deleted with a history, erased, or never there. */
export function Gone({ id }: { id: number }) {
  const w = useWords(words)
  const isAdmin = useMay('admin')
  const history = useInfiniteQuery(historyQuery(id))
  const erasure = useQuery({ ...erasureQuery(id), enabled: isAdmin })
  const [erasing, erase] = useDisclosure()
  if (history.isPending || (isAdmin && erasure.isPending)) return <Loading>{w.loading}</Loading>
  const back = (
    <Anchor component={Link} to="/members">
      {w.back}
    </Anchor>
  )
  if (erasure.data) {
    return (
      <Page title={w.erased} lead={back} width={800}>
        <Erased erasure={erasure.data} />
      </Page>
    )
  }
  const known = (history.data?.pages[0]?.items ?? []).length > 0
  if (!known) {
    return (
      <Page title={w.title} lead={back}>
        <Empty icon={UserX} title={w.goneNotFound}>
          {w.goneNotFoundText}
        </Empty>
      </Page>
    )
  }
  return (
    <Page title={w.gone} lead={back} width={800}>
      <Alert color="gray" icon={<UserX size={18} />}>
        {w.goneText}
        {isAdmin && (
          <Group mt="sm">
            <Button size="xs" variant="default" leftSection={<Eraser size={14} aria-hidden />} onClick={erase.open}>
              {w.erase}
            </Button>
          </Group>
        )}
      </Alert>
      <History id={id} />
      <EraseMember id={id} name={`#${id}`} opened={erasing} onClose={erase.close} />
    </Page>
  )
}
