import { List, PasswordInput, Stack, Text, ThemeIcon, VisuallyHidden } from '@mantine/core'
import { Check, Circle } from 'lucide-react'
import { useId } from 'react'
import { useWords } from '@/lang/lang'
import { words } from './words'

/** How many characters a password has at least, as the API has it. */
const least = 12

/** A password to be chosen, with the rules that it will be judged by, said beforehand. */
export function NewPassword({
  value,
  onChange,
  autoFocus,
}: {
  value: string
  onChange: (value: string) => void
  autoFocus?: boolean
}) {
  const w = useWords(words)
  const rules = useId()
  const met = [...value.normalize('NFKC').trim()].length >= least
  return (
    <Stack gap="xs">
      <PasswordInput
        label={w.newPassword}
        value={value}
        onChange={(e) => onChange(e.target.value)}
        required
        autoFocus={autoFocus}
        autoComplete="new-password"
        aria-describedby={rules}
        visibilityToggleButtonProps={{ 'aria-label': w.showPassword, 'aria-hidden': false, tabIndex: 0 }}
      />
      <div id={rules}>
        <List size="sm" spacing={4} center icon={<Circle size={8} aria-hidden />}>
          <List.Item
            icon={
              met ? (
                <ThemeIcon size={16} radius="xl" color="teal">
                  <Check size={12} aria-hidden />
                </ThemeIcon>
              ) : undefined
            }
          >
            {w.long}
            <VisuallyHidden> ({met ? w.met : w.unmet})</VisuallyHidden>
          </List.Item>
          <List.Item>{w.simple}</List.Item>
          <List.Item>{w.known}</List.Item>
        </List>
        <Text size="sm" c="dimmed" mt={6}>
          {w.tip}
        </Text>
      </div>
    </Stack>
  )
}
