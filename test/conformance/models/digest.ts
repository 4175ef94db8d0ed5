/**
 * A model of RFC 7616 with node:crypto: parses challenges, computes and checks answers (D24).
 *
 * The cnonce of the vectors is a function of count and nonce (`cnonceFor`).
 */
import { createHash } from 'node:crypto'

export interface Challenge {
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | undefined
  /** As the server wrote it. */
  readonly algorithm: string | undefined
  readonly qop: boolean
}

type Parameters = ReadonlyMap<string, string>

// --- reading --------------------------------------------------------------------------------------------------------

const TOKEN = /[!#$%&'*+.^_`|~\w-]+/y
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y
const UNQUOTED = /[^,\s]*/y
const EQUALS = /[ \t]*=[ \t]*/y

const at = (expression: RegExp, text: string, index: number): RegExpExecArray | null => {
  expression.lastIndex = index
  return expression.exec(text)
}

/** Returns the Digest challenges of a header. Parameter names are in lower case. */
const digests = (header: string): ReadonlyArray<Parameters> => {
  const schemes: Array<{ readonly name: string; readonly parameters: Map<string, string> }> = []
  for (let i = 0; i < header.length; ) {
    const word = at(TOKEN, header, i)
    if (word === null) {
      i += 1
      continue
    }
    const equals = at(EQUALS, header, TOKEN.lastIndex)
    if (equals === null || schemes.length === 0) {
      schemes.push({ name: word[0].toLowerCase(), parameters: new Map() })
      i = word.index + word[0].length
      continue
    }
    const start = equals.index + equals[0].length
    const quoted = at(QUOTED, header, start)
    const value = quoted ?? at(UNQUOTED, header, start)
    const text = quoted === null ? (value?.[0] ?? '') : (quoted[1] ?? '').replace(/\\([\s\S])/g, '$1')
    const { parameters } = schemes.at(-1) ?? { parameters: new Map<string, string>() }
    if (!parameters.has(word[0].toLowerCase())) parameters.set(word[0].toLowerCase(), text)
    i = start + (value?.[0].length ?? 0)
  }
  return schemes.filter(({ name }) => name === 'digest').map(({ parameters }) => parameters)
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  SHA: 'sha1',
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
  'SHA-512-256': 'sha512-256',
}

const hashOf = (algorithm = 'MD5'): string | undefined => HASHES[algorithm.toUpperCase().replace(/-SESS$/, '')]

const answerable = (parameters: Parameters): Challenge | undefined => {
  const [realm, nonce, algorithm] = ['realm', 'nonce', 'algorithm'].map((name) => parameters.get(name))
  const offered = (parameters.get('qop') ?? '').split(',').map((word) => word.trim().toLowerCase())
  const qop = offered.includes('auth')
  if (realm === undefined || nonce === undefined || nonce === '' || hashOf(algorithm) === undefined) return undefined
  if (!qop && offered.some((word) => word !== '')) return undefined
  return { realm, nonce, opaque: parameters.get('opaque'), algorithm, qop }
}

/** Returns the first challenge that can be answered (RFC 7616 3.7). */
export const firstAnswerable = (headers: ReadonlyArray<string>): Challenge | undefined =>
  digests(headers.join(', '))
    .map(answerable)
    .find((challenge) => challenge !== undefined)

// --- answering ------------------------------------------------------------------------------------------------------

export const cnonceFor = (nonce: string, count: number): string =>
  createHash('sha1')
    .update(String(count))
    .update(Buffer.from(nonce, 'utf8'))
    .update('Thu Jan  1 00:00:00 2026')
    .update(Buffer.alloc(8))
    .digest('hex')
    .slice(0, 16)

export interface Answering {
  readonly user: string
  readonly pass: string
  readonly challenge: Challenge
  readonly method: string
  readonly target: string
  readonly count: number
  readonly cnonce: string
}

/** Decodes header octets as UTF-8 if they are valid UTF-8. */
const decoded = (octets: string): string => {
  const text = Buffer.from(octets, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? octets : text
}

const hex8 = (count: number): string => count.toString(16).padStart(8, '0')

export const response = ({ user, pass, challenge, method, target, count, cnonce }: Answering): string => {
  const hash = (text: string): string =>
    createHash(hashOf(challenge.algorithm) ?? 'md5')
      .update(text, 'utf8')
      .digest('hex')
  const isSession = /-sess$/i.test(challenge.algorithm ?? '')
  const first = hash(`${user}:${decoded(challenge.realm)}:${pass}`)
  const secret = isSession ? hash(`${first}:${challenge.nonce}:${cnonce}`) : first
  const between = challenge.qop ? `${challenge.nonce}:${hex8(count)}:${cnonce}:auth` : challenge.nonce
  return hash(`${secret}:${between}:${hash(`${method}:${target}`)}`)
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Returns the Authorization header, with the fields in the order of requests. */
export const authorization = (answering: Answering): string => {
  const { user, challenge, target, count, cnonce } = answering
  const { realm, nonce, opaque, algorithm, qop } = challenge
  const fields = [
    `username=${quoted(Buffer.from(user, 'utf8').toString('latin1'))}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(target)}`,
    `response="${response(answering)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(qop ? ['qop=auth', `nc=${hex8(count)}`, `cnonce="${cnonce}"`] : []),
  ]
  return `Digest ${fields.join(', ')}`
}

/** Parses the parameters of a Digest header. */
export const read = (header: string): Parameters => digests(header)[0] ?? new Map()
