/**
 * Reads the file of `--oauth2 FILE`: a client of an authorization server, as JSON. The fields have the names of
 * `Auth.oauth2`, so that its messages name them too.
 *
 * | field                                           | meaning                                                                |
 * |-------------------------------------------------|------------------------------------------------------------------------|
 * | `grant`                                         | one of the table below                                                 |
 * | `tokenUrl`, `clientId`                          | the token endpoint, and the name of the client there                   |
 * | `name`                                          | names the token in the jar: by default the file name without extension |
 * | `clientSecret`, `…Env`, `…File`                 | the secret, a variable that holds it, or a file: relative to this file |
 * | `clientAuthentication`                          | `basic` (default) or `body`                                            |
 * | `scope`, `parameters`                           | text or a list of texts; an object of such values                      |
 * | `origins`                                       | who may get the token: by default the origin of the command's URL      |
 *
 * | grant                | also needs                                 | also permits                                         |
 * |----------------------|--------------------------------------------|------------------------------------------------------|
 * | `client_credentials` |                                            |                                                      |
 * | `refresh_token`      | `refreshToken`, `…Env` or `…File`          |                                                      |
 * | `authorization_code` | `authorizationUrl`                         | `redirectUri`, `issuer`, `authorizationParameters`   |
 * | `device_code`        | `deviceAuthorizationUrl`                   |                                                      |
 *
 * Every mistake is a `UsageError` that names the field and never shows a value.
 */
import { basename, dirname, extname, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import type * as Jar from '../cookies/Jar.js'
import * as OAuth2 from '../OAuth2.js'
import type { OAuth2Options } from '../session/auth/Renewable.js'
import { escapeControls, parseJson } from '../values/Printable.js'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import * as Url from '../values/Url.js'
import { type Checked, usageError } from './Arguments.js'
import * as Files from './Files.js'
import { type Address, addressOf } from './LoopbackCallback.js'
import * as SecretArguments from './SecretArguments.js'
import { printable, type Terminal } from './Terminal.js'

/** How a user logs in, if the grant needs a user. */
export type Login =
  | {
      readonly _tag: 'Browser'
      readonly config: OAuth2Options & OAuth2.AuthorizationCode.Config
      readonly address: Address
    }
  | { readonly _tag: 'Device'; readonly config: OAuth2Options & OAuth2.DeviceCode.Config }

/** A checked file. */
export interface Credential {
  /** As the command line names it. */
  readonly path: string
  readonly options: OAuth2Options
  /** `undefined`: no user is needed. */
  readonly login: Login | undefined
  /** Where the token is in the jar. */
  readonly key: Jar.TokenKey
  /** What the user should know, such as a file that others can read. */
  readonly notes: ReadonlyArray<string>
}

// --- the format ----------------------------------------------------------------------------------------------------

const refined = <A>(name: string, is: (u: unknown) => u is A): t.Type<A, A, unknown> =>
  new t.Type(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity)

const { Line } = Serialization
const isTexts = (u: unknown): u is ReadonlyArray<string> => Array.isArray(u) && u.every(Line.is)
const Texts = refined('text or a list of texts', (u): u is string | ReadonlyArray<string> => Line.is(u) || isTexts(u))
const Parameters = t.readonly(t.record(t.string, Texts, 'an object of texts'))

const isHttpUrl = (u: unknown): u is string => {
  const parsed = Line.is(u) ? Url.parse(u) : E.left(undefined)
  return E.isRight(parsed) && Url.isHttp(parsed.right.url)
}
const HttpUrl = refined('an http or https URL', isHttpUrl)

const isOrigin = (u: unknown): u is string => isHttpUrl(u) && /^https?:\/\/[^/?#@]+\/?$/i.test(u)
const isOrigins = (u: unknown): u is ReadonlyArray<string> => Array.isArray(u) && u.length > 0 && u.every(isOrigin)
const Origins = refined('a list of origins such as https://api.test', isOrigins)

const isVariable = (u: unknown): u is string => typeof u === 'string' && /^[^\0-\x20=]+$/.test(u)
const Variable = refined('the name of an environment variable', isVariable)

const FIELDS = {
  name: Line,
  grant: Line,
  tokenUrl: HttpUrl,
  clientId: Line,
  clientSecret: Line,
  clientSecretEnv: Variable,
  clientSecretFile: Line,
  clientAuthentication: Line,
  scope: Texts,
  parameters: Parameters,
  origins: Origins,
  refreshToken: Line,
  refreshTokenEnv: Variable,
  refreshTokenFile: Line,
  authorizationUrl: HttpUrl,
  authorizationParameters: Parameters,
  redirectUri: Line,
  issuer: Line,
  deviceAuthorizationUrl: HttpUrl,
} as const

/** The codec of the file. Which fields a grant needs is checked afterwards. */
export const OAuth2Json = t.readonly(t.partial(FIELDS))
export type OAuth2Json = t.TypeOf<typeof OAuth2Json>
type Name = keyof typeof FIELDS

const GRANTS = {
  client_credentials: [],
  refresh_token: ['refreshToken', 'refreshTokenEnv', 'refreshTokenFile'],
  authorization_code: ['authorizationUrl', 'redirectUri', 'issuer', 'authorizationParameters'],
  device_code: ['deviceAuthorizationUrl'],
} as const satisfies Readonly<Record<string, ReadonlyArray<Name>>>
type GrantName = keyof typeof GRANTS

const isGrantName = (text: unknown): text is GrantName => typeof text === 'string' && Object.hasOwn(GRANTS, text)

/** The fields that belong to one grant only. */
const SPECIFIC: ReadonlyMap<string, GrantName> = new Map(
  Object.entries(GRANTS).flatMap(([grant, names]) =>
    isGrantName(grant) ? names.map((name) => [name, grant] as const) : [],
  ),
)

interface Decoded extends OAuth2Json {
  readonly grant: GrantName
  readonly tokenUrl: string
  readonly clientId: string
}

const isJsonObject = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null && !Array.isArray(u)

const MAX_NAME = 40
const fieldName = (name: string): string =>
  escapeControls(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name)

const decode = (u: unknown): E.Either<string, Decoded> => {
  if (!isJsonObject(u)) return E.left('it must be a JSON object')
  const unknown = Object.keys(u).find((name) => !Object.hasOwn(FIELDS, name))
  if (unknown !== undefined) {
    return E.left(`${fieldName(unknown)} is not a field of it: use ${Object.keys(FIELDS).join(', ')}`)
  }
  const read = Serialization.read(OAuth2Json, u)
  if (E.isLeft(read)) return E.left(read.left.problems.slice(0, 5).join('; '))
  const { grant, tokenUrl, clientId } = read.right
  if (!isGrantName(grant)) {
    return E.left(`grant ${grant === undefined ? 'is missing: it ' : ''}must be ${Object.keys(GRANTS).join(', ')}`)
  }
  if (tokenUrl === undefined) return E.left('tokenUrl is missing: it must be the URL that issues tokens')
  if (clientId === undefined) return E.left('clientId is missing: it must be the name of the client at the server')
  for (const name of Object.keys(u)) {
    const belongsTo = SPECIFIC.get(name)
    if (belongsTo !== undefined && belongsTo !== grant) {
      return E.left(`${name} belongs to the grant ${belongsTo}: remove it, or change the grant`)
    }
  }
  return E.right({ ...read.right, grant, tokenUrl, clientId })
}

// --- secrets -------------------------------------------------------------------------------------------------------

/** Parameters of the token request that hold a secret (RFC 7521 4, RFC 8693 2.1). */
const SECRET_PARAMETERS = ['client_assertion', 'assertion', 'password', 'subject_token', 'actor_token']

const hasSecret = ({ clientSecret, refreshToken, parameters }: OAuth2Json): boolean =>
  clientSecret !== undefined ||
  refreshToken !== undefined ||
  SECRET_PARAMETERS.some((name) => parameters !== undefined && Object.hasOwn(parameters, name))

interface Source {
  readonly path: string
  readonly json: Decoded
  readonly terminal: Terminal
}

interface SecretValue {
  readonly secret: Secret.Secret | undefined
  /** The file that holds it, if it is another one. */
  readonly file: string | undefined
}

/** Returns a secret from the file, from a variable or from another file. */
const secretOf = async (
  { path, json, terminal }: Source,
  name: 'clientSecret' | 'refreshToken',
): Promise<Checked<SecretValue>> => {
  const [text, variable, file] = [json[name], json[`${name}Env`], json[`${name}File`]]
  const given = [name, `${name}Env`, `${name}File`].filter((_, i) => [text, variable, file][i] !== undefined)
  if (given.length > 1) {
    return usageError(`${given.join(' and ')} in ${printable(path)} cannot be combined: remove all but one of them`)
  }
  if (variable !== undefined) {
    const read = SecretArguments.fromVariable(`${name}Env in ${path}`, variable, terminal)
    return E.map((value: string) => ({ secret: Secret.make(value), file: undefined }))(read)
  }
  if (file !== undefined) {
    const other = resolve(dirname(path), file)
    const read = await SecretArguments.fromFile(other)
    return E.map((value: string) => ({ secret: Secret.make(value), file: other }))(read)
  }
  return E.right({ secret: text === undefined ? undefined : Secret.make(text), file: undefined })
}

// --- the credential ------------------------------------------------------------------------------------------------

const DEFAULT_REDIRECT_URI = 'http://127.0.0.1/callback'

const GRANT_OF = {
  client_credentials: OAuth2.clientCredentials,
  authorization_code: OAuth2.authorizationCode,
  device_code: OAuth2.deviceCode,
} as const

const grantOf = (grant: GrantName, refreshToken: Secret.Secret | undefined): E.Either<string, OAuth2.Grant> => {
  if (grant !== 'refresh_token') return E.right(GRANT_OF[grant])
  return refreshToken === undefined
    ? E.left('refreshToken, refreshTokenEnv or refreshTokenFile is missing')
    : E.right(OAuth2.refreshToken(refreshToken))
}

const nameOf = (path: string, name: string | undefined): E.Either<string, string> => {
  const chosen = name ?? basename(path, extname(path))
  return /^[^\0-\x1f\x7f]+$/.test(chosen) ? E.right(chosen) : E.left('name must be text without control characters')
}

const optionsOf = (path: string, json: Decoded, clientSecret: Secret.Secret | undefined, grant: OAuth2.Grant) => {
  const { tokenUrl, clientId, clientAuthentication: way, scope, parameters, origins } = json
  if (way !== undefined && way !== 'basic' && way !== 'body') {
    return E.left('clientAuthentication must be basic or body')
  }
  const options = (name: string): OAuth2Options => ({
    ...{ name, grant, tokenUrl, clientId },
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(way === undefined ? {} : { clientAuthentication: way }),
    ...(scope === undefined ? {} : { scope }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(origins === undefined ? {} : { origins }),
  })
  return E.map(options)(nameOf(path, json.name))
}

/** Enough for a check that does not use it. */
const NO_ENTROPY = '0'.repeat(64)

/** Returns how the user logs in, after the checks of the library. The left names the field. */
const loginOf = (json: Decoded, options: OAuth2Options): E.Either<string, Login | undefined> => {
  if (json.grant === 'authorization_code') {
    const { authorizationUrl, redirectUri = DEFAULT_REDIRECT_URI, issuer, authorizationParameters } = json
    if (authorizationUrl === undefined) return E.left('authorizationUrl is missing: it must be the page to log in')
    const address = addressOf(redirectUri)
    if (E.isLeft(address)) return address
    const config = {
      ...{ ...options, authorizationUrl, redirectUri },
      ...(issuer === undefined ? {} : { issuer }),
      ...(authorizationParameters === undefined ? {} : { authorizationParameters }),
    }
    const begun = OAuth2.AuthorizationCode.begin(config, NO_ENTROPY)
    return E.map((): Login => ({ _tag: 'Browser', config, address: address.right }))(begun)
  }
  if (json.grant !== 'device_code') return E.right(undefined)
  const { deviceAuthorizationUrl } = json
  if (deviceAuthorizationUrl === undefined) return E.left('deviceAuthorizationUrl is missing')
  const config = { ...options, deviceAuthorizationUrl }
  return E.map((): Login => ({ _tag: 'Device', config }))(OAuth2.DeviceCode.request(config))
}

const checked = (
  path: string,
  json: Decoded,
  clientSecret: Secret.Secret | undefined,
  refreshToken: Secret.Secret | undefined,
): E.Either<string, Omit<Credential, 'notes'>> => {
  const grant = grantOf(json.grant, refreshToken)
  if (E.isLeft(grant)) return grant
  const options = optionsOf(path, json, clientSecret, grant.right)
  if (E.isLeft(options)) return options
  // The token request has every setting that all grants have, so it is checked for all of them.
  const request = OAuth2.obtain(options.right, OAuth2.clientCredentials)(O.none)
  if (E.isLeft(request)) return request
  const login = loginOf(json, options.right)
  if (E.isLeft(login)) return login
  const key = { name: options.right.name, endpoint: json.tokenUrl }
  return E.right({ path, options: options.right, login: login.right, key })
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** Returns a note for each endpoint that anyone on the network path can listen to (RFC 6749 3.1, 3.2). */
const unencrypted = (path: string, json: Decoded): ReadonlyArray<string> =>
  (['tokenUrl', 'authorizationUrl', 'deviceAuthorizationUrl'] as const).flatMap((field) => {
    const url = json[field]
    const { protocol, hostname } = url === undefined ? { protocol: '', hostname: '' } : new URL(url)
    const isOpen = protocol === 'http:' && !LOOPBACK.has(hostname)
    return isOpen ? [`${field} of ${path} is not encrypted, so that others can read the secrets: use https`] : []
  })

/** Loads and checks the file. */
export const load = async (path: string, terminal: Terminal): Promise<Checked<Credential>> => {
  const text = await Files.readText(path)
  if (E.isLeft(text)) return text
  const invalid = (problem: string): Checked<never> =>
    usageError(`Invalid --oauth2 file ${printable(path)}: ${printable(problem)}`)
  const json = E.flatMap(decode)(parseJson(text.right))
  if (E.isLeft(json)) return invalid(json.left)
  const source = { path, json: json.right, terminal }
  const clientSecret = await secretOf(source, 'clientSecret')
  if (E.isLeft(clientSecret)) return clientSecret
  const refreshToken = await secretOf(source, 'refreshToken')
  if (E.isLeft(refreshToken)) return refreshToken
  const credential = checked(path, json.right, clientSecret.right.secret, refreshToken.right.secret)
  if (E.isLeft(credential)) return invalid(credential.left)
  const notes: string[] = [...unencrypted(path, json.right)]
  const files = [hasSecret(json.right) ? path : undefined, clientSecret.right.file, refreshToken.right.file]
  for (const file of files) {
    const note = file === undefined ? undefined : await Files.exposureOf(file)
    if (note !== undefined) notes.push(note)
  }
  return E.right({ ...credential.right, notes })
}
