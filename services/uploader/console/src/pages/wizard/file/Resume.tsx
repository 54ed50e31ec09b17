import { Alert, Button, Group, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { ApiError, api, ask, type Schemas } from '@/api/client'
import { useFormats } from '@/lang/format'
import { useWords } from '@/lang/lang'
import { Failure } from '@/parts/Failure'
import { Loading } from '@/parts/Loading'
import { begin, remembered, replace } from '../upload/uploads'
import { Drop } from './Drop'
import { Stop } from './Uploading'
import { words } from './words'

/** What has come of an upload that this page does not do; null where none is under way. */
const partsQuery = (id: string) => ({
  queryKey: ['wizard', 'parts', id],
  queryFn: async (): Promise<Schemas['Parts'] | null> => {
    try {
      return await ask(api.GET('/v1/imports/{id}/parts', { params: { path: { id } } }))
    } catch (error) {
      if (error instanceof ApiError && error.code === 'no_upload') return null
      throw error
    }
  },
})

/** An import that waits for the rest of its file: browsers forget files at a reload, so it is asked for again. */
export function Resume({ found }: { found: Schemas['Import'] }) {
  const w = useWords(words)
  const f = useFormats()
  const { data: parts, error, isPending, refetch } = useQuery(partsQuery(found.id))
  const [other, setOther] = useState<File | null>(null)
  const was = remembered(found.id)
  const name = was?.name ?? found.file_name
  const choose = (file: File) => {
    const same = was ? file.name === was.name && file.size === was.size : file.name === found.file_name
    if (same || !parts || parts.size === 0) begin(found.id, file)
    else setOther(file)
  }
  if (isPending) return <Loading />
  if (error) return <Failure error={error} retry={refetch} />
  return (
    <>
      <div>
        <Title order={2} size="h3">
          {w.resumeTitle}
        </Title>
        <Text mt={4}>{parts && parts.size > 0 ? w.resumeHelp(name) : w.resumeEmpty(name)}</Text>
        {parts && parts.size > 0 && (
          <Text c="dimmed" size="sm">
            {w.come(f.bytes(parts.size), was ? f.bytes(was.size) : null)}
          </Text>
        )}
      </div>
      {other && (
        <Alert color="yellow" icon={<TriangleAlert size={18} />} title={w.differs} role="alert">
          {w.differsHelp(`${name}${was ? `（${f.bytes(was.size)}）` : ''}`, `${other.name}（${f.bytes(other.size)}）`)}
          <Group mt="sm">
            <Button size="xs" onClick={() => replace(found.id, other)}>
              {w.useThis}
            </Button>
            <Button size="xs" variant="default" onClick={() => setOther(null)}>
              {w.chooseOther}
            </Button>
          </Group>
        </Alert>
      )}
      <Drop onFile={choose} label={parts && parts.size > 0 ? w.chooseSame : undefined} />
      <Group justify="flex-end">
        <Stop id={found.id} />
      </Group>
    </>
  )
}
