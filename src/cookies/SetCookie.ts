/**
 * Parses a Set-Cookie field: name, value, attributes (RFC 6265bis 5.6).
 *
 * | `Rejection`        | when                                                                               |
 * |--------------------|------------------------------------------------------------------------------------|
 * | `Nameless`         | no name, unless the policy allows nameless cookies; neither name nor value         |
 * | `ControlCharacter` | it contains a control character other than HTAB                                    |
 * | `TooLong`          | name and value together are longer than 4,096 octets                               |
 * | `DomainMismatch`   | its Domain does not cover the host that sent it, or is not a valid domain          |
 * | `PublicSuffix`     | its Domain is a public suffix                                                      |
 * | `Insecure`         | it is Secure, but the connection is not                                            |
 * | `SecureHeld`       | sent over an insecure connection, it would overlay a Secure cookie                 |
 * | `PrefixBroken`     | it violates the requirements of its name prefix `__Secure-` or `__Host-`           |
 *
 * Each character is one octet, as in a header: UTF-8 is stored and sent back as the received octets.
 * An empty Domain is ignored, so an earlier one applies (RFC 6265 5.2.3; RFC 6265bis would make it host-only).
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const url = new URL('http://example.com/')
 * const [, [refused]] = Jar.absorb(url, ['sid=hunter2; Secure'], new Date(0))(Jar.empty)
 * assert.equal(refused?._tag, 'Insecure')
 * assert.equal(refused?.message, 'Cookie "sid" rejected: it is Secure, but the connection is not')
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { parseDate } from 'tough-cookie'
import * as Scan from '../values/Scan.js'
import * as Secret from '../values/Secret.js'

export type SameSite = 'Strict' | 'Lax' | 'None'

export interface SetCookie {
  readonly name: string
  readonly value: Secret.Secret
  /** As written, without its leading dot; empty if absent. */
  readonly domain: string
  /** `none` if it is absent or does not start with a slash: then the default path applies. */
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

/** Why a Set-Cookie was not stored. It contains the name and attributes, never the value. */
export interface Rejection {
  readonly _tag: RejectionTag
  readonly name: string
  readonly message: string
}

/** How a jar parses cookies. */
export interface Policy {
  /** Whether `Set-Cookie: foo` is a cookie without a name, as in browsers. By default it is ignored. */
  readonly nameless: boolean
}

/** 5.6 step 5, in octets: name and value together. */
export const MAX_PAIR = 4096
const MAX_ATTRIBUTE = 1024

const LINE_END = /[\r\n\0]/
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Quotes foreign text for a message, and truncates it to 64 characters. */
export const quoted = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)

export const rejection = (_tag: RejectionTag, name: string, problem: string): Rejection => ({
  _tag,
  name,
  message: `Cookie ${quoted(name)} rejected: ${problem}`,
})

const SAME_SITE: ReadonlyMap<string, O.Option<SameSite>> = new Map([
  ['strict', O.some<SameSite>('Strict')],
  ['lax', O.some<SameSite>('Lax')],
  ['none', O.some<SameSite>('None')],
])

/** Returns the SameSite value of a text, ignoring case. */
export const sameSiteOf = (text: string): O.Option<SameSite> => SAME_SITE.get(text.toLowerCase()) ?? O.none

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

/** 5.6.1 to 5.6.7: applies one attribute. An attribute with an invalid value is ignored. */
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
      return { ...read, sameSite: sameSiteOf(value) }
    default:
      return read
  }
}

/** 5.6: applies the attributes in order, so the last one wins. One with more than 1,024 octets is ignored. */
const readAttributes = (attributes: string): Attributes => {
  let read = NO_ATTRIBUTES
  for (const attribute of attributes.split(';')) {
    const equals = attribute.indexOf('=')
    const name = Scan.trimBlanks(equals < 0 ? attribute : attribute.slice(0, equals)).toLowerCase()
    const value = equals < 0 ? '' : Scan.trimBlanks(attribute.slice(equals + 1))
    if (value.length <= MAX_ATTRIBUTE) read = withAttribute(read, name, value)
  }
  return read
}

// Memoises the last result, because the cookies of a response mostly have the same attributes.
let recent: { readonly text: string; readonly attributes: Attributes } = { text: '', attributes: NO_ATTRIBUTES }

const attributesOf = (text: string): Attributes => {
  if (text !== recent.text) recent = { text, attributes: readAttributes(text) }
  return recent.attributes
}

/** Parses one field value. Errors: `Nameless`, `ControlCharacter`, `TooLong`. */
export const parse =
  (policy: Policy) =>
  (header: string): E.Either<Rejection, SetCookie> => {
    // 5.6 step 1 rejects the field; web-platform-tests cut it at a line end. HTTP fields contain neither.
    const isClean = !CONTROL.test(header)
    const cut = isClean ? -1 : header.search(LINE_END)
    const text = cut < 0 ? header : header.slice(0, cut)
    const semicolon = text.indexOf(';')
    const pair = semicolon < 0 ? text : text.slice(0, semicolon)
    const equals = pair.indexOf('=')
    const name = equals < 0 ? '' : Scan.trimBlanks(pair.slice(0, equals))
    const value = Scan.trimBlanks(pair.slice(equals + 1))
    // 5.7 step 2 and the policy: RFC 6265, tough-cookie and requests ignore cookies without a name.
    if (name === '' && (value === '' || !policy.nameless)) return E.left(rejection('Nameless', name, 'it has no name'))
    // 5.6 step 1.
    if (!isClean && CONTROL.test(text)) {
      return E.left(rejection('ControlCharacter', name, 'it contains a control character'))
    }
    // 5.6 step 5.
    if (name.length + value.length > MAX_PAIR) {
      return E.left(rejection('TooLong', name, `its name and value together are longer than ${MAX_PAIR} octets`))
    }
    const attributes = semicolon < 0 ? NO_ATTRIBUTES : attributesOf(text.slice(semicolon + 1))
    const { domain, path, secure, httpOnly, sameSite, maxAge, expires } = attributes
    // Field by field: a spread would cost more than the rest of this function.
    return E.right({ name, value: Secret.make(value), domain, path, secure, httpOnly, sameSite, maxAge, expires })
  }
