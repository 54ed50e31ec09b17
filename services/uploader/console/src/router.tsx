import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { queries } from '@/api/query'
import { sessionQuery } from '@/api/session'
import { SignIn } from '@/pages/account/SignIn'
import { auditSearch } from '@/pages/audit/search'
import { fieldsSearch } from '@/pages/fields/search'
import { historySearch } from '@/pages/imports/historySearch'
import { membersSearch } from '@/pages/members/search'
import { wizardSearch } from '@/pages/wizard/steps'
import { Loading } from '@/parts/Loading'
import { Shell } from '@/shell/Shell'
import { Broken, Missing } from '@/shell/Trouble'

// Every page on one screen. Pages are loaded when they are first opened; the shell and the sign-in are there at once.

const root = createRootRoute({ notFoundComponent: Missing, errorComponent: Broken })

interface SignInSearch {
  to?: string
  tenant?: string
  email?: string
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): SignInSearch => ({
    to: text(search.to),
    tenant: text(search.tenant),
    email: text(search.email),
  }),
  component: SignIn,
})

/** An invitation leads here, with its token behind the # that browsers send to nobody. */
const password = createRoute({
  getParentRoute: () => root,
  path: '/password',
  component: lazyRouteComponent(() => import('@/pages/account/Password'), 'Password'),
})

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: async ({ location }) => {
    if (!(await queries.ensureQueryData(sessionQuery))) {
      throw redirect({ to: '/sign-in', search: { to: location.href === '/' ? undefined : location.href } })
    }
  },
})

const page = <const P extends string, M extends Record<string, unknown>>(
  path: P,
  load: () => Promise<M>,
  name: keyof M & string,
) => createRoute({ getParentRoute: () => inside, path, component: lazyRouteComponent(load, name) })

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/imports', replace: true })
  },
})

const wizard = createRoute({
  getParentRoute: () => inside,
  path: '/imports/new/$id',
  validateSearch: wizardSearch,
  component: lazyRouteComponent(() => import('@/pages/wizard/Wizard'), 'Wizard'),
})

const members = createRoute({
  getParentRoute: () => inside,
  path: '/members',
  validateSearch: membersSearch,
  component: lazyRouteComponent(() => import('@/pages/members/Members'), 'Members'),
})

const fields = createRoute({
  getParentRoute: () => inside,
  path: '/fields',
  validateSearch: fieldsSearch,
  component: lazyRouteComponent(() => import('@/pages/fields/Fields'), 'Fields'),
})

const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('@/pages/audit/Audit'), 'Audit'),
})

const history = createRoute({
  getParentRoute: () => inside,
  path: '/imports',
  validateSearch: historySearch,
  component: lazyRouteComponent(() => import('@/pages/imports/History'), 'History'),
})

const routeTree = root.addChildren([
  signIn,
  password,
  inside.addChildren([
    home,
    history,
    page('/imports/new', () => import('@/pages/wizard/Wizard'), 'Wizard'),
    wizard,
    page('/imports/$id', () => import('@/pages/imports/Import'), 'Import'),
    members,
    page('/members/$id', () => import('@/pages/members/Member'), 'Member'),
    fields,
    page('/lists', () => import('@/pages/lists/Lists'), 'Lists'),
    page('/templates', () => import('@/pages/templates/Templates'), 'Templates'),
    page('/profiles', () => import('@/pages/profiles/Profiles'), 'Profiles'),
    page('/users', () => import('@/pages/users/Users'), 'Users'),
    page('/keys', () => import('@/pages/keys/Keys'), 'Keys'),
    page('/settings', () => import('@/pages/settings/Settings'), 'Settings'),
    audit,
    page('/operations', () => import('@/pages/operations/Operations'), 'Operations'),
    page('/account', () => import('@/pages/account/Account'), 'Account'),
  ]),
])

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
