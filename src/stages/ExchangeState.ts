/**
 * The state of an exchange, the steps that a reply leads to, and the errors that end it.
 *
 * Every error has the history and the jar of its exchange, so that cookies survive a failure.
 */
import type * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import type { Jar } from '../cookies/Jar.js'
import type { Rejection } from '../cookies/SetCookie.js'
import type { Environment } from '../session/Environment.js'
import * as Fault from '../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../wire/Plan.js'
import type { Head, Hop } from '../wire/Reply.js'
import type { TransportError } from '../wire/Transport.js'
import type { Merged } from './Merge.js'
import type { PlanError } from './PlanError.js'
import * as Redirect from './Redirect.js'

/** A started exchange: the plan to send now, and everything that the next hop needs. */
export interface Exchange {
  readonly plan: Plan
  readonly jar: Jar
  /** The answered hops, oldest first. */
  readonly history: ReadonlyArray<Hop>
  readonly merged: Merged
  readonly environment: Environment
  /** The seed of every random value of this exchange. */
  readonly entropy: string
  /** Whether every hop so far stayed where the credentials may be sent. It never becomes true again. */
  readonly credentialsAllowed: boolean
}

/** A hook rejected the reply. */
export interface HookFailed {
  readonly _tag: 'HookFailed'
  readonly plan: Plan
  /** The name of the hook's function. */
  readonly hook: string
  /** The hook's `Left`, or what it threw. */
  readonly error: unknown
  readonly message: string
}

/** An error with the history and the jar of its exchange. Before the first byte: no history, and the jar unchanged. */
export type Started<E> = E & { readonly history: ReadonlyArray<Hop>; readonly jar: Jar }
export type ExchangeError = Started<TransportError | Redirect.RedirectError | HookFailed>
export type SendError = Started<PlanError> | ExchangeError

/** Another plan has to be sent. */
export interface Next {
  readonly _tag: 'Next'
  readonly exchange: Exchange
}
/** The last reply. */
export interface Done {
  readonly _tag: 'Done'
  /** With the jar after the last reply; its plan is the one that was answered. */
  readonly exchange: Exchange
  readonly head: Head
  /** The cookies that this reply set. */
  readonly cookies: ReadonlyArray<Cookie>
  /** The Set-Cookie lines of this reply that the jar rejected. */
  readonly rejected?: ReadonlyArray<Rejection>
  /** The plan that would have been sent, if a policy stopped at a redirect. */
  readonly next: O.Option<Plan>
}
/** The exchange fails. */
export interface Refuse {
  readonly _tag: 'Refuse'
  readonly error: ExchangeError
}
export type Step = Next | Done | Refuse

/** Folds a step. */
export const match =
  <B>(
    onNext: (exchange: Exchange) => B,
    onDone: (exchange: Exchange, head: Head) => B,
    onRefuse: (error: ExchangeError) => B,
  ) =>
  (step: Step): B => {
    switch (step._tag) {
      case 'Next':
        return onNext(step.exchange)
      case 'Done':
        return onDone(step.exchange, step.head)
      case 'Refuse':
        return onRefuse(step.error)
    }
  }

// --- errors --------------------------------------------------------------------------------------------------------

/** A value without a message may be anything, so it is not shown. */
const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? `: ${Fault.messageOf(error)}` : ''

/** Returns the name of a function. */
export const nameOf = ({ name }: { readonly name: string }): string => name || 'anonymous'

/** Makes the error of a hook. */
export const hookFailed = (
  plan: Plan,
  hook: { readonly name: string },
  how: 'Refused' | 'Threw',
  error: unknown,
): HookFailed => ({
  _tag: 'HookFailed',
  plan,
  hook: nameOf(hook),
  error,
  message:
    `The hook '${nameOf(hook)}' ${how === 'Refused' ? 'rejected' : 'failed on'} the reply to ` +
    `${plan.method} ${urlWithoutQuery(plan)}${reasonOf(error)}`,
})

/** Adds the history and the jar of an exchange to an error. */
export const failed =
  <E extends PlanError | TransportError | Redirect.RedirectError | HookFailed>(error: E) =>
  ({ history, jar }: Pick<Exchange, 'history' | 'jar'>): Started<E> => ({ ...error, history, jar })

/** The error of sending a body a second time that can be read only once. */
export const bodyConsumed = (x: Exchange): ExchangeError =>
  failed(Redirect.unrewindableBody(x.plan, 'sending it a second time'))(x)

/** @deprecated Use `bodyConsumed`. */
export const spent = bodyConsumed
