/**
 * Digest access authentication (RFC 7616): selects a challenge that can be answered, and computes the answer.
 *
 * | algorithm                                      | each also as `-sess` |
 * |------------------------------------------------|----------------------|
 * | MD5, SHA (SHA-1), SHA-256, SHA-512, SHA-512-256 | yes                 |
 *
 * `qop` is `auth` or absent. A challenge that only offers `auth-int` is not answered. The first challenge that can be
 * answered is selected (RFC 7616 3.7). The parameters are in requests' order and quoted as in RFC 7616 3.4 (D60).
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Digest } from 'requests-ts'
 *
 * const challenge = Digest.select(['Basic realm="b", Digest realm="r", nonce="n", qop="auth-int, auth"'])
 * assert.deepEqual(pipe(challenge, O.map(({ realm }) => realm)), O.some('r'))
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Hash from './Hash.js'
import * as HeaderSyntax from './HeaderSyntax.js'
import * as Octets from './Octets.js'
import * as Secret from './Secret.js'
import * as UserInput from './UserInput.js'

/** The parameters of one Digest challenge. */
export interface Challenge {
  /** The protection space. */
  readonly realm: string
  /** Chosen by the server. */
  readonly nonce: string
  /** Returned to the server unchanged. */
  readonly opaque: O.Option<string>
  /** As the server spelled it. None means MD5. */
  readonly algorithm: O.Option<string>
  /** Whether the quality of protection `auth` is used. Otherwise the answer has the short form of RFC 2069. */
  readonly qop: boolean
  /** The URIs of the protection space (RFC 7616 3.3), as written. By default it is the whole origin. */
  readonly domain?: ReadonlyArray<string>
}

type Parameters = ReadonlyMap<string, string>

const NAME = /([\w!#$%&'*+.^`|~-]+)(\s*=\s*)?/g
const PLAIN_VALUE = /[^\s,]*/y

/**
 * Returns the parameters of each Digest challenge. Parses RFC 9110 11.3 leniently: a parameter is `name=value`, and a
 * word without `=` begins another scheme. Parameters may continue on the next line. A quoted string may not, so that an
 * unclosed quote does not hide other lines.
 */
const digestsIn = (lines: ReadonlyArray<string>): ReadonlyArray<Parameters> => {
  const digests: Array<Map<string, string>> = []
  let current: Map<string, string> | undefined
  for (const line of lines) {
    NAME.lastIndex = 0
    for (let found = NAME.exec(line); found !== null; found = NAME.exec(line)) {
      const [, word = '', equals] = found
      const name = word.toLowerCase()
      if (equals === undefined) {
        current = name === 'digest' ? new Map() : undefined
        if (current !== undefined) digests.push(current)
        continue
      }
      const { value, end } = HeaderSyntax.valueAt(line, NAME.lastIndex, PLAIN_VALUE)
      NAME.lastIndex = end
      if (current?.has(name) === false) current.set(name, value)
    }
  }
  return digests
}

const HASHES: Readonly<Record<string, Hash.Algorithm>> = {
  MD5: 'md5',
  SHA: 'sha1',
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
  'SHA-512-256': 'sha512-256',
}

const nameOf = (algorithm: O.Option<string>): string => (O.isSome(algorithm) ? algorithm.value.toUpperCase() : 'MD5')
const hashOf = (algorithm: O.Option<string>): Hash.Algorithm | undefined =>
  UserInput.get(HASHES, nameOf(algorithm).replace(/-SESS$/, ''))

const challengeOf = (parameters: Parameters): O.Option<Challenge> => {
  const realm = parameters.get('realm')
  const nonce = parameters.get('nonce')
  if (realm === undefined || nonce === undefined || nonce === '') return O.none
  const algorithm = O.fromNullable(parameters.get('algorithm'))
  const offered = (parameters.get('qop') ?? '').split(',').map((word) => word.trim().toLowerCase())
  const qop = offered.includes('auth')
  if (hashOf(algorithm) === undefined || (!qop && offered.some((word) => word !== ''))) return O.none
  const challenge = { realm, nonce, opaque: O.fromNullable(parameters.get('opaque')), algorithm, qop }
  const domain = parameters.get('domain')?.match(/[^ \t]+/g) ?? []
  return O.some(domain.length === 0 ? challenge : { ...challenge, domain })
}

/** Returns the first challenge of WWW-Authenticate lines that can be answered. */
export const select = (headers: ReadonlyArray<string>): O.Option<Challenge> => {
  for (const parameters of digestsIn(headers)) {
    const challenge = challengeOf(parameters)
    if (O.isSome(challenge)) return challenge
  }
  return O.none
}

/** Returns the `nextnonce` of Authentication-Info lines (RFC 7616 3.5), unless it is absent or empty. */
export const nextNonce = (headers: ReadonlyArray<string>): O.Option<string> => {
  // The field has the parameters of a challenge without its scheme.
  const [info] = digestsIn(['Digest', ...headers])
  const nonce = info?.get('nextnonce')
  return nonce === undefined || nonce === '' ? O.none : O.some(nonce)
}

/** What an answer to a challenge names. */
export interface Answered extends Pick<Challenge, 'realm' | 'nonce'> {
  /** How often the nonce has been used, including this time; 0 if the answer does not say. */
  readonly count: number
}

/** Returns what an Authorization header names that answers a Digest challenge. */
export const answered = (authorization: string): O.Option<Answered> => {
  if (!/^[\s,;]*digest[\s,;]/i.test(authorization)) return O.none
  const [parameters] = digestsIn([authorization])
  const realm = parameters?.get('realm')
  const nonce = parameters?.get('nonce')
  if (realm === undefined || nonce === undefined) return O.none
  const nc = parameters?.get('nc') ?? ''
  return O.some({ realm, nonce, count: /^[\da-f]{8}$/i.test(nc) ? Number.parseInt(nc, 16) : 0 })
}

/** The input of an answer. `count` is how often the nonce has been used, including this time. */
export interface Answering {
  /** The user name, unquoted. */
  readonly user: string
  /** The password. */
  readonly pass: Secret.Secret
  /** The challenge to answer. */
  readonly challenge: Challenge
  /** The method of the request. */
  readonly method: string
  /** The request target: path and query. */
  readonly target: string
  /** How often the nonce has been used, including this time. */
  readonly count: number
  /** The nonce of the client, at random. */
  readonly cnonce: string
}

/** Returns the `response` parameter as lower-case hexadecimal (RFC 7616 3.4.1). */
export const response = ({ user, pass, challenge, method, target, count, cnonce }: Answering): string => {
  const algorithm = hashOf(challenge.algorithm) ?? 'md5'
  const hash = (text: string): string => Hash.hex(algorithm, text)
  const { realm, nonce, qop } = challenge
  const secret = hash(`${user}:${octets(realm)}:${Secret.reveal(pass)}`)
  const key = nameOf(challenge.algorithm).endsWith('-SESS') ? hash(`${secret}:${nonce}:${cnonce}`) : secret
  const request = hash(`${method}:${target}`)
  return hash(qop ? `${key}:${nonce}:${hex8(count)}:${cnonce}:auth:${request}` : `${key}:${nonce}:${request}`)
}

const hex8 = (count: number): string => count.toString(16).padStart(8, '0')

/** Reads a header value, which has one character for each octet, as UTF-8 if it is valid UTF-8. */
const octets = (latin1: string): string => {
  const text = Octets.toText(Octets.fromLatin1(latin1))
  return text.includes('�') ? latin1 : text
}

/** Returns one character for each octet of UTF-8, as a header value needs (RFC 7616 4). */
const utf8 = (text: string): string => Octets.toLatin1(Octets.fromText(text))

/** Returns the value of the Authorization header. */
export const authorization = (answering: Answering): Secret.Secret => {
  const { user, challenge, target, count, cnonce } = answering
  const { realm, nonce, opaque, algorithm, qop } = challenge
  const fields = [
    `username=${HeaderSyntax.quote(utf8(user))}`,
    `realm=${HeaderSyntax.quote(realm)}`,
    `nonce=${HeaderSyntax.quote(nonce)}`,
    `uri=${HeaderSyntax.quote(target)}`,
    `response="${response(answering)}"`,
    ...(O.isSome(opaque) ? [`opaque=${HeaderSyntax.quote(opaque.value)}`] : []),
    // A token (RFC 7616 3.4), but a saved jar may hold any text.
    ...(O.isSome(algorithm) ? [`algorithm=${HeaderSyntax.tokenOrQuoted(algorithm.value)}`] : []),
    ...(qop ? ['qop=auth', `nc=${hex8(count)}`, `cnonce="${cnonce}"`] : []),
  ]
  return Secret.make(`Digest ${fields.join(', ')}`)
}
