/**
 * The URL prefix that a transport is mounted for, compared component by component (D16).
 *
 * | prefix                   | matches                                                 |
 * |--------------------------|---------------------------------------------------------|
 * | `https://`, `mailto:`    | every URL of that scheme                                |
 * | `https://a.test`         | that host with any port, but not `https://a.test.evil.test` |
 * | `https://a.test:8443`    | that host and port                                      |
 * | `https://a.test/v1`      | the paths `/v1` and `/v1/…`, but not `/v10`             |
 *
 * Host and path are normalized as in a plan: `https://STRASSE.de/ü` is `https://strasse.de/%C3%BC`. Law: a URL used as
 * a prefix matches itself.
 */
import * as E from 'fp-ts/lib/Either.js'
import { trimmed } from '../values/PercentEncoding.js'
import * as Url from '../values/Url.js'

/** The components of a URL that are compared with a prefix. */
export interface UrlParts {
  /** With its colon, such as `https:`. */
  readonly protocol: string
  /** In any case. An IPv6 address has brackets. */
  readonly hostname: string
  /** Empty for the default port of the scheme. */
  readonly port: string
  /** As in the URL, without query. */
  readonly pathname: string
}

/** A parsed prefix. An empty string matches anything. */
export interface Prefix extends Omit<UrlParts, 'pathname'> {
  readonly segments: ReadonlyArray<string>
}

const COMPONENTS = /^([a-zA-Z][a-zA-Z0-9+.-]*:)(?:\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?)?([^?#]*)/

const segmentsOf = (path: string): ReadonlyArray<string> => path.split('/').filter((segment) => segment !== '')

const prefixOf = ({ protocol, hostname, port, pathname }: UrlParts): Prefix => ({
  protocol: protocol.toLowerCase(),
  hostname: hostname.toLowerCase(),
  port,
  segments: segmentsOf(pathname),
})

/** Parses a prefix. Text without a scheme never matches. */
export const parse = (text: string): Prefix => {
  const located = Url.parse(text)
  if (E.isRight(located)) return prefixOf(located.right.url)
  // A prefix without a host, such as `https://`, is not a valid URL.
  const [, protocol = '', hostname = '', port = '', pathname = ''] = COMPONENTS.exec(trimmed(text)) ?? []
  return prefixOf({ protocol, hostname, port, pathname })
}

/** Returns whether a prefix matches a URL. */
export const matches =
  ({ protocol, hostname, port, segments }: Prefix) =>
  (url: UrlParts): boolean => {
    if (protocol !== url.protocol) return false
    if (hostname !== '' && hostname !== url.hostname.toLowerCase()) return false
    if (port !== '' && port !== (url.port || Url.defaultPort(url.protocol))) return false
    const path = segmentsOf(url.pathname)
    return segments.every((segment, i) => path[i] === segment)
  }

/** Returns whether two prefixes match the same URLs. */
export const isSame = (x: Prefix, y: Prefix): boolean => JSON.stringify(x) === JSON.stringify(y)

const isGiven = (component: string): number => (component === '' ? 0 : 1)

/** Sorts the more specific prefix first: a host before no host, then a port before no port, then more path segments. */
export const bySpecificity = (x: Prefix, y: Prefix): number =>
  isGiven(y.hostname) - isGiven(x.hostname) ||
  isGiven(y.port) - isGiven(x.port) ||
  y.segments.length - x.segments.length
