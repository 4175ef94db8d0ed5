/**
 * Decides when an event stream connects again, as a pure function of the policy and of how the last connection ended.
 *
 * | the connection ended with              | connects again                                                       |
 * |----------------------------------------|----------------------------------------------------------------------|
 * | the end of the body, or a cut body     | if the policy has attempts left, and its `methods` allow the method  |
 * | a fault that the policy lists          | the same; any method if nothing was written                          |
 * | a status that the policy lists itself  | the same. By default none is: the HTML standard ends the stream      |
 * | anything else                          | never                                                                |
 *
 * `attempt` starts again at 1 with an event stream that sent something, also if it was a comment only: servers send comments
 * to keep a quiet stream alive. A policy that allows several attempts is `UsedUp` by connections that sent nothing.
 *
 * An idempotency key does not make a method repeatable here: a server would repeat its first answer, with the events that were
 * received already.
 *
 * The delay is that of the policy, and at least the time of the server. After a connection that sent something it is the first
 * delay of the policy, so a server that asks for 0 ms cannot cause connections without a pause, unless `base` is 0. The
 * policy's `retryAfter` limits what the server can ask for.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as RetryPolicy from '../transport/RetryPolicy.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'
import type { NotEventStream, StatusError } from '../wire/ResponseError.js'

/** A connection that has ended, without the end that its server or its reader wanted. */
export interface EndedConnection {
  /** 1 for the first one, and for an event stream that sent something. */
  readonly attempt: number
  readonly method: string
  /** Whether the body of the request can be sent again. */
  readonly isReplayable: boolean
  /** Absent after the end of the body. */
  readonly error?: { readonly _tag: string } | undefined
  /** The reconnection time of the server, in milliseconds. */
  readonly retry?: number | undefined
  /** The time, for a Retry-After that is a date. */
  readonly now: Date
  /** The seed of the jitter. */
  readonly entropy: string
}

/** Returns a list of a policy. Untyped code may pass anything. */
const listOf = <A>(given: ReadonlyArray<A> | undefined): ReadonlyArray<A> => (Array.isArray(given) ? given : [])

const isStatusError = (error: { readonly _tag: string }): error is StatusError => error._tag === 'StatusError'

const isTransient = (policy: RetryPolicy.Retry, error: EndedConnection['error']): boolean => {
  if (error === undefined) return true
  if (isStatusError(error)) return listOf(UserInput.get(policy, 'statuses')).includes(error.response.status)
  if (!Fault.is(error)) return false
  const { faults, statuses } = RetryPolicy.resolve(policy)
  const retried: ReadonlyArray<Fault.FaultTag> = [...listOf(faults), 'BodyCut']
  return retried.includes(error._tag) && (error.status === undefined || listOf(statuses).includes(error.status))
}

const isSafe = (policy: RetryPolicy.Retry, { method, error }: EndedConnection): boolean => {
  const { methods } = RetryPolicy.resolve(policy)
  if (methods === 'any' || listOf(methods).some((name) => name.toUpperCase() === method.toUpperCase())) return true
  return Fault.is(error) && Fault.isUnsent(error)
}

/** Returns the time that the server asked for in milliseconds, if it did. */
const askedFor = ({ error, retry, now }: EndedConnection): O.Option<number> => {
  const after = error !== undefined && isStatusError(error) ? RetryPolicy.retryAfter(now)(error.response) : O.none
  return O.isSome(after) ? after : O.fromNullable(retry)
}

/** What follows a connection: `Last` if there can be no other one, `UsedUp` after all attempts of several. */
export type Next =
  | {
      readonly _tag: 'Connect'
      /** In milliseconds. */
      readonly delay: number
    }
  | { readonly _tag: 'Last' }
  | {
      readonly _tag: 'UsedUp'
      readonly attempts: number
    }

const LAST: Next = { _tag: 'Last' }

/** Returns whether there is another connection, and when. */
export const nextAfter =
  (policy: RetryPolicy.Retry) =>
  (ended: EndedConnection): Next => {
    const { attempts, retryAfter } = RetryPolicy.resolve(policy)
    if (attempts === 1 || !ended.isReplayable) return LAST
    if (!isTransient(policy, ended.error) || !isSafe(policy, ended)) return LAST
    const scheduled = RetryPolicy.waits(ended.entropy)(policy)[ended.attempt - 1]
    if (scheduled === undefined) return { _tag: 'UsedUp', attempts }
    const asked = O.getOrElse(() => 0)(askedFor(ended))
    return { _tag: 'Connect', delay: Math.max(scheduled, Math.min(asked, retryAfter)) }
  }

/** The errors of a response that is not a stream of events. */
export type RejectedStream = StatusError | NotEventStream
