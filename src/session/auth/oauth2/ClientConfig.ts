/**
 * A client of an authorization server, and the requests that it sends to the endpoints of this server (RFC 6749 2.3,
 * 3.2).
 *
 * | `clientSecret` | `clientAuthentication` | sends                                                             |
 * |----------------|------------------------|-------------------------------------------------------------------|
 * | absent         | absent                 | `client_id` in the body: a public client                          |
 * | present        | `basic`, the default   | `Authorization: Basic …`, id and secret encoded as a form (2.3.1) |
 * | present        | `body`                 | `client_id` and `client_secret` in the body                       |
 *
 * A request has its form as sealed bytes, so that nothing prints it. It follows no redirect, which could send the
 * secret to another server, and uses no credentials of the session or of netrc.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Octets from '../../../values/Octets.js'
import * as Query from '../../../values/Query.js'
import * as Secret from '../../../values/Secret.js'
import * as Url from '../../../values/Url.js'
import * as UserInput from '../../../values/UserInput.js'
import * as Request from '../../Request.js'
import * as Auth from '../Auth.js'

/**
 * Additional parameters of a request. A list repeats the name.
 *
 * @since 0.2.0
 * @category model
 */
export type ExtraParameters = Readonly<Record<string, string | ReadonlyArray<string>>>

/**
 * A client that is registered at an authorization server.
 *
 * @since 0.2.0
 * @category model
 */
export interface Config {
  /** The token endpoint: an absolute http or https URL. */
  readonly tokenUrl: string | URL
  /** The name of the client at the server. */
  readonly clientId: string
  /** Absent for a public client, such as a command or a page. */
  readonly clientSecret?: string | Secret.Secret
  /** Where the secret is sent: `basic` by default. */
  readonly clientAuthentication?: 'basic' | 'body'
  /** What the token should permit: words with spaces between them, or a list. By default the server chooses. */
  readonly scope?: string | ReadonlyArray<string>
  /** Additional parameters of each token request, such as `audience` or `resource`. */
  readonly parameters?: ExtraParameters
}

// --- checks --------------------------------------------------------------------------------------------------------

/** The parameters that this library sets. */
const RESERVED: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'device_code',
  'grant_type',
  'redirect_uri',
  'refresh_token',
  'response_type',
  'scope',
  'state',
])

const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is ReadonlyArray<string> => Array.isArray(value) && value.every(isText)

/** Returns a scope as one text. Undefined if there is none. The left says what is wrong. */
export const scopeOf = (scope: unknown): E.Either<string, string | undefined> => {
  const text = isTexts(scope) ? scope.join(' ') : scope
  if (text === undefined || text === '') return E.right(undefined)
  // RFC 6749 3.3.
  return isText(text) && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
    ? E.right(text)
    : E.left('scope must be text or a list of texts, of printable ASCII without quotes and backslashes')
}

/** Returns additional parameters as pairs. The left names the parameter that is wrong. */
export const pairsOf = (setting: string, parameters: unknown): E.Either<string, Query.Pairs> => {
  if (parameters === undefined) return E.right([])
  if (!UserInput.isRecord(parameters)) return E.left(`${setting} must be a record of texts`)
  const pairs: Array<Query.Pair> = []
  for (const [name, value] of Object.entries(Object(parameters))) {
    if (RESERVED.has(name)) return E.left(`${setting} must not contain ${name}, which the library sets`)
    const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
    for (const text of values) {
      if (!isText(text)) return E.left(`${setting}.${JSON.stringify(name)} must be text or a list of texts`)
      pairs.push([name, text])
    }
  }
  return E.right(pairs)
}

/** Returns the URL of an endpoint. It must be http or https, without userinfo and fragment (RFC 6749 3.1, 3.2). */
export const endpoint = (setting: string, given: unknown): E.Either<string, Url.Url> => {
  const text: unknown = UserInput.urlText(given)
  if (!isText(text)) return E.left(`${setting} must be a URL`)
  const parsed = Url.parse(text)
  if (E.isLeft(parsed)) return E.left(`${setting}: ${parsed.left.message}`)
  const { url, userinfo } = parsed.right
  if (!Url.isHttp(url)) return E.left(`${setting} must be an http or https URL`)
  if (userinfo._tag === 'Some') return E.left(`${setting} must not contain credentials; use clientId and clientSecret`)
  return url.hash === '' ? E.right(url) : E.left(`${setting} must not contain a fragment`)
}

const isPrintable = (text: string): boolean => text !== '' && !/[\p{Cc}\p{Surrogate}]/u.test(text)

const problemOf = ({ clientId, clientSecret, clientAuthentication }: Config): string | undefined => {
  const [id, way]: ReadonlyArray<unknown> = [clientId, clientAuthentication]
  if (!isText(id) || !isPrintable(id)) return 'clientId must be text that is not empty'
  if (way !== undefined && way !== 'basic' && way !== 'body') return "clientAuthentication must be 'basic' or 'body'"
  if (clientSecret === undefined) {
    return way === 'basic' ? "clientAuthentication 'basic' needs a clientSecret" : undefined
  }
  const secret = Secret.textOf(clientSecret)
  return secret !== undefined && isPrintable(secret)
    ? undefined
    : 'clientSecret must be text that is not empty; omit it for a public client'
}

/** Returns the config without what it inherits. The left says what is wrong with the client. */
export const checked = <C extends Config>(config: C): E.Either<string, C> => {
  if (!UserInput.isRecord(config)) return E.left('the OAuth 2.0 settings must be a record')
  const own = UserInput.own(config)
  const problem = problemOf(own)
  return problem === undefined ? E.right(own) : E.left(problem)
}

// --- requests ------------------------------------------------------------------------------------------------------

/** Encodes text as the value of a form (RFC 6749 appendix B). */
const formEncoded = (text: string): string => Query.encode([['', text]]).slice(1)

/** Returns a POST request with a form and the credentials of the client. The config must be `checked`. */
export const formRequest = (
  { clientId, clientSecret, clientAuthentication = 'basic' }: Config,
  url: Url.Url,
  pairs: Query.Pairs,
): Request.Request => {
  const isBasic = clientSecret !== undefined && clientAuthentication === 'basic'
  const credentials: Query.Pairs = isBasic
    ? []
    : [
        ['client_id', clientId],
        ...(clientSecret === undefined ? [] : [['client_secret', Secret.reveal(clientSecret)] as const]),
      ]
  const body = Octets.fromText(Query.encode([...pairs, ...credentials]))
  return pipe(
    Request.post(url.href),
    Request.withHeader('Accept', 'application/json'),
    Request.withHeader('Content-Type', 'application/x-www-form-urlencoded'),
    Request.withAuth(isBasic ? Auth.basic(formEncoded(clientId), formEncoded(Secret.reveal(clientSecret))) : Auth.none),
    Request.withoutRedirects,
    Request.withBytes(body),
  )
}
