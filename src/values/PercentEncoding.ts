/**
 * The text of URL components: what is percent-encoded in them, dot segments, blanks at both ends (RFC 3986 2, 5.2.4).
 *
 * Law: each quoting is idempotent.
 */

// RFC 3986 2.3 and 3.3 to 3.5, as sets of what must be encoded; '%' is judged apart.
const BEYOND_PATH = /[^\w.~!$&'()*+,;=:@/%-]+/gu
const BEYOND_QUERY = /[^\w.~!$&'()*+,;=:@/?%-]+/gu
const BEYOND_URI = /[^\w.~!#$&'()*+,/:;=?@[\]%-]+/gu
const ESCAPES = /%[0-9A-Fa-f]{2}/g
/** Escapes that are written otherwise: in lower case, or of an unreserved character. */
const ODD_ESCAPES = /%(?:2[DE]|3\d|4[1-9A-F]|5[\dAF]|6[1-9A-F]|7[\dAE]|[\dA-F][a-f]|[a-f][\dA-Fa-f])/g
const UNRESERVED = /[\w.~-]/
export const LONE_SURROGATE = /\p{Surrogate}/u

/** Half of a surrogate pair has no UTF-8: U+FFFD takes its place, as in WHATWG's parser (`encodeURIComponent` throws). */
const encodeRun = (run: string): string => encodeURIComponent(run.replace(/\p{Surrogate}/gu, '\uFFFD'))

const encodeAll = (text: string, beyond: RegExp): string => text.replace(beyond, encodeRun)

const normalEscape = (escape: string): string => {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape.toUpperCase()
}

/** One good escape makes the others suspect and one bad one spoils all: requests' `requote_uri` and urllib3 agree. */
const quoteComponent = (text: string, beyond: RegExp): string => {
  const percents = text.includes('%') ? text.split('%').length - 1 : 0
  if (percents === 0) return encodeAll(text, beyond)
  const good = text.match(ESCAPES)?.length ?? 0
  const kept =
    good === percents
      ? text.replace(ODD_ESCAPES, normalEscape)
      : text.replace(ESCAPES, (escape) => escape.toUpperCase()).replaceAll('%', '%25')
  return encodeAll(kept, beyond)
}

const ESCAPED = Array.from({ length: 256 }, (_, octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`)

/**
 * A reference whose characters above ASCII are octets, and not UTF-8: each is percent-encoded as it is. A lone `%` is
 * quoted here, for the escapes made here would make it look like the only bad one of its component.
 */
export const quoteOctets = (reference: string): string =>
  reference
    .replace(/[^?#]+/g, (component) => {
      const isEscaped = component.replace(ESCAPES, '').includes('%')
      return isEscaped ? component.replace(ESCAPES, (escape) => escape.toUpperCase()).replaceAll('%', '%25') : component
    })
    .replace(/[\x80-\xff]/g, (octet) => ESCAPED[octet.charCodeAt(0)] ?? octet)

/** Percent-decodes a component as UTF-8. Returns `undefined` if an escape is malformed. */
export const decodeComponent = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Quotes a path; idempotent. */
export const quotePath = (path: string): string => quoteComponent(path, BEYOND_PATH)
/** Quotes text for a query or a fragment; idempotent. */
export const quoteQuery = (text: string): string => quoteComponent(text, BEYOND_QUERY)

const escapeAsWritten = (escape: string): string => {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return UNRESERVED.test(character) ? character : escape
}

/**
 * Quotes a URI of a scheme whose components we do not know. Keeps the case of its escapes, as requests' `requote_uri`
 * does: urllib3 normalises http and https alone.
 */
export const quoteUri = (text: string): string => {
  const percents = text.split('%').length - 1
  const isGood = (text.match(ESCAPES)?.length ?? 0) === percents
  return encodeAll(isGood ? text.replace(ESCAPES, escapeAsWritten) : text.replaceAll('%', '%25'), BEYOND_URI)
}

/** RFC 3986 5.2.4, all of it: `/..//x` is `//x`, and `..` above the root stays at the root. */
export const removeDotSegments = (path: string): string => {
  if (!path.includes('.')) return path
  const segments = path.split('/')
  // Steps A and D: dot segments before the first slash go away with that slash.
  const first = segments.findIndex((segment) => segment !== '.' && segment !== '..')
  if (!path.startsWith('/') && first < 0) return ''
  const [begin = '', ...rest] = path.startsWith('/') ? segments : segments.slice(first)
  const output: string[] = begin === '' ? [] : [begin]
  for (const segment of rest) {
    if (segment === '..') output.pop()
    else if (segment !== '.') output.push(`/${segment}`)
  }
  const last = rest.at(-1)
  if (last === '.' || last === '..') output.push('/')
  return output.join('')
}

// By hand: `\s+$` is quadratic.
const isControl = (character: string): boolean => character <= ' '
const isBlank = (character: string): boolean => isControl(character) || /\s/.test(character)

/**
 * The same text without the blanks at its ends: C0 controls and spaces, as WHATWG's parser removes them; before it all
 * white space, as Python's `lstrip`.
 */
export const trimmed = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charAt(start))) start += 1
  while (end > start && isControl(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}
