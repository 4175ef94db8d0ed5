/**
 * What the library makes of the odd ends of a URL that requests and urllib3 read in another way (D50).
 *
 * | in the text                    | Python                      | here                                   |
 * |--------------------------------|-----------------------------|----------------------------------------|
 * | trailing blanks and controls   | `%20`                       | removed                                |
 * | `?` alone                      | dropped                     | kept                                   |
 * | port 0                         | dropped                     | kept                                   |
 * | `..` above the root before `//` | one slash of the two is lost | RFC 3986 5.2.4                        |
 */
import { onTheWire } from './normal-url.js'
import { isHttpLike, partsOf } from './parts.js'

/** Removes trailing C0 controls and spaces. */
export const withoutBlanksBehind = (text: string): string => {
  let end = text.length
  while (end > 0 && text.charAt(end - 1) <= ' ') end -= 1
  return text.slice(0, end)
}

/** RFC 3986 5.2.4 for an absolute path, step by step. */
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

/** Python's URL as the library writes it, for the text that it was read from. */
export const ownUrl = (given: string, url: string): string => {
  if (!isHttpLike(given) || !isHttpLike(url)) return url
  const text = withoutBlanksBehind(given.trimStart())
  const { path, port } = partsOf(text)
  let own = withoutEncodedEnd(url, given.trimStart().slice(text.length))
  if (/^[^?#]*\?(?:#|$)/.test(text)) own = withEmptyQuery(own)
  if (/^0+$/.test(port)) own = withPortZero(own)
  return /\/\.\.\/+\//.test(path) ? withPathOf(own, path) : own
}

/** A Location as the library reads it; the octets of Latin-1 as they are, where they are not UTF-8. */
export const ownLocation = (location: string): string => {
  return ownOctets(withoutBlanksBehind(location.replace(/[\t\r\n]/g, '')))
}

/** The octets of Latin-1 percent-encoded as they are, where they are not UTF-8. */
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
