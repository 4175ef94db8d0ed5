/**
 * The grants of OAuth 2.0, and the requests that obtain a token with them.
 *
 * | grant               | first token                     | renews it with                              | RFC      |
 * |---------------------|---------------------------------|---------------------------------------------|----------|
 * | `ClientCredentials` | the id and secret of the client | the same: a refresh token is ignored        | 6749 4.4 |
 * | `RefreshToken`      | the refresh token of the grant  | the current refresh token, or else the same | 6749 6   |
 * | `AuthorizationCode` | a login: `AuthorizationCode`    | the current refresh token                   | 6749 4.1 |
 * | `DeviceCode`        | a login: `DeviceCode`           | the current refresh token                   | 8628     |
 *
 * The password grant is missing on purpose: RFC 9700 2.4 forbids it.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { OAuth2, Request } from 'requests-ts'
 *
 * const config = { tokenUrl: 'https://as.example/token', clientId: 'me', clientSecret: 'hunter2' }
 * const request = OAuth2.obtain(config, OAuth2.clientCredentials)(O.none)
 * assert.deepEqual(E.map(Request.Show.show)(request), E.right(
 *   'POST https://as.example/token (bytes; headers: Accept, Content-Type; auth: Basic; redirects: 1 policies)'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Query from '../../../values/Query.js'
import * as Secret from '../../../values/Secret.js'
import * as Tagged from '../../../values/Tagged.js'
import type { Token } from '../../../values/Token.js'
import * as UserInput from '../../../values/UserInput.js'
import type { Request } from '../../Request.js'
import { type Config, checked, endpoint, formRequest, pairsOf, scopeOf } from './ClientConfig.js'

export type { Config, ExtraParameters } from './ClientConfig.js'

/** The client itself is authorized (RFC 6749 4.4). */
export type ClientCredentialsGrant = { readonly _tag: 'ClientCredentials' }
/** A refresh token that was issued before (RFC 6749 6). */
export type RefreshTokenGrant = { readonly _tag: 'RefreshToken'; readonly refreshToken: Secret.Secret }
/** A user logs in with a browser (RFC 6749 4.1). The token of the login must be stored first. */
export type AuthorizationCodeGrant = { readonly _tag: 'AuthorizationCode' }
/** A user logs in on another device (RFC 8628). The token of the login must be stored first. */
export type DeviceCodeGrant = { readonly _tag: 'DeviceCode' }

/**
 * How a token is obtained.
 *
 * @since 0.2.0
 * @category model
 */
export type Grant = ClientCredentialsGrant | RefreshTokenGrant | AuthorizationCodeGrant | DeviceCodeGrant

/**
 * The client itself is authorized.
 * @since 0.2.0
 * @category constructors
 */
export const clientCredentials: Grant = { _tag: 'ClientCredentials' }
/**
 * Returns the grant of a refresh token that was issued before.
 * @since 0.2.0
 * @category constructors
 */
export const refreshToken = (token: string | Secret.Secret): Grant => ({
  _tag: 'RefreshToken',
  refreshToken: Secret.hide(token),
})
/**
 * A user logs in with a browser.
 * @since 0.2.0
 * @category constructors
 */
export const authorizationCode: Grant = { _tag: 'AuthorizationCode' }
/**
 * A user logs in on another device.
 * @since 0.2.0
 * @category constructors
 */
export const deviceCode: Grant = { _tag: 'DeviceCode' }

/**
 * Folds a grant with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<Grant>()

/**
 * Returns a request to the token endpoint with these parameters, the additional ones of the config, and the credentials
 * of the client. The left says which setting is wrong.
 * @internal
 */
export const tokenRequest = (config: Config, own: Query.Pairs, scope?: unknown): E.Either<string, Request> => {
  const client = checked(config)
  if (E.isLeft(client)) return client
  const url = endpoint('tokenUrl', client.right.tokenUrl)
  if (E.isLeft(url)) return url
  const words = scopeOf(scope)
  if (E.isLeft(words)) return words
  const additional = pairsOf('parameters', client.right.parameters)
  if (E.isLeft(additional)) return additional
  const scopePairs: Query.Pairs = words.right === undefined ? [] : [['scope', words.right]]
  return E.right(formRequest(client.right, url.right, [...own, ...scopePairs, ...additional.right]))
}

const refreshRequest = (config: Config, token: unknown, scope?: unknown): E.Either<string, Request> => {
  const text = Secret.textOf(token)
  if (text === undefined || text === '') return E.left('the refresh token must be text that is not empty')
  return tokenRequest(
    config,
    [
      ['grant_type', 'refresh_token'],
      ['refresh_token', text],
    ],
    scope,
  )
}

const LOGINS: Readonly<Record<'AuthorizationCode' | 'DeviceCode', string>> = {
  AuthorizationCode: '`OAuth2.AuthorizationCode.begin` and `OAuth2.redeemCode`',
  DeviceCode: '`OAuth2.loginWithDevice`',
}

const notLoggedIn = (tag: keyof typeof LOGINS, current: O.Option<Token>): E.Either<string, never> =>
  E.left(
    O.isNone(current)
      ? `log in first, and store the token in the jar, with ${LOGINS[tag]}`
      : `the token has expired and has no refresh token: log in again with ${LOGINS[tag]}`,
  )

const TAGS: ReadonlySet<unknown> = new Set<Grant['_tag']>([
  'ClientCredentials',
  'RefreshToken',
  'AuthorizationCode',
  'DeviceCode',
])
const isGrant = (u: unknown): boolean => typeof u === 'object' && u !== null && '_tag' in u && TAGS.has(u._tag)

/**
 * Returns the request that obtains a token, or renews the current one. The left says which setting is wrong, or that a
 * user must log in first. A renewal after a login sends no scope, so that the new token permits the same (RFC 6749 6).
 *
 * @since 0.2.0
 * @category constructors
 */
export const obtain =
  (config: Config, grant: Grant) =>
  (current: O.Option<Token>): E.Either<string, Request> => {
    if (!isGrant(grant))
      return E.left('the grant is not valid: use one of `OAuth2`, such as `OAuth2.clientCredentials`')
    const scope = UserInput.isRecord(config) ? UserInput.get(config, 'scope') : undefined
    if (grant._tag === 'ClientCredentials') {
      return tokenRequest(config, [['grant_type', 'client_credentials']], scope)
    }
    const renewal = O.isSome(current) ? O.toUndefined(current.value.refreshToken) : undefined
    if (grant._tag === 'RefreshToken') return refreshRequest(config, renewal ?? grant.refreshToken, scope)
    return renewal === undefined ? notLoggedIn(grant._tag, current) : refreshRequest(config, renewal)
  }
