/**
 * Normalises the components of a URL: percent-encoding, dot segments, and blanks at both ends (RFC 3986 2, 5.2.4).
 * Decodes the URL references in header fields of a reply.
 *
 * Law: each `quote…` function is idempotent.
 */
import * as Octets from './Octets.js'

// The characters that must be encoded, from RFC 3986 2.3 and 3.3 to 3.5. '%' is treated separately.
const BEYOND_PATH = /[^\w.~!$&'()*+,;=:@/%-]+/gu
const BEYOND_QUERY = /[^\w.~!$&'()*+,;=:@/?%-]+/gu
const BEYOND_URI = /[^\w.~!#$&'()*+,/:;=?@[\]%-]+/gu
const ESCAPES = /%[0-9A-Fa-f]{2}/g
/** Escapes that are not in normal form: in lower case, or of an unreserved character. */
const ODD_ESCAPES = /%(?:2[DE]|3\d|4[1-9A-F]|5[\dAF]|6[1-9A-F]|7[\dAE]|[\dA-F][a-f]|[a-f][\dA-Fa-f])/g
const UNRESERVED = /[\w.~-]/
export const LONE_SURROGATE = /\p{Surrogate}/u

/** Encodes a lone surrogate as U+FFFD, as WHATWG parsers do, because `encodeURIComponent` would throw. */
export const encodeText = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD'))
const encodeAll = (text: string, beyond: RegExp): string => text.replace(beyond, encodeText)
const upperCase = (escape: string): string => escape.toUpperCase()

/** Decodes the escape of an unreserved character, and leaves any other escape as it is. */
const unescapeUnreserved = (escape: string): string => {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape
}

const hasLonePercent = (text: string): boolean => text.replace(ESCAPES, '').includes('%')
const quotePercents = (text: string): string => text.replace(ESCAPES, upperCase).replaceAll('%', '%25')

/** If one `%` of a component is not part of an escape, all are encoded, as in requests' `requote_uri` and urllib3. */
const quoteComponent = (text: string, beyond: RegExp): string => {
  if (!text.includes('%')) return encodeAll(text, beyond)
  const normal = hasLonePercent(text)
    ? quotePercents(text)
    : text.replace(ODD_ESCAPES, (escape) => unescapeUnreserved(escape.toUpperCase()))
  return encodeAll(normal, beyond)
}

/** Percent-encodes octets above ASCII. Quotes a component with a lone `%` first, so that no escape is quoted twice. */
const quoteOctets = (reference: string): string =>
  reference
    .replace(/[^?#]+/g, (component) => (hasLonePercent(component) ? quotePercents(component) : component))
    .replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`)

/** Percent-decodes a component as UTF-8. Returns `undefined` if an escape is malformed. */
export const decodeComponent = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

export const quotePath = (path: string): string => quoteComponent(path, BEYOND_PATH)
/** Quotes text for a query or a fragment. */
export const quoteQuery = (text: string): string => quoteComponent(text, BEYOND_QUERY)

/** Quotes a URI of another scheme. Keeps the case of escapes, because urllib3 normalises only http and https. */
export const quoteUri = (text: string): string =>
  encodeAll(hasLonePercent(text) ? text.replaceAll('%', '%25') : text.replace(ESCAPES, unescapeUnreserved), BEYOND_URI)

/** Removes dot segments (RFC 3986 5.2.4): `/..//x` becomes `//x`, and `..` at the root stays at the root. */
export const removeDotSegments = (path: string): string => {
  if (!path.includes('.')) return path
  const segments = path.split('/')
  // Steps A and D: dot segments before the first slash are removed with that slash.
  const first = segments.findIndex((segment) => segment !== '.' && segment !== '..')
  if (first < 0) return ''
  const [begin = '', ...rest] = segments.slice(first)
  const output = [begin]
  for (const segment of rest) {
    if (segment === '..') output.pop()
    else if (segment !== '.') output.push(`/${segment}`)
  }
  const last = rest.at(-1)
  if (last === '.' || last === '..') output.push('/')
  return output.join('')
}

// A loop, because the regular expression `\s+$` takes quadratic time.
const isControl = (character: string): boolean => character <= ' '
const isBlank = (character: string): boolean => isControl(character) || /\s/.test(character)

/** Removes C0 controls and spaces at both ends like WHATWG, and all white space at the start like Python's `lstrip`. */
export const trimmed = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charAt(start))) start += 1
  while (end > start && isControl(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

const ASCII = /^[\0-\x7f]*$/

/** Decodes a reference with one character for each octet: as UTF-8, as requests does, else `caf\xe9` is `caf%E9`. */
export const decodeOctets = (octets: string): string => {
  if (ASCII.test(octets) || /[^\0-\xff]/.test(octets)) return octets
  return Octets.toValidText(Octets.fromLatin1(octets)) ?? quoteOctets(octets)
}

/** Removes blanks at both ends, and like browsers and Python's `urlsplit` all tabs and line breaks. */
export const stripBlanks = (reference: string): string => trimmed(reference.replace(/[\t\r\n]+/g, ''))

/** Decodes the URL reference in a field value, such as Location. */
export const decodeReference = (value: string): string => decodeOctets(stripBlanks(value))
