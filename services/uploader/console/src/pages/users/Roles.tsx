import { Radio, Stack } from '@mantine/core'
import { useSession } from '@/api/session'
import { useWords } from '@/lang/lang'
import { words as shell } from '@/shell/words'
import type { Role } from './query'
import { words } from './words'

/** A role to choose, each with what it allows. Only owners make owners. */
export function Roles({ value, onChange }: { value: Role; onChange: (role: Role) => void }) {
  const w = useWords(words)
  const names = useWords(shell).roles
  const { user } = useSession()
  const roles = (['viewer', 'editor', 'admin', 'owner'] as const).filter((r) => r !== 'owner' || user.role === 'owner')
  return (
    <Radio.Group label={w.role} value={value} onChange={(role) => onChange(role as Role)}>
      <Stack gap="xs" mt={6}>
        {roles.map((role) => (
          <Radio key={role} value={role} label={names[role]} description={w.roleHelp[role]} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
