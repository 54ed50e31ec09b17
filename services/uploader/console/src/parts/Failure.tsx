import { Alert, Button, Group, List } from '@mantine/core'
import { CircleAlert } from 'lucide-react'
import { ApiError } from '@/api/client'
import { type Lang, useLang, useWords } from '@/lang/lang'
import { words } from '@/words'

/** What to say of an error: the API's own sentence where there is one. */
export function sentenceOf(error: unknown, lang: Lang): string {
  const w = words[lang]
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  if (error.status === 0) return w.network
  return error.problem.detail ?? error.problem.title ?? w.unexpected
}

/** An error, with every part of the request that is wrong and, where it may help, a way to try again. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const w = useWords(words)
  const { lang } = useLang()
  const parts = error instanceof ApiError ? (error.problem.errors ?? []) : []
  return (
    <Alert role="alert" color="red" variant="light" icon={<CircleAlert size={18} />} title={title ?? w.failed}>
      {parts.length > 0 ? (
        <List size="sm">
          {parts.map((p) => (
            <List.Item key={`${p.option}/${p.field}/${p.code}`}>{p.detail}</List.Item>
          ))}
        </List>
      ) : (
        sentenceOf(error, lang)
      )}
      {retry && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={retry}>
            {w.retry}
          </Button>
        </Group>
      )}
    </Alert>
  )
}
