import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { useWords } from '@/lang/lang'
import classes from './Steps.module.css'
import { type Step, steps } from './steps'
import { words } from './words'

/** Where one is in the wizard. Steps that can be gone to are links. */
export function Steps({ id, now, done = [] }: { id?: string; now: Step; done?: Step[] }) {
  const w = useWords(words)
  return (
    <nav aria-label={w.progress}>
      <ol className={classes.steps}>
        {steps.map((step, n) => {
          const reachable = id !== undefined && step !== now && done.includes(step)
          const passed = steps.indexOf(now) > n
          const content = (
            <>
              <span className={classes.mark} aria-hidden>
                {passed ? <Check size={15} /> : n + 1}
              </span>
              <span className={classes.name}>{w.steps[step]}</span>
            </>
          )
          return (
            <li
              key={step}
              className={classes.step}
              data-now={step === now || undefined}
              data-passed={passed || undefined}
              aria-current={step === now ? 'step' : undefined}
            >
              {reachable ? (
                <Link to="/imports/new/$id" params={{ id }} search={{ step }} className={classes.link}>
                  {content}
                </Link>
              ) : (
                <span className={classes.link}>{content}</span>
              )}
            </li>
          )
        })}
      </ol>
      <Text size="sm" fw={600} hiddenFrom="sm" aria-hidden ta="center" mt={4}>
        {w.stepOf(steps.indexOf(now) + 1, steps.length, w.steps[now])}
      </Text>
    </nav>
  )
}
