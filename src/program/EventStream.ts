/**
 * Server-sent events over as many connections as it takes, as the EventSource of browsers does (HTML standard, section 9.2).
 *
 * | a response                           | what happens                                                             |
 * |--------------------------------------|--------------------------------------------------------------------------|
 * | 200 with `text/event-stream`         | its events are read; after its body the stream connects again            |
 * | 204                                  | the stream ends                                                          |
 * | 400 or above                         | `StatusError`, unless the policy lists the status itself                 |
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
import type { Jar } from '../cookies/Jar.js'
import * as HttpError from '../HttpError.js'
import * as Request from '../session/Request.js'
import type { Session } from '../session/Session.js'
import type { SendError } from '../stages/Exchange.js'
import { abortedBeforeSend } from '../transport/Cancellation.js'
import type { Retry } from '../transport/RetryPolicy.js'
import * as HeaderSyntax from '../values/HeaderSyntax.js'
import * as Headers from '../values/Headers.js'
import * as Octets from '../values/Octets.js'
import * as UserInput from '../values/UserInput.js'
import type * as Fault from '../wire/Fault.js'
import type { Hop, Source, Unread } from '../wire/Reply.js'
import { type NotEventStream, notEventStream, type ServerSentEvent, type StatusError } from '../wire/ResponseError.js'
import { type EventsOptions, readEvents, START, type StreamPosition } from '../wire/ServerSentEvents.js'
import { type Emit, type ReaderError, readEmitted } from './Emission.js'
import type { Http } from './Program.js'
import * as Reconnection from './Reconnection.js'
import { rejected, stream } from './Streaming.js'

export type { ReaderError } from './Emission.js'

/**
 * Options of `eventStream`.
 *
 * @since 0.2.0
 * @category model
 */
export interface EventStreamOptions extends EventsOptions {
  /**
   * How often and when to connect again; three attempts by default. Attempts are counted from the last connection that
   * delivered an event. `retryAfter` limits the times that the server asks for. A status is retried only if `statuses` is
   * given. `Retry.never` connects once.
   */
  readonly retry?: Retry
  /** The id after which the stream starts, sent as Last-Event-ID: that of the last event of an earlier stream. */
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

/** How a connection ended: `Ended` with its body, `Done` for good. */
interface Ending {
  readonly tag: 'Ended' | 'Done'
  readonly head: Unread
}

const isEventStream = ({ headers }: Unread): boolean => {
  const type = Headers.combined(headers, 'Content-Type')
  return type !== undefined && HeaderSyntax.parseMediaType(type).essence === 'text/event-stream'
}

/** Reads one connection from a position. `emit` and `onPosition` are called for what arrives. */
const readConnection =
  (
    { maxLength, until }: EventsOptions,
    from: StreamPosition,
    emit: Emit<ServerSentEvent>,
    onPosition: (position: StreamPosition) => void,
  ) =>
  (head: Unread, body: Source): TaskEither<Reconnection.RejectedStream | Fault.Fault, Ending> => {
    if (head.status >= 400) return rejected(head, body)
    return async () => {
      if (head.status === 204) return E.right({ tag: 'Done', head })
      if (head.status !== 200 || !isEventStream(head)) return E.left(notEventStream(head))
      for await (const event of readEvents(body, maxLength, from, onPosition)) {
        if (event.data === until || !(await emit(event)())) return E.right({ tag: 'Done', head })
      }
      return E.right({ tag: 'Ended', head })
    }
  }

// --- the request ---------------------------------------------------------------------------------------------------

/** Returns whether a header is set or removed by the request, or by the session with a value that is not its default. */
const isChosen = (session: Session, request: Request.Request, key: string): boolean => {
  const own = request.settings.headers.get(key)
  if (own !== undefined && own._tag !== 'Inherit') return true
  const inherited = session.settings.headers.get(key)
  if (inherited === undefined || inherited._tag === 'Inherit') return false
  return inherited._tag === 'Unset' || inherited.value.values.some((value) => value !== '*/*')
}

const withDefault =
  (session: Session, name: string, value: string): Endomorphism<Request.Request> =>
  (request) =>
    isChosen(session, request, name.toLowerCase()) ? request : Request.withHeader(name, value)(request)

/** Returns an id as a field value: its bytes in UTF-8. `undefined` if HTTP does not allow it, or if it is empty. */
const fieldValueOf = (id: string): string | undefined => {
  const value = HeaderSyntax.trimBlanks(Octets.toLatin1(Octets.fromText(id)))
  return value !== '' && Headers.isValue(value) ? value : undefined
}

/** Returns the request of the next connection. An id that the server reset, or that HTTP does not allow, is not sent. */
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

/** Opens one connection after the other, until the stream ends. */
const connectRepeatedly =
  (given: Request.Request, options: EventStreamOptions) =>
  (emit: Emit<ServerSentEvent>): Http<EventStreamError, void> =>
  (from) =>
  (client) =>
  async () => {
    const { retry, lastEventId = '', ...reading } = UserInput.own(options)
    const policy = retry ?? {} // null in untyped code
    const { clock, session } = client
    const signal = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
    const entropy = client.random()
    const request = pipe(
      given,
      withDefault(session, 'Accept', 'text/event-stream'),
      withDefault(session, 'Cache-Control', 'no-store'),
    )
    let jar = from
    let position: StreamPosition = { ...START, id: String(lastEventId) }
    let hasId = lastEventId !== ''
    for (let attempt = 1; ; attempt += 1) {
      let hasDelivered = false
      const deliver: Emit<ServerSentEvent> = (event) => {
        hasDelivered = true
        return emit(event)
      }
      const onPosition = (to: StreamPosition): void => {
        hasId ||= to.id !== position.id
        position = to
      }
      const connect = stream(readConnection(reading, position, deliver, onPosition))
      const outcome = await connect(hasId ? continuing(position.id)(request) : request)(jar)(client)()
      jar = E.isRight(outcome) ? outcome.right[1] : O.getOrElse(() => jar)(HttpError.jar(outcome.left))
      const last = E.map(([ending]: [Ending, Jar]) => ending)(outcome)
      if (E.isRight(last) && last.right.tag === 'Done') return E.right([undefined, jar])
      if (hasDelivered) attempt = 1
      const delay = Reconnection.delayAfter(policy)({
        attempt,
        method: given.method,
        isReplayable: given.body._tag !== 'Once',
        error: E.isLeft(last) ? last.left : undefined,
        retry: position.retry,
        now: clock.now(),
        entropy,
      })
      if (O.isNone(delay)) return E.isLeft(last) ? last : E.right([undefined, jar])
      await clock.sleep(delay.value, signal)()
      if (signal?.aborted) return abortedWait(last, signal, jar)
    }
  }

/**
 * Passes the events of a request to `use`, and connects again when a connection ends, as the EventSource of browsers does.
 * Sends `Accept: text/event-stream` and `Cache-Control: no-store` unless you set these headers, and Last-Event-ID with the id of
 * the last complete event. An event that was cut is not yielded; the server sends it again. The waits are the `retry` times of
 * the server and the delays of the policy.
 *
 * The first read connects, so a stream that is not read sends nothing. A reader that stops closes the connection, or ends the
 * wait. The iterable can be read once. It ends with a 204, with the data of `until`, or if the policy allows no further
 * connection after a body that ended. Errors: `EventStreamError`, whatever `use` returns, and those of `use`.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { pipe } from 'fp-ts/lib/function.js'
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
  ): Http<EventStreamError | ReaderError<E>, A> =>
    readEmitted(connectRepeatedly(request, options))(use)
