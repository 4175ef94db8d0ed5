/**
 * OAuth 2.0: requests for tokens and what their replies mean, as data. Nothing here sends anything.
 *
 * | name                             | for                                                     | RFC                  |
 * |----------------------------------|---------------------------------------------------------|----------------------|
 * | `obtain`, `clientCredentials`, … | the token request of each grant, and of a renewal       | 6749                 |
 * | `read`, `adviceFor`              | the reply of a token endpoint, and what its errors mean | 6749 5               |
 * | `AuthorizationCode`              | the login of a user in a browser                        | 6749 4.1, 7636, 8252 |
 * | `DeviceCode`                     | the login of a user on another device                   | 8628                 |
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Exchange, OAuth2, Session } from 'requests-ts'
 *
 * const config = { tokenUrl: 'https://as.example/token', clientId: 'me', clientSecret: 'hunter2', scope: 'read' }
 * const reply = { access_token: 't0k3n', token_type: 'Bearer', expires_in: 3600 }
 * const token = pipe(
 *   OAuth2.obtain(config, OAuth2.clientCredentials)(O.none),
 *   E.map(Exchange.simulate({ session: Session.empty })({ 'POST /token': { status: 200, json: reply } })),
 *   E.map(({ outcome }) => pipe(outcome, E.map(OAuth2.read))),
 * )
 * assert.match(JSON.stringify(token), /"accessToken":"‹secret›","type":"Bearer","expiresIn":3600/)
 */

export * as AuthorizationCode from './AuthorizationCode.js'
export * as DeviceCode from './DeviceCode.js'
export {
  type AuthorizationCodeGrant,
  authorizationCode,
  type ClientCredentialsGrant,
  type Config,
  clientCredentials,
  type DeviceCodeGrant,
  deviceCode,
  type ExtraParameters,
  type Grant,
  match as matchGrant,
  obtain,
  type RefreshTokenGrant,
  refreshToken,
} from './Grants.js'
export {
  adviceFor,
  match as matchProblem,
  read,
  type TokenProblem,
  type TokenReplyRefused,
  type TokenReplyUnusable,
} from './TokenResponse.js'
