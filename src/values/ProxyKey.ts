/**
 * Normalises the keys of a proxies record.
 *
 * | key                                    | normal form              | applies to                 |
 * |----------------------------------------|--------------------------|----------------------------|
 * | `http`, `HTTP`, `http://`, `http_proxy` | `http`                  | every URL of that scheme   |
 * | `all`, `ALL_PROXY`                     | `all`                    | every URL                  |
 * | `http://A.test`, `http://a.test/`      | `http://a.test`          | that host, any port        |
 * | `http://a.test:8080`, `all://[::1]:80` | the same                 | that host and port         |
 * | `no_proxy`, `NO_PROXY`, `no`           | `no_proxy`               | replaces the variable      |
 *
 * Any other key, such as one with a path, credentials or an unknown scheme, is refused when a request is planned.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isIpv6 } from './IpAddress.js'
import { trimmed } from './PercentEncoding.js'
import * as Url from './Url.js'

/** The key that replaces `no_proxy` of the environment, as in requests. */
export const NO_PROXY = 'no_proxy'
const ALL = 'all'

/** Known schemes. A scheme with a `+`, such as `http+unix`, may have a mounted transport. */
const SCHEMES: ReadonlySet<string> = new Set([ALL, 'http', 'https', 'ftp', 'ws', 'wss'])
const SCHEME = /^[a-z][a-z0-9+.-]*$/

const ofScheme = (name: string): string | undefined => {
  const scheme = name.replace(/_proxy$/, '')
  if (scheme === 'no') return NO_PROXY
  return SCHEMES.has(scheme) || (scheme.includes('+') && SCHEME.test(scheme)) ? scheme : undefined
}

const ofHost = (scheme: string, host: string): string | undefined => {
  // requests writes an IPv6 host without brackets.
  const located = Url.parse(isIpv6(host) ? `http://[${host}]` : `http://${host}`)
  if (E.isLeft(located) || located.right.userinfo._tag === 'Some') return undefined
  const { hostname, port, pathname, search, hash } = located.right.url
  if (pathname !== '/' || search !== '' || hash !== '') return undefined
  return port === '' ? `${scheme}://${hostname}` : `${scheme}://${hostname}:${port}`
}

/** Returns the normal form of a key, or `undefined` if the key is not valid. */
export const normalize = (key: string): string | undefined => {
  const text = trimmed(key)
  const end = text.indexOf('://')
  if (end < 0) return ofScheme(text.toLowerCase().replace(/:$/, ''))
  const scheme = ofScheme(text.slice(0, end).toLowerCase())
  if (scheme === undefined || scheme === NO_PROXY) return undefined
  const host = text.slice(end + 3)
  return host === '' ? scheme : ofHost(scheme, host)
}

/** Returns the keys that apply to a URL, most specific first: those of requests' `select_proxy` and keys with ports. */
export const candidates = (url: Pick<Url.Url, 'protocol' | 'hostname' | 'port'>): ReadonlyArray<string> => {
  const scheme = url.protocol.slice(0, -1)
  const withPort = `${url.hostname}:${url.port || Url.defaultPort(url.protocol)}`
  return [scheme, ALL].flatMap((key) => [`${key}://${withPort}`, `${key}://${url.hostname}`, key])
}
