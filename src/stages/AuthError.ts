/**
 * Why a plan has no credentials. It was not sent.
 *
 * | tag             | when                                                                                    |
 * |-----------------|-----------------------------------------------------------------------------------------|
 * | `SigningFailed` | the function of a signer failed, or changed more than header fields and query            |
 * | `TokenRefused`  | the server refused the token, with a code of RFC 6749 5.2                                |
 * | `TokenFailed`   | no token was obtained for another reason: the request failed, or its reply has no token  |
 *
 * An abort, the end of the client and the total timeout keep their tags: they end the exchange, whatever it waits for.
 */
import type * as O from 'fp-ts/lib/Option.js'
import type { Renewable } from '../session/auth/Auth.js'
import type { TokenReplyRefused } from '../session/auth/oauth2/TokenProblem.js'
import * as Printable from '../values/Printable.js'
import * as Fault from '../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../wire/Plan.js'

/**
 * A signer failed.
 * @since 0.2.0
 * @category errors
 */
export interface SigningFailed {
  readonly _tag: 'SigningFailed'
  /** The name of the scheme. */
  readonly scheme: string
  /** The plan that was not signed, and not sent. */
  readonly plan: Plan
  /** What the function threw or returned; `undefined` if it returned a plan that is not allowed. */
  readonly error: unknown
  /** The scheme, the request, and what was wrong. */
  readonly message: string
}

/**
 * A server refused a token (RFC 6749 5.2).
 * @since 0.2.0
 * @category errors
 */
export interface TokenRefused {
  readonly _tag: 'TokenRefused'
  /** The name of the credential: that of `Auth.renewable` or `Auth.oauth2`. */
  readonly credential: string
  /** The plan of the token request. */
  readonly plan: Plan
  /** The status of its reply. */
  readonly status: number
  /** The code of the server, such as `invalid_grant`. */
  readonly code: string
  /** What the server says about it. */
  readonly description: O.Option<string>
  /** The credential, the request, the code, and what to do. */
  readonly message: string
}

/**
 * No token was obtained.
 * @since 0.2.0
 * @category errors
 */
export interface TokenFailed {
  readonly _tag: 'TokenFailed'
  /** The name of the credential: that of `Auth.renewable` or `Auth.oauth2`. */
  readonly credential: string
  /** The plan of the token request; if it could not be planned, the plan that needs the token. */
  readonly plan: Plan
  /** The status of its reply; `undefined` if it had none. */
  readonly status: number | undefined
  /** The error of the token request; `undefined` if it had a reply. */
  readonly error: unknown
  /** The credential, the request, what was wrong, and what to do. */
  readonly message: string
}

/** Why a plan has no credentials. */
export type AuthError = SigningFailed | TokenRefused | TokenFailed

const requestOf = (plan: Plan): string => `${plan.method} ${urlWithoutQuery(plan)}`

/** Makes a `SigningFailed`. */
export const signingFailed = (scheme: string, plan: Plan, problem: string, error?: unknown): SigningFailed => ({
  _tag: 'SigningFailed',
  scheme,
  plan,
  error,
  message: Printable.escapeControls(`The scheme '${scheme}' failed to sign ${requestOf(plan)}: ${problem}`),
})

/** Makes a `TokenFailed`. */
export const tokenFailed = (
  { name }: Pick<Renewable, 'name'>,
  plan: Plan,
  problem: string,
  { status, error }: { readonly status?: number; readonly error?: unknown } = {},
): TokenFailed => ({
  _tag: 'TokenFailed',
  credential: name,
  plan,
  status,
  error,
  message: Printable.escapeControls(`No token for '${name}': ${problem}`),
})

const TRY_AGAIN = 'check the URL of the endpoint and that its server runs, or try again later'

/** What to do about a token request that failed, by the tag of its error. */
const adviceFor = (tag: string): string | undefined => {
  if (tag === 'DeadlineExceeded') return 'raise its total timeout, or try again later'
  return /^(?:Connect|ReadTimeout|ProtocolError|BodyCut)/.test(tag) ? TRY_AGAIN : undefined
}

/** Returns what went wrong with a token request, and what to do. */
const problemOfRequest = (plan: Plan, { _tag, message }: TokenRequestError): string => {
  if (_tag === 'BodyTooLarge') {
    const limit = Printable.grouped(plan.route.limits.body)
    return `the reply to ${requestOf(plan)} is larger than ${limit} octets; check the URL of the endpoint`
  }
  const named = message.includes(urlWithoutQuery(plan)) ? message : `${requestOf(plan)}: ${message}`
  const advice = adviceFor(_tag)
  return advice === undefined ? named : `${named}; ${advice}`
}

interface TokenRequestError {
  readonly _tag: string
  readonly message: string
}

/** Makes a `TokenFailed` of the error of its request. */
export const tokenRequestFailed = (auth: Pick<Renewable, 'name'>, plan: Plan, error: TokenRequestError): TokenFailed =>
  tokenFailed(auth, plan, problemOfRequest(plan, error), { error })

/** Makes a `TokenRefused`. */
export const tokenRefused = (
  { name }: Pick<Renewable, 'name'>,
  plan: Plan,
  { status, code, description, message }: TokenReplyRefused,
): TokenRefused => ({
  _tag: 'TokenRefused',
  credential: name,
  plan,
  status,
  code,
  description,
  message: Printable.escapeControls(`No token for '${name}': ${message}`),
})

/** Returns the reason of a `Left` of the user: its text, or its message. */
export const problemText = (error: unknown): string => {
  if (typeof error === 'string') return error
  return typeof error === 'object' && error !== null && 'message' in error ? Fault.messageOf(error) : 'no reason given'
}
