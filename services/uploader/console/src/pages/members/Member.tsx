import { Anchor, Badge, Button, Grid, Group, Menu, Paper, Stack, Switch, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ArrowLeft, Ban, Eraser, Pencil, Trash2, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { type Field, fieldsQuery, labelOf } from '@/api/fields'
import { useMay, useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useLang, useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { Page } from '@/parts/Page'
import { EditMember } from './EditMember'
import { EraseMember } from './EraseMember'
import { Gone } from './Gone'
import { History } from './History'
import classes from './Members.module.css'
import { words } from './member_words'
import { memberQuery, type ReadMember } from './queries'
import { useMemberActs } from './useMemberActs'
import { grouped, isEmpty, type MemberValues, nameOf, useValueText } from './values'

/** One member: who it is, all values, and what happened to it. */
export function Member() {
  const w = useWords(words)
  const id = Number(useParams({ from: '/inside/members/$id' }).id)
  const found = useQuery(memberQuery(id))
  if (found.isPending) return <Loading>{w.loading}</Loading>
  if (found.error instanceof ApiError && found.error.status === 404) return <Gone key={id} id={id} />
  if (!found.data) return <Failure error={found.error} retry={() => found.refetch()} />
  return <Known key={id} was={found.data} />
}

function Known({ was }: { was: ReadMember }) {
  const w = useWords(words)
  const { member } = was
  const fields = useQuery(fieldsQuery(member.list))
  const { dateTime } = useFormats(useSession().tenant.time_zone)
  return (
    <Page
      title={nameOf(member)}
      lead={
        <Group gap="xs" component="span">
          <Anchor component={Link} to="/members" size="sm">
            <ArrowLeft size={14} aria-hidden /> {w.back}
          </Anchor>
          <Badge variant="default" tt="none">
            {w.kinds[member.kind]}
          </Badge>
          <Badge variant="default" tt="none">
            {w.list}: {member.list}
          </Badge>
          {member.blocked_at && (
            <Badge variant="light" color="red" tt="none" leftSection={<Ban size={12} aria-hidden />}>
              {w.blockedSince(dateTime(member.blocked_at))}
            </Badge>
          )}
        </Group>
      }
      actions={fields.data && <Actions was={was} fields={fields.data} />}
    >
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          {fields.data ? (
            <Values member={member} fields={fields.data} />
          ) : fields.isError ? (
            <Failure error={fields.error} retry={() => fields.refetch()} />
          ) : (
            <Loading>{w.loading}</Loading>
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <History id={member.id} list={member.list} />
        </Grid.Col>
      </Grid>
    </Page>
  )
}

/** What can be done with a member, by whoever may. */
function Actions({ was, fields }: { was: ReadMember; fields: Field[] }) {
  const w = useWords(words)
  const mayEdit = useMay('import')
  const isAdmin = useMay('admin')
  const [editing, edit] = useDisclosure()
  const [erasing, erase] = useDisclosure()
  const { block, unblock, remove } = useMemberActs(was)
  if (!mayEdit) return null
  return (
    <>
      <Button leftSection={<Pencil size={16} aria-hidden />} onClick={edit.open}>
        {w.edit}
      </Button>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <Button variant="default">{w.otherActions}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {was.member.blocked_at ? (
            <Menu.Item leftSection={<Undo2 size={16} />} onClick={unblock}>
              {w.unblock}
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<Ban size={16} />} onClick={block}>
              {w.block}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<Trash2 size={16} />} onClick={remove}>
            {w.remove}
          </Menu.Item>
          {isAdmin && (
            <Menu.Item color="red" leftSection={<Eraser size={16} />} onClick={erase.open}>
              {w.erase}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <EditMember was={was} fields={fields} opened={editing} onClose={edit.close} />
      <EraseMember id={was.member.id} name={nameOf(was.member)} opened={erasing} onClose={erase.close} />
    </>
  )
}

/** All values, by group. Fields without one are many, and shown when they are asked for. */
function Values({ member, fields }: { member: MemberValues; fields: Field[] }) {
  const w = useWords(words)
  const [empty, setEmpty] = useState(false)
  return (
    <Stack gap="md" component="section" aria-label={w.values}>
      <Group justify="space-between">
        <Title order={2}>{w.values}</Title>
        <Switch label={w.showEmpty} checked={empty} onChange={(e) => setEmpty(e.currentTarget.checked)} />
      </Group>
      {grouped(fields).map(([group, list]) => {
        const shown = list.filter((f) => empty || !isEmpty(member[f.key]))
        return (
          shown.length > 0 && (
            <Paper key={group} withBorder p="md">
              <Title order={3} mb="sm">
                {w.groups[group]}
              </Title>
              <ValueList member={member} fields={shown} />
            </Paper>
          )
        )
      })}
    </Stack>
  )
}

function ValueList({ member, fields }: { member: MemberValues; fields: Field[] }) {
  const w = useWords(words)
  const { lang } = useLang()
  const valueText = useValueText()
  return (
    <dl className={classes.values}>
      {fields.map((f) => (
        <div key={f.key} className={classes.value}>
          <dt>{labelOf(f, lang)}</dt>
          <dd>
            {isEmpty(member[f.key]) ? (
              <Text span c="dimmed">
                {w.noValue}
              </Text>
            ) : f.type === 'tags' && Array.isArray(member[f.key]) ? (
              <Tags values={member[f.key] as string[]} />
            ) : (
              valueText(f, member[f.key])
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

const Tags = ({ values }: { values: string[] }) => (
  <Group gap={4}>
    {values.map((tag) => (
      <Badge key={tag} variant="default" tt="none" fw={500}>
        {tag}
      </Badge>
    ))}
  </Group>
)
