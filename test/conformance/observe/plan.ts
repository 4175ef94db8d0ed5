/**
 * Converts a plan to the form of a prepared request.
 *
 * | field     | value                                                                         |
 * |-----------|-------------------------------------------------------------------------------|
 * | `headers` | the headers of the plan, in order, without the proxy credentials of the route |
 * | `body`    | base64 of the whole body, also of a stream; null without a body               |
 * | boundary  | the boundary of the vectors replaces ours; both have 32 digits                |
 */
import { Headers, type Plan, Secret, Session, Transport } from 'requests-ts'
import type { Prepared } from '../shapes.js'
import { toBase64 } from '../tagged.js'

export type { Prepared } from '../shapes.js'
export type HeaderPairs = ReadonlyArray<readonly [name: string, value: string]>

export const headerOf = (plan: Plan.Plan, name: string): string | undefined => {
  const found = Headers.find(plan.headers, name)
  return found === undefined ? undefined : Secret.reveal(found)
}

const NO_CONTENT = Transport.memory(() => ({ status: 204 }))

/** Mounts a transport for a foreign scheme. requests needs the adapter only when it sends, but a plan needs the mount. */
export const mountForeign =
  (url: string) =>
  (session: Session.Session): Session.Session => {
    const [, scheme] = /^\s*([^:/?#]*:)/.exec(url) ?? []
    return scheme === undefined || /^https?:$/i.test(scheme)
      ? session
      : Session.mount(scheme.toLowerCase(), NO_CONTENT)(session)
  }

const readAll = async (source: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const bodyOf = async ({ body }: Plan.Plan): Promise<Uint8Array | undefined> => {
  switch (body._tag) {
    case 'Empty':
      return undefined
    case 'Bytes':
      return Secret.open(body.bytes)
    case 'Stream':
      return readAll(body.open())
    case 'Once':
      return readAll(body.source)
  }
}

// Read from the body, because a Content-Type of the user may not contain it.
const BOUNDARY = /^--([\da-f]{32})(?:--)?\r\n/

const withBoundary = (text: string, ours: string | undefined, theirs: string): string =>
  ours === undefined ? text : text.replaceAll(ours, theirs)

/** Converts a plan. `boundary` is the boundary of the vectors. */
export const prepared = async (plan: Plan.Plan, boundary: string): Promise<Prepared> => {
  const body = await bodyOf(plan)
  const latin1 = body === undefined ? '' : Buffer.from(body).toString('latin1')
  const [, ours] = BOUNDARY.exec(latin1) ?? []
  return {
    method: plan.method,
    url: plan.url.href,
    headers: Headers.reveal(plan.headers).map(([name, value]) => [name, withBoundary(value, ours, boundary)] as const),
    body: body === undefined ? null : toBase64(Buffer.from(withBoundary(latin1, ours, boundary), 'latin1')),
  }
}
