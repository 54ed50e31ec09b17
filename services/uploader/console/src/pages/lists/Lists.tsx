import { Badge, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Pencil, Plus, Rows3, Users } from 'lucide-react'
import { useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { fieldsQuery, labelOf } from '@/api/fields'
import { listsQuery, useList } from '@/api/list'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { words as common } from '@/words'
import { ListDrawer } from './ListDrawer'
import { words } from './words'

type List = Schemas['List']

/** More lists than these are shown without counting the members of each. */
const mostCounted = 30

/** The tenant's lists: made, noted, and told which fields they require. */
export function Lists() {
  const w = useWords(words)
  const mayEdit = useMay('import')
  const found = useQuery(listsQuery)
  const lists = found.data?.items ?? []
  const [open, setOpen] = useState<List | 'new' | null>(null)
  return (
    <Page
      title={w.title}
      lead={w.lead}
      actions={
        mayEdit && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setOpen('new')}>
            {w.add}
          </Button>
        )
      }
    >
      {found.isPending && <Loading>{w.loading}</Loading>}
      {found.isError && <Failure error={found.error} retry={() => found.refetch()} />}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {lists.map((list) => (
          <Card
            key={list.name}
            list={list}
            counted={lists.length <= mostCounted}
            onChange={mayEdit ? () => setOpen(list) : undefined}
          />
        ))}
      </SimpleGrid>
      {lists.length === 1 && mayEdit && (
        <Empty icon={Rows3} title={w.onlyMain}>
          {w.onlyMainText}
        </Empty>
      )}
      <ListDrawer list={open} onClose={() => setOpen(null)} />
    </Page>
  )
}

function Card({ list, counted, onChange }: { list: List; counted: boolean; onChange?: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const { date } = useFormats(useSession().tenant.time_zone)
  const { list: current, setList } = useList()
  const navigate = useNavigate()
  const open = () => {
    setList(list.name)
    navigate({ to: '/members' })
  }
  return (
    <Paper withBorder p="md" component="article" aria-label={list.name}>
      <Stack gap="xs" h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} size="h3">
            {list.name}
          </Title>
          {list.name === current && (
            <Badge variant="light" tt="none">
              {w.current}
            </Badge>
          )}
        </Group>
        {list.note && (
          <Text size="sm" style={{ whiteSpace: 'pre-line' }}>
            {list.note}
          </Text>
        )}
        <Text size="sm" c="dimmed" component="div">
          {counted && (
            <div>
              {w.members}: <Count list={list.name} />
            </div>
          )}
          <div>
            {w.required}: <Required list={list.name} />
          </div>
          <div>
            {w.createdAt}: {date(list.created_at)}
          </div>
        </Text>
        <Group gap="xs" mt="auto" pt="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<Users size={14} aria-hidden />}
            onClick={open}
            aria-label={w.openOf(list.name)}
          >
            {w.open}
          </Button>
          {onChange && (
            <Button
              size="xs"
              variant="default"
              leftSection={<Pencil size={14} aria-hidden />}
              onClick={onChange}
              aria-label={w.changeOf(list.name)}
            >
              {c.change}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  )
}

function Count({ list }: { list: string }) {
  const w = useWords(words)
  const { number } = useFormats()
  const { data } = useQuery({
    queryKey: ['members', list, 'size'],
    queryFn: () => ask(api.GET('/v1/members', { params: { query: { list, limit: 1, count: true } } })),
    staleTime: 60_000,
  })
  if (data?.count === undefined) return <>{w.counting}</>
  return <>{(data.count_more ? w.countMore : w.count)(number(data.count))}</>
}

function Required({ list }: { list: string }) {
  const c = useWords(common)
  const { lang } = useLang()
  const fields = useQuery(fieldsQuery(list)).data
  const required = fields?.filter((f) => f.required).map((f) => labelOf(f, lang)) ?? []
  if (!fields) return <>…</>
  return <>{required.length > 0 ? required.join(lang === 'ja' ? '、' : ', ') : c.none}</>
}
