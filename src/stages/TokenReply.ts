/** Reads the reply of a token request, with the function of its scheme, and makes the error of one without a usable token. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../cookies/Jar.js'
import type { Renewable } from '../session/auth/Auth.js'
import type * as TokenProblem from '../session/auth/oauth2/TokenProblem.js'
import * as TokenResponse from '../session/auth/oauth2/TokenResponse.js'
import * as Secret from '../values/Secret.js'
import * as Token from '../values/Token.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Response } from '../wire/Reply.js'
import {
  type AuthError,
  problemText,
  type TokenFailed,
  type TokenRefused,
  tokenFailed,
  tokenRefused,
} from './AuthError.js'
import { type Exchange, failed, type Waiting, type WithHistory } from './ExchangeState.js'

/** Calls the `read` of a scheme, which may be a function of the user. Errors are read as RFC 6749 5.2 says. */
export const read = (given: Renewable['read'], response: Response): E.Either<unknown, Token.Input> => {
  if (response.status >= 400) return TokenResponse.read(response)
  try {
    const input: unknown = given(response)
    const { _tag, right }: { readonly _tag?: unknown; readonly right?: unknown } = Object(input)
    // The cast: untyped callers may return anything, and `Token.problemOf` checks the fields.
    if (_tag === 'Left' || (_tag === 'Right' && Object(right) === right)) return input as E.Either<unknown, Token.Input>
    Fault.ignoreRejection(input)
    return E.left('its function `read` did not return an Either with a token')
  } catch {
    // An exception of a parser quotes what it parses, which may be the token.
    return E.left('its function `read` failed')
  }
}

/** Returns the error of a reply without a usable token. */
export const errorOf = (
  auth: Pick<Renewable, 'name'>,
  plan: Plan,
  { status }: Response,
  problem: unknown,
): TokenRefused | TokenFailed =>
  isRefused(problem) ? tokenRefused(auth, plan, problem) : tokenFailed(auth, plan, problemText(problem), { status })

/** `errorOf` for the exchange of a token. */
export const unreadable = (
  x: Exchange,
  { auth }: Waiting,
  response: Response,
  problem: unknown,
): WithHistory<AuthError> => failed(errorOf(auth, x.plan, response, problem))(x)

const isRefused = (u: unknown): u is TokenProblem.TokenReplyRefused => {
  const { _tag, code, status, message }: Partial<Record<keyof TokenProblem.TokenReplyRefused, unknown>> = Object(u)
  return (
    _tag === 'TokenReplyRefused' &&
    typeof code === 'string' &&
    typeof status === 'number' &&
    typeof message === 'string'
  )
}

/**
 * Keeps the refresh token of a reply whose access token cannot be used, because the server may have ended the earlier one (RFC
 * 6749 6). The token of the jar expires, so that the next request renews it.
 */
export const keepRefreshToken = (
  now: Date,
  { key, current }: Waiting,
  input: E.Either<unknown, Token.Token>,
  response: Response,
  jar: Jar.Jar,
): Jar.Jar => {
  const refreshToken = E.isRight(input) ? input.right.refreshToken : TokenResponse.refreshTokenOf(response)
  if (O.isNone(current) || O.isNone(refreshToken)) return jar
  if (O.getEq(Secret.Eq).equals(current.value.refreshToken, refreshToken)) return jar
  const token = { ...current.value, refreshToken, expiresAt: O.some(now.getTime()) }
  return Token.problemOf(token) === undefined ? Jar.withToken(key, token, now)(jar) : jar
}
