/**
 * Observes exchanges: one place for spans, metrics and logs. An observer gets frozen data, and cannot change an
 * exchange: what it throws is ignored. Plans, heads and messages contain no secrets of settings, except that a message may
 * repeat the text of an error of your own code: of the stream of a request body, or of a custom transport.
 *
 * | event        | when                                              | has                                             |
 * |--------------|---------------------------------------------------|-------------------------------------------------|
 * | `onSend`     | before each attempt                               | why, and how many were sent before              |
 * | `onReply`    | after each attempt                                | the head, or the fault                          |
 * | `onRetry`    | a retrying transport will send again, before its wait | the delay                                   |
 * | `onRedirect` | before the first attempt of the next hop          | status, source and target                       |
 * | `onDone`     | the exchange has ended, after its body            | the status, or the error                        |
 *
 * Laws, for each exchange:
 *
 * 1. Each `onSend` is followed by its `onReply` before any other event.
 * 2. The last event is `onDone`, exactly once, on every path: abort, deadline, hooks, bodies and exceptions of user code.
 * 3. An `onRetry` is followed by the `onSend` of the next attempt, or by `onDone` if the exchange ends while it waits.
 * 4. An `onRedirect` is followed by an `onSend` whose `cause` is `Follow`. A challenge that is answered has no event of
 *    its own: the next `onSend` has the `cause` `Authorize`.
 * 5. `hop` counts the plans from 0, and `attempt` counts the attempts of a hop from 1.
 *
 * An exchange starts when its plan is complete: observers are not called for a `PlanError`, nor by `Exchange.simulate`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Session, Transport } from 'requests-ts'
 *
 * const log: Array<string> = []
 * const session = Session.withObserver({
 *   onSend: ({ plan }) => () => { log.push(`${plan.method} ${plan.url}`) },
 *   onDone: ({ outcome }) => () => { log.push(outcome._tag) },
 * })(Session.empty)
 * const transport = Transport.memory(() => ({ status: 204 }))
 * await pipe(Http.get('http://h.test/'), Client.use({ session, transport }))()
 * assert.deepEqual(log, ['GET http://h.test/', 'Success'])
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as Entropy from '../../values/Entropy.js'
import type { Cause } from '../../wire/Plan.js'
import type { Connection } from '../../wire/Reply.js'
import type { Timings } from '../../wire/Timings.js'
import type { SendControls } from '../../wire/Transport.js'
import { notify } from './Notify.js'

/**
 * Header lines as text. A secret is `‹secret›`.
 *
 * @since 0.2.0
 * @category model
 */
export type ObservedHeaders = ReadonlyArray<readonly [name: string, value: string]>

/**
 * A plan as text, without its body.
 *
 * @since 0.2.0
 * @category model
 */
export interface ObservedPlan {
  /** As it is sent. */
  readonly method: string
  /** Without userinfo. Secret query parameters are hidden. */
  readonly url: string
  /** Canonical. An IPv6 address has brackets. */
  readonly hostname: string
  /** The port of the URL, or the default port of its scheme. */
  readonly port: number
  /** In the order in which they are sent. */
  readonly headers: ObservedHeaders
  /** Why the plan is sent: the first request, a redirect, or an answered challenge. */
  readonly cause: Cause
}

/**
 * A head as text, before hooks.
 *
 * @since 0.2.0
 * @category model
 */
export interface ObservedHead {
  /** 100 to 599. */
  readonly status: number
  /** The reason phrase; empty for HTTP/2. */
  readonly reason: string
  /** In the order in which they were received. */
  readonly headers: ObservedHeaders
  /** The version of the connection. */
  readonly httpVersion: 'HTTP/1.1' | 'HTTP/2'
  /** Absent if the transport does not report it. */
  readonly connection?: Connection
  /**
   * How long the phases until the head took. Absent if the transport does not record them.
   *
   * @since 0.2.0
   */
  readonly timings?: Timings
}

/**
 * An error without its data.
 *
 * @since 0.2.0
 * @category model
 */
export interface ObservedError {
  /** The tag of an error of this library, or else the `_tag` or the `name` of an error of the user's code. */
  readonly _tag: string
  /**
   * A message of this library. It contains no secrets, but may repeat the text of an error of a request body stream or of a
   * custom transport. Empty for an error of other code of the user.
   */
  readonly message: string
}

/**
 * What all events have. Times are milliseconds of `clock.monotonic`.
 *
 * @since 0.2.0
 * @category model
 */
export interface ObservedEvent {
  /** The same for all events of an exchange, and different for each seed (`random` of a client). It does not reveal the seed. */
  readonly exchange: string
  /** The number of plans of this exchange before the current one. */
  readonly hop: number
  /** The number of the attempt in this hop, from 1; 0 in an `onRedirect`, and in an `onDone` if nothing was sent. */
  readonly attempt: number
  /** The time since the exchange started. */
  readonly sinceStart: number
  /** The plan of this hop. */
  readonly plan: ObservedPlan
}

/**
 * An attempt starts.
 *
 * @since 0.2.0
 * @category model
 */
export interface SendEvent extends ObservedEvent {
  /** The attempts of this exchange before this one: redirects, challenges and retries. */
  readonly resendCount: number
}

/**
 * An attempt has ended, with the head of its reply or with a fault.
 *
 * @since 0.2.0
 * @category model
 */
export interface ReplyEvent extends ObservedEvent {
  /** The head, or the fault of the attempt. */
  readonly result: Either<ObservedError, ObservedHead>
  /** The time since the `onSend` of this attempt. */
  readonly sinceSend: number
}

/**
 * Another attempt will follow. The reason is the `result` of the `onReply` before it.
 *
 * @since 0.2.0
 * @category model
 */
export interface RetryEvent extends ObservedEvent {
  /** Why it is sent again: a head, or a fault. */
  readonly result: Either<ObservedError, ObservedHead>
  /** The wait in milliseconds. Absent if the transport does not report it. */
  readonly delay?: number
}

/**
 * A redirect is followed. `plan` is the next one.
 *
 * @since 0.2.0
 * @category model
 */
export interface RedirectEvent extends ObservedEvent {
  /** The status that the server sent. */
  readonly status: number
  /** The URL that redirects. */
  readonly from: string
  /** The URL of `plan`. */
  readonly to: string
}

/**
 * An exchange has ended. A `status` is that of the response, after hooks.
 *
 * @since 0.2.0
 * @category model
 */
export interface DoneEvent extends ObservedEvent {
  /** The status of the response, or the error of the exchange. */
  readonly outcome:
    | { readonly _tag: 'Success'; readonly status: number }
    | { readonly _tag: 'Failure'; readonly error: ObservedError }
  /** The time since the last head: hooks and the body. Absent if the last attempt failed. */
  readonly sinceReply?: number
}

/**
 * Functions that are called with events, each of them optional. Only own properties of the object are called: a method
 * of a class is a property of its prototype, and is ignored.
 *
 * @since 0.2.0
 * @category model
 */
export interface Observer {
  /** Called before each attempt. */
  readonly onSend?: (event: SendEvent) => IO<void>
  /** Called after each attempt. */
  readonly onReply?: (event: ReplyEvent) => IO<void>
  /** Called before the wait of a retry. */
  readonly onRetry?: (event: RetryEvent) => IO<void>
  /** Called before the first attempt of the next hop. */
  readonly onRedirect?: (event: RedirectEvent) => IO<void>
  /** Called once, after the body or the error. */
  readonly onDone?: (event: DoneEvent) => IO<void>
}

/** Calls the functions of both operands, the second one also if the first one fails. */
const both =
  <K extends keyof Observer>(x: Observer, y: Observer, name: K) =>
  (event: ObservedEvent): IO<void> =>
  () => {
    notify(x, name, event)
    notify(y, name, event)
  }

/**
 * Combines observers: both are called, the first operand first. The identity observes nothing.
 *
 * @since 0.2.0
 * @category instances
 */
export const Monoid: MonoidOf<Observer> = {
  empty: {},
  concat: (x, y) => ({
    onSend: both(x, y, 'onSend'),
    onReply: both(x, y, 'onReply'),
    onRetry: both(x, y, 'onRetry'),
    onRedirect: both(x, y, 'onRedirect'),
    onDone: both(x, y, 'onDone'),
  }),
}

/**
 * Returns the id that the events of an exchange have as `exchange`. A transport that knows it can send the context of the
 * span that `onSend` started. Without a seed, it is that of an empty one.
 *
 * @since 0.2.0
 * @category destructors
 */
export const exchangeOf = ({ entropy = '' }: Pick<SendControls, 'entropy'>): string => Entropy.draw(entropy, 'exchange')
