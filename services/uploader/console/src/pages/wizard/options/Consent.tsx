import { Alert, Group, Text } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import { useSession } from '@/api/session'
import { useWords } from '@/lang/lang'
import type { Prepared } from '../Prepare'
import { refusalOf } from '../refused'
import { Pick } from './Pick'
import { words } from './words'

/** What the import may do to consents. Who has opted out stays so, unless somebody who may says otherwise. */
export function Consent({ draft, change, refused }: Prepared) {
  const w = useWords(words)
  const { role } = useSession().user
  const may = role === 'owner' || role === 'admin'
  const { options } = draft
  const set = (to: Partial<typeof options>) => change((d) => ({ ...d, options: { ...d.options, ...to } }))
  return (
    <>
      <Group grow align="flex-start" gap="lg" preventGrowOverflow={false} wrap="wrap">
        <Pick
          label={w.newConsent}
          options={w.newConsentOf}
          value={options.new_consent ?? 'true'}
          onChange={(new_consent) => set({ new_consent })}
          error={refusalOf(refused, 'new_consent')}
        />
        <Pick
          label={w.consent}
          description={may ? undefined : w.consentDenied}
          options={w.consentOf}
          value={options.consent ?? 'guard'}
          disabled={may ? [] : ['allow']}
          onChange={(consent) => set({ consent })}
          error={refusalOf(refused, 'consent')}
        />
      </Group>
      {options.consent === 'allow' && (
        <Alert color="red" icon={<TriangleAlert size={18} aria-hidden />} role="alert">
          <Text size="sm">{w.consentRisk}</Text>
        </Alert>
      )}
    </>
  )
}
