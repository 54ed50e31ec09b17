import { Button, Paper, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { SlidersHorizontal, Upload } from 'lucide-react'
import { useState } from 'react'
import { api, ask, type Schemas } from '@/api/client'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import classes from '@/pages/fields/Fields.module.css'
import { Empty } from '@/parts/Empty'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { ProfileDrawer } from './ProfileDrawer'
import { words } from './words'

/** The profiles: mappings and options under a name. They are made where files are imported. */
export function Profiles() {
  const w = useWords(words)
  const mayImport = useMay('import')
  const found = useQuery({ queryKey: ['profiles'], queryFn: () => ask(api.GET('/v1/profiles')) })
  const profiles = found.data?.items ?? []
  const [open, setOpen] = useState<string | null>(null)
  return (
    <Page title={w.title} lead={w.lead}>
      {found.isPending && <Loading>{w.loading}</Loading>}
      {found.isError && <Failure error={found.error} retry={() => found.refetch()} />}
      {found.isSuccess && profiles.length === 0 && (
        <Empty
          icon={SlidersHorizontal}
          title={w.emptyTitle}
          action={
            mayImport && (
              <Button component={Link} to="/imports/new" mt="sm" leftSection={<Upload size={16} aria-hidden />}>
                {w.start}
              </Button>
            )
          }
        >
          {w.emptyText}
        </Empty>
      )}
      {profiles.length > 0 && <ProfilesTable profiles={profiles} onOpen={setOpen} />}
      <ProfileDrawer name={open} onClose={() => setOpen(null)} />
    </Page>
  )
}

function ProfilesTable({ profiles, onOpen }: { profiles: Schemas['Profile'][]; onOpen: (name: string) => void }) {
  const w = useWords(words)
  const { dateTime, number } = useFormats(useSession().tenant.time_zone)
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={520}>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{w.name}</Table.Th>
              <Table.Th scope="col">{w.list}</Table.Th>
              <Table.Th scope="col" ta="right">
                {w.columns}
              </Table.Th>
              <Table.Th scope="col">{w.updatedAt}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {profiles.map((p) => (
              <Table.Tr key={p.name}>
                <Table.Th scope="row" fw={500}>
                  <button type="button" className={classes.open} onClick={() => onOpen(p.name)}>
                    {p.name}
                  </button>
                </Table.Th>
                <Table.Td>{p.list || w.anyList}</Table.Td>
                <Table.Td ta="right">{p.header ? number(p.header.length) : '—'}</Table.Td>
                <Table.Td>{dateTime(p.updated_at)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  )
}
