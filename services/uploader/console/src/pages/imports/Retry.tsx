import { Button, Group, List, Stack, Text, Title } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import '@mantine/dropzone/styles.css'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Download, FileUp } from 'lucide-react'
import { api, ask } from '@/api/client'
import { useMay } from '@/api/session'
import { useLang, useWords } from '@/lang/lang'
import { useAct } from '@/parts/act'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { failureWords } from './failureWords'
import type { Import } from './figures'
import { importQuery } from './queries'

/** The way back in for failed rows: download, correct, and drop the file here. `left` rows fail still. */
export function Retry({ import: i, left }: { import: Import; left: number }) {
  const w = useWords(failureWords)
  const { lang } = useLang()
  const mayImport = useMay('import')
  const retryable = mayImport && left > 0 && !i.dry_run && i.state !== 'undone' && !i.undo
  const address = (ext: string) => `/v1/imports/${i.id}/failures.${ext}?language=${lang}`
  return (
    <Stack gap="sm">
      {retryable && (
        <>
          <Title order={3}>{w.fixTitle}</Title>
          <List type="ordered" size="sm">
            {w.fixSteps.map((s) => (
              <List.Item key={s}>{s}</List.Item>
            ))}
          </List>
        </>
      )}
      <Group gap="xs">
        <Button
          component="a"
          href={address('xlsx')}
          download
          variant="light"
          leftSection={<Download size={16} aria-hidden />}
        >
          {w.xlsx}
        </Button>
        <Button
          component="a"
          href={address('csv')}
          download
          variant="default"
          leftSection={<Download size={16} aria-hidden />}
        >
          {w.csv}
        </Button>
      </Group>
      {retryable && <DropCorrected import={i} />}
    </Stack>
  )
}

/** Takes the corrected file, and goes on to the import that it becomes. */
function DropCorrected({ import: i }: { import: Import }) {
  const w = useWords(failureWords)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const then = async (retry: Import) => {
    queries.setQueryData(importQuery(retry.id).queryKey, retry)
    await queries.invalidateQueries({ queryKey: ['import', i.id] })
    await navigate({ to: `/imports/${retry.id}` })
  }
  const send = useAct(
    (file: File) => {
      const form = new FormData()
      form.set('file', file)
      return ask(
        api.POST('/v1/imports/{id}/retry', {
          params: { path: { id: i.id } },
          body: form as never,
          bodySerializer: (body) => body as unknown as FormData,
        }),
      )
    },
    {
      done: w.sent,
      quiet: true,
      then,
    },
  )
  return (
    <>
      <Dropzone
        onDrop={([file]) => file && send.mutate(file)}
        onReject={() => notifications.show({ color: 'red', message: w.rejected })}
        multiple={false}
        disabled={send.isPending}
        // Browsers do not agree on the types of CSV files, so the names decide.
        validator={(file) =>
          !(file instanceof File) || /\.(csv|xlsx|tsv|txt|gz)$/i.test(file.name)
            ? null
            : { code: 'type', message: w.rejected }
        }
        inputProps={{ 'aria-label': w.drop, accept: '.csv,.xlsx,.tsv,.txt,.gz' }}
        radius="md"
      >
        {send.isPending ? (
          <Loading>{w.sending}</Loading>
        ) : (
          <Stack align="center" gap={4} py="md" ta="center">
            <FileUp size={28} aria-hidden />
            <Text fw={600}>{w.drop}</Text>
            <Text size="sm" c="dimmed">
              {w.dropHelp}
            </Text>
          </Stack>
        )}
      </Dropzone>
      {send.isError && <Failure error={send.error} />}
    </>
  )
}
