/**
 * The port: one function that sends one plan and gives one reply. Anything of this type is a transport.
 *
 * It sends exactly one request for one call, follows nothing, repeats nothing, adds no header of its own beyond
 * what HTTP needs, and answers every failure with a `Left`.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Clock } from './Clock.js'
import * as Fault from './Fault.js'
import type { Plan } from './Plan.js'
import type { Reply } from './Reply.js'

/** A fault and the plan that met it. */
export type TransportError = {
  readonly [Tag in Fault.FaultTag]: Fault.Fault<Tag> & { readonly plan: Plan }
}[Fault.FaultTag]

/** What bounds one call. */
export interface Limits {
  readonly signal?: AbortSignal
  /** On `clock.monotonic`, in milliseconds: when the whole exchange must be over. */
  readonly deadline?: number
  /** The system's, where it is absent. */
  readonly clock?: Clock
}

export interface Transport {
  (plan: Plan, limits: Limits): TaskEither<TransportError, Reply>
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
    at(plan, Fault.make(tag, cause instanceof Error ? cause.message : String(cause), cause))
