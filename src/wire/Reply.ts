/**
 * What comes back: the head as data, the body as a source that is read once; and a server as a pure function.
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
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import * as SensitiveHeaders from '../values/SensitiveHeaders.js'
import * as Status from '../values/Status.js'
import * as Fault from './Fault.js'
import type { Plan } from './Plan.js'

/** Status line and header fields of a reply. Sensitive values are secrets, as in a request: Set-Cookie, X-Auth-Token, … */
export interface Head {
  readonly status: number
  readonly reason: string
  readonly headers: Headers.Headers
  /** Milliseconds from handing over the plan to the end of the head, as requests' `elapsed`. */
  readonly elapsed: number
  /** What was spoken, where it was not HTTP/1.1. */
  readonly httpVersion?: 'HTTP/2'
}

/** One plan and what answered it. */
export interface Hop {
  readonly plan: Plan
  readonly head: Head
}

/**
 * A body under way, decoded. It is read once, by iterating (which throws a `Fault`) or as a whole: whoever reads it again,
 * in either way, or after it was let go of, gets `BodyCut` (D40).
 */
export interface Source extends AsyncIterable<Uint8Array> {
  /** All of it, unless it is larger than `limit` octets. */
  readonly gather: (limit: number) => TaskEither<Fault.Fault, Uint8Array>
  /** Lets go of the connection, reading what little may be left. */
  readonly discard: Task<void>
}

export interface Reply extends Head {
  readonly body: Source
}

export type HeadersInput =
  | Readonly<Record<string, string | ReadonlyArray<string>>>
  | ReadonlyArray<readonly [name: string, value: string]>

/** A reply as data: what a pure server gives. The body is as on the wire, so `content-encoding` is undone. */
export interface Answer {
  readonly status: number
  readonly reason?: string
  readonly headers?: HeadersInput
  readonly body?: string | Uint8Array
}

/** A server without a network: a function, or a table from `METHOD /path`, `METHOD /path?query` or `METHOD url`. */
export type Server = ((plan: Plan) => Answer) | Readonly<Record<string, Answer | ((plan: Plan) => Answer)>>

const notFound = (plan: Plan): Answer => ({
  status: 404,
  body: `no route for ${plan.method} ${plan.url.pathname}${plan.url.search}`,
})

/** What a server answers to a plan; a table without a fitting row answers 404. */
export const answer =
  (server: Server) =>
  (plan: Plan): Answer => {
    if (typeof server === 'function') return server(plan)
    const { origin, pathname, search } = plan.url
    const rows = [`${origin}${pathname}${search}`, `${origin}${pathname}`, `${pathname}${search}`, pathname]
    for (const row of rows.map((place) => `${plan.method} ${place}`)) {
      const found = Object.hasOwn(server, row) ? server[row] : undefined
      if (found !== undefined) return typeof found === 'function' ? found(plan) : found
    }
    return notFound(plan)
  }

/** What a head is made from. */
export interface HeadInput {
  readonly status: number
  readonly reason?: string
  readonly headers?: HeadersInput
  readonly elapsed?: number
  readonly httpVersion?: 'HTTP/2'
}

const isPairs = (input: HeadersInput): input is ReadonlyArray<readonly [string, string]> => Array.isArray(input)

/** What is sensitive by name; and a Location that names a user, for there may be a password behind it (D14, D56). */
export const isSecretField = (name: string, value: string): boolean =>
  SensitiveHeaders.isInReply(name) ||
  (name.length === 8 && value.includes('@') && name.toLowerCase() === 'location' && /^[^/?#]*\/\/[^/?#]*@/.test(value))

/** Fields as they were received, each sensitive value made secret: Set-Cookie, X-Auth-Token, … */
export const receivedHeaders = (fields: ReadonlyArray<readonly [name: string, value: string]>): Headers.Headers => ({
  fields: fields.map((pair): Headers.Field => {
    const [name, value] = pair
    return isSecretField(name, value) ? [name, Secret.make(value)] : pair
  }),
})

const inputPairs = (input: HeadersInput): ReadonlyArray<readonly [string, string]> =>
  isPairs(input) ? input : Headers.reveal(Headers.fromRecord(input))

export const head = ({ status, reason, headers = [], elapsed = 0, httpVersion }: HeadInput): Head => ({
  status,
  reason: reason ?? Status.reason(status),
  headers: receivedHeaders(inputPairs(headers)),
  elapsed,
  ...(httpVersion === undefined ? {} : { httpVersion }),
})

/** The head of a reply without its body: what the machine and a history keep. */
export const headOf = ({ status, reason, headers, elapsed, httpVersion }: Reply): Head =>
  httpVersion === undefined ? { status, reason, headers, elapsed } : { status, reason, headers, elapsed, httpVersion }

/** Whether something is made as a head is: what a hook or a transport of the user's own gives may be anything. */
export const isHead = (u: unknown): u is Head => {
  if (typeof u !== 'object' || u === null) return false
  const { status, reason, headers, elapsed }: Partial<Record<keyof Head, unknown>> = u
  const isPlain = Number.isInteger(status) && typeof reason === 'string' && typeof elapsed === 'number'
  return isPlain && Headers.is(headers)
}

const isSource = (u: unknown): u is Source => {
  if (typeof u !== 'object' || u === null) return false
  const { gather, discard, [Symbol.asyncIterator]: iterate }: Partial<Record<keyof Source, unknown>> = u
  return typeof gather === 'function' && typeof discard === 'function' && typeof iterate === 'function'
}

/** Whether something is made as a reply is. */
export const is = (u: unknown): u is Reply => isHead(u) && 'body' in u && isSource(u.body)

const isAnswered = (u: unknown): u is E.Either<Fault.Fault, Uint8Array> => {
  if (typeof u !== 'object' || u === null || !('_tag' in u)) return false
  if (u._tag === 'Right') return 'right' in u && u.right instanceof Uint8Array
  return u._tag === 'Left' && 'left' in u && Fault.is(u.left)
}

/** All of a body, whoever made it: one that rejects is cut, one that gives something else is no body. */
export const readAll = async (body: Source, limit: number): Promise<E.Either<Fault.Fault, Uint8Array>> => {
  try {
    const bytes: unknown = await body.gather(limit)()
    if (isAnswered(bytes)) return bytes
    return E.left(Fault.make('ProtocolError', `The transport gave ${Fault.kindOf(bytes)} in place of a body`))
  } catch (cause) {
    return E.left(bodyCut(cause))
  }
}

/** @deprecated Use `readAll`. */
export const gather = readAll

/** Lets go of a body, whoever made it: that it cannot be let go of changes nothing for the exchange. */
export const discard = async (body: Source): Promise<void> => {
  try {
    await body.discard()
  } catch {
    // Nobody wants the body any more.
  }
}

/** The Content-Length that a head declares, where it is one number and nothing else frames the body. */
export const lengthOf = (headers: Headers.Headers): number | undefined => {
  const declared = Headers.find(headers, 'Content-Length')
  if (declared === undefined || Headers.has('Transfer-Encoding')(headers)) return undefined
  const digits = Secret.reveal(declared)
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}

const NOTHING = new Uint8Array(0)
const done = async (): Promise<void> => {}

/** Somebody reads it, read it or let go of it before. */
export const readAlready = (): Fault.Fault =>
  Fault.make('BodyCut', 'The body has been read already; keep what it gave, for it is read once')

const refusing: AsyncIterator<Uint8Array> = { next: () => Promise.reject(readAlready()) }

/** A source that is read once, whichever way it is read (D40). */
export const once = (source: Source): Source => {
  let isRead = false
  const begin = (): boolean => {
    const isFirst = !isRead
    isRead = true
    return isFirst
  }
  return {
    gather: (limit) => async () => (begin() ? source.gather(limit)() : E.left(readAlready())),
    discard: () => {
      isRead = true
      return source.discard()
    },
    [Symbol.asyncIterator]: () => (begin() ? source[Symbol.asyncIterator]() : refusing),
  }
}

/** A source from bytes at hand. */
export const fromBytes = (content: Uint8Array): Source =>
  once({
    gather: (limit) => async () => (content.length > limit ? E.left(tooLarge(limit)) : E.right(content)),
    discard: done,
    async *[Symbol.asyncIterator]() {
      if (content.length > 0) yield content
    },
  })

/** A source from an iterable, whose failures become `BodyCut` unless they are faults already. */
export const fromIterable = (content: AsyncIterable<Uint8Array>): Source => {
  const iterator = content[Symbol.asyncIterator]()
  const close = async (): Promise<void> => {
    await iterator.return?.().catch(() => undefined)
  }
  const collect = async (limit: number): Promise<E.Either<Fault.Fault, Uint8Array>> => {
    const chunks: Uint8Array[] = []
    let size = 0
    try {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        size += next.value.length
        if (size > limit) {
          await close()
          return E.left(tooLarge(limit))
        }
        chunks.push(next.value)
      }
      return E.right(concat(chunks))
    } catch (cause) {
      return E.left(bodyCut(cause))
    }
  }
  return once({
    gather: (limit) => () => collect(limit),
    discard: close,
    [Symbol.asyncIterator]: () => ({
      next: () => iterator.next().catch((cause) => Promise.reject(bodyCut(cause))),
      return: async () => {
        await close()
        return { done: true, value: undefined }
      },
    }),
  })
}

/** One piece from many; a single piece is not copied. */
export const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [first, ...others] = chunks
  if (first === undefined) return NOTHING
  return others.length === 0 ? first : Buffer.concat(chunks)
}

export const tooLarge = (limit: number): Fault.Fault =>
  Fault.make('BodyTooLarge', `The body is larger than ${limit} octets; raise limits.body or use Http.stream`)

/** What is thrown while a body is read, as a fault. */
export const bodyCut = (cause: unknown): Fault.Fault =>
  Fault.is(cause) ? cause : Fault.make('BodyCut', `The body ended too early: ${Fault.messageOf(cause)}`, cause)

/** What a transport of your own gives back: the body is decoded already. */
export interface ReplyInput extends HeadInput {
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** A reply from its parts, for a transport of your own. */
export const reply = ({ body = NOTHING, ...rest }: ReplyInput): Reply => ({
  ...head(rest),
  body:
    typeof body === 'string'
      ? fromBytes(Buffer.from(body, 'utf8'))
      : body instanceof Uint8Array
        ? fromBytes(body)
        : fromIterable(body),
})
