import { Anchor, Grid, Group, Radio, Select, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '@/api/client'
import { useList } from '@/api/list'
import { useLang, useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { draftOf, noDraft, storeDraft } from '../draft'
import { begin } from '../upload/uploads'
import { Drop } from './Drop'
import { Unfinished } from './Unfinished'
import { words } from './words'

type Kind = 'member' | 'lead'

/** The first step: which file, for which list, and whether a profile says the rest. */
export function ChooseFile() {
  const w = useWords(words)
  const navigate = useNavigate()
  const { list, setList, lists } = useList()
  const [kind, setKind] = useState<Kind>('member')
  const [profile, setProfile] = useState<string | null>(null)
  const create = useAct(
    async (file: File) => {
      const draft = profile
        ? draftOf(await ask(api.GET('/v1/profiles/{name}', { params: { path: { name: profile } } })))
        : noDraft
      const created = await ask(api.POST('/v1/imports', { body: { list, kind, file_name: file.name.slice(-255) } }))
      storeDraft(created.id, { ...draft, options: { ...draft.options, kind } })
      begin(created.id, file)
      return created
    },
    { quiet: true, then: (created) => navigate({ to: '/imports/new/$id', params: { id: created.id } }) },
  )
  return (
    <>
      {create.isError && <Failure error={create.error} />}
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Drop
            onFile={(file) => create.mutate(file)}
            busy={create.isPending}
            help={create.isPending ? w.creating : undefined}
          />
          <Templates list={list} kind={kind} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <Select
              label={w.list}
              data={lists.length > 0 ? lists.map((l) => l.name) : [list]}
              value={list}
              onChange={(name) => name && setList(name)}
              allowDeselect={false}
              searchable={lists.length > 10}
            />
            <Radio.Group label={w.kind} value={kind} onChange={(value) => setKind(value as Kind)}>
              <Stack gap="xs" mt="xs">
                <Radio value="member" label={w.member} description={w.memberHelp} />
                <Radio value="lead" label={w.leadKind} description={w.leadHelp} />
              </Stack>
            </Radio.Group>
            <Profiles list={list} value={profile} onChange={setProfile} />
          </Stack>
        </Grid.Col>
      </Grid>
      <Unfinished />
    </>
  )
}

function Profiles({
  list,
  value,
  onChange,
}: {
  list: string
  value: string | null
  onChange: (name: string | null) => void
}) {
  const w = useWords(words)
  const { data } = useQuery({ queryKey: ['profiles'], queryFn: () => ask(api.GET('/v1/profiles')), staleTime: 30_000 })
  const names = (data?.items ?? []).filter((p) => p.list === '' || p.list === list).map((p) => p.name)
  if (names.length === 0) return null
  return (
    <Select
      label={w.profile}
      description={w.profileHelp}
      placeholder={w.noProfile}
      data={names}
      value={value !== null && names.includes(value) ? value : null}
      onChange={onChange}
      clearable
      searchable={names.length > 10}
    />
  )
}

/** Links to files that have every column, and no row yet. */
function Templates({ list, kind }: { list: string; kind: Kind }) {
  const w = useWords(words)
  const { lang } = useLang()
  const address = (ending: string) =>
    `/v1/templates/${encodeURIComponent(list)}.${ending}?kind=${kind}&language=${lang}`
  return (
    <Stack gap={4} mt="md">
      <Text size="sm" c="dimmed">
        {w.templates}
      </Text>
      <Group gap="md">
        {[
          { ending: 'xlsx', label: w.templateXLSX },
          { ending: 'csv', label: w.templateCSV },
        ].map(({ ending, label }) => (
          <Anchor key={ending} href={address(ending)} download size="sm">
            <Group gap={4} component="span">
              <Download size={15} aria-hidden />
              {label}
            </Group>
          </Anchor>
        ))}
      </Group>
    </Stack>
  )
}
