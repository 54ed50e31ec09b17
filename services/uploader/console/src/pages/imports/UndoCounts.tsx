import type { Schemas } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import classes from './Import.module.css'
import { undoWords } from './undoWords'

/** What an undo does, or would do, to how many members. */
export function UndoCounts({ undo }: { undo: Schemas['Undo'] }) {
  const w = useWords(undoWords)
  const f = useFormats()
  const rows: [string, number][] = undo.dry_run
    ? [
        [w.removed, undo.removed],
        [w.restored, undo.restored],
        [w.returned, undo.returned],
        [w.kept, undo.kept],
      ]
    : [
        [w.doneRemoved, undo.removed],
        [w.doneRestored, undo.restored],
        [w.doneReturned, undo.returned],
        [w.doneKept, undo.kept],
      ]
  return (
    <dl className={classes.tiles}>
      {rows.map(([label, n]) => (
        <div key={label} className={classes.tile} data-none={n === 0 || undefined}>
          <dt>{label}</dt>
          <dd>{w.count(f.number(n))}</dd>
        </div>
      ))}
    </dl>
  )
}
