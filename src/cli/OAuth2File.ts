/**
 * Loads the file of `--oauth2 FILE`, whose format is `OAuth2Json`: reads its secrets, and checks it as a whole.
 *
 * | the secret is in                 | and others can read it                                  |
 * |----------------------------------|---------------------------------------------------------|
 * | the file (`clientSecret`)        | a note says `chmod 600`                                 |
 * | a variable (`clientSecretEnv`)   |                                                         |
 * | another file (`clientSecretFile`) | a note says `chmod 600`                                |
 *
 * The same for `refreshToken`. Every mistake is a `UsageError` that names the field and never shows a value.
 */
import { basename, dirname, extname, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Jar from '../cookies/Jar.js'
import * as OAuth2 from '../OAuth2.js'
import type { OAuth2Options } from '../session/auth/Renewable.js'
import * as Hash from '../values/Hash.js'
import * as Secret from '../values/Secret.js'
import { type Checked, usageError } from './Arguments.js'
import * as Files from './Files.js'
import { type Address, addressOf } from './LoopbackCallback.js'
import { type Decoded, decode, type GrantName, hasSecret, SECRET_PARAMETERS } from './OAuth2Json.js'
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

// --- secrets -------------------------------------------------------------------------------------------------------

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

const foundIn =
  (file: string | undefined) =>
  (text: string): SecretValue => ({ secret: Secret.make(text), file })

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
  // A secret that was written into the wrong field is not shown: errors name only the field.
  if (variable !== undefined) {
    const where = `${name}Env in ${path}`
    const value = terminal.variable(variable)
    if (value === undefined) {
      return usageError(`The environment variable of ${printable(where)} is not set: set it, or name another one`)
    }
    return E.map(foundIn(undefined))(SecretArguments.singleLine(where, value))
  }
  if (file !== undefined) {
    const where = `${name}File in ${path}`
    const other = resolve(dirname(path), file)
    const content = await Files.readText(other)
    return E.isLeft(content)
      ? usageError(`The file of ${printable(where)} cannot be read as text: check its name and its mode`)
      : E.map(foundIn(other))(SecretArguments.singleLine(where, content.right))
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

/** Parameters whose secret selects a user or another client. That of `client_assertion` does not, and changes. */
const selectsUser = (name: string): boolean => SECRET_PARAMETERS.has(name) && name !== 'client_assertion'

/**
 * Differs for each client, scope, grant and parameter: in one session file, none of them gets the token of another one. A name is
 * shown, and a short secret could be guessed from its hash, so secrets do not count.
 */
const defaultName = (path: string, { grant, clientId, scope = '', parameters = {} }: Decoded): string => {
  const named = Object.entries(parameters).filter(([name]) => !SECRET_PARAMETERS.has(name))
  const identity = JSON.stringify([grant, clientId, scope, named.sort()])
  return `${basename(path, extname(path))}-${Hash.hex('sha256', identity).slice(0, 8)}`
}

const nameOf = (path: string, json: Decoded): E.Either<string, string> => {
  const secret = Object.keys(json.parameters ?? {}).find(selectsUser)
  if (json.name === undefined && secret !== undefined) {
    return E.left(`name is missing: choose one for each ${secret}, so that each has its own token in a session file`)
  }
  const chosen = json.name ?? defaultName(path, json)
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
  return E.map(options)(nameOf(path, json))
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
  const json = decode(text.right)
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
