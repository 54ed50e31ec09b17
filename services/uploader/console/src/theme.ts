import { Anchor, type CSSVariablesResolver, createTheme, darken, type MantineColorsTuple, Table } from '@mantine/core'

// The colour of ink on a register: the same teal as the mails and /docs have.
const ink: MantineColorsTuple = [
  '#e8f6f8',
  '#d3eaee',
  '#a7d5dc',
  '#76bfca',
  '#4eadbb',
  '#34a2b2',
  '#218fa0',
  '#0f7483',
  '#0f6674',
  '#0a5561',
]

export const theme = createTheme({
  colors: { ink },
  primaryColor: 'ink',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  // Beyond it black stands out more than white (WCAG 2.2, success criterion 1.4.3), which 8 of red is just below.
  luminanceThreshold: 0.183,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", sans-serif',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.2rem' }, h3: { fontSize: '1.05rem' } },
  },
  components: {
    // Links within text are told by more than their colour; what scrolls can be scrolled by keyboard.
    Anchor: Anchor.extend({ defaultProps: { underline: 'always' } }),
    TableScrollContainer: Table.ScrollContainer.extend({
      defaultProps: { scrollAreaProps: { viewportProps: { tabIndex: 0 } } },
    }),
  },
})

/**
 * Mantine's own colours of secondary text, and of text on its own tint, are paler than 4.5 : 1 (WCAG 2.2, success criterion
 * 1.4.3); these are not.
 */
export const colours: CSSVariablesResolver = (theme) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': theme.colors.gray[7],
    '--mantine-color-placeholder': '#646c74',
    '--mantine-color-error': theme.colors.red[9],
    ...Object.fromEntries(
      Object.entries(theme.colors)
        .filter(([name]) => name !== 'ink' && name !== 'dark')
        .flatMap(([name, shades]) => [
          [`--mantine-color-${name}-light-color`, darken(shades[9], 0.35)],
          [`--mantine-color-${name}-text`, darken(shades[9], 0.25)],
        ]),
    ),
  },
  dark: {
    '--mantine-color-dimmed': '#a9a9a9',
    '--mantine-color-placeholder': '#a0a0a0',
    '--mantine-color-error': theme.colors.red[4],
  },
})
