import { Badge, Button, Drawer, Group, Stack, Table, Text, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { api, ask, type Schemas } from '@/api/client'
import { labelOf, useFieldsByKey } from '@/api/fields'
import { useMay } from '@/api/session'
import { useLang, useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { words as common } from '@/words'
import { words } from './words'

type Profile = Schemas['Profile']

/** A profile in a drawer: what it says of an import, in words. */
export function ProfileDrawer({ name, onClose }: { name: string | null; onClose: () => void }) {
  const w = useWords(words)
  const found = useQuery({
    queryKey: ['profiles', name],
    queryFn: () => ask(api.GET('/v1/profiles/{name}', { params: { path: { name: name ?? '' } } })),
    enabled: name !== null,
  })
  return (
    <Drawer opened={name !== null} onClose={onClose} position="right" size="lg" title={name} keepMounted={false}>
      {found.isError && <Failure error={found.error} retry={() => found.refetch()} />}
      {found.isPending && <Loading>{w.loadingOne}</Loading>}
      {found.data && <Contents profile={found.data} onClose={onClose} />}
    </Drawer>
  )
}

function Contents({ profile, onClose }: { profile: Profile; onClose: () => void }) {
  const w = useWords(words)
  const mayEdit = useMay('import')
  const header = profile.header ?? []
  return (
    <Stack>
      <Text size="sm">
        {w.list}: {profile.list || w.anyList}
      </Text>
      <Options profile={profile} />
      <Mapping profile={profile} />
      <section>
        <Title order={3} mb="xs">
          {w.header}
        </Title>
        {header.length === 0 ? (
          <Text size="sm">{w.noHeader}</Text>
        ) : (
          <Group gap={4}>
            {header.map((h, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two columns may be called alike
              <Badge key={i} variant="default" tt="none" fw={400}>
                {h}
              </Badge>
            ))}
          </Group>
        )}
      </section>
      {mayEdit && (
        <>
          <Text size="sm" c="dimmed">
            {w.howTo}
          </Text>
          <Remove name={profile.name} onClose={onClose} />
        </>
      )}
    </Stack>
  )
}

/** The options that are said in plain words; those of single columns stand with the mapping. */
function Options({ profile }: { profile: Profile }) {
  const w = useWords(words)
  const { lang } = useLang()
  const fields = useFieldsByKey(profile.list || 'main')
  const said = Object.entries(profile.options ?? {}).filter(
    ([name, value]) => w.options[name] && ['string', 'number', 'boolean'].includes(typeof value) && value !== '',
  )
  const show = (name: string, value: string) => {
    const field = name === 'key' || name === 'skip_without' ? fields.get(value) : undefined
    return field ? labelOf(field, lang) : (w.values[value] ?? value)
  }
  return (
    <section>
      <Title order={3} mb="xs">
        {w.settings}
      </Title>
      {said.length === 0 ? (
        <Text size="sm">{w.defaults}</Text>
      ) : (
        <Table withRowBorders={false} verticalSpacing={4}>
          <Table.Tbody>
            {said.map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400} c="dimmed" w="45%">
                  {w.options[name]}
                </Table.Th>
                <Table.Td>{show(name, String(value))}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  )
}

function Mapping({ profile }: { profile: Profile }) {
  const w = useWords(words)
  const { lang } = useLang()
  const fields = useFieldsByKey(profile.list || 'main')
  const { mapping, map } = profile.options ?? {}
  const columns =
    mapping ?? Object.entries(map ?? {}).map(([header, field]) => ({ header, field, inverted: undefined }))
  return (
    <section>
      <Title order={3} mb="xs">
        {w.mapping}
      </Title>
      {columns.length === 0 ? (
        <Text size="sm">{w.noMapping}</Text>
      ) : (
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{w.column}</Table.Th>
              <Table.Th scope="col">{w.field}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {columns.map((c) => {
              const field = fields.get(c.field)
              return (
                <Table.Tr key={c.header}>
                  <Table.Th scope="row" fw={400}>
                    {c.header}
                  </Table.Th>
                  <Table.Td>
                    {field ? labelOf(field, lang) : c.field || w.notImported}
                    {c.inverted && ` (${w.inverted})`}
                  </Table.Td>
                </Table.Tr>
              )
            })}
          </Table.Tbody>
        </Table>
      )}
    </section>
  )
}

function Remove({ name, onClose }: { name: string; onClose: () => void }) {
  const w = useWords(words)
  const c = useWords(common)
  const queries = useQueryClient()
  const remove = useAct(() => ask(api.DELETE('/v1/profiles/{name}', { params: { path: { name } } })), {
    done: w.removed,
    then: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: ['profiles'], exact: true })
    },
  })
  const confirm = () =>
    modals.openConfirmModal({
      title: w.removeTitle(name),
      children: <Text size="sm">{w.removeText}</Text>,
      labels: { confirm: w.remove, cancel: c.cancel },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    })
  return (
    <Group>
      <Button
        variant="subtle"
        color="red"
        size="xs"
        leftSection={<Trash2 size={14} aria-hidden />}
        onClick={confirm}
        disabled={remove.isPending}
      >
        {w.remove}
      </Button>
    </Group>
  )
}
