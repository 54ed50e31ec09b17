import { Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, ask } from '@/api/client'
import { useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { words } from './member_words'
import { memberQuery, type ReadMember, read } from './queries'
import { nameOf } from './values'

/** What can be done with a member without a form. Where something is lost, it is asked for first. */
export function useMemberActs({ member, etag }: ReadMember) {
  const w = useWords(words)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const path = { id: member.id }
  const keep = async (now: ReadMember) => {
    queries.setQueryData(memberQuery(member.id).queryKey, now)
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['member', member.id, 'history'] }),
      queries.invalidateQueries({ queryKey: ['members'] }),
    ])
  }
  const block = useAct(() => read(api.POST('/v1/members/{id}/block', { params: { path } })), {
    done: w.blocked,
    then: keep,
  })
  const unblock = useAct(() => read(api.POST('/v1/members/{id}/unblock', { params: { path } })), {
    done: w.unblocked,
    then: keep,
  })
  const remove = useAct(() => ask(api.DELETE('/v1/members/{id}', { params: { path, header: { 'If-Match': etag } } })), {
    done: w.removed,
    then: async () => {
      await navigate({ to: '/members' })
      queries.removeQueries({ queryKey: ['member', member.id] })
      await queries.invalidateQueries({ queryKey: ['members'] })
    },
  })
  return {
    unblock: () => unblock.mutate(),
    block: () =>
      modals.openConfirmModal({
        title: w.block,
        children: <Text size="sm">{w.blockText}</Text>,
        labels: { confirm: w.block, cancel: w.dismiss },
        onConfirm: () => block.mutate(),
      }),
    remove: () =>
      modals.openConfirmModal({
        title: w.removeTitle,
        children: <Text size="sm">{w.removeText(nameOf(member))}</Text>,
        labels: { confirm: w.remove, cancel: w.dismiss },
        confirmProps: { color: 'red' },
        onConfirm: () => remove.mutate(),
      }),
  }
}
