import { VisuallyHidden } from '@mantine/core'
import { Check, LoaderCircle, Pause, X } from 'lucide-react'
import { useWords } from '@/lang/lang'
import type { Import } from './figures'
import classes from './Import.module.css'
import { importWords } from './importWords'

const steps = ['waiting', 'reading', 'merging', 'finishing', 'done'] as const

/** Which step the import is at; steps before it are done. -1 before its start. */
function stepOf(i: Import): number {
  if (i.stopped) return steps.indexOf(i.stopped.stage)
  if (i.state === 'completed' || i.state === 'undone' || i.state === 'undoing') return steps.length
  if (i.stage === '' || i.stage === 'undoing') return -1
  return steps.indexOf(i.stage)
}

/** The steps of an import: which are done, which one is on, and where it has stopped. */
export function Stages({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const now = stepOf(i)
  const stopped = i.state === 'failed' || i.state === 'cancelled'
  return (
    <ol className={classes.steps} aria-label={w.progress}>
      {steps.map((step, n) => {
        const done = n < now
        const on = n === now
        return (
          <li
            key={step}
            className={classes.step}
            data-done={done || undefined}
            data-now={(on && !stopped) || undefined}
            data-stopped={(on && stopped) || undefined}
            aria-current={on && !stopped ? 'step' : undefined}
          >
            <span className={classes.mark}>
              {done && <Check size={16} aria-hidden />}
              {on && stopped && <X size={16} aria-hidden />}
              {on && i.state === 'paused' && <Pause size={14} aria-hidden />}
              {on && !stopped && i.state !== 'paused' && (
                <LoaderCircle size={16} className={classes.turning} aria-hidden />
              )}
            </span>
            {w.steps[step]}
            {done && <VisuallyHidden>（{w.done}）</VisuallyHidden>}
            {on && stopped && <VisuallyHidden>（{w.stoppedHere}）</VisuallyHidden>}
          </li>
        )
      })}
    </ol>
  )
}
