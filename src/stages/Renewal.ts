/**
 * Obtains the token of a renewable scheme: the exchange for the token goes first, and the one that needs it waits.
 *
 *     main ── needs a token ──▶ begin ──▶ (the token request: plan.cause = 'Token') ──▶ receiveToken ──▶ main, with its token
 *
 * | the token request                                          | why                                                     |
 * |------------------------------------------------------------|---------------------------------------------------------|
 * | has the settings of the session without its credentials, hooks and progress | it must not carry the secrets of the main request |
 * | sends and stores the cookies of the jar                     | as every request of the session                         |
 * | follows no redirects, unless it has a policy of its own     | its body is a secret                                    |
 * | has the total timeout of the main request                   | it is a part of its exchange                            |
 * | reads at most 1 MiB, unless it has another limit            | a token is short                                        |
 *
 * Laws: a hop obtains at most one token; the token reaches only what the credentials may reach; the jar and the refresh token
 * survive every failure; the main request is not sent without its token.
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../cookies/Jar.js'
import type { Renewable } from '../session/auth/Auth.js'
import * as RedirectPolicy from '../session/RedirectPolicy.js'
import * as Request from '../session/Request.js'
import type { Session } from '../session/Session.js'
import * as Entropy from '../values/Entropy.js'
import * as Override from '../values/Override.js'
import * as Token from '../values/Token.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Response } from '../wire/Reply.js'
import type { TransportError } from '../wire/Transport.js'
import { answeringProxy } from './Absorb.js'
import {
  type AuthError,
  type SigningFailed,
  type TokenFailed,
  type TokenRefused,
  tokenFailed,
  tokenRequestFailed,
} from './AuthError.js'
import { authorize, type Need, tokenKey, withToken } from './Authorize.js'
import {
  type Done,
  type Exchange,
  type ExchangeError,
  failed,
  type HookFailed,
  type Step,
  type Waiting,
  type WithHistory,
} from './ExchangeState.js'
import { merge } from './Merge.js'
import { prepareWithMerged, withoutCredentials } from './Prepare.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import { obtaining, refresh, type TokenReason } from './prepare/Provenance.js'
import type * as ProxyDigest from './prepare/ProxyDigest.js'
import type { RedirectError } from './Redirect.js'
import { unsigned } from './Signing.js'
import * as TokenReply from './TokenReply.js'

type Failure = TransportError | RedirectError | HookFailed
/** An exchange that can be sent, or why it cannot. */
export type Ready<E extends AuthError> = E.Either<WithHistory<E>, Exchange>

// --- the token request ---------------------------------------------------------------------------------------------

const BODY_LIMIT = 1024 * 1024

const noRedirects: RedirectPolicy.RedirectPolicy = () =>
  RedirectPolicy.toRefuse('a token request follows no redirects; set its redirect policy to allow them')

/** Returns a session for token requests: without its credentials, hooks and progress. */
export const tokenSession = (session: Session): Session => {
  const { settings } = session
  return {
    ...session,
    settings: {
      ...withoutCredentials(settings, settings.sensitive),
      hooks: Override.inherit,
      progress: Override.inherit,
      redirects: Override.replace([noRedirects]),
      limits: new Map([...settings.limits, ['body', Override.set(BODY_LIMIT)]]),
    },
  }
}

/** `tokenSession` with the total timeout of the plan that needs the token. */
const sessionFor = (session: Session, { route }: Plan): Session => {
  const total = UserInput.get(route.timeouts, 'total')
  const override: Override.Override<number> = total === undefined ? Override.unset : Override.set(total)
  const made = tokenSession(session)
  const timeouts = new Map([...made.settings.timeouts, ['total', override] as const])
  return { ...made, settings: { ...made.settings, timeouts } }
}

/** Calls `obtain`, which may be a function of the user. */
const requestFor = (auth: Renewable, current: O.Option<Token.Token>): E.Either<string, Request.Request> => {
  try {
    const obtained = auth.obtain(current)
    if (E.isLeft(obtained)) return obtained
    return Request.is(obtained.right)
      ? E.right(obtained.right)
      : E.left('its function `obtain` did not return a request')
  } catch (cause) {
    return E.left(`its function \`obtain\` failed: ${Fault.messageOf(cause)}`)
  }
}

const isWaitingFor = (x: Exchange, name: string): boolean =>
  x.waiting !== undefined && (x.waiting.auth.name === name || isWaitingFor(x.waiting.exchange, name))

/** Starts the exchange that obtains a token. Error: `TokenFailed`. The jar may be newer than that of the plan that waits. */
export const begin = (
  now: Date,
  main: Exchange,
  auth: Renewable,
  reason: TokenReason,
  jar: Jar.Jar = main.jar,
): Ready<TokenFailed> => {
  const { environment, history } = main
  const fail = (problem: string, error?: unknown): Ready<TokenFailed> =>
    E.left(failed(tokenFailed(auth, main.plan, problem, error === undefined ? {} : { error }))({ history, jar }))
  if (isWaitingFor(main, auth.name)) return fail('its own token request needs this token')
  const { session } = main.merged
  const key = tokenKey(main.merged, auth)
  const current = Jar.token(key)(jar)
  const request = requestFor(auth, current)
  if (E.isLeft(request)) return fail(request.left)
  const entropy = main.entropy === '' ? '' : Entropy.draw(main.entropy, `token ${auth.name} ${history.length}`)
  const merged = merge(sessionFor(session, main.plan))(request.right)
  const prepared = prepareWithMerged({ jar, environment, now, entropy })(merged)
  if (E.isLeft(prepared)) return fail(prepared.left.message, prepared.left)
  const { plan, merged: kept } = prepared.right
  const x: Exchange = {
    plan: obtaining({ name: auth.name, reason })(plan),
    jar: Credentials.countNonce(kept, jar, plan),
    history,
    merged: kept,
    environment,
    entropy,
    credentialsAllowed: true,
    waiting: { exchange: main, auth, key, reason, current },
    signing: undefined,
    hasRenewed: false,
  }
  const { need } = prepared.right
  return need === undefined ? E.right(answeringProxy(now, x)) : satisfy(now, x, need)
}

/** Prepares an exchange whose plan needs something: its token is obtained first, or its signature is made before sending. */
export const satisfy = (now: Date, x: Exchange, need: Need): Ready<TokenFailed> =>
  need._tag === 'Token' ? begin(now, x, need.auth, need.reason) : E.right({ ...x, signing: need.scheme })

/** Adds the last credentials to the plan of an exchange, if it may have them. */
export const authorized = (
  now: Date,
  x: Exchange,
  counting: ProxyDigest.Counting = 'Next',
): Ready<SigningFailed | TokenFailed> => {
  if (!x.credentialsAllowed) return E.right(answeringProxy(now, x, counting))
  const outcome = authorize(x, x.plan, now, String(x.history.length))
  if (E.isLeft(outcome)) return E.left(failed(outcome.left)(x))
  const { plan, need } = outcome.right
  const ready = plan === x.plan ? x : { ...x, plan }
  return need === undefined ? E.right(answeringProxy(now, ready, counting)) : satisfy(now, ready, need)
}

/** `authorized` for a plan that was sent. */
export const authorizedAgain = (now: Date, x: Exchange): Ready<SigningFailed | TokenFailed> =>
  authorized(now, { ...x, plan: unsigned(x.plan), signing: undefined })

/** `authorized` for a plan that was not sent. It may have been edited since its credentials were added. */
export const authorizedBeforeSending = (now: Date, x: Exchange): Ready<SigningFailed | TokenFailed> =>
  authorized(now, { ...x, plan: unsigned(x.plan), signing: undefined }, 'Same')

// --- the token -----------------------------------------------------------------------------------------------------

/** The exchange that waited, with the token of a jar. */
const resume = (
  now: Date,
  { exchange, auth, reason }: Waiting,
  token: Token.Token,
  x: Exchange,
): Ready<SigningFailed> => {
  const { jar, history } = x
  const { merged, credentialsAllowed, plan } = exchange
  const cookies = CookieHeader.rebuild({ settings: merged.settings, jar, credentialsAllowed }, plan.url, now)
  const current = refresh(jar, now)(jar.cookies === exchange.jar.cookies ? identity : cookies)(plan)
  // The token of another program counts too, or many programs whose tokens are rejected would send again for each of them.
  const hasRenewed = exchange.hasRenewed === true || reason === 'Rejected'
  const main: Exchange = { ...exchange, plan: current, jar, history, hasRenewed }
  const signed = withToken(auth, token, main, main.plan, now, String(history.length))
  return E.isLeft(signed)
    ? E.left(failed(signed.left)(main))
    : E.right(answeringProxy(now, { ...main, plan: signed.right }))
}

/**
 * Returns a jar with the obtained token and nothing else, for others that wait for the same one. A step that fails later may have
 * obtained it. `none`: nothing was obtained.
 */
export const obtainedToken = (step: Step, { key }: Waiting): O.Option<Jar.Jar> => {
  if (step._tag === 'Refuse' && isTokenError(step.error)) return O.none
  const { jar } = step._tag === 'Refuse' ? step.error : step.exchange
  return O.isNone(Jar.token(key)(jar)) ? O.none : O.some(Jar.onlyToken(key)(jar))
}

/**
 * Returns a jar with the token and nothing else, if a step has changed it: also one that failed, because the server may have
 * replaced the refresh token.
 */
export const changedToken = (step: Step, { key, current }: Waiting): O.Option<Jar.Jar> => {
  const { jar } = step._tag === 'Refuse' ? step.error : step.exchange
  const held = Jar.token(key)(jar)
  return O.isNone(held) || O.getEq(Token.Eq).equals(held, current) ? O.none : O.some(Jar.onlyToken(key)(jar))
}

/** Lets the waiting exchange continue with the token that another one has just obtained. `none`: that jar does not have it. */
export const takeToken = (now: Date, other: Jar.Jar, x: Exchange): O.Option<Ready<SigningFailed>> => {
  const { waiting } = x
  const token = waiting === undefined ? O.none : Jar.token(waiting.key)(other)
  if (waiting === undefined || O.isNone(token)) return O.none
  // Stored and not joined: the clock of this jar may be ahead.
  const jar = Jar.withToken(waiting.key, token.value, now)(x.jar)
  return O.some(resume(now, waiting, token.value, { ...x, jar }))
}

const isReplaced = (token: Token.Token, { current }: Waiting): boolean =>
  O.isSome(current) && Token.Eq.equals(token, current.value)

/**
 * `takeToken` with a token that was obtained earlier. One that has expired is renewed: its refresh token is the newest. `none`:
 * it is not newer than that of this jar.
 */
export const takeKnownToken = (
  now: Date,
  other: Jar.Jar,
  x: Exchange,
): O.Option<Ready<SigningFailed | TokenFailed>> => {
  const { waiting } = x
  if (waiting === undefined) return O.none
  const jar = Jar.join(x.jar, other)
  const held = Jar.token(waiting.key)(jar)
  if (O.isNone(held) || isReplaced(held.value, waiting)) return O.none
  const { auth, exchange, reason } = waiting
  const { history } = x
  if (Token.isFresh(now, auth.margin)(held.value)) return takeToken(now, other, x)
  return O.some(begin(now, { ...exchange, history }, auth, reason === 'Missing' ? 'Expired' : reason, jar))
}

/** The problem of a token that would be lost, and obtained again for each program. */
export const NOT_STORABLE = 'the jar cannot hold it under its name and the URL of its request'

/** Stores the token of a reply, and lets the waiting exchange continue with it. Errors: `TokenRefused`, `TokenFailed`. */
export const receive = (now: Date, x: Exchange, waiting: Waiting, response: Response): Step => {
  const input = E.map(Token.at(now))(TokenReply.read(waiting.auth.read, response))
  const problem = E.isLeft(input) ? input.left : Token.problemOf(input.right)
  if (E.isLeft(input) || problem !== undefined) {
    const jar = TokenReply.keepRefreshToken(now, waiting, input, response, x.jar)
    return { _tag: 'Refuse', error: TokenReply.unreadable({ ...x, jar }, waiting, response, problem) }
  }
  const received = input.right
  const token = O.isSome(waiting.current) ? Token.continuing(waiting.current.value)(received) : received
  const jar = Jar.withToken(waiting.key, token, now)(x.jar)
  if (O.isNone(Jar.token(waiting.key)(jar)))
    return { _tag: 'Refuse', error: TokenReply.unreadable(x, waiting, response, NOT_STORABLE) }
  const ready = resume(now, waiting, token, { ...x, jar })
  if (E.isLeft(ready)) return { _tag: 'Refuse', error: ready.left }
  return { _tag: 'Next', exchange: { ...ready.right, hasRenewed: true } }
}

/** Ends an exchange whose reply was the last one for a token. The history gets the hop. */
export const receiveToken = (now: Date, { exchange, head, rejected = [] }: Done, response: Response): Step => {
  const { waiting, plan } = exchange
  if (waiting === undefined) return { _tag: 'Done', exchange, head, cookies: [], rejected, next: O.none }
  const hop = rejected.length === 0 ? { plan, head } : { plan, head, rejected }
  return receive(now, { ...exchange, history: exchange.history.concat(hop) }, waiting, response)
}

// --- errors --------------------------------------------------------------------------------------------------------

/** These end the whole exchange, whatever it waits for. */
const ENDS_ALL: ReadonlySet<string> = new Set(['Aborted', 'ClientClosed', 'DeadlineExceeded'])

/** Returns the error that an exchange ends with. That of a token request names the token. */
export const errorOf = (x: Exchange, error: Failure): ExchangeError => errorIn(x, failed(error)(x))

/** Returns an error of an exchange, as `errorOf` does. */
export const errorIn = ({ waiting, plan }: Pick<Exchange, 'waiting' | 'plan'>, error: ExchangeError): ExchangeError => {
  if (waiting === undefined || isAuthError(error)) return error
  const { auth } = waiting
  if (ENDS_ALL.has(error._tag)) return { ...error, message: `${error.message}, for the token of '${auth.name}'` }
  const { history, jar, ...cause } = error
  return failed(tokenRequestFailed(auth, plan, cause))({ history, jar })
}

/** Returns the error of a token request, also if it is one that ends the whole exchange otherwise. */
export const tokenErrorOf = (x: Exchange, error: Failure): ExchangeError =>
  x.waiting === undefined ? failed(error)(x) : failed(tokenRequestFailed(x.waiting.auth, x.plan, error))(x)

const isAuthError = (error: ExchangeError): error is WithHistory<AuthError> =>
  error._tag === 'TokenFailed' || error._tag === 'TokenRefused' || error._tag === 'SigningFailed'

/** Returns whether an error is that of a token. */
export const isTokenError = (u: unknown): u is TokenRefused | TokenFailed => {
  const { _tag }: { readonly _tag?: unknown } = Object(u)
  return _tag === 'TokenRefused' || _tag === 'TokenFailed'
}
