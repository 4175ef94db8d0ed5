/**
 * An access token as data (RFC 6749 5.1): what is sent, how long it lives, and what renews it.
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Token } from 'requests-ts'
 *
 * const token = Token.at(new Date(0))({ accessToken: 't0k3n', expiresIn: 3600 })
 * assert.deepEqual(token.expiresAt, O.some(3_600_000))
 * assert.equal(Token.isFresh(new Date(3_500_000))(token), true)
 * assert.equal(Token.isFresh(new Date(3_599_000))(token), false)
 * assert.equal(JSON.stringify(token.accessToken), '"‹secret›"')
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from './Secret.js'

/** A token that a server issued. */
export interface Token {
  /** What is sent. */
  readonly accessToken: Secret.Secret
  /** As the server spelled it; `Bearer` if the server does not say. */
  readonly type: string
  /** What renews the token (RFC 6749 6). */
  readonly refreshToken: O.Option<Secret.Secret>
  /** What the token permits, if the server says (RFC 6749 3.3). */
  readonly scope: O.Option<string>
  /** When it was received, in epoch milliseconds. */
  readonly obtainedAt: number
  /** When it expires, in epoch milliseconds. `none`: the server does not say. */
  readonly expiresAt: O.Option<number>
}

/** A token as a server sends it. */
export interface Input {
  /** What is sent. */
  readonly accessToken: string | Secret.Secret
  /** `Bearer` by default. */
  readonly type?: string
  /** What renews the token. By default, the refresh token that it was renewed with stays. */
  readonly refreshToken?: string | Secret.Secret
  /** The lifetime in seconds, from when the token is received. Absent: unknown. */
  readonly expiresIn?: number
  /** What the token permits. */
  readonly scope?: string
}

/** Returns a token that was received at this time. */
export const at =
  (now: Date) =>
  ({ accessToken, type = 'Bearer', refreshToken, expiresIn, scope }: Input): Token => ({
    accessToken: Secret.hide(accessToken),
    type,
    refreshToken: refreshToken === undefined ? O.none : O.some(Secret.hide(refreshToken)),
    scope: O.fromNullable(scope),
    obtainedAt: now.getTime(),
    expiresAt: expiresIn === undefined ? O.none : O.some(now.getTime() + expiresIn * 1000),
  })

/** How long before its expiry a token is renewed, in milliseconds. */
export const MARGIN = 30_000

/**
 * Returns whether a token is used at this time: it does not expire within the margin, in milliseconds. A margin of more than
 * half of the token's lifetime counts as half.
 */
export const isFresh =
  (now: Date, margin: number = MARGIN) =>
  ({ obtainedAt, expiresAt }: Token): boolean => {
    if (O.isNone(expiresAt)) return true
    const lifetime = expiresAt.value - obtainedAt
    return now.getTime() < expiresAt.value - Math.min(margin, lifetime / 2)
  }

const equalSecrets = O.getEq<string | Secret.Secret>(Secret.Eq).equals

/**
 * Compares everything, secrets by their content.
 * @category instances
 */
export const Eq: EqOf<Token> = {
  equals: (x, y) =>
    Secret.Eq.equals(x.accessToken, y.accessToken) &&
    equalSecrets(x.refreshToken, y.refreshToken) &&
    x.type === y.type &&
    x.obtainedAt === y.obtainedAt &&
    O.toUndefined(x.scope) === O.toUndefined(y.scope) &&
    O.toUndefined(x.expiresAt) === O.toUndefined(y.expiresAt),
}
