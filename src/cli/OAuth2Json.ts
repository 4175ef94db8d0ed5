/**
 * The format of the file of `--oauth2 FILE`: a client of an authorization server, as JSON. The fields have the names of
 * `Auth.oauth2`, so that the messages of the library name them too.
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
 * Unknown fields, and those of another grant, are mistakes.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as OAuth2Json from './OAuth2Json.js'
 *
 * const json = { grant: 'client_credentials', tokenUrl: 'https://auth.test/token', clientId: 'me' }
 * assert.equal(E.isRight(OAuth2Json.decode(JSON.stringify(json))), true)
 * assert.deepEqual(
 *   OAuth2Json.decode(JSON.stringify({ ...json, tokenUrl: 'hunter2' })), E.left('tokenUrl is not an http or https URL'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { escapeControls, parseJson } from '../values/Printable.js'
import * as Serialization from '../values/Serialization.js'
import * as Url from '../values/Url.js'

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
/** A grant, as the file names it. */
export type GrantName = keyof typeof GRANTS

const isGrantName = (text: unknown): text is GrantName => typeof text === 'string' && Object.hasOwn(GRANTS, text)

/** The fields that belong to one grant only. */
const SPECIFIC: ReadonlyMap<string, GrantName> = new Map(
  Object.entries(GRANTS).flatMap(([grant, names]) =>
    isGrantName(grant) ? names.map((name) => [name, grant] as const) : [],
  ),
)

/** A file whose fields are those of its grant. The values of some are checked by the library later. */
export interface Decoded extends OAuth2Json {
  readonly grant: GrantName
  readonly tokenUrl: string
  readonly clientId: string
}

const isJsonObject = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null && !Array.isArray(u)

const MAX_NAME = 40
const fieldName = (name: string): string =>
  escapeControls(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name)

const decoded = (u: unknown): E.Either<string, Decoded> => {
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

/** Decodes the text of a file. The left names the field that is wrong, and never shows a value. */
export const decode = (text: string): E.Either<string, Decoded> => E.flatMap(decoded)(parseJson(text))

/** Parameters of the token request that hold a secret (RFC 7521 4, RFC 8693 2.1). */
export const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  'client_assertion',
  'assertion',
  'password',
  'subject_token',
  'actor_token',
])

/** Returns whether a file contains a secret itself. */
export const hasSecret = ({ clientSecret, refreshToken, parameters }: OAuth2Json): boolean =>
  clientSecret !== undefined ||
  refreshToken !== undefined ||
  Object.keys(parameters ?? {}).some((name) => SECRET_PARAMETERS.has(name))
