/**
 * What a transport is mounted for: a URL, or the beginning of one, taken apart as a URL is (D16).
 *
 * | prefix                   | fits                                                    |
 * |--------------------------|---------------------------------------------------------|
 * | `https://`, `mailto:`    | every URL of that scheme                                |
 * | `https://a.test`         | that host, any port; never `https://a.test.evil.test`   |
 * | `https://a.test:8443`    | that host and port                                      |
 * | `https://a.test/v1`      | paths `/v1` and `/v1/…`, never `/v10`                   |
 *
 * Host and path are in the form that they have in a plan, however they were written: `https://STRASSE.de/ü` is
 * `https://strasse.de/%C3%BC`. Law: a URL, as its own prefix, fits itself.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import { trimmed } from '../values/PercentEncoding.js'
import * as Url from '../values/Url.js'

/** The parts of a URL that a prefix looks at. */
export interface UrlParts {
  readonly protocol: string
  readonly hostname: string
  readonly port: string
  readonly pathname: string
}

export interface Prefix extends Omit<UrlParts, 'pathname'> {
  readonly segments: ReadonlyArray<string>
}

const PARTS = /^([a-zA-Z][a-zA-Z0-9+.-]*:)(?:\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?)?([^?#]*)/

const segmentsOf = (path: string): ReadonlyArray<string> => path.split('/').filter((segment) => segment !== '')

const prefixOf = ({ protocol, hostname, port, pathname }: UrlParts): Prefix => ({
  protocol: protocol.toLowerCase(),
  hostname: hostname.toLowerCase(),
  port,
  segments: segmentsOf(pathname),
})

/** Takes a prefix apart; what is the beginning of no URL fits nothing. */
export const parse = (text: string): Prefix => {
  const located = Url.parse(text)
  if (E.isRight(located)) return prefixOf(located.right.url)
  // Without a host it is no URL, and yet a prefix: `https://`.
  const [, protocol = '', hostname = '', port = '', pathname = ''] = PARTS.exec(trimmed(text)) ?? []
  return prefixOf({ protocol, hostname, port, pathname })
}

/** Whether a prefix fits a place. */
export const fits =
  ({ protocol, hostname, port, segments }: Prefix) =>
  (place: UrlParts): boolean => {
    if (protocol !== place.protocol) return false
    if (hostname !== '' && hostname !== place.hostname.toLowerCase()) return false
    if (port !== '' && port !== (place.port || Url.defaultPort(place.protocol))) return false
    const path = segmentsOf(place.pathname)
    return segments.every((segment, i) => path[i] === segment)
  }

export const Eq: EqOf<Prefix> = {
  equals: (x, y) =>
    x.protocol === y.protocol &&
    x.hostname === y.hostname &&
    x.port === y.port &&
    x.segments.length === y.segments.length &&
    x.segments.every((segment, i) => segment === y.segments[i]),
}

const said = (part: string): number => (part === '' ? 0 : 1)

/** The narrower first: a host before none, then a port before any, then the more segments. */
export const narrowerFirst = (x: Prefix, y: Prefix): number =>
  said(y.hostname) - said(x.hostname) || said(y.port) - said(x.port) || y.segments.length - x.segments.length
