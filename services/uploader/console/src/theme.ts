import { createTheme, type MantineColorsTuple } from '@mantine/core'

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
  primaryShade: { light: 8, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.34,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", sans-serif',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.2rem' }, h3: { fontSize: '1.05rem' } },
  },
})
