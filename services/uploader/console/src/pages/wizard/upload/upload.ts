import { ApiError, api, ask, type Schemas } from '@/api/client'
import { contentDigest, md5Of } from './digest'
import { Pace } from './pace'
import { mayPass, pause } from './patience'
import { put } from './send'

/** Files up to this size go in one request; larger ones by parts, which can be gone on with. In bytes. */
export const single = 8 << 20

/** How many parts are on their way at a time. */
const lanes = 4

/** How often parts that the store has lost are sent again. */
const mostRounds = 3

/** How an upload stands. Sizes in bytes, the rate per second, the time left in seconds. */
export interface Progress {
  stage: 'comparing' | 'sending' | 'waiting' | 'checking' | 'done' | 'failed' | 'cancelled'
  size: number
  sent: number
  /** What had come before, and was not sent again. */
  kept: number
  rate: number | null
  left: number | null
  error?: unknown
}

interface Piece {
  number: number
  blob: Blob
}

/**
 * Upload sends a file to an import that waits for it: what is missing of it, several parts at a time, until all of it is
 * there. It outlasts lost connections, and another Upload of the same file goes on where one ended.
 */
export class Upload {
  private readonly stop = new AbortController()
  private readonly pace = new Pace()
  private readonly under = new Map<number, number>() // bytes on their way, by part
  private done = 0
  private paused = 0
  private direct = false
  progress: Progress

  constructor(
    readonly id: string,
    readonly file: File,
    private readonly tell: () => void,
  ) {
    this.progress = { stage: 'sending', size: file.size, sent: 0, kept: 0, rate: null, left: null }
  }

  /** Whether it is still at it. */
  get active() {
    return !['done', 'failed', 'cancelled'].includes(this.progress.stage)
  }

  /** Ends it, wherever it is; what has come stays with the server. */
  cancel() {
    this.stop.abort(new DOMException('cancelled', 'AbortError'))
  }

  async run() {
    const ticker = setInterval(() => this.publish(), 500)
    try {
      if (this.file.size <= single) await this.sendWhole()
      else await this.sendParts()
      this.change({ stage: 'done', sent: this.file.size })
    } catch (error) {
      this.change(this.stop.signal.aborted ? { stage: 'cancelled' } : { stage: 'failed', error })
    } finally {
      clearInterval(ticker)
    }
  }

  private change(to: Partial<Progress>) {
    this.progress = { ...this.progress, ...to }
    this.tell()
  }

  private publish() {
    if (this.progress.stage !== 'sending' && this.progress.stage !== 'waiting') return
    let sent = this.done
    for (const bytes of this.under.values()) sent += bytes
    sent = Math.min(sent, this.file.size)
    if (this.paused > 0) this.pace.restart()
    else this.pace.note(sent)
    const rate = this.pace.rate
    this.change({
      stage: this.paused > 0 ? 'waiting' : 'sending',
      sent,
      rate,
      left: rate ? (this.file.size - sent) / rate : null,
    })
  }

  /** Tries until it works, or trying does not help any more. */
  private async insist<T>(act: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await act()
      } catch (error) {
        this.stop.signal.throwIfAborted()
        if (!mayPass(error, tries)) throw error
        this.paused++
        this.publish()
        try {
          await pause(tries, this.stop.signal)
        } finally {
          this.paused--
        }
      }
    }
  }

  private async sendWhole() {
    await this.insist(() =>
      put(`/v1/imports/${this.id}/source`, this.file.slice(), {
        signal: this.stop.signal,
        onProgress: (bytes) => {
          this.under.set(1, bytes)
          if (bytes >= this.file.size) this.change({ stage: 'checking', sent: bytes })
        },
      }),
    )
  }

  private async sendParts() {
    for (let round = 1; ; round++) {
      const begun = await this.insist(() => this.begin())
      this.direct = begun.direct
      const missing = await this.missing(begun)
      this.change({ stage: 'sending' })
      await Promise.all(Array.from({ length: Math.min(lanes, missing.length) }, () => this.lane(missing)))
      this.change({ stage: 'checking', sent: this.file.size })
      try {
        await this.insist(() => this.complete(begun.upload))
        return
      } catch (error) {
        const again = error instanceof ApiError && ['part_missing', 'no_upload', 'part_invalid'].includes(error.code)
        if (!again || round === mostRounds) throw error
      }
    }
  }

  private begin() {
    const params = { path: { id: this.id } }
    return ask(api.POST('/v1/imports/{id}/parts', { params, body: { size: this.file.size }, signal: this.stop.signal }))
  }

  private complete(upload: string) {
    const params = { path: { id: this.id } }
    const body = { upload, size: this.file.size }
    return ask(api.POST('/v1/imports/{id}/parts/complete', { params, body, signal: this.stop.signal }))
  }

  /** The parts that have not come, or have come otherwise than they are in this file. */
  private async missing(begun: Schemas['Begun']): Promise<Piece[]> {
    const stored = new Map((begun.parts ?? []).map((p) => [p.number, p]))
    const missing: Piece[] = []
    this.done = 0
    if (stored.size > 0) this.change({ stage: 'comparing', sent: 0 })
    for (let number = 1, at = 0; at < this.file.size; number++, at += begun.part_size) {
      const blob = this.file.slice(at, at + begun.part_size)
      const there = stored.get(number)
      if (there?.size === blob.size && there.etag === (await md5Of(blob))) {
        this.done += blob.size
        this.change({ sent: this.done, kept: this.done })
      } else {
        missing.push({ number, blob })
      }
      this.stop.signal.throwIfAborted()
    }
    return missing
  }

  /** Sends one part after another until none is left. */
  private async lane(pieces: Piece[]) {
    for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
      const { number, blob } = piece
      try {
        await this.insist(() => this.sendPart(number, blob))
        this.done += blob.size
      } finally {
        this.under.delete(number)
      }
    }
  }

  private async sendPart(number: number, blob: Blob) {
    const onProgress = (bytes: number) => this.under.set(number, bytes)
    const signal = this.stop.signal
    this.under.set(number, 0)
    if (!this.direct) {
      await put(`/v1/imports/${this.id}/parts/${number}`, blob, {
        signal,
        headers: await contentDigest(blob),
        onProgress,
      })
      return
    }
    const params = { path: { id: this.id } }
    const signed = await ask(api.POST('/v1/imports/{id}/parts/urls', { params, body: { numbers: [number] }, signal }))
    const url = signed.items?.[0]?.url
    if (!url) throw new ApiError({ status: 500, code: 'unexpected' })
    try {
      await put(url, blob, { signal, onProgress })
    } catch (error) {
      // The API was reached a moment ago and the store is not: the rest goes by way of the API.
      if (error instanceof ApiError && error.status === 0 && navigator.onLine) this.direct = false
      throw error
    }
  }
}
