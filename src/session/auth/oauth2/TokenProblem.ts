/**
 * Why a token endpoint did not issue a token.
 *
 * | tag        | when                                                                                        |
 * |------------|---------------------------------------------------------------------------------------------|
 * | `TokenReplyRefused`  | the reply is an error of RFC 6749 5.2 or RFC 8628 3.5: `invalid_client`, `invalid_grant`, … |
 * | `TokenReplyUnusable` | the reply is something else: HTML, JSON without a token, a token that no header can carry   |
 *
 * Messages contain no secret, not even one that the server repeats.
 *
 * @example
 * import { OAuth2 } from 'requests-ts'
 *
 * assert.match(OAuth2.adviceFor('invalid_grant'), /log in again/)
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Tagged from '../../../values/Tagged.js'

/**
 * The server refused the request with an error object.
 *
 * @since 0.2.0
 * @category model
 */
export interface TokenReplyRefused {
  readonly _tag: 'TokenReplyRefused'
  /** 400 or 401 as a rule. Some servers send an error with 200. */
  readonly status: number
  /** The value of `error`, on one line and of at most 64 characters. */
  readonly code: string
  /** The value of `error_description`, on one line, of at most 300 characters, without secrets of the request. */
  readonly description: O.Option<string>
  /** The value of `error_uri`, if it is an http or https URL: a page for people. */
  readonly uri: O.Option<string>
  /** What happened and what to do, on one line. */
  readonly message: string
}

/**
 * The reply is neither a token nor an error object.
 *
 * @since 0.2.0
 * @category model
 */
export interface TokenReplyUnusable {
  readonly _tag: 'TokenReplyUnusable'
  /** The status of the reply. */
  readonly status: number
  /** What is wrong with the reply, and what to do. */
  readonly problem: string
  /** The endpoint and the problem, on one line. */
  readonly message: string
}

/**
 * Why there is no token.
 *
 * @since 0.2.0
 * @category model
 */
export type TokenProblem = TokenReplyRefused | TokenReplyUnusable

/**
 * Folds a problem with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<TokenProblem>()

/** What to do, by error code: RFC 6749 4.1.2.1 and 5.2, RFC 8628 3.5, RFC 8707 2. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    'invalid_request',
    'a parameter is missing, unknown or repeated: compare the settings with the manual of the server',
  ],
  ['invalid_client', 'check clientId, clientSecret and clientAuthentication; some servers need the secret in the body'],
  ['invalid_grant', 'the code or refresh token is wrong, expired, revoked or was used before: log in again'],
  ['unauthorized_client', 'allow this grant for the client in the settings of the server'],
  ['unsupported_grant_type', 'use a grant that the server supports'],
  ['invalid_scope', 'request only scopes that the server knows and permits for this client'],
  ['invalid_target', 'check the audience or resource in the parameters'],
  ['unsupported_response_type', 'allow the authorization code grant for the client in the settings of the server'],
  ['access_denied', 'the user or the server denied the access: log in again and accept, or request fewer scopes'],
  ['server_error', 'the server failed: try again later'],
  ['temporarily_unavailable', 'the server is overloaded or in maintenance: try again later'],
  ['authorization_pending', 'the user has not logged in yet: send the request again after the interval'],
  ['slow_down', 'send the request again, with an interval that is 5 seconds longer'],
  ['expired_token', 'the device code has expired: begin again with a new one'],
])

/** Returns whether an RFC of this module defines an error code. */
export const isKnownCode = (code: string): boolean => ADVICE.has(code)

/**
 * Returns what to do about an error code of an authorization server, as the end of a sentence. A code that no RFC of
 * this module defines has general advice.
 *
 * @since 0.2.0
 * @category destructors
 */
export const adviceFor = (code: string): string =>
  ADVICE.get(code) ?? 'look the error code up in the manual of the server'

/** An error of an authorization server (RFC 6749 4.1.2.1, 5.2). The texts are safe to print already. */
export interface ServerError {
  /** Without its query. */
  readonly endpoint: string
  readonly code: string
  readonly description: O.Option<string>
  readonly uri: O.Option<string>
}

/** Returns the message of an error: what failed, the code, the text of the server, and what to do. */
export const messageOf = ({ endpoint, code, description, uri }: ServerError, action: string, note = ''): string => {
  const reason = O.isSome(description) ? ` ("${description.value}")` : ''
  const page = O.isSome(uri) ? `; see ${uri.value}` : ''
  return `${endpoint} ${action}: ${code}${reason}${note}; ${adviceFor(code)}${page}`
}

/** Returns the problem of an error object, with its message. */
export const refused = (status: number, error: ServerError): TokenReplyRefused => {
  const { code, description, uri } = error
  const message = messageOf(error, 'refused to issue a token', `, status ${status}`)
  return { _tag: 'TokenReplyRefused', status, code, description, uri, message }
}

/** Returns the problem of a reply that is neither a token nor an error object. The problem must be safe to print. */
export const unusable = (endpoint: string, status: number, problem: string): TokenReplyUnusable => ({
  _tag: 'TokenReplyUnusable',
  status,
  problem,
  message: `The reply of ${endpoint} is not usable (status ${status}): ${problem}`,
})
