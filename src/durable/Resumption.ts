/**
 * Decides how an exchange continues, from the events of its log alone. It is pure, and each event is read once.
 *
 * | the last event                        | a request that may be repeated | any other                       |
 * |---------------------------------------|--------------------------------|---------------------------------|
 * | none                                  | `Start`                        | `Start`                         |
 * | `Started`, `Failed` and nothing was sent, resolved as not sent | `Continue` | `Continue`                      |
 * | `Sending`, `Failed` and it may have been sent | `Continue`: send it again | `InDoubt`: `NoReply`          |
 * | `Answered`, and it is not the last reply | `Continue`                  | `Continue`                      |
 * | `Answered`, the last reply, but not its body; or the body was too long | `Continue`: send it again | `InDoubt`: `BodyLost` |
 * | resolved as sent                      | `InDoubt`: `ResolvedAsSent`    | `InDoubt`: `ResolvedAsSent`     |
 * | `Answered`, and the exchange failed   | `Refused`                      | `Refused`                       |
 * | `Finished`                            | `Finished`                     | `Finished`                      |
 *
 * Laws: it never continues with a request that may not be repeated and may have been processed; it is total: events in an order
 * that no run writes are an error.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../cookies/Jar.js'
import * as Serialization from '../values/Serialization.js'
import type { Head } from '../wire/Reply.js'
import type { Answered, Event, Failed, Finished, KeptBody, Sending, Started } from './DurableEvent.js'

/** A request of the exchange that was answered. */
export interface RecordedHop {
  /** The request. */
  readonly sending: Sending
  /** Its reply. */
  readonly answered: Answered
}

/** What is known of an exchange that was started. */
export interface Progress {
  /** With the request and the seed of the exchange. */
  readonly started: Started
  /** The answered requests, oldest first. */
  readonly hops: ReadonlyArray<RecordedHop>
  /** All that the jar has learned in the exchange. */
  readonly jar: Jar.Jar
  /** The request that may have been sent already, and is sent again, if it may be repeated with the session of the next run. */
  readonly again: O.Option<Doubt>
}

/**
 * Why it is not known what a request has done, or what its reply was.
 *
 * | reason           | what happened                                                                                |
 * |------------------|----------------------------------------------------------------------------------------------|
 * | `NoReply`        | the request may have been sent, and no reply came                                             |
 * | `BodyLost`       | the server has replied, so the request was processed; the body of the reply was not stored    |
 * | `ResolvedAsSent` | `Durable.resolve` said that the request was sent                                               |
 *
 * @since 0.2.0
 * @category model
 */
export type DoubtReason = 'NoReply' | 'BodyLost' | 'ResolvedAsSent'

/** A request in doubt. */
export interface Doubt {
  /** What is known. */
  readonly reason: DoubtReason
  /** The request. */
  readonly sending: Sending
  /** The head of its reply, if one came. */
  readonly head: O.Option<Head>
  /** The error of the run that sent it, if it was recorded. */
  readonly failure: O.Option<Failed>
}

/**
 * How an exchange continues.
 *
 * @since 0.2.0
 * @category model
 */
export type Resumption =
  /** It was not started. */
  | { readonly _tag: 'Start' }
  /** Its next request is sent. */
  | { readonly _tag: 'Continue'; readonly progress: Progress }
  /** Its response is in the log. */
  | { readonly _tag: 'Finished'; readonly progress: Progress; readonly body: Uint8Array }
  /** Its last reply was an error, such as one redirect too many. */
  | { readonly _tag: 'Refused'; readonly progress: Progress }
  /** A request may have been processed, and must not be sent again. */
  | { readonly _tag: 'InDoubt'; readonly progress: Progress; readonly doubt: Doubt }

/** What the events so far say. */
interface State {
  readonly started: Started
  /** One list for all states of a fold, because a copy for each event would cost the square of their number. */
  readonly hops: RecordedHop[]
  readonly jar: Jar.Jar
  /** The request that may have been sent, and was not answered. */
  readonly pending: Sending | undefined
  readonly failure: Failed | undefined
  readonly body: KeptBody | undefined
  readonly isResolvedAsSent: boolean
}

type Folded = E.Either<string, State>

const out = (event: Event): Folded => E.left(`the event ${event._tag} cannot follow the ones before it`)

const isOver = ({ hops }: State): boolean => {
  const last = hops.at(-1)?.answered.after
  return last === 'End' || last === 'Refuse'
}

const isEndOf = (hop: RecordedHop | undefined, { run }: Finished): boolean =>
  hop?.answered.after === 'End' && hop.answered.run === run

const begun = (started: Started): State => ({
  started,
  hops: [],
  jar: Jar.empty,
  pending: undefined,
  failure: undefined,
  body: undefined,
  isResolvedAsSent: false,
})

const NO_BYTES = new Uint8Array()

/** Forgets the last reply, so that its request is sent again. */
const withoutLast = (state: State): State => {
  state.hops.pop()
  return { ...state, body: undefined }
}

const isRepeatable = ({ hops }: State): boolean => hops.at(-1)?.sending.isRepeatable === true

const mayResend = (state: State): boolean => state.pending === undefined || state.pending.isRepeatable

const applied = (state: State, event: Event): Folded => {
  const { pending, hops, jar } = state
  if (state.body !== undefined && state.body._tag !== 'TooLong') return out(event)
  switch (event._tag) {
    case 'Started':
      return out(event)
    case 'Sending': {
      if (isOver(state)) return isRepeatable(state) ? applied(withoutLast(state), event) : out(event)
      return mayResend(state) ? E.right({ ...state, pending: event, failure: undefined }) : out(event)
    }
    case 'Failed':
      if (pending?.run !== event.run) return out(event)
      return E.right({ ...state, pending: event.isUnsent ? undefined : pending, failure: event })
    case 'Answered': {
      // After a drop, two runs may have started the exchange.
      if (pending?.run !== event.run) return out(event)
      hops.push({ sending: pending, answered: event })
      return E.right({ ...state, jar: Jar.join(jar, event.jar), pending: undefined })
    }
    case 'Finished':
      return isEndOf(hops.at(-1), event) ? E.right({ ...state, body: event.body }) : out(event)
    case 'Resolved': {
      if (unsettledOf(state) === undefined) return out(event)
      if (event.as === 'sent') return E.right({ ...state, isResolvedAsSent: true })
      return E.right({ ...(isOver(state) ? withoutLast(state) : state), pending: undefined, isResolvedAsSent: false })
    }
  }
}

/** Returns the request that may have been processed, and whose response is not known. */
const unsettledOf = (state: State): Doubt | undefined => {
  const { pending, hops, failure, body, isResolvedAsSent } = state
  const last = hops.at(-1)
  const isBodyLost = last?.answered.after === 'End' && (body === undefined || body._tag === 'TooLong')
  const sending = pending ?? (isBodyLost ? last?.sending : undefined)
  if (sending === undefined) return undefined
  const head = pending === undefined && last !== undefined ? O.some(last.answered.head) : O.none
  const reason = isResolvedAsSent ? 'ResolvedAsSent' : O.isSome(head) ? 'BodyLost' : 'NoReply'
  return { reason, sending, head, failure: O.fromNullable(failure) }
}

const isSentAgain = ({ isResolvedAsSent }: State, { sending }: Doubt): boolean =>
  sending.isRepeatable && !isResolvedAsSent

const resumptionOf = (state: State): Resumption => {
  const { started, hops, jar, body } = state
  const unsettled = unsettledOf(state)
  const progress: Progress = { started, hops, jar, again: O.fromNullable(unsettled) }
  if (unsettled !== undefined && !isSentAgain(state, unsettled)) return { _tag: 'InDoubt', progress, doubt: unsettled }
  if (hops.at(-1)?.answered.after === 'Refuse') return { _tag: 'Refused', progress }
  if (body?._tag === 'Kept') return { _tag: 'Finished', progress, body: body.bytes }
  if (body?._tag === 'Discarded') return { _tag: 'Finished', progress, body: NO_BYTES }
  if (!isOver(state)) return { _tag: 'Continue', progress }
  return { _tag: 'Continue', progress: { ...progress, hops: hops.slice(0, -1) } }
}

/**
 * Returns how an exchange continues after its events. Error: `Unreadable`, if no run writes them in this order.
 *
 * @since 0.2.0
 * @category destructors
 */
export const fold = (events: ReadonlyArray<Event>): E.Either<Serialization.DecodeError, Resumption> => {
  const [first, ...rest] = events
  if (first === undefined) return E.right({ _tag: 'Start' })
  if (first._tag !== 'Started') return E.left(Serialization.decodeError([`event 0: it must be Started`]))
  let state = begun(first)
  for (const [i, event] of rest.entries()) {
    const next = applied(state, event)
    if (E.isLeft(next)) return E.left(Serialization.decodeError([`event ${i + 1}: ${next.left}`]))
    state = next.right
  }
  return E.right(resumptionOf(state))
}
