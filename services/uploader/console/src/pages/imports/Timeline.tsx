import { Anchor, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useSession } from '@/api/session'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { type Import, isSettled } from './figures'
import classes from './Import.module.css'
import { importWords } from './importWords'
import { timelineQuery } from './queries'
import { timelineWords } from './timelineWords'

/** Who did what to the import, and what became of it, in order. */
export function Timeline({ import: i }: { import: Import }) {
  const w = useWords(importWords)
  const t = useWords(timelineWords)
  const { tenant } = useSession()
  const f = useFormats(tenant.time_zone)
  const query = useQuery({ ...timelineQuery(i.id), refetchInterval: isSettled(i) ? 30_000 : 5_000 })
  if (query.isError) return <Failure error={query.error} retry={() => query.refetch()} />
  if (!query.data) return <Loading>{w.loadingTimeline}</Loading>
  const number = (v: unknown) => (typeof v === 'number' ? f.number(v) : '0')
  return (
    <ol className={classes.events}>
      {query.data.map((e, n) => {
        const say = t.acts[e.act]
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the past only grows at its end
          <li key={n} className={classes.event} data-person={e.actor !== '' || undefined}>
            <Text size="sm">
              <b>{e.actor || t.system}</b> — {say ? say(e.detail, number) : e.act}
              {e.act === 'retry' && (
                <>
                  {' '}
                  <Anchor component={Link} to={`/imports/${e.detail.import}`} inherit>
                    {String(e.detail.file_name)}
                  </Anchor>
                </>
              )}
            </Text>
            <Text size="xs" c="dimmed">
              <time dateTime={e.at}>
                {f.date(e.at)} {f.time(e.at)}
              </time>
            </Text>
          </li>
        )
      })}
    </ol>
  )
}
