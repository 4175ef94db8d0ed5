/**
 * The port: one function that sends one plan and gives one reply. Anything of this type is a transport.
 *
 * It sends exactly one request for one call, follows nothing, repeats nothing, adds no header of its own beyond
 * what HTTP needs, and answers every failure with a `Left`.
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Option } from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Headers } from '../values/Headers.js'
import type { Clock } from './Clock.js'
import * as Fault from './Fault.js'
import type { Plan } from './Plan.js'
import type { Head, Reply } from './Reply.js'

/** A fault and the plan that met it. */
export type TransportError = {
  readonly [Tag in Fault.FaultTag]: Fault.Fault<Tag> & { readonly plan: Plan }
}[Fault.FaultTag]

/** Octets on their way, as on the wire: a content coding is not undone. `total` where the length is known. */
export interface Progress {
  readonly direction: 'up' | 'down'
  readonly bytes: number
  readonly total?: number
}
/** Told after each piece; every send counts from nothing. It only watches: what it throws is dropped. */
export type OnProgress = (progress: Progress) => IO<void>

/** What bounds one call, and what surrounds it. */
export interface SendControls {
  readonly signal?: AbortSignal | undefined
  /** On `clock.monotonic`, in milliseconds: when the whole exchange must be over. */
  readonly deadline?: number | undefined
  /** The system's, where it is absent. */
  readonly clock?: Clock | undefined
  /** Seed of the exchange, for those who draw: the jitter of `withRetry`. */
  readonly entropy?: string | undefined
  readonly progress?: OnProgress | undefined
  /** For a transport that sends a plan again. */
  readonly superseded?: Superseded | undefined
}

/**
 * Called before each further attempt, with the reply that is not returned, or with none after a fault. Stores the reply's
 * cookies, and returns what changes in the header fields: the Cookie header of the next attempt.
 */
export type Superseded = (reply: Option<Head>) => Endomorphism<Headers>

export interface Transport {
  (plan: Plan, limits: SendControls): TaskEither<TransportError, Reply>
  /** Ends idle connections and those in use. Sending afterwards connects anew. */
  readonly close?: Task<void>
}

/** A fault as the error of a plan. */
// The cast: a spread of a union of generic interfaces is not seen as the union it came from.
export const at = (plan: Plan, fault: Fault.Fault): TransportError => ({ ...fault, plan }) as TransportError

/** Turns what a transport of your own has caught into a transport error of that tag. */
export const failed =
  (tag: Fault.FaultTag, plan: Plan) =>
  (cause: unknown): TransportError =>
    at(plan, Fault.make(tag, Fault.messageOf(cause), cause))

/** A transport around another: it sends in its own way, and closes the other after itself. */
export const around =
  (inner: Transport, closeFirst: () => void = () => {}) =>
  (send: (plan: Plan, limits: SendControls) => TaskEither<TransportError, Reply>): Transport =>
    Object.assign(send, {
      close: async () => {
        closeFirst()
        await inner.close?.()
      },
    })

/** Tells how far a body has gone. A watcher that throws does not end what it watches. */
export const notifyProgress = (progress: OnProgress | undefined, seen: Progress): void => {
  if (progress === undefined) return
  try {
    progress(seen)()
  } catch {
    // It is the user's own code, and the body goes on without it.
  }
}
