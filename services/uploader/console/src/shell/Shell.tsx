import { AppShell, Box, Burger, Button, Group, NavLink, ScrollArea, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import {
  Activity,
  Bell,
  Columns3,
  FileSpreadsheet,
  History,
  KeyRound,
  type LucideIcon,
  Rows3,
  ScrollText,
  SlidersHorizontal,
  Upload,
  UserCog,
  Users,
} from 'lucide-react'
import { Suspense, useEffect } from 'react'
import { useMay } from '@/api/session'
import { useWords } from '@/lang/lang'
import { Loading } from '@/parts/Loading'
import { ListSwitch } from './ListSwitch'
import { Menu } from './Menu'
import classes from './Shell.module.css'
import { words } from './words'

/** The frame around every page of somebody who is signed in. */
export function Shell() {
  const w = useWords(words)
  const [open, menu] = useDisclosure()
  const path = useLocation().pathname
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu of a phone
  useEffect(() => menu.close(), [path])
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding={{ base: 'md', md: 'xl' }}
    >
      <a className={classes.skip} href="#content">
        {w.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={open}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={w.menu}
            aria-expanded={open}
          />
          <UnstyledButton component={Link} to="/imports" aria-label="Meibo">
            <Group gap={8} wrap="nowrap">
              <img src="/icon.svg" width={28} height={28} alt="" />
              <Text fw={700} visibleFrom="xs">
                Meibo
              </Text>
            </Group>
          </UnstyledButton>
          <Box ml="xs">
            <ListSwitch />
          </Box>
          <Box ml="auto">
            <Menu />
          </Box>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={w.menu}>
        <ScrollArea>
          <Navigation />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  )
}

function Navigation() {
  const w = useWords(words)
  const mayImport = useMay('import')
  const isAdmin = useMay('admin')
  return (
    <>
      {mayImport && (
        <Button component={Link} to="/imports/new" leftSection={<Upload size={16} aria-hidden />} fullWidth mb="sm">
          {w.newImport}
        </Button>
      )}
      <Entry to="/imports" icon={History} label={w.imports} />
      <Entry to="/members" icon={Users} label={w.members} />
      <Heading>{w.data}</Heading>
      <Entry to="/fields" icon={Columns3} label={w.fields} />
      <Entry to="/lists" icon={Rows3} label={w.lists} />
      <Entry to="/templates" icon={FileSpreadsheet} label={w.templates} />
      <Entry to="/profiles" icon={SlidersHorizontal} label={w.profiles} />
      <Heading>{w.administration}</Heading>
      <Entry to="/settings" icon={Bell} label={w.settings} />
      {isAdmin && (
        <>
          <Entry to="/users" icon={UserCog} label={w.users} />
          <Entry to="/keys" icon={KeyRound} label={w.keys} />
          <Entry to="/audit" icon={ScrollText} label={w.audit} />
          <Entry to="/operations" icon={Activity} label={w.operations} />
        </>
      )}
    </>
  )
}

function Heading({ children }: { children: string }) {
  return (
    <Text size="xs" fw={600} c="dimmed" mt="md" mb={4} px="sm">
      {children}
    </Text>
  )
}

function Entry({ to, icon: Icon, label }: { to: string; icon: LucideIcon; label: string }) {
  const path = useLocation().pathname
  const active = path === to || (path.startsWith(`${to}/`) && path !== '/imports/new')
  return (
    <NavLink
      component={Link}
      to={to}
      label={label}
      active={active}
      aria-current={active ? 'page' : undefined}
      leftSection={<Icon size={17} aria-hidden />}
      className={classes.entry}
    />
  )
}
