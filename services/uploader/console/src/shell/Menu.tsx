import {
  Avatar,
  Button,
  Menu as Dropdown,
  Group,
  SegmentedControl,
  Text,
  useMantineColorScheme,
  VisuallyHidden,
} from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { BookOpen, Building2, ChevronDown, LogOut, UserRound } from 'lucide-react'
import { useSession, useSignOut } from '@/api/session'
import { type Lang, useLang, useWords } from '@/lang/lang'
import { words } from './words'

/** Who is signed in, how things look, and the way out. */
export function Menu() {
  const w = useWords(words)
  const { user, tenant } = useSession()
  const signOut = useSignOut()
  const navigate = useNavigate()
  const name = user.name || user.email
  const leave = async (tenantToo: boolean) => {
    await signOut()
    await navigate({ to: '/sign-in', search: tenantToo ? { email: user.email } : { tenant: tenant.name } })
  }
  return (
    <Dropdown width={280} position="bottom-end" withinPortal closeOnItemClick>
      <Dropdown.Target>
        <Button variant="subtle" color="gray" px="xs" rightSection={<ChevronDown size={14} aria-hidden />}>
          <VisuallyHidden>{`${w.account}: ${name}`}</VisuallyHidden>
          <Avatar name={name} color="initials" size={28} radius="xl" alt="" aria-hidden />
        </Button>
      </Dropdown.Target>
      <Dropdown.Dropdown>
        <Group px="sm" py={6} gap="sm" wrap="nowrap">
          <div>
            <Text size="sm" fw={600}>
              {name}
            </Text>
            <Text size="xs" c="dimmed">
              {tenant.name} · {w.roles[user.role]}
            </Text>
          </div>
        </Group>
        <Dropdown.Divider />
        <Appearance />
        <Dropdown.Divider />
        <Dropdown.Item component={Link} to="/account" leftSection={<UserRound size={16} />}>
          {w.account}
        </Dropdown.Item>
        <Dropdown.Item component="a" href="/docs" target="_blank" leftSection={<BookOpen size={16} />}>
          {w.docs}
        </Dropdown.Item>
        <Dropdown.Item onClick={() => leave(true)} leftSection={<Building2 size={16} />}>
          {w.otherTenant}
        </Dropdown.Item>
        <Dropdown.Item onClick={() => leave(false)} leftSection={<LogOut size={16} />}>
          {w.signOut}
        </Dropdown.Item>
      </Dropdown.Dropdown>
    </Dropdown>
  )
}

/** Language, and light or dark. */
export function Appearance() {
  const w = useWords(words)
  const { lang, setLang } = useLang()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <div style={{ padding: '4px 12px 8px' }}>
      <SegmentedControl
        fullWidth
        size="xs"
        mb={8}
        aria-label={w.language}
        value={lang}
        onChange={(v) => setLang(v as Lang)}
        data={[
          { value: 'ja', label: '日本語' },
          { value: 'en', label: 'English' },
        ]}
      />
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={w.theme}
        value={colorScheme}
        onChange={(v) => setColorScheme(v as 'light' | 'dark' | 'auto')}
        data={[
          { value: 'auto', label: w.auto },
          { value: 'light', label: w.light },
          { value: 'dark', label: w.dark },
        ]}
      />
    </div>
  )
}
