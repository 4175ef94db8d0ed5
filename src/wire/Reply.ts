/**
 * A reply: the head as data and the body as a source that is read once. Also defines `Server`, a server as a pure function.
 *
 * @example
 * import { Reply, Request, Plan, Session } from 'requests-ts'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const server: Reply.Server = {
 *   'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': ['x=1', 'y=2'] } },
 *   'GET /b': (plan) => ({ status: 200, body: plan.method }),
 * }
 * const plan = Plan.plan({ session: Session.defaults })(Request.get('http://h.test/b'))
 * assert.deepEqual(E.map(Reply.answer(server))(plan), E.right({ status: 200, body: 'GET' }))
 */
import type * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import type { Jar } from '../cookies/Jar.js'
import type { Rejection } from '../cookies/SetCookie.js'
import * as Headers from '../values/Headers.js'
import * as Octets from '../values/Octets.js'
import * as Redaction from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import * as Status from '../values/Status.js'
import * as UserInput from '../values/UserInput.js'
import { fromBytes, fromIterable, isSource, NOTHING, type Source } from './BodySource.js'
import type { Plan } from './Plan.js'
import type { Timings } from './Timings.js'

export {
  bodyCut,
  concat,
  discard,
  fromBytes,
  fromIterable,
  gather,
  once,
  readAll,
  readAlready,
  type Source,
  tooLarge,
} from './BodySource.js'

/** Status line and header fields of a reply. Sensitive values, such as Set-Cookie and X-Auth-Token, are secrets. */
export interface Head {
  /** The status code, 100 to 599. */
  readonly status: number
  /** The reason phrase; empty for HTTP/2. */
  readonly reason: string
  /** In the order and spelling in which they were received. */
  readonly headers: Headers.Headers
  /** Milliseconds from sending the plan to the end of the head, as requests' `elapsed`. */
  readonly elapsed: number
  /** The protocol version, if it is not HTTP/1.1. */
  readonly httpVersion?: 'HTTP/2'
  /**
   * The URL of the reply, if the transport has followed redirects itself. It is then the `url` of the response.
   *
   * @since 0.2.0
   */
  readonly finalUrl?: string
  /**
   * How long the phases of the attempt took. Absent if the transport does not record them: see `timings` of `Transport.undici`.
   *
   * @since 0.2.0
   */
  readonly timings?: Timings
}

/** A plan and the head of its reply. */
export interface Hop {
  /** The plan that was sent. */
  readonly plan: Plan
  /** The head of its reply. */
  readonly head: Head
  /** The Set-Cookie lines that the jar rejected, and why; absent if there are none. */
  readonly rejected?: ReadonlyArray<Rejection>
}

/** Header fields as a record, with a list for a repeated field, or as pairs. */
export type HeadersInput =
  | Readonly<Record<string, string | ReadonlyArray<string>>>
  | ReadonlyArray<readonly [name: string, value: string]>

/** The arguments of `head`. */
export interface HeadInput {
  /** 100 to 599. */
  readonly status: number
  /** That of the status by default. */
  readonly reason?: string
  /** None by default. */
  readonly headers?: HeadersInput
  /** Milliseconds; 0 by default. */
  readonly elapsed?: number
  /** Absent: HTTP/1.1. */
  readonly httpVersion?: 'HTTP/2'
  /** None by default. */
  readonly timings?: Timings
}

/** Returns whether a field is sensitive by its name, or is a Location whose URL has userinfo (D14, D56). */
export const isSecretField = (name: string, value: string): boolean =>
  Redaction.isSensitiveInReply(name) ||
  (name.length === 8 && value.includes('@') && name.toLowerCase() === 'location' && /^[^/?#]*\/\/[^/?#]*@/.test(value))

/** Returns received fields with every sensitive value as a secret. */
export const receivedHeaders = (fields: ReadonlyArray<readonly [name: string, value: string]>): Headers.Headers => {
  for (const [name, value] of fields) if (isSecretField(name, value)) return { fields: fields.map(hideIfSecret) }
  return { fields }
}

const hideIfSecret = (pair: readonly [name: string, value: string]): Headers.Field => {
  const [name, value] = pair
  return isSecretField(name, value) ? [name, Secret.make(value)] : pair
}

/** Returns a head. The reason is that of the status by default. */
export const head = ({ status, reason, headers = [], elapsed = 0, httpVersion, timings }: HeadInput): Head => ({
  status,
  reason: reason ?? Status.reason(status),
  headers: receivedHeaders(UserInput.isArray(headers) ? headers : Headers.reveal(Headers.fromRecord(headers))),
  elapsed,
  ...(httpVersion === undefined ? {} : { httpVersion }),
  ...(timings === undefined ? {} : { timings }),
})

/** Returns the head of a reply, without its body. */
export const headOf = ({ status, reason, headers, elapsed, httpVersion, finalUrl, timings }: Reply): Head => {
  if (httpVersion === undefined && finalUrl === undefined && timings === undefined)
    return { status, reason, headers, elapsed }
  return {
    ...{ status, reason, headers, elapsed },
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(finalUrl === undefined ? {} : { finalUrl }),
    ...(timings === undefined ? {} : { timings }),
  }
}

/** Checks whether a value has the shape of a head. A hook or a transport of the user may return anything. */
export const isHead = (u: unknown): u is Head => {
  if (typeof u !== 'object' || u === null) return false
  const { status, reason, headers, elapsed }: Partial<Record<keyof Head, unknown>> = u
  const hasScalars = Number.isInteger(status) && typeof reason === 'string' && typeof elapsed === 'number'
  return hasScalars && Headers.is(headers)
}

/** Returns the Content-Length of a head, if it is a single number and there is no Transfer-Encoding. */
export const lengthOf = (headers: Headers.Headers): number | undefined => {
  const declared = Headers.find(headers, 'Content-Length')
  if (declared === undefined || Headers.has('Transfer-Encoding')(headers)) return undefined
  const digits = Secret.reveal(declared)
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}

/**
 * A connection, for observers.
 *
 * @since 0.2.0
 * @category model
 */
export interface Connection {
  /** Whether it had served an earlier request. */
  readonly reused: boolean
}

/** What a transport returns for a plan. */
export interface Reply extends Head {
  /** The connection that the reply arrived on. Absent if the transport has none, or does not report it. */
  readonly connection?: Connection
  /** Must be read or discarded, or its connection stays busy. */
  readonly body: Source
}

/** The arguments of `reply`. The body must be decoded already. */
export interface ReplyInput extends HeadInput {
  /** Empty by default. Text is encoded as UTF-8. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** Returns a reply, for a custom transport. */
export const reply = ({ body = NOTHING, ...rest }: ReplyInput): Reply => {
  const content = typeof body === 'string' ? Octets.fromText(body) : body
  return { ...head(rest), body: content instanceof Uint8Array ? fromBytes(content) : fromIterable(content) }
}

/** Checks whether a value has the shape of a reply. */
export const is = (u: unknown): u is Reply => isHead(u) && 'body' in u && isSource(u.body)

/** A response without its body, which is read separately. */
export interface Unread extends Head {
  /** The URL of the final reply, with its fragment and without userinfo (D14). */
  readonly url: string
  /** The charset of the Content-Type. */
  readonly encoding: O.Option<string>
  /** The cookies that this reply set. The jar has the cookies of earlier hops. */
  readonly cookies: ReadonlyArray<Cookie>
  /** The Set-Cookie lines of this reply that the jar rejected, and why; absent if there are none. */
  readonly rejected?: ReadonlyArray<Rejection>
  /** The earlier hops, oldest first: redirects and answered challenges, without their bodies (D20). */
  readonly history: ReadonlyArray<Hop>
  /** The plan of the final reply. */
  readonly plan: Plan
  /** The plan that was not sent, if a policy stopped at a redirect. */
  readonly next: O.Option<Plan>
  /** The cookie jar after this reply. */
  readonly jar: Jar
}

/** A response with its body. */
export interface Response extends Unread {
  /** The decoded body. */
  readonly bytes: Uint8Array
}

/** A reply as data, which a pure server returns. The body is as sent: its `content-encoding` will be decoded. */
export interface Answer extends Pick<HeadInput, 'status' | 'reason' | 'headers'> {
  /** Empty by default. Text is encoded as UTF-8. */
  readonly body?: string | Uint8Array
  /** A value that is sent as JSON, instead of `body`. The Content-Type is `application/json`, unless `headers` has one. */
  readonly json?: unknown
}

/** A server without a network: a function, or a table with keys `METHOD /path`, `METHOD /path?query`, `METHOD url`. */
export type Server = ((plan: Plan) => Answer) | Readonly<Record<string, Answer | ((plan: Plan) => Answer)>>

/** Returns what a server answers to a plan. If a table has no matching key, the answer is 404. */
export const answer =
  (server: Server) =>
  (plan: Plan): Answer => {
    if (typeof server === 'function') return server(plan)
    const { method } = plan
    const { origin, pathname, search } = plan.url
    for (const target of [`${origin}${pathname}${search}`, `${origin}${pathname}`, `${pathname}${search}`, pathname]) {
      const key = `${method} ${target}`
      const found = Object.hasOwn(server, key) ? server[key] : undefined
      if (found !== undefined) return typeof found === 'function' ? found(plan) : found
    }
    return {
      status: 404,
      reason: `no route for ${method} ${pathname}`,
      body: `no route for ${method} ${pathname}${search}`,
    }
  }
