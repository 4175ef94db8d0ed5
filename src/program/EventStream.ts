/**
 * Server-sent events over as many connections as it takes, as the EventSource of browsers does (HTML standard, section 9.2).
 *
 * | a response                           | what happens                                                             |
 * |--------------------------------------|--------------------------------------------------------------------------|
 * | 200 with `text/event-stream`         | its events are read; after its body the stream connects again            |
 * | 204                                  | the stream ends; with `until`, as `BodyCut`                              |
 * | 400 or above                         | `StatusError`; if the policy lists the status itself, the stream connects again, and the body is not read |
 * | another status or Content-Type       | `NotEventStream`                                                         |
 *
 * Each connection is an exchange of its own: observers see it, redirects are followed, and the jar passes from one to the
 * next. `Reconnection` decides whether and when there is a next one.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Jar } from '../cookies/Jar.js'
import { statusError } from '../errors/StatusFailure.js'
import * as HttpError from '../HttpError.js'
import * as Request from '../session/Request.js'
import type { Session } from '../session/Session.js'
import type { SendError } from '../stages/Exchange.js'
import { abortedBeforeSend } from '../transport/Cancellation.js'
import type { Retry } from '../transport/RetryPolicy.js'
import * as HeaderSyntax from '../values/HeaderSyntax.js'
import * as Headers from '../values/Headers.js'
import * as Octets from '../values/Octets.js'
import * as Secret from '../values/Secret.js'
import * as UserInput from '../values/UserInput.js'
import { NOTHING } from '../wire/BodySource.js'
import * as Fault from '../wire/Fault.js'
import type { Hop, Source, Unread } from '../wire/Reply.js'
import {
  bodyOf,
  type NotEventStream,
  notEventStream,
  type ServerSentEvent,
  type StatusError,
} from '../wire/ResponseError.js'
import {
  type EventsOptions,
  endedBefore,
  type PositionChange,
  readEvents,
  START,
  type StreamPosition,
  untilOf,
} from '../wire/ServerSentEvents.js'
import { withPlan } from '../wire/Transport.js'
import { type Emit, readEmitted } from './Emission.js'
import type { Http } from './Program.js'
import * as Reconnection from './Reconnection.js'
import { rejected, type StreamError, stream } from './Streaming.js'

/**
 * Options of `eventStream`.
 *
 * @since 0.2.0
 * @category model
 */
export interface EventStreamOptions extends EventsOptions {
  /**
   * How often and when to connect again; three attempts by default. Attempts are counted from the last event stream that
   * sent anything, also a comment. Each wait is at least that of the policy; `retryAfter` limits the times that the server
   * asks for. At most 100 attempts in a row can receive nothing, also with `Infinity`. A status is retried only if `statuses` is
   * given. A method such as POST is repeated only if `methods` has it: an idempotency key does not allow it, because a server
   * would repeat its first answer. `Retry.never` connects once. With `Transport.withRetry` as well,
   * each of these attempts is up to as many requests as that policy allows.
   */
  readonly retry?: Retry
  /**
   * The id after which the stream starts, sent as Last-Event-ID: that of the last event of an earlier stream. An id of more than
   * 8,192 bytes, also one of the server, is not sent.
   */
  readonly lastEventId?: string
}

/**
 * The errors of `eventStream`, besides those of its reader.
 *
 * @since 0.2.0
 * @category errors
 */
export type EventStreamError = SendError | StatusError | NotEventStream

// --- one connection ------------------------------------------------------------------------------------------------

/** How a connection ended: `Ended` with its body, `Over` with a 204, `Done` by its reader or by `until`. */
interface Ending {
  readonly _tag: 'Ended' | 'Over' | 'Done'
  readonly head: Unread
}

/** How events are read. */
interface Reading {
  readonly maxLength: number | undefined
  readonly until: string | undefined
}

/** What is called for what arrives on a connection. */
interface Receiver {
  readonly emit: Emit<ServerSentEvent>
  /** Bytes of an event stream. */
  readonly onBytes: () => void
  readonly onPosition: (position: StreamPosition, moved: PositionChange) => void
  /** Returns whether the stream connects again after an error. */
  readonly isRetried: (error: StatusError) => boolean
}

const isEventStream = ({ headers }: Unread): boolean => {
  const type = Headers.combined(headers, 'Content-Type')
  return type !== undefined && HeaderSyntax.parseMediaType(type).essence === 'text/event-stream'
}

async function* noticed(body: Source, onBytes: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    if (chunk.length > 0) onBytes()
    yield chunk
  }
}

/** Returns the error of a status. A body that arrives slowly does not delay the next connection: it is not read then. */
const rejectedStatus = (
  head: Unread,
  body: Source,
  isRetried: Receiver['isRetried'],
): TaskEither<StatusError | Fault.Fault, never> => {
  const unread = statusError({ ...head, bytes: NOTHING })
  return isRetried(unread) ? TE.left(unread) : rejected(head, body)
}

/** Reads one connection from a position. */
const readConnection =
  ({ maxLength, until }: Reading, from: StreamPosition, { emit, onBytes, onPosition, isRetried }: Receiver) =>
  (head: Unread, body: Source): TaskEither<Reconnection.RejectedStream | Fault.Fault, Ending> => {
    if (head.status >= 400) return rejectedStatus(head, body, isRetried)
    return async () => {
      if (head.status === 204) return E.right({ _tag: 'Over', head })
      if (head.status !== 200 || !isEventStream(head)) return E.left(notEventStream(head))
      for await (const event of readEvents(noticed(body, onBytes), maxLength, from, onPosition)) {
        if (event.data === until || !(await emit(event)())) return E.right({ _tag: 'Done', head })
      }
      return E.right({ _tag: 'Ended', head })
    }
  }

// --- the request ---------------------------------------------------------------------------------------------------

/** Returns whether a header is set or removed by the request, or by the session with a value that is not its default. */
const isChosen = (session: Session, request: Request.Request, key: string): boolean => {
  const own = request.settings.headers.get(key)
  if (own !== undefined && own._tag !== 'Inherit') return true
  const inherited = session.settings.headers.get(key)
  if (inherited === undefined || inherited._tag === 'Inherit') return false
  return inherited._tag === 'Unset' || inherited.value.values.some((value) => Secret.reveal(value) !== '*/*')
}

const withDefault =
  (session: Session, name: string, value: string): Endomorphism<Request.Request> =>
  (request) =>
    isChosen(session, request, name.toLowerCase()) ? request : Request.withHeader(name, value)(request)

/** The longest id that is sent, in bytes: servers refuse large headers, and the id comes from the server. */
const MAX_ID_LENGTH = 8_192

/** Returns an id as a field value: its bytes in UTF-8. `undefined` if it is too long or empty, or if HTTP does not allow it. */
const fieldValueOf = (id: string): string | undefined => {
  if (id.length > MAX_ID_LENGTH) return undefined
  const value = HeaderSyntax.trimBlanks(Octets.toLatin1(Octets.fromText(id)))
  return value !== '' && value.length <= MAX_ID_LENGTH && Headers.isValue(value) ? value : undefined
}

/** Returns the request of the next connection. Without an id that can be sent, Last-Event-ID is removed. */
const continuing = (id: string): Endomorphism<Request.Request> => {
  const value = fieldValueOf(id)
  return value === undefined ? Request.withoutHeader('Last-Event-ID') : Request.withHeader('Last-Event-ID', value)
}

// --- all connections -----------------------------------------------------------------------------------------------

const hopsOf = (response: Unread): ReadonlyArray<Hop> => [...response.history, { plan: response.plan, head: response }]

/** Returns the last plan that was sent, and the hops before a next one. `undefined` for an error before a plan. */
const sentBefore = (last: E.Either<EventStreamError, Ending>): Pick<Unread, 'plan' | 'history'> | undefined => {
  if (E.isRight(last)) return { plan: last.right.head.plan, history: hopsOf(last.right.head) }
  const error = last.left
  if (error._tag === 'StatusError') return { plan: error.response.plan, history: hopsOf(error.response) }
  return 'plan' in error ? error : undefined
}

/** Returns the error of a stream whose wait was aborted: nothing was sent after the last connection. */
const abortedWait = (
  last: E.Either<EventStreamError, Ending>,
  signal: AbortSignal,
  jar: Jar,
): E.Either<EventStreamError, [undefined, Jar]> => {
  const sent = sentBefore(last)
  if (sent === undefined) return E.isLeft(last) ? last : E.right([undefined, jar])
  return E.left({ ...abortedBeforeSend(sent.plan, signal), history: sent.history, jar })
}

/** Returns the outcome of a stream that ended without an error: `BodyCut` if it may not be complete. */
const ended = (
  { _tag, head }: Ending,
  next: Reconnection.Next,
  until: string | undefined,
  jar: Jar,
): E.Either<EventStreamError, [undefined, Jar]> => {
  const failed = (fault: Fault.Fault): E.Either<EventStreamError, never> =>
    E.left({ ...withPlan(head.plan, fault), history: head.history, jar })
  if (_tag === 'Done') return E.right([undefined, jar])
  if (until !== undefined) return failed(endedBefore('The event stream', until))
  if (_tag === 'Over' || next._tag !== 'UsedUp') return E.right([undefined, jar])
  const problem = `its last connection sent nothing, and the policy allows ${next.attempts} attempts`
  return failed(Fault.make('BodyCut', `The event stream ended with ${bodyOf(head.plan)}: ${problem}`))
}

/** Opens one connection after the other, until the stream ends. */
const connectRepeatedly =
  (given: Request.Request, options: EventStreamOptions) =>
  (emit: Emit<ServerSentEvent>): Http<EventStreamError, void> =>
  (from) =>
  (client) =>
  async () => {
    const { retry, lastEventId = '', maxLength, until: untilGiven } = UserInput.own(options ?? {}) // null in untyped code
    const policy = retry ?? {} // the same
    const until = untilOf(untilGiven)
    const { clock, session } = client
    const signal = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
    const entropy = client.random()
    const request = pipe(
      given,
      withDefault(session, 'Accept', 'text/event-stream'),
      withDefault(session, 'Cache-Control', 'no-store'),
    )
    let jar = from
    let position: StreamPosition = { ...START, id: String(lastEventId ?? '') }
    let hasId = position.id !== ''
    let attempt = 0
    const nextAfter = (error: EventStreamError | undefined): Reconnection.Next =>
      Reconnection.nextAfter(policy)({
        attempt,
        method: given.method,
        isReplayable: given.body._tag !== 'Once',
        error,
        retry: position.retry,
        now: clock.now(),
        entropy,
      })
    const receiver: Receiver = {
      emit,
      onBytes: () => {
        attempt = 1
      },
      onPosition: (to, moved) => {
        hasId ||= moved === 'Id'
        position = to
      },
      isRetried: (error) => nextAfter(error)._tag === 'Connect',
    }
    for (;;) {
      attempt += 1
      const connect = stream(readConnection({ maxLength, until }, position, receiver))
      const outcome = await connect(hasId ? continuing(position.id)(request) : request)(jar)(client)()
      jar = E.isRight(outcome) ? outcome.right[1] : O.getOrElse(() => jar)(HttpError.jar(outcome.left))
      const last = E.map(([ending]: [Ending, Jar]) => ending)(outcome)
      const next = nextAfter(E.isLeft(last) ? last.left : undefined)
      const isOver = E.isRight(last) && last.right._tag !== 'Ended'
      if (isOver || next._tag !== 'Connect') return E.isLeft(last) ? last : ended(last.right, next, until, jar)
      await clock.sleep(next.delay, signal)()
      if (signal?.aborted) return abortedWait(last, signal, jar)
    }
  }

/**
 * Passes the events of a request to `use`, and connects again when a connection ends, as the EventSource of browsers does, but
 * not forever: it gives up after the attempts of the policy. Sends `Accept: text/event-stream` and `Cache-Control: no-store`
 * unless you set these headers, and Last-Event-ID with the id of the last complete event. An event that was cut is not yielded;
 * the server sends it again. A wait is the longer one of the `retry` time of the server and the delay of the policy.
 *
 * The first read connects, so a stream that is not read sends nothing. A reader that stops closes the connection, or ends the
 * wait. The iterable can be read once. It ends with a 204, or after the only body if the policy allows one connection or the
 * method may not be repeated. With `until`, it ends with this data only. Any other end of a body is `BodyCut`: that of the last
 * attempt was empty, or the data of `until` is missing. A last attempt that failed has its own error, such as `ConnectFailed` or
 * `ReadTimeout`. The iterable throws a `Fault` then, and the error is the result, whatever `use` makes of it. Of an error status
 * up to 1,048,576 octets are read, as long as they arrive within the read timeout; a signal ends it. Errors: `EventStreamError`,
 * and those of `use`.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Clock, Http, Request, Secret, Stream, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory(({ headers }) => {
 *   const last = headers.fields.find(([name]) => name === 'Last-Event-ID')?.[1] ?? '0'
 *   const next = Number(Secret.reveal(last)) + 1
 *   return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: `id: ${next}\ndata: event ${next}\n\n` }
 * })
 * const events = Http.eventStream(Request.get('http://h.test/events'))((events) =>
 *   pipe(events, Stream.take(3), Stream.toArray))
 * const outcome = await Client.runWith({ transport, clock: Clock.fixed(new Date(0)) })(events)()
 * assert(outcome._tag === 'Right')
 * assert.deepEqual(outcome.right.map(({ data }) => data), ['event 1', 'event 2', 'event 3'])
 */
export const eventStream =
  (request: Request.Request, options: EventStreamOptions = {}) =>
  <E, A>(
    use: (events: AsyncIterable<ServerSentEvent>) => TaskEither<E, A>,
  ): Http<EventStreamError | StreamError<E>, A> =>
    readEmitted(connectRepeatedly(request, options))(use)
