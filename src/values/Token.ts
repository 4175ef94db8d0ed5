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
import type { Ord as OrdOf } from 'fp-ts/lib/Ord.js'
import { Ord as TextOrd } from 'fp-ts/lib/string.js'
import * as Secret from './Secret.js'
import * as UserInput from './UserInput.js'

/**
 * A token that a server issued.
 * @since 0.2.0
 * @category model
 */
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

/**
 * A token as a server sends it. A field may also be `null` or empty, which is the same as absent.
 * @since 0.2.0
 * @category model
 */
export interface Input {
  /** What is sent. */
  readonly accessToken: string | Secret.Secret
  /** `Bearer` by default. */
  readonly type?: string
  /** What renews the token. By default, the refresh token that it was renewed with stays: see `continuing`. */
  readonly refreshToken?: string | Secret.Secret
  /** The lifetime in seconds, from when the token is received. Absent: unknown. */
  readonly expiresIn?: number
  /** What the token permits. */
  readonly scope?: string
}

/** The last time that a `Date` can hold, in epoch milliseconds (ECMA-262 21.4.1.1). */
const MAX_TIME = 8.64e15

/** A text or a secret, sealed. Anything else, which plain JavaScript can pass, is an empty secret: see `problemOf`. */
const sealed = (value: unknown): Secret.Secret => (Secret.is(value) ? value : Secret.make(Secret.textOf(value) ?? ''))

/** Servers write an absent field also as `null` or as empty text. */
const isPresent = <A>(value: A): value is NonNullable<A> =>
  value !== undefined && value !== null && Secret.textOf(value) !== ''

/**
 * Returns a token that was received at this time. An expiry that a `Date` cannot hold is the last one that it can. The token
 * may be invalid, as its server may be wrong: see `problemOf`.
 * @since 0.2.0
 * @category constructors
 */
export const at =
  (now: Date) =>
  (input: Input): Token => {
    const given: Partial<Input> = typeof input === 'object' && input !== null ? UserInput.own(input) : {}
    const { accessToken, type, refreshToken, expiresIn, scope } = given
    const seconds = typeof expiresIn === 'number' ? expiresIn : Number.NaN
    return {
      accessToken: sealed(accessToken),
      type: isPresent(type) ? type : 'Bearer',
      refreshToken: isPresent(refreshToken) ? O.some(sealed(refreshToken)) : O.none,
      scope: isPresent(scope) ? O.some(scope) : O.none,
      obtainedAt: now.getTime(),
      expiresAt: isPresent(expiresIn) ? O.some(Math.min(now.getTime() + seconds * 1000, MAX_TIME)) : O.none,
    }
  }

/**
 * Returns a token that renews an earlier one. It has the refresh token and the scope of the earlier one if its own response
 * does not repeat them (RFC 6749 5.1, 6).
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Secret, Token } from 'requests-ts'
 *
 * const old = Token.at(new Date(0))({ accessToken: 'a1', refreshToken: 'r1', expiresIn: 60 })
 * const renewed = Token.continuing(old)(Token.at(new Date(50_000))({ accessToken: 'a2', expiresIn: 60 }))
 * assert.deepEqual(O.map(Secret.reveal)(renewed.refreshToken), O.some('r1'))
 *
 * @since 0.2.0
 * @category combinators
 */
export const continuing =
  (earlier: Token) =>
  (token: Token): Token => ({
    ...token,
    refreshToken: O.isSome(token.refreshToken) ? token.refreshToken : earlier.refreshToken,
    scope: O.isSome(token.scope) ? token.scope : earlier.scope,
  })

/**
 * How long before its expiry a token is renewed, in milliseconds.
 * @since 0.2.0
 * @category model
 */
export const MARGIN = 30_000

/**
 * Returns whether a token is used at this time: it does not expire within the margin, in milliseconds. A margin of more than
 * half of the token's lifetime counts as half, and one that is not a positive number as 0.
 * @since 0.2.0
 * @category predicates
 */
export const isFresh =
  (now: Date, margin: number = MARGIN) =>
  ({ obtainedAt, expiresAt }: Token): boolean => {
    if (O.isNone(expiresAt)) return true
    const half = (expiresAt.value - obtainedAt) / 2
    return now.getTime() < expiresAt.value - (margin > 0 ? Math.max(0, Math.min(margin, half)) : 0)
  }

/**
 * Returns whether a token can still be of use at this time: it has not expired, or has a refresh token.
 * @since 0.2.0
 * @category predicates
 */
export const isUsable =
  (now: Date) =>
  ({ refreshToken, expiresAt }: Token): boolean =>
    O.isSome(refreshToken) || O.isNone(expiresAt) || now.getTime() < expiresAt.value

// RFC 6749 A.12, A.17: visible characters and spaces. A server would drop a space at the start or end of a header value.
const TOKEN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
// RFC 6749 A.13: a name or a URI.
const TYPE = /^[\x21-\x7e]+$/
const CONTROL = /[\0-\x1f\x7f]/

const isTime = (ms: unknown): boolean => typeof ms === 'number' && Math.abs(ms) <= MAX_TIME

/** Whether a value of plain JavaScript is an Option whose value, if it has one, matches. */
const isOption = (option: O.Option<unknown>, matches: (value: unknown) => boolean): boolean =>
  typeof option === 'object' && option !== null && (option._tag === 'None' || matches(option.value))

const isTokenText = (value: unknown): boolean => Secret.is(value) && TOKEN.test(Secret.textOf(value) ?? '')

/**
 * Returns why a token cannot be sent or saved, or undefined if it is valid. Its secrets are not shown. Takes linear time.
 *
 * | field                         | must be                                                             |
 * |-------------------------------|---------------------------------------------------------------------|
 * | `accessToken`, `refreshToken` | ASCII without control characters, and no space at the start or end  |
 * | `type`                        | ASCII without control characters and spaces                         |
 * | `scope`                       | text without control characters                                     |
 * | `obtainedAt`, `expiresAt`     | times that a `Date` can hold                                        |
 *
 * @since 0.2.0
 * @category destructors
 */
export const problemOf = (token: Token): string | undefined => {
  if (typeof token !== 'object' || token === null) return 'it is not a token; make one with Token.at'
  const { accessToken, type, refreshToken, scope, obtainedAt, expiresAt } = token
  if (!isTokenText(accessToken))
    return 'its access token is empty, not text, or contains a character that is not visible ASCII'
  if (typeof type !== 'string' || !TYPE.test(type)) return 'its type must be a name such as Bearer'
  if (!isOption(refreshToken, isTokenText))
    return 'its refresh token is empty, not text, or contains a character that is not visible ASCII'
  if (!isOption(scope, (text) => typeof text === 'string' && !CONTROL.test(text)))
    return 'its scope must be text without control characters'
  if (!isTime(obtainedAt)) return 'the time when it was received must be one that a Date can hold'
  return isOption(expiresAt, isTime) ? undefined : 'its lifetime must be a number of seconds'
}

const textOf = (part: unknown): string => Secret.textOf(part) ?? String(part)
const optionText = (option: O.Option<unknown>): string | null => (O.isNone(option) ? null : textOf(option.value))

/** Everything in it, as text. */
const content = ({ accessToken, type, refreshToken, scope, obtainedAt, expiresAt }: Token): string =>
  JSON.stringify([
    String(obtainedAt),
    optionText(expiresAt),
    type,
    optionText(scope),
    textOf(accessToken),
    optionText(refreshToken),
  ])

/**
 * Orders tokens by their content. The order has no meaning, but it is total: two jars that are joined agree on one token.
 * @since 0.2.0
 * @category instances
 */
export const Ord: OrdOf<Token> = {
  equals: (x, y) => x === y || content(x) === content(y),
  compare: (x, y) => (x === y ? 0 : TextOrd.compare(content(x), content(y))),
}

/**
 * Compares everything, secrets by their content.
 * @since 0.2.0
 * @category instances
 */
export const Eq: EqOf<Token> = Ord
