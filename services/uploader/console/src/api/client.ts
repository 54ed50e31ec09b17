import createClient from 'openapi-fetch'
import { currentLang } from '@/lang/lang'
import type { components, paths } from '../../generated/openapi'

/** What the API answers with, by the name that its document has for it. */
export type Schemas = components['schemas']

/** A refusal as the API words it (RFC 9457): its sentences are for people, its code is for programs. */
export type Problem = Partial<Schemas['Problem']> & { status: number; code: string }

/** ApiError is a request that was refused, or that got no answer (status 0, code "network"). */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    readonly response?: Response,
  ) {
    super(problem.detail ?? problem.title ?? problem.code)
    this.name = 'ApiError'
  }

  get status() {
    return this.problem.status
  }

  get code() {
    return this.problem.code
  }
}

export const api = createClient<paths>({
  baseUrl: '/',
  // Called at each request: tests, and tools in the browser, may stand in for fetch.
  fetch: (request) => globalThis.fetch(request),
})

api.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', currentLang())
    return request
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return
    return new ApiError({ status: 0, code: 'network' })
  },
})

/** ask returns the answer of a request, or throws an ApiError. */
export async function ask<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await request
  if (!response.ok) throw new ApiError(problemOf(error, response), response)
  return data as NonNullable<T>
}

/** What a body that should be a problem document says; gateways before us answer with their own pages. */
export function problemOf(body: unknown, response: { status: number; statusText: string }): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body)
    return { ...(body as Problem), status: response.status }
  return { status: response.status, code: 'unexpected', title: `${response.status} ${response.statusText}`.trim() }
}
