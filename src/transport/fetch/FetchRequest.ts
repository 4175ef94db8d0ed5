/** Makes the arguments of fetch from a plan that fetch can send. */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import { supported } from '../../wire/coding/ContentEncoding.js'
import { isAvailable } from '../../wire/coding/Zlib.js'
import type { Plan } from '../../wire/Plan.js'
import { BodyStream, type UploadListener } from '../undici/RequestBody.js'
import type { Capabilities } from './Capabilities.js'
import { isForbiddenName, treatment } from './Restrictions.js'

/** The body of a request: octets, or a stream that fetch pulls from. */
export type RequestBody = Uint8Array | BodyStream | null

/** Returns the body of a plan. With GET and HEAD, which cannot have a body, an empty one is omitted. */
export const bodyOf = ({ method, body }: Plan, listener: UploadListener): RequestBody => {
  switch (body._tag) {
    case 'Empty':
      return null
    case 'Bytes': {
      const octets = Secret.open(body.bytes)
      if (octets.length === 0 && /^(?:get|head)$/i.test(method)) return null
      // fetch rejects memory that is shared between threads.
      return octets.buffer instanceof ArrayBuffer ? octets : octets.slice()
    }
    case 'Stream':
      return new BodyStream(body.open, O.toUndefined(body.length), listener)
    case 'Once':
      return new BodyStream(() => body.source, O.toUndefined(body.length), listener)
  }
}

/** Returns a stream that pulls one chunk when fetch needs one. */
const streamOf = (source: BodyStream, onFailed: (error: unknown) => void): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const step = await source.next()
          if (step.done === true) controller.close()
          else controller.enqueue(step.value)
        } catch (error) {
          // fetch replaces the error of a stream, so it is reported before.
          onFailed(error)
          throw error
        }
      },
      cancel: () => source.stop(),
    },
    { highWaterMark: 0 },
  )

type Pair = readonly [name: string, value: string]

const isCookie = ([name]: Pair): boolean => Headers.sameName(name, 'cookie')

/** Joins Cookie fields with `; `, because workerd joins fields of one name with `, ` (RFC 9113 8.2.3). */
const joinCookies = (fields: ReadonlyArray<Pair>): ReadonlyArray<Pair> => {
  const cookies = fields.filter(isCookie)
  if (cookies.length < 2) return fields
  return [...fields.filter((field) => !isCookie(field)), ['Cookie', cookies.map(([, value]) => value).join('; ')]]
}

/** `x-gzip` is an old name of gzip, which only recipients need (RFC 9110 8.4.1.3). */
const askFor = (codings: ReadonlyArray<string>): string => codings.filter((name) => name !== 'x-gzip').join(', ')

/** Where the runtime lacks zlib, the Accept-Encoding of `Session.defaults` becomes what fetch decodes. */
const acceptable = (name: string, value: string, { decodes }: Capabilities): string =>
  isAvailable || value !== supported || !Headers.sameName(name, 'accept-encoding') ? value : askFor(decodes)

/** The fields that are passed to fetch. The length of a stream is added where fetch accepts it, as it cannot know it. */
const fieldsOf = (plan: Plan, fetch: Capabilities): ReadonlyArray<Pair> => {
  const sent = plan.headers.fields.filter((field) => treatment(plan, fetch, field) === 'Sent')
  const fields = joinCookies(sent.map(([name, value]): Pair => [name, acceptable(name, Secret.reveal(value), fetch)]))
  const isStream = plan.body._tag === 'Stream' || plan.body._tag === 'Once'
  const length = isStream ? Body.length(plan.body) : O.none
  const isKnown = O.isSome(length) && !Headers.has('Content-Length')(plan.headers)
  if (!isKnown || isForbiddenName('content-length', fetch)) return fields
  return [...fields, ['Content-Length', String(length.value)]]
}

/** What fetch does by itself in a browser, and a plan does not ask for. The option `init` overrides it. */
const BROWSER_INIT = { credentials: 'omit', cache: 'no-store' }

/** Returns the second argument of fetch. */
export const initOf = (
  plan: Plan,
  fetch: Capabilities,
  body: RequestBody,
  more: {
    readonly init: Readonly<Record<string, unknown>>
    readonly redirect: 'manual' | 'follow'
    readonly signal: AbortSignal
    readonly onFailed: (error: unknown) => void
  },
): object => ({
  ...(fetch.cookies === 'Browser' ? BROWSER_INIT : {}),
  ...more.init,
  method: plan.method,
  headers: fieldsOf(plan, fetch),
  redirect: more.redirect,
  signal: more.signal,
  body: body instanceof BodyStream ? streamOf(body, more.onFailed) : (body ?? undefined),
  duplex: body instanceof BodyStream ? 'half' : undefined,
})
