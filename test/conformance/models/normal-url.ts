/**
 * The form in which urllib3 sends a URL, and how requests quotes it before (D27).
 *
 * | part            | rule                                                                       |
 * |-----------------|----------------------------------------------------------------------------|
 * | path            | dot segments are removed, then it is quoted; an empty path is `/`          |
 * | query, fragment | quoted; an empty one is dropped                                            |
 * | quoting         | escapes in upper case; one invalid `%` quotes every `%`; the rest as UTF-8 |
 * | scheme          | only `http` and `https` are normalized                                     |
 */
import { partsOf, withBrackets } from './parts.js'

const IN_PATH = /[\w.~!$&'()*+,;=:@/-]/
const IN_QUERY = /[\w.~!$&'()*+,;=:@/?-]/
const ESCAPE = /%[\da-f]{2}/gi

/** urllib3's `_encode_invalid_chars`. */
const quoted = (component: string, allowed: RegExp): string => {
  const upper = component.replace(ESCAPE, (escape) => escape.toUpperCase())
  const isQuoted = (upper.match(ESCAPE)?.length ?? 0) === upper.split('%').length - 1
  return [...upper]
    .map((character) =>
      (isQuoted && character === '%') || allowed.test(character) ? character : encodeURIComponent(character),
    )
    .join('')
}

/** urllib3's `_remove_path_dot_segments`. */
const withoutDots = (path: string): string => {
  const output: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') output.pop()
    else if (segment !== '.') output.push(segment)
  }
  if (path.startsWith('/') && output[0] !== '') output.unshift('')
  return path.endsWith('/.') || path.endsWith('/..') ? [...output, ''].join('/') : output.join('/')
}

/** requests' `requote_uri`: decodes escapes of unreserved characters. */
const unreserved = (text: string): string =>
  text.replace(ESCAPE, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : escape
  })

const authorityOf = (text: string): string => /^[^:/?#]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? ''

/** Returns a URL as urllib3 sends it, with its fragment. */
export const onTheWire = (text: string): string => {
  const { scheme, path, query, fragment } = partsOf(text)
  if (scheme !== 'http' && scheme !== 'https') return text
  const target = quoted(withoutDots(path), IN_PATH) || '/'
  const search = query === '' ? '' : `?${quoted(query, IN_QUERY)}`
  const hash = fragment === '' ? '' : `#${quoted(fragment, IN_QUERY)}`
  return `${scheme}://${authorityOf(text)}${target}${search}${hash}`
}

/** Quotes query text as urllib3 sends it. A `#` is data (D32). */
export const quotedQuery = (text: string): string => unreserved(quoted(text.replaceAll('#', '%23'), IN_QUERY))

/** Returns a raw URL as requests prepares and urllib3 sends it, with another host and without userinfo. */
export const preparedUnder = (text: string, host: string): string => {
  const { scheme, port, path, query, fragment } = partsOf(text.trimStart())
  const authority = `${withBrackets(host)}${Number(port) === 0 ? '' : `:${Number(port)}`}`
  const opened = (part: string, allowed: RegExp): string => unreserved(quoted(part, allowed))
  const search = query === '' ? '' : `?${opened(query, IN_QUERY)}`
  const hash = fragment === '' ? '' : `#${opened(fragment, IN_QUERY)}`
  return onTheWire(`${scheme}://${authority}${opened(withoutDots(path), IN_PATH)}${search}${hash}`)
}
