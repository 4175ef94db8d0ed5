/**
 * Unusual parts of a URL that requests and urllib3 read differently (D50).
 *
 * | part of the URL                 | Python      | here                        |
 * |---------------------------------|-------------|-----------------------------|
 * | trailing blanks and controls    | `%20`       | removed                     |
 * | `?` alone                       | dropped     | kept                        |
 * | port 0                          | dropped     | kept                        |
 * | `..` above the root before `//` | becomes `/` | stays `//` (RFC 3986 5.2.4) |
 */
import { onTheWire } from './normal-url.js'
import { isHttpLike, partsOf } from './parts.js'

/** Removes trailing C0 controls and spaces. */
export const withoutTrailingBlanks = (text: string): string => {
  let end = text.length
  while (end > 0 && text.charAt(end - 1) <= ' ') end -= 1
  return text.slice(0, end)
}

/** Removes dot segments of an absolute path (RFC 3986 5.2.4). */
const rfcDots = (path: string): string => {
  const output: string[] = []
  let rest = path
  while (rest !== '') {
    if (rest.startsWith('/./')) rest = rest.slice(2)
    else if (rest === '/.') rest = '/'
    else if (rest.startsWith('/../') || rest === '/..') {
      output.pop()
      rest = `/${rest.slice(4)}`
    } else {
      const end = rest.indexOf('/', 1)
      output.push(end < 0 ? rest : rest.slice(0, end))
      rest = end < 0 ? '' : rest.slice(end)
    }
  }
  return output.join('')
}

const withoutEncodedEnd = (url: string, blanks: string): string => {
  const encoded = encodeURIComponent(blanks)
  const places = [...url.matchAll(/[?&#]|$/g)]
    .map(({ index }) => index)
    .filter((at) => url.slice(0, at).endsWith(encoded))
  const at = places.at(-1)
  return at === undefined || blanks === '' ? url : url.slice(0, at - encoded.length) + url.slice(at)
}

const withEmptyQuery = (url: string): string => {
  if (url.includes('?')) return url
  const at = url.indexOf('#')
  return at < 0 ? `${url}?` : `${url.slice(0, at)}?${url.slice(at)}`
}

const withPortZero = (url: string): string =>
  url.replace(/^([^/?#]*\/\/(?:\[[^\]]*\]|[^:/?#]*))(?::0*)?(?=[/?#]|$)/, '$1:0')

const withPathOf = (url: string, path: string): string => {
  const shown = onTheWire(`http://h${rfcDots(path)}`).slice('http://h'.length)
  return url.replace(/^([^/?#]*\/\/[^/?#]*)[^?#]*/, (_, start: string) => start + shown)
}

/** Converts Python's URL to ours. `given` is the text that it was parsed from. */
export const ownUrl = (given: string, url: string): string => {
  if (!isHttpLike(given) || !isHttpLike(url)) return url
  const text = withoutTrailingBlanks(given.trimStart())
  const { path, port } = partsOf(text)
  let own = withoutEncodedEnd(url, given.trimStart().slice(text.length))
  if (/^[^?#]*\?(?:#|$)/.test(text)) own = withEmptyQuery(own)
  if (/^0+$/.test(port)) own = withPortZero(own)
  return /\/\.\.\/+\//.test(path) ? withPathOf(own, path) : own
}

/** Converts a Location as the library does. Percent-encodes its octets if they are not UTF-8. */
export const ownLocation = (location: string): string => {
  return ownOctets(withoutTrailingBlanks(location.replace(/[\t\r\n]/g, '')))
}

/** Percent-encodes latin-1 octets if they are not UTF-8. */
export const ownOctets = (text: string): string =>
  isUtf8(text) ? text : text.replace(/[\x80-\xff]/g, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`)

export const isUtf8 = (octets: string): boolean => {
  if (/[^\0-\xff]/.test(octets)) return true
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(octets, 'latin1'))
    return true
  } catch {
    return false
  }
}
