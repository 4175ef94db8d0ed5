/**
 * The state of an exchange as data: the plan to send, the hops so far, the jar, and how a step or an exchange ends. `Settle`
 * has the steps.
 */
import type * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import type * as Jar from '../cookies/Jar.js'
import type { Rejection } from '../cookies/SetCookie.js'
import type { Renewable, SignerTask } from '../session/auth/Auth.js'
import type { Environment } from '../session/Environment.js'
import * as Tagged from '../values/Tagged.js'
import type { Token } from '../values/Token.js'
import * as Fault from '../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../wire/Plan.js'
import type { Head, Hop } from '../wire/Reply.js'
import type { TransportError } from '../wire/Transport.js'
import type { AuthError, TokenFailed } from './AuthError.js'
import type { Merged } from './Merge.js'
import type { PlanError } from './PlanError.js'
import type { TokenReason } from './prepare/Provenance.js'
import * as Redirect from './Redirect.js'

/** A started exchange: the plan to send now, and everything that the next hop needs. */
export interface Exchange {
  /** The plan to send now. */
  readonly plan: Plan
  /** The jar after the last reply. */
  readonly jar: Jar.Jar
  /** The answered hops, oldest first. */
  readonly history: ReadonlyArray<Hop>
  /** The settings of session and request. */
  readonly merged: Merged
  /** For the proxy and the netrc entry of later hops. */
  readonly environment: Environment
  /** The seed of every random value of this exchange. */
  readonly entropy: string
  /** Whether every hop so far stayed where the credentials may be sent. It never becomes true again. */
  readonly credentialsAllowed: boolean
  /** The exchange that goes on when this one has obtained a token for it. Absent: this one is for a response. */
  readonly waiting?: Waiting | undefined
  /** Signs the plan before it is sent. Absent: it is ready. */
  readonly signing?: SignerTask | undefined
  /** Whether a token was obtained for this hop. It is not obtained twice. */
  readonly hasRenewed?: boolean | undefined
}

/** An exchange that waits for a token. */
export interface Waiting {
  /** Its plan has no token yet. */
  readonly exchange: Exchange
  /** The scheme that needs the token. */
  readonly auth: Renewable
  /** The token in the jar. */
  readonly key: Jar.TokenKey
  /** Why a token is obtained. */
  readonly reason: TokenReason
  /** The token that is replaced. */
  readonly current: O.Option<Token>
}

/** A hook rejected the reply. */
export interface HookFailed {
  readonly _tag: 'HookFailed'
  /** The plan whose reply the hook got. */
  readonly plan: Plan
  /** The name of the hook's function. */
  readonly hook: string
  /** The hook's `Left`, or what it threw. */
  readonly error: unknown
  /** The name of the hook, the request, and the text of the hook's error. */
  readonly message: string
}

/** An error with the history and the jar of its exchange. The history of a `PlanError` is empty, and its jar is the one that was passed in. */
export type WithHistory<E> = E & { readonly history: ReadonlyArray<Hop>; readonly jar: Jar.Jar }

/** Why an exchange that was planned failed, with its history and its jar. */
export type ExchangeError = WithHistory<TransportError | Redirect.RedirectError | HookFailed | AuthError>
/** Why an exchange could not be started. Nothing was sent. */
export type StartError = WithHistory<PlanError | TokenFailed>
/** Why a request failed: it could not be planned, or its exchange failed. */
export type SendError = WithHistory<PlanError> | ExchangeError

/** Another plan has to be sent. The history has the answered one. */
export interface Next {
  readonly _tag: 'Next'
  /** With the plan to send next. */
  readonly exchange: Exchange
}
/** The last reply. */
export interface Done {
  readonly _tag: 'Done'
  /** With the jar after the last reply. Its plan was answered, and is not in its history. */
  readonly exchange: Exchange
  /** The head of the last reply, as the hooks left it. */
  readonly head: Head
  /** The cookies that this reply set. */
  readonly cookies: ReadonlyArray<Cookie>
  /** The Set-Cookie lines of this reply that the jar rejected. */
  readonly rejected?: ReadonlyArray<Rejection>
  /** If a policy stopped at a redirect: the plan that would have been sent, unless it cannot be made or sent. */
  readonly next: O.Option<Plan>
}
/** The exchange fails. */
export interface Refuse {
  readonly _tag: 'Refuse'
  /** With the history and the jar of the exchange. */
  readonly error: ExchangeError
}
/** The decision after a reply. */
export type Step = Next | Done | Refuse

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
): HookFailed => {
  const name = nameOf(hook)
  const what = `${how === 'Refused' ? 'rejected' : 'failed on'} the reply to ${plan.method} ${urlWithoutQuery(plan)}`
  return { _tag: 'HookFailed', plan, hook: name, error, message: `The hook '${name}' ${what}${reasonOf(error)}` }
}

/** Adds the history and the jar of an exchange to an error. */
export const failed =
  <E extends PlanError | TransportError | Redirect.RedirectError | HookFailed | AuthError>(error: E) =>
  ({ history, jar }: Pick<Exchange, 'history' | 'jar'>): WithHistory<E> => ({ ...error, history, jar })

/** The error of sending a body a second time that can be read only once. */
export const bodyConsumedError = (x: Exchange): ExchangeError =>
  failed(Redirect.unrewindableBody(x.plan, 'sending it a second time'))(x)

// --- the fold ------------------------------------------------------------------------------------------------------

const matchStep = Tagged.match<Step>()

/**
 * Folds a step with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, Reply, Request, Session } from 'requests-ts'
 *
 * const now = new Date(0)
 * const after = Exchange.match({
 *   Next: ({ exchange }) => `send ${exchange.plan.url.href}`,
 *   Done: ({ head }) => `done with ${head.status}`,
 *   Refuse: ({ error }) => error._tag,
 * })
 * const head = Reply.head({ status: 302, headers: { location: '/b' } })
 * const started = Exchange.start({ session: Session.defaults, now })(Request.get('http://h.test/a'))
 * assert.deepEqual(pipe(started, E.map(Exchange.receive(now)(head)), E.map(after)), E.right('send http://h.test/b'))
 */
export function match<H extends Tagged.Handlers<Step>>(
  handlers: Tagged.Exact<H, Step['_tag']>,
): (step: Step) => Tagged.Result<H, Step['_tag']>
/** @deprecated Pass one record: `match({ Next: …, Done: …, Refuse: … })`. */
export function match<B>(
  onNext: (exchange: Exchange) => B,
  onDone: (exchange: Exchange, head: Head) => B,
  onRefuse: (error: ExchangeError) => B,
): (step: Step) => B
export function match(
  handlers: Tagged.Handlers<Step> | ((exchange: Exchange) => unknown),
  onDone?: (exchange: Exchange, head: Head) => unknown,
  onRefuse?: (error: ExchangeError) => unknown,
): (step: Step) => unknown {
  if (typeof handlers !== 'function') return matchStep(handlers)
  return matchStep({
    Next: ({ exchange }) => handlers(exchange),
    Done: ({ exchange, head }) => onDone?.(exchange, head),
    Refuse: ({ error }) => onRefuse?.(error),
  })
}

// --- deprecated ----------------------------------------------------------------------------------------------------

/** @deprecated Use `WithHistory`. */
export type Started<E> = WithHistory<E>
/** @deprecated Use `bodyConsumedError`. */
export const spent = bodyConsumedError
