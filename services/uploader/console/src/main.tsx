import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './app.css'
import { CloseButton, MantineProvider, mergeThemeOverrides } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { type ReactNode, StrictMode, useMemo } from 'react'
import { createRoot } from 'react-dom/client'
import { ListProvider } from '@/api/list'
import { queries } from '@/api/query'
import { LangProvider, useWords } from '@/lang/lang'
import { router } from '@/router'
import { colours, theme } from '@/theme'
import { words } from '@/words'

// The server allows the styles that carry the nonce of this page, and no others.
const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content
// What locks the page behind a dialog writes styles too, and asks here for the nonce.
Object.assign(globalThis, { __webpack_nonce__: nonce })

/** How things look; buttons that only show a cross are called what they do, in the language of now. */
function Look({ children }: { children: ReactNode }) {
  const { close } = useWords(words)
  const spoken = useMemo(
    () =>
      mergeThemeOverrides(theme, {
        components: { CloseButton: CloseButton.extend({ defaultProps: { ...{ 'aria-label': close } } }) },
      }),
    [close],
  )
  return (
    <MantineProvider
      theme={spoken}
      cssVariablesResolver={colours}
      defaultColorScheme="auto"
      getStyleNonce={nonce ? () => nonce : undefined}
    >
      {children}
    </MantineProvider>
  )
}

function App() {
  const w = useWords(words)
  return (
    <ModalsProvider labels={{ confirm: w.ok, cancel: w.cancel }}>
      <Notifications position="bottom-right" autoClose={6000} />
      <RouterProvider router={router} />
    </ModalsProvider>
  )
}

const root = document.getElementById('root')
if (!root) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <LangProvider>
      <Look>
        <QueryClientProvider client={queries}>
          <ListProvider>
            <App />
          </ListProvider>
        </QueryClientProvider>
      </Look>
    </LangProvider>
  </StrictMode>,
)
