import { useSyncExternalStore } from 'react'
import { api, ask } from '@/api/client'
import { queries } from '@/api/query'
import { type Progress, Upload } from './upload'

// Uploads go on while people look at other pages, so they belong to none.

const uploads = new Map<string, Upload>()
const listeners = new Set<() => void>()

const tell = () => {
  for (const listener of listeners) listener()
}

const leaving = (event: BeforeUnloadEvent) => event.preventDefault()

/** Browsers ask whether to leave while something is on its way. */
function guard() {
  if ([...uploads.values()].some((u) => u.active)) addEventListener('beforeunload', leaving)
  else removeEventListener('beforeunload', leaving)
}

/** What is known of the file of an upload, to ask for the same one again after a reload. */
export interface Remembered {
  name: string
  size: number
  modified: number
}

const storageKey = (id: string) => `meibo.upload.${id}`

/** The file that an import was begun with in this browser; null where that is not known. */
export function remembered(id: string): Remembered | null {
  try {
    return JSON.parse(localStorage.getItem(storageKey(id)) ?? 'null') as Remembered | null
  } catch {
    return null
  }
}

/** Sends the file to an import, or what is missing of it. */
export function begin(id: string, file: File) {
  if (uploads.get(id)?.active) return
  const known: Remembered = { name: file.name, size: file.size, modified: file.lastModified }
  localStorage.setItem(storageKey(id), JSON.stringify(known))
  const upload = new Upload(id, file, tell)
  uploads.set(id, upload)
  guard()
  tell()
  void upload.run().then(() => {
    guard()
    if (upload.progress.stage === 'done') localStorage.removeItem(storageKey(id))
    void queries.invalidateQueries({ queryKey: ['wizard'] })
  })
}

/** Gives the upload up, and with it the import that it was for. */
export async function giveUp(id: string) {
  uploads.get(id)?.cancel()
  uploads.delete(id)
  localStorage.removeItem(storageKey(id))
  guard()
  tell()
  const params = { path: { id } }
  await ask(api.DELETE('/v1/imports/{id}/parts', { params })).catch(() => undefined)
  await ask(api.POST('/v1/imports/{id}/cancel', { params }))
  await queries.invalidateQueries({ queryKey: ['wizard'] })
}

/** Starts over with another file for the same import: what has come of the first one goes. */
export async function replace(id: string, file: File) {
  uploads.get(id)?.cancel()
  uploads.delete(id)
  await ask(api.DELETE('/v1/imports/{id}/parts', { params: { path: { id } } })).catch(() => undefined)
  begin(id, file)
}

/** Forgets an upload that has ended. */
export function forget(id: string) {
  if (uploads.get(id)?.active) return
  uploads.delete(id)
  tell()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** How the upload to an import stands that this page has begun; undefined for none. */
export function useUpload(id: string): { progress: Progress; file: File } | undefined {
  const upload = useSyncExternalStore(subscribe, () => uploads.get(id))
  const progress = useSyncExternalStore(subscribe, () => uploads.get(id)?.progress)
  return upload && progress ? { progress, file: upload.file } : undefined
}
