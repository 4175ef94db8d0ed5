/**
 * The form in which urllib3 puts a URL on the wire, and how requests quotes one before that (D27).
 *
 * | part            | rule                                                                        |
 * |-----------------|-----------------------------------------------------------------------------|
 * | path            | dot segments removed, then quoted; empty is `/`                             |
 * | query, fragment | quoted; an empty one is dropped                                             |
 * | quoting         | good escapes in upper case; one bad `%` spoils all; the rest as UTF-8 %XX   |
 * | scheme          | only `http` and `https` are normalised                                      |
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

/** requests' `requote_uri`: escapes of unreserved characters are opened. */
const unreserved = (text: string): string =>
  text.replace(ESCAPE, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : escape
  })

const authorityOf = (text: string): string => /^[^:/?#]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? ''

/** A URL as it goes over the wire, its fragment still on it. */
export const onTheWire = (text: string): string => {
  const { scheme, path, query, fragment } = partsOf(text)
  if (scheme !== 'http' && scheme !== 'https') return text
  const target = quoted(withoutDots(path), IN_PATH) || '/'
  const search = query === '' ? '' : `?${quoted(query, IN_QUERY)}`
  const hash = fragment === '' ? '' : `#${quoted(fragment, IN_QUERY)}`
  return `${scheme}://${authorityOf(text)}${target}${search}${hash}`
}

/** Text for a query, as it goes over the wire; a `#` in it is data (D32). */
export const quotedQuery = (text: string): string => unreserved(quoted(text.replaceAll('#', '%23'), IN_QUERY))

/** A raw URL as requests prepares it and as it then goes over the wire, under another host and without userinfo. */
export const preparedUnder = (text: string, host: string): string => {
  const { scheme, port, path, query, fragment } = partsOf(text.trimStart())
  const authority = `${withBrackets(host)}${Number(port) === 0 ? '' : `:${Number(port)}`}`
  const opened = (part: string, allowed: RegExp): string => unreserved(quoted(part, allowed))
  const search = query === '' ? '' : `?${opened(query, IN_QUERY)}`
  const hash = fragment === '' ? '' : `#${opened(fragment, IN_QUERY)}`
  return onTheWire(`${scheme}://${authority}${opened(withoutDots(path), IN_PATH)}${search}${hash}`)
}
