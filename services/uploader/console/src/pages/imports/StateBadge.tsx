import { Badge } from '@mantine/core'
import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleX,
  Clock,
  FileClock,
  LoaderCircle,
  type LucideIcon,
  Pause,
  Undo2,
} from 'lucide-react'
import { useWords } from '@/lang/lang'
import { failedYet, type Import, type State } from './figures'
import { words } from './words'

const looks: Record<State, [LucideIcon, string]> = {
  created: [FileClock, 'gray'],
  uploaded: [FileClock, 'gray'],
  queued: [Clock, 'blue'],
  running: [LoaderCircle, 'ink'],
  paused: [Pause, 'orange'],
  completed: [CircleCheck, 'teal'],
  failed: [CircleX, 'red'],
  cancelled: [Ban, 'gray'],
  undoing: [LoaderCircle, 'grape'],
  undone: [Undo2, 'grape'],
}

/** Where an import stands: an icon of its own beside the word, so that the colour only helps. */
export function StateBadge({ import: i, size = 'md' }: { import: Import; size?: 'md' | 'lg' }) {
  const w = useWords(words)
  const partly = i.state === 'completed' && failedYet(i) > 0
  const [Icon, color] = partly ? ([CircleAlert, 'orange'] as const) : looks[i.state]
  return (
    <Badge
      variant="default"
      size={size}
      tt="none"
      fw={600}
      data-state={i.state}
      leftSection={<Icon size={14} color={`var(--mantine-color-${color}-text)`} aria-hidden />}
      style={{ overflow: 'visible', flexShrink: 0 }}
    >
      {partly ? w.partly : w.states[i.state]}
    </Badge>
  )
}
