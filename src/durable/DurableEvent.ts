/**
 * What happened in an exchange, as events of its log. Each one is a line of JSON with its format and version.
 *
 * | event      | is written                                                    | has                                        |
 * |------------|---------------------------------------------------------------|--------------------------------------------|
 * | `Started`  | before anything is sent                                       | the request, and the seed of the exchange  |
 * | `Sending`  | before each request of the exchange, but not those of a token | whether it may be sent twice               |
 * | `Failed`   | when no reply came                                            | whether it is certain that nothing was sent |
 * | `Answered` | after each reply                                              | its head, and what the jar has learned     |
 * | `Finished` | when the body of the last reply was read                      | the body, or its length                    |
 * | `Resolved` | by `Durable.resolve`                                          | whether the request was sent               |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Jar from '../cookies/Jar.js'
import type { Request } from '../session/Request.js'
import * as RequestJson from '../session/RequestJson.js'
import * as Octets from '../values/Octets.js'
import * as Printable from '../values/Printable.js'
import * as Serialization from '../values/Serialization.js'
import * as HeadJson from '../wire/HeadJson.js'
import type { Head } from '../wire/Reply.js'

/** What every event has. */
export interface Recorded {
  /** Epoch milliseconds, by the clock of the process that wrote it. */
  readonly at: number
  /** Identifies the run of `Durable.run` that wrote it. */
  readonly run: string
}

/** An exchange was started. */
export interface Started extends Recorded {
  readonly _tag: 'Started'
  /** The request that each run sends. */
  readonly request: Request
  /** The seed of the exchange. */
  readonly entropy: string
}

/** A request is about to be sent. */
export interface Sending extends Recorded {
  readonly _tag: 'Sending'
  /** The method. */
  readonly method: string
  /** The URL. */
  readonly url: string
  /** Whether sending it twice has the effect of sending it once: by its method, or by its Idempotency-Key. */
  readonly isRepeatable: boolean
}

/** No reply came. */
export interface Failed extends Recorded {
  readonly _tag: 'Failed'
  /** The tag of the error. */
  readonly error: string
  /** The message of the error. */
  readonly reason: string
  /** Whether it is certain that nothing was sent. */
  readonly isUnsent: boolean
}

/** What follows a reply: the same request again, with other credentials; a redirect; the response; an error. */
export type After = 'Repeat' | 'Follow' | 'End' | 'Refuse'

/** A reply came. */
export interface Answered extends Recorded {
  readonly _tag: 'Answered'
  /** Its head, as the hooks left it. */
  readonly head: Head
  /** What follows it. */
  readonly after: After
  /** The cookies, tokens and challenges that the exchange has received since its last event. */
  readonly jar: Jar.Jar
}

/** The body of the response: all of it, or its length only. */
export type KeptBody =
  | { readonly _tag: 'Kept'; readonly bytes: Uint8Array }
  /** Not wanted: see the option `keep`. */
  | { readonly _tag: 'Discarded' }
  /** Longer than the option `keep`. */
  | { readonly _tag: 'TooLong'; readonly length: number }

/** The body of the response was read. */
export interface Finished extends Recorded {
  readonly _tag: 'Finished'
  /** The body. */
  readonly body: KeptBody
}

/** Whether a request in doubt was sent. */
export type Resolution = 'sent' | 'notSent'

/** The caller has decided about a request in doubt. */
export interface Resolved extends Recorded {
  readonly _tag: 'Resolved'
  /** Whether it was sent. */
  readonly as: Resolution
}

/**
 * An event of an exchange.
 *
 * @since 0.2.0
 * @category model
 */
export type Event = Started | Sending | Failed | Answered | Finished | Resolved

// --- JSON ------------------------------------------------------------------------------------------------------------

const FORMAT = 'requests-ts/event'
const VERSION = 1

const base = {
  format: t.literal(FORMAT),
  version: t.literal(VERSION),
  at: Serialization.Time,
  run: Serialization.Line,
}

const isBase64 = (u: unknown): u is string => typeof u === 'string' && Octets.isBase64(u)

const Base64 = new t.Type<string, string, unknown>(
  'base64',
  isBase64,
  (u, context) => (isBase64(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const BodyJson = t.union([
  t.strict({ kept: Base64 }),
  t.strict({ discarded: t.literal(true) }),
  t.strict({ length: Serialization.Finite }),
])

const EventJson = t.union([
  t.strict({ ...base, event: t.literal('Started'), request: t.unknown, entropy: Serialization.Text }),
  t.strict({
    ...base,
    event: t.literal('Sending'),
    method: Serialization.Line,
    url: Serialization.Line,
    isRepeatable: t.boolean,
  }),
  t.strict({
    ...base,
    event: t.literal('Failed'),
    error: Serialization.Line,
    reason: Serialization.Text,
    isUnsent: t.boolean,
  }),
  t.strict({
    ...base,
    event: t.literal('Answered'),
    head: t.unknown,
    after: t.union([t.literal('Repeat'), t.literal('Follow'), t.literal('End'), t.literal('Refuse')]),
    jar: t.unknown,
  }),
  t.strict({ ...base, event: t.literal('Finished'), body: BodyJson }),
  t.strict({ ...base, event: t.literal('Resolved'), as: t.union([t.literal('sent'), t.literal('notSent')]) }),
])
type EventJson = t.TypeOf<typeof EventJson>

const REVEAL = { reveal: true }

const bodyToJson = (body: KeptBody): t.TypeOf<typeof BodyJson> => {
  switch (body._tag) {
    case 'Kept':
      return { kept: Octets.toBase64(body.bytes) }
    case 'Discarded':
      return { discarded: true }
    case 'TooLong':
      return { length: body.length }
  }
}

const bodyOf = (json: t.TypeOf<typeof BodyJson>): KeptBody => {
  if ('kept' in json) return { _tag: 'Kept', bytes: Octets.fromBase64(json.kept) }
  return 'length' in json ? { _tag: 'TooLong', length: json.length } : { _tag: 'Discarded' }
}

/** The fields of an event that are not encoded yet, or why one cannot be encoded. */
const contentOf = (event: Event): E.Either<Serialization.EncodeError, object> => {
  switch (event._tag) {
    case 'Started': {
      const request = RequestJson.encode(REVEAL)(event.request)
      return E.isLeft(request) ? request : E.right({ request: request.right, entropy: event.entropy })
    }
    case 'Answered': {
      const head = HeadJson.encode(REVEAL)(event.head)
      if (E.isLeft(head)) return head
      const jar = Jar.encode(REVEAL)(event.jar)
      return E.isLeft(jar) ? jar : E.right({ after: event.after, head: head.right, jar: jar.right })
    }
    case 'Finished':
      return E.right({ body: bodyToJson(event.body) })
    default: {
      const { _tag, at, run, ...content } = event
      return E.right(content)
    }
  }
}

/**
 * Returns an event as a line of JSON, with its secrets. Error: `Unwritable`, with the paths of functions and of bodies that are
 * streams.
 *
 * Laws: `decode(encode(event)) = event`. Whatever `encode` returns, `decode` accepts.
 */
export const encode = (event: Event): E.Either<Serialization.EncodeError, string> => {
  const { _tag, at, run } = event
  const content = contentOf(event)
  if (E.isLeft(content)) return content
  const json = { format: FORMAT, version: VERSION, event: _tag, at, run, ...content.right }
  // A clock or a random source of the user may have returned anything.
  const readable = Serialization.readVersion(FORMAT, VERSION, EventJson, json)
  return E.isLeft(readable) ? E.left(unwritable(readable.left)) : E.right(JSON.stringify(json))
}

const unwritable = ({ problems }: Serialization.DecodeError): Serialization.EncodeError => ({
  _tag: 'Unwritable',
  paths: problems,
  message: `Cannot encode: ${problems.join('; ')}`,
})

const eventOf = (json: EventJson): E.Either<Serialization.DecodeError, Event> => {
  const { at, run } = json
  switch (json.event) {
    case 'Started':
      return E.map((request: Request): Event => ({ _tag: 'Started', at, run, request, entropy: json.entropy }))(
        RequestJson.decode(json.request),
      )
    case 'Answered': {
      const head = HeadJson.decode(json.head)
      if (E.isLeft(head)) return head
      return E.map((jar: Jar.Jar): Event => ({ _tag: 'Answered', at, run, head: head.right, after: json.after, jar }))(
        Jar.decode(json.jar),
      )
    }
    case 'Finished':
      return E.right({ _tag: 'Finished', at, run, body: bodyOf(json.body) })
    case 'Sending': {
      const { method, url, isRepeatable } = json
      return E.right({ _tag: 'Sending', at, run, method, url, isRepeatable })
    }
    case 'Failed': {
      const { error, reason, isUnsent } = json
      return E.right({ _tag: 'Failed', at, run, error, reason, isUnsent })
    }
    case 'Resolved':
      return E.right({ _tag: 'Resolved', at, run, as: json.as })
  }
}

/** Reads an event from its line. Error: `Unreadable`. */
export const decode = (line: string): E.Either<Serialization.DecodeError, Event> => {
  const parsed = Printable.parseJson(line)
  if (E.isLeft(parsed)) return E.left(Serialization.decodeError([parsed.left]))
  const json = Serialization.readVersion(FORMAT, VERSION, EventJson, parsed.right)
  return E.isLeft(json) ? json : eventOf(json.right)
}
