/**
 * The login of a user in a browser (RFC 6749 4.1), always with PKCE (RFC 7636).
 *
 *     begin ──▶ url ──▶ (the user logs in) ──▶ callback ──▶ redeem ──▶ token request ──▶ TokenResponse.read
 *       └──────────────── pending ───────────────────────────▲
 *
 * | check of the callback, in this order                    | error             |
 * |---------------------------------------------------------|-------------------|
 * | it is a URL, and no parameter occurs twice              | `InvalidCallback` |
 * | `state` is that of the login                            | `StateMismatch`   |
 * | `iss` is the issuer of the config, if it has one (9207) | `IssuerMismatch`  |
 * | it has no `error`                                       | `LoginRefused`    |
 * | it has a `code`                                         | `InvalidCallback` |
 *
 * A config or login that is not valid is `InvalidLogin`. No message contains the code, the state or another secret.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { OAuth2 } from 'requests-ts'
 *
 * const { begin, redeem } = OAuth2.AuthorizationCode
 * const config: OAuth2.AuthorizationCode.Config = {
 *   authorizationUrl: 'https://as.example/authorize',
 *   tokenUrl: 'https://as.example/token',
 *   clientId: 'me',
 *   redirectUri: 'http://127.0.0.1:8400/callback',
 * }
 * const request = pipe(
 *   begin(config, 'at least 128 unpredictable bits'),
 *   E.flatMap(({ pending }) => redeem(config, pending)(`/callback?code=c&state=${pending.state}`)),
 * )
 * assert.equal(E.isRight(request) && request.right.url, 'https://as.example/token')
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as O from 'fp-ts/lib/Option.js'
import * as Entropy from '../../../values/Entropy.js'
import * as Query from '../../../values/Query.js'
import * as Secret from '../../../values/Secret.js'
import * as Tagged from '../../../values/Tagged.js'
import type * as Url from '../../../values/Url.js'
import * as UserInput from '../../../values/UserInput.js'
import type { Request } from '../../Request.js'
import * as ClientConfig from './ClientConfig.js'
import { tokenRequest } from './Grants.js'
import type { PendingLogin } from './PendingLogin.js'
import * as Pkce from './Pkce.js'
import * as RedirectUri from './RedirectUri.js'
import * as ServerText from './ServerText.js'
import { messageOf } from './TokenProblem.js'

export { decode, encode, type PendingLogin, type PendingLoginJson } from './PendingLogin.js'

/**
 * A client whose users log in with a browser.
 *
 * @since 0.2.0
 * @category model
 */
export interface Config extends ClientConfig.Config {
  /** The page where users log in: an absolute http or https URL. Its query is kept. */
  readonly authorizationUrl: string | URL
  /** Where the server sends users back to, exactly as it is registered. See the table in `RedirectUri`. */
  readonly redirectUri: string | URL
  /**
   * The issuer of the server. If it is set, each callback must have it as `iss`: set it for servers that send it (RFC
   * 9207).
   */
  readonly issuer?: string
  /** Additional parameters of the page, such as `prompt` or `login_hint`. */
  readonly authorizationParameters?: ClientConfig.ExtraParameters
}

// --- begin ---------------------------------------------------------------------------------------------------------

/** What `begin` returns. */
export interface Begun {
  /** The page that the user opens. */
  readonly url: string
  /** What `redeem` needs, to be kept until the callback. */
  readonly pending: PendingLogin
}

/** The length of 128 bits as base64. */
const MIN_ENTROPY = 22

const withQuery = (url: Url.Url, pairs: Query.Pairs): E.Either<string, string> => {
  const given = new URLSearchParams(url.search)
  const repeated = pairs.find(([name]) => given.has(name))
  if (repeated !== undefined) return E.left(`authorizationUrl must not contain ${JSON.stringify(repeated[0])}`)
  const before = url.search === '' ? '?' : url.search === '?' ? '' : '&'
  return E.right(`${url.href}${before}${Query.encode(pairs)}`)
}

const begun = (config: Config, entropy: string, redirectUri: string): E.Either<string, Begun> => {
  const [state, verifier] = [Entropy.draw(entropy, 'oauth2 state'), Pkce.verifierFrom(entropy)]
  const page = ClientConfig.endpoint('authorizationUrl', config.authorizationUrl)
  if (E.isLeft(page)) return page
  const scope = ClientConfig.scopeOf(config.scope)
  if (E.isLeft(scope)) return scope
  const additional = ClientConfig.pairsOf('authorizationParameters', config.authorizationParameters)
  if (E.isLeft(additional)) return additional
  const pairs: Query.Pairs = [
    ['response_type', 'code'],
    ['client_id', config.clientId],
    ['redirect_uri', redirectUri],
    ...(scope.right === undefined ? [] : [['scope', scope.right] as const]),
    ['state', state],
    ['code_challenge', Pkce.challengeOf(verifier)],
    ['code_challenge_method', 'S256'],
    ...additional.right,
  ]
  const pending: PendingLogin = { state, verifier: Secret.make(verifier), redirectUri }
  return E.map((url: string): Begun => ({ url, pending }))(withQuery(page.right, pairs))
}

/**
 * Returns the page where the user logs in. `entropy` must contain 128 unpredictable bits or more that are used for
 * nothing else: state (128 bits) and verifier (as many as `entropy`, up to 256) are derived from it. The left says
 * which argument is wrong.
 *
 * @since 0.2.0
 * @category constructors
 */
export const begin = (config: Config, entropy: string): E.Either<string, Begun> => {
  if (typeof entropy !== 'string' || entropy.length < MIN_ENTROPY) {
    return E.left(`entropy must be text with 128 unpredictable bits, of ${MIN_ENTROPY} characters or more`)
  }
  const client = ClientConfig.checked(config)
  if (E.isLeft(client)) return client
  const { redirectUri, issuer } = client.right
  if (issuer !== undefined && typeof issuer !== 'string') return E.left('issuer must be text')
  return pipe(
    RedirectUri.parse(redirectUri),
    E.flatMap((uri) => begun(client.right, entropy, uri)),
  )
}

// --- redeem --------------------------------------------------------------------------------------------------------

/** The callback is not the URL of a callback. */
export type InvalidCallback = { readonly _tag: 'InvalidCallback'; readonly message: string }
/** The callback belongs to another login. */
export type StateMismatch = { readonly _tag: 'StateMismatch'; readonly message: string }
/** The callback comes from another server. */
export type IssuerMismatch = { readonly _tag: 'IssuerMismatch'; readonly message: string }
/** The config or the pending login is not valid. */
export type InvalidLogin = { readonly _tag: 'InvalidLogin'; readonly message: string }
/**
 * The user or the server refused the login (RFC 6749 4.1.2.1).
 *
 * @since 0.2.0
 * @category model
 */
export interface LoginRefused {
  readonly _tag: 'LoginRefused'
  /** `access_denied`, `invalid_scope`, …, on one line. */
  readonly code: string
  /** On one line, of at most 300 characters. */
  readonly description: O.Option<string>
  /** A page for people. */
  readonly uri: O.Option<string>
  /** What happened and what to do, on one line. */
  readonly message: string
}
/**
 * Why a callback is not accepted.
 *
 * @since 0.2.0
 * @category model
 */
export type CallbackError = InvalidCallback | StateMismatch | IssuerMismatch | LoginRefused | InvalidLogin

/**
 * Folds an error with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchError = Tagged.match<CallbackError>()

type Checked = E.Either<CallbackError, Request>

const invalidCallback = (message: string): Checked => E.left({ _tag: 'InvalidCallback', message })
const invalidLogin = (problem: string): CallbackError => ({
  _tag: 'InvalidLogin',
  message: `Cannot redeem the callback: ${problem}`,
})

/** The parameters of a callback, none of which may occur twice (RFC 6749 3.1). */
const NAMES = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'] as const

const refusedBy = (config: Config, code: string, parameters: URLSearchParams): LoginRefused => {
  const secret = Secret.textOf(config.clientSecret)
  const texts = { code, description: parameters.get('error_description'), uri: parameters.get('error_uri') }
  const error = ServerText.restrictError(new Set(secret === undefined ? [] : [secret]), texts)
  const page = ClientConfig.endpoint('authorizationUrl', config.authorizationUrl)
  const endpoint = E.isRight(page) ? `${page.right.origin}${page.right.pathname}` : 'The server'
  return { _tag: 'LoginRefused', ...error, message: messageOf({ endpoint, ...error }, 'refused the login') }
}

const redeemed = (config: Config, pending: PendingLogin, parameters: URLSearchParams): Checked => {
  const repeated = NAMES.find((name) => parameters.getAll(name).length > 1)
  if (repeated !== undefined) return invalidCallback(`Invalid callback: ${repeated} occurs more than once`)
  const [code, state, iss, error] = NAMES.map((name) => parameters.get(name))
  if (state !== pending.state) {
    const problem = state === null ? 'it has no state' : 'its state is not that of this login'
    return E.left({ _tag: 'StateMismatch', message: `Rejected the callback: ${problem}; begin the login again` })
  }
  if (config.issuer !== undefined && iss !== config.issuer) {
    const problem = iss === null ? 'it has no iss' : 'its iss is not the issuer of the config'
    return E.left({ _tag: 'IssuerMismatch', message: `Rejected the callback: ${problem}; begin the login again` })
  }
  if (error) return E.left(refusedBy(config, error, parameters))
  if (!code) return invalidCallback('Invalid callback: it has neither a code nor an error in its query')
  const request = tokenRequest(config, [
    ['grant_type', 'authorization_code'],
    ['code', code],
    ['redirect_uri', pending.redirectUri],
    ['code_verifier', Secret.reveal(pending.verifier)],
  ])
  return E.mapLeft(invalidLogin)(request)
}

const isPending = (pending: PendingLogin): boolean => {
  if (!UserInput.isRecord(pending)) return false
  const [state, redirectUri]: ReadonlyArray<unknown> = [pending.state, pending.redirectUri]
  const verifier = Secret.textOf(pending.verifier)
  const isBound = typeof state === 'string' && state.length >= MIN_ENTROPY
  return isBound && typeof redirectUri === 'string' && verifier !== undefined && Pkce.isVerifier(verifier)
}

/**
 * Returns the token request for the callback of a login: its URL, or only its path and query as a server has received
 * them. Scheme, host and path are not compared, because a proxy may have changed them. Errors: those of the table.
 *
 * @since 0.2.0
 * @category constructors
 */
export const redeem =
  (config: Config, pending: PendingLogin) =>
  (callback: string | URL): Checked => {
    const client = ClientConfig.checked(config)
    if (E.isLeft(client)) return E.left(invalidLogin(client.left))
    if (!isPending(pending)) return E.left(invalidLogin('the pending login must be one that `begin` has returned'))
    const text: unknown = UserInput.urlText(callback)
    if (typeof text !== 'string' || !URL.canParse(text, pending.redirectUri)) {
      return invalidCallback('Invalid callback: it must be a URL, or the path and query of one')
    }
    return redeemed(client.right, pending, new URL(text, pending.redirectUri).searchParams)
  }
