/**
 * The type of transports: a function that sends exactly one request for a plan and returns one reply. It follows no
 * redirects, adds no headers except those that HTTP requires, and returns every failure as a `Left`.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { none, type Option, some } from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Headers } from '../values/Headers.js'
import type { Clock } from './Clock.js'
import * as Deadline from './Deadline.js'
import * as Fault from './Fault.js'
import { type Plan, urlWithoutQuery } from './Plan.js'
import type { Connection, Head, Reply } from './Reply.js'
import type { Timings } from './Timings.js'

/** A fault and the plan for which it happened. */
export type TransportError = {
  readonly [Tag in Fault.FaultTag]: Fault.Fault<Tag> & { readonly plan: Plan }
}[Fault.FaultTag]

/**
 * The fault of a plan that a transport cannot send: see `Fetch.restrictions`.
 *
 * @since 0.2.0
 * @category errors
 */
export type Unsupported = Extract<TransportError, { readonly _tag: 'Unsupported' }>

/**
 * The fault of a plan that a transport will not send, which is known before sending.
 *
 * @since 0.2.0
 * @category errors
 */
export type Refusal = Extract<TransportError, { readonly _tag: 'Unsupported' | 'AddressRefused' }>

/** How much of a body has been sent or received. */
export interface Progress {
  /** Whether the body is that of the request or of the response. */
  readonly direction: 'up' | 'down'
  /** Bytes on the wire, before content codings are decoded. */
  readonly bytes: number
  /** Absent if the length is unknown. */
  readonly total?: number
  /**
   * The phases until the head of the response, if the transport records them. Absent before the head.
   *
   * @since 0.2.0
   */
  readonly timings?: Timings
}
/** Called after each chunk. Every send starts at zero. What it throws is ignored. */
export type OnProgress = (progress: Progress) => IO<void>

/** The context of a single send. */
export interface SendControls {
  /** Ends the send when it aborts. */
  readonly signal?: AbortSignal | undefined
  /** The time of `clock.monotonic` at which the whole exchange expires. */
  readonly deadline?: number | undefined
  /** The system clock by default. */
  readonly clock?: Clock | undefined
  /** The random seed of the exchange, for the jitter of `withRetry`. */
  readonly entropy?: string | undefined
  /** Called after each chunk of a body. */
  readonly progress?: OnProgress | undefined
  /** Listens for retries. A transport that sends a plan again must call it, or the cookies of the dropped reply are lost. */
  readonly superseded?: OnRetry | undefined
  /** Called by a transport that waits before it sends again, when the wait is over. For observers. */
  readonly resending?: IO<void> | undefined
  /**
   * Signs a plan again, with the current time. A transport that sends a plan later, or again, sends the result instead, or
   * returns the error. Absent: nothing signs the plans.
   *
   * @since 0.2.0
   */
  readonly signAgain?: ((plan: Plan) => TaskEither<TransportError, Plan>) | undefined
}

/**
 * Called before each further attempt, with the reply that will not be returned, or `none` after a fault. It stores the
 * cookies of that reply and returns the change of the headers of the next attempt: the Cookie header, and the answer to a digest
 * challenge with the next nonce count.
 */
export type OnRetry = (reply: Option<Head>, details?: RetryDetails) => Endomorphism<Headers>

/**
 * What observers get to know about a retry.
 *
 * @since 0.2.0
 * @category model
 */
export interface RetryDetails {
  /** The wait before the next attempt, in milliseconds. The transport calls `resending` after it. */
  readonly delay: number
  /** The fault of the attempt, if it had no reply. */
  readonly fault?: Fault.Fault
  /** The connection of the reply. */
  readonly connection?: Connection
}

/** Sends one plan. */
export interface Transport {
  (plan: Plan, controls: SendControls): TaskEither<TransportError, Reply>
  /** Closes all connections, including those in use. Sending afterwards opens new ones. */
  readonly close?: Task<void>
  /**
   * Returns the fault of a plan that this transport will not send. Pure: sends nothing. Absent if it sends every plan. `Send`
   * and `Http.plan` call it.
   *
   * @since 0.2.0
   */
  readonly refusal?: (plan: Plan) => Option<Refusal>
}

/** Receives the result of a send, once. */
export interface ReplyListener {
  onReply(result: Either<TransportError, Reply>): void
}

/** Sends one plan at once, and reports the result without a promise, maybe before it returns. */
export type SendNow = (plan: Plan, controls: SendControls, listener: ReplyListener) => void

const checked = new WeakMap<Transport, SendNow>()

/**
 * Returns a transport whose replies and faults are known to be valid, and which hides what is secret by its name. `Send`
 * checks the replies of every other transport.
 */
export const makeChecked = (send: SendNow, close: Task<void>, more: Pick<Transport, 'refusal'> = {}): Transport => {
  const task: Transport = (plan, controls) => () => new Promise((resolve) => send(plan, controls, { onReply: resolve }))
  const transport: Transport = Object.assign(task, { close, ...more })
  checked.set(transport, send)
  return transport
}

/** Returns how to send through a transport whose replies need no check. */
export const checkedSend = (transport: Transport): SendNow | undefined => checked.get(transport)

/** Adds the method and the URL to the message of a fault that is the same for all requests of a client. */
const complete = (plan: Plan, fault: Fault.Fault): Fault.Fault =>
  fault._tag === 'ClientClosed' && fault.message === Fault.CLIENT_CLOSED
    ? { ...fault, message: `${fault.message} before ${plan.method} ${urlWithoutQuery(plan)} was done` }
    : Deadline.complete(plan, fault)

/**
 * Adds the plan to a fault, and to the message of a fault that did not know its request. The cast: TypeScript does not
 * recognize a spread of a union as that union.
 */
export const withPlan = (plan: Plan, fault: Fault.Fault): TransportError =>
  ({ ...complete(plan, fault), plan }) as TransportError

/** Converts what a custom transport has caught into a transport error with the given tag. */
export const failed =
  (tag: Fault.FaultTag, plan: Plan) =>
  (cause: unknown): TransportError =>
    withPlan(plan, Fault.make(tag, Fault.messageOf(cause), cause))

/** Returns a transport that sends with `send`. Closing it calls `closeFirst` and then closes the inner transport. */
export const around =
  (inner: Transport, closeFirst: () => void = () => {}) =>
  (send: (plan: Plan, controls: SendControls) => TaskEither<TransportError, Reply>): Transport =>
    Object.assign(send, {
      close: async () => {
        closeFirst()
        await inner.close?.()
      },
      ...(inner.refusal === undefined ? {} : { refusal: inner.refusal }),
    })

/**
 * Returns the fault of a plan that a transport will not send, before anything is sent: `Unsupported`, or `AddressRefused` for an
 * address in the URL. `none` if the transport does not know such plans. Never throws.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session, Transport } from 'requests-ts'
 *
 * const plan = pipe(Request.make('TRACE', 'https://h.test/'), Plan.plan({ session: Session.defaults }))
 * const refused = pipe(plan, E.map(Transport.refusal(Transport.fetch())))
 * assert.deepEqual(pipe(refused, E.map(O.map(({ _tag, unsupported }) => [_tag, unsupported]))),
 *   E.right(O.some(['Unsupported', ['method']])))
 */
export const refusal =
  (transport: Transport) =>
  (plan: Plan): Option<Refusal> => {
    try {
      // Plain JavaScript may set anything.
      const refused: unknown = transport.refusal?.(plan)
      if (typeof refused !== 'object' || refused === null || !('value' in refused)) return none
      return isRefusal(refused.value) ? some({ ...refused.value, plan }) : none
    } catch {
      return none // sending reports what is wrong with it
    }
  }

const isRefusal = (u: unknown): u is Fault.Fault<'Unsupported'> | Fault.Fault<'AddressRefused'> =>
  Fault.is(u) && (u._tag === 'Unsupported' || u._tag === 'AddressRefused')

/** Closes the connections of a transport. Requests in flight fail with `ClientClosed`. Does nothing to a plain function. */
export const close =
  (transport: Transport): Task<void> =>
  async () => {
    await transport.close?.()
  }

/** Calls the progress function, if there is one. */
export const notifyProgress = (onProgress: OnProgress | undefined, progress: Progress): void => {
  if (onProgress === undefined) return
  try {
    onProgress(progress)()
  } catch {
    // An error in the user's function must not interrupt the transfer.
  }
}
