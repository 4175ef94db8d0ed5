/**
 * One Set-Cookie field read: name, value, attributes (RFC 6265bis 5.6).
 *
 * | `Rejection`        | when                                                                               |
 * |--------------------|------------------------------------------------------------------------------------|
 * | `Nameless`         | no name, unless the jar takes nameless cookies; neither name nor value             |
 * | `ControlCharacter` | a control character other than HTAB                                                |
 * | `TooLong`          | name and value above 4,096 octets together                                         |
 * | `DomainMismatch`   | its Domain does not cover the host that sent it, or is no domain                   |
 * | `PublicSuffix`     | its Domain covers the hosts of strangers                                           |
 * | `Insecure`         | Secure, but sent over a connection that is not                                     |
 * | `SecureHeld`       | sent over an insecure connection, it would overlay a Secure cookie                 |
 * | `PrefixBroken`     | it is called `__Secure-…` or `__Host-…` without being so                           |
 *
 * A character stands for an octet, as in a header: UTF-8 is kept as the octets it came in, and sent back so.
 * An empty Domain is ignored, so that an earlier one stands (RFC 6265 5.2.3; 6265bis would make it host-only).
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const url = new URL('http://example.com/')
 * const [, [refused]] = Jar.absorb(url, ['sid=hunter2; Secure'], new Date(0))(Jar.empty)
 * assert.equal(refused?._tag, 'Insecure')
 * assert.equal(refused?.message, 'Cookie "sid" refused: it is Secure, but came over an insecure connection')
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { parseDate } from 'tough-cookie'
import * as Secret from '../values/Secret.js'

export type SameSite = 'Strict' | 'Lax' | 'None'

export interface SetCookie {
  readonly name: string
  readonly value: Secret.Secret
  /** As written, without its leading dot; empty where there is none. */
  readonly domain: string
  /** None where it is absent or does not begin with a slash: then the default path holds. */
  readonly path: O.Option<string>
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: O.Option<SameSite>
  /** Seconds; may be infinite. */
  readonly maxAge: O.Option<number>
  /** Epoch milliseconds. */
  readonly expires: O.Option<number>
}

export type RejectionTag =
  | 'Nameless'
  | 'ControlCharacter'
  | 'TooLong'
  | 'DomainMismatch'
  | 'PublicSuffix'
  | 'Insecure'
  | 'SecureHeld'
  | 'PrefixBroken'

/** Why a Set-Cookie was not kept. It shows the name and the attributes, never the value. */
export interface Rejection {
  readonly _tag: RejectionTag
  readonly name: string
  readonly message: string
}

/** What a jar may be told about reading cookies. */
export interface Policy {
  /** Whether `Set-Cookie: foo` is a cookie without a name, as in browsers, or is ignored. */
  readonly nameless: boolean
}

/** 5.6 step 5, in octets: name and value together. */
export const MAX_PAIR = 4096
const MAX_ATTRIBUTE = 1024

const LINE_END = /[\r\n\0]/
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Text of others for a message: quoted, and cut where it is long. */
export const quoted = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)

export const rejection = (_tag: RejectionTag, name: string, problem: string): Rejection => ({
  _tag,
  name,
  message: `Cookie ${quoted(name)} refused: ${problem}`,
})

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Without blanks at its ends. By hand: `String.trim` eats the octet 0xA0, and `/[ \t]+$/` is quadratic. */
const trimBlanks = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

const SAME_SITE: ReadonlyMap<string, O.Option<SameSite>> = new Map([
  ['strict', O.some<SameSite>('Strict')],
  ['lax', O.some<SameSite>('Lax')],
  ['none', O.some<SameSite>('None')],
])

type Attributes = Omit<SetCookie, 'name' | 'value'>

const NO_ATTRIBUTES: Attributes = {
  domain: '',
  path: O.none,
  secure: false,
  httpOnly: false,
  sameSite: O.none,
  maxAge: O.none,
  expires: O.none,
}

const isAbsolute = (path: string): boolean => path.startsWith('/')

const timeOf = (text: string): O.Option<number> => {
  const date = parseDate(text)
  return date === undefined ? O.none : O.some(date.getTime())
}

/** 5.6.1 to 5.6.7: what one attribute changes; what it cannot mean it leaves as it was. */
const withAttribute = (read: Attributes, name: string, value: string): Attributes => {
  switch (name) {
    case 'secure':
      return { ...read, secure: true }
    case 'httponly':
      return { ...read, httpOnly: true }
    case 'path':
      return { ...read, path: isAbsolute(value) ? O.some(value) : O.none }
    case 'domain': {
      const domain = (value.startsWith('.') ? value.slice(1) : value).toLowerCase()
      return domain === '' ? read : { ...read, domain }
    }
    case 'max-age':
      return /^-?\d+$/.test(value) ? { ...read, maxAge: O.some(Number(value)) } : read
    case 'expires': {
      const expires = timeOf(value)
      return O.isNone(expires) ? read : { ...read, expires }
    }
    case 'samesite':
      return { ...read, sameSite: SAME_SITE.get(value.toLowerCase()) ?? O.none }
    default:
      return read
  }
}

/** 5.6: attributes in order, so that the last one of a kind counts; one above 1,024 octets is ignored. */
const readAttributes = (attributes: string): Attributes => {
  let read = NO_ATTRIBUTES
  for (const attribute of attributes.split(';')) {
    const equals = attribute.indexOf('=')
    const name = trimBlanks(equals < 0 ? attribute : attribute.slice(0, equals)).toLowerCase()
    const value = equals < 0 ? '' : trimBlanks(attribute.slice(equals + 1))
    if (value.length <= MAX_ATTRIBUTE) read = withAttribute(read, name, value)
  }
  return read
}

let recent: { readonly text: string; readonly attributes: Attributes } = { text: '', attributes: NO_ATTRIBUTES }

/** The cookies of one reply mostly have the same attributes. */
const attributesOf = (text: string): Attributes => {
  if (text !== recent.text) recent = { text, attributes: readAttributes(text) }
  return recent.attributes
}

/** Reads one field value. */
export const parse =
  (policy: Policy) =>
  (header: string): E.Either<Rejection, SetCookie> => {
    // 5.6 step 1 would drop the whole; web-platform-tests have it cut where a line ends. The wire brings neither.
    const isClean = !CONTROL.test(header)
    const cut = isClean ? -1 : header.search(LINE_END)
    const text = cut < 0 ? header : header.slice(0, cut)
    const semicolon = text.indexOf(';')
    const pair = semicolon < 0 ? text : text.slice(0, semicolon)
    const equals = pair.indexOf('=')
    const name = equals < 0 ? '' : trimBlanks(pair.slice(0, equals))
    const value = trimBlanks(pair.slice(equals + 1))
    // 5.7 step 2, and the policy: RFC 6265 ignored what has no name, and so do tough-cookie and requests.
    if (name === '' && (value === '' || !policy.nameless)) return E.left(rejection('Nameless', name, 'it has no name'))
    // 5.6 step 1.
    if (!isClean && CONTROL.test(text)) {
      return E.left(rejection('ControlCharacter', name, 'it holds a control character'))
    }
    // 5.6 step 5.
    if (name.length + value.length > MAX_PAIR) {
      return E.left(rejection('TooLong', name, `name and value are longer than ${MAX_PAIR} octets`))
    }
    const attributes = semicolon < 0 ? NO_ATTRIBUTES : attributesOf(text.slice(semicolon + 1))
    const { domain, path, secure, httpOnly, sameSite, maxAge, expires } = attributes
    // Field by field: a spread costs more than all the rest.
    return E.right({ name, value: Secret.make(value), domain, path, secure, httpOnly, sameSite, maxAge, expires })
  }
