/**
 * Which transport a URL goes through: the mount with the longest prefix that fits, compared part by part (D16).
 *
 * | prefix                   | fits                                                    |
 * |--------------------------|---------------------------------------------------------|
 * | `https://`, `mailto:`    | every URL of that scheme                                |
 * | `https://a.test`         | that host, any port; never `https://a.test.evil.test`   |
 * | `https://a.test:8443`    | that host and port                                      |
 * | `https://a.test/v1`      | paths `/v1` and `/v1/…`, never `/v10`                   |
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Mount, Session, Transport } from 'requests-ts'
 *
 * const session = Session.mount('https://a.test', Transport.memory(() => ({ status: 200 })))(Session.defaults)
 * const place = (hostname: string) => ({ protocol: 'https:', hostname, port: '', pathname: '/' })
 * assert.equal(O.isSome(Mount.find(place('a.test'))(session)), true)
 * assert.equal(O.isSome(Mount.find(place('a.test.evil.test'))(session)), false)
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Url from '../values/Url.js'
import type { Transport } from '../wire/Transport.js'
import type { Mount, Session } from './Session.js'

/** The parts of a URL that a prefix looks at. */
export interface Place {
  readonly protocol: string
  readonly hostname: string
  readonly port: string
  readonly pathname: string
}

interface Prefix extends Omit<Place, 'pathname'> {
  readonly segments: ReadonlyArray<string>
  readonly transport: Transport
}

const PREFIX = /^([a-zA-Z][a-zA-Z0-9+.-]*:)(?:\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?)?([^?#]*)/

const segmentsOf = (path: string): ReadonlyArray<string> => path.split('/').filter((segment) => segment !== '')

const read = ([text, transport]: Mount): Prefix => {
  const [, protocol = '', hostname = '', port = '', path = ''] = PREFIX.exec(text) ?? []
  return {
    protocol: protocol.toLowerCase(),
    hostname: hostname.toLowerCase(),
    port,
    segments: segmentsOf(path),
    transport,
  }
}

const fits =
  (place: Place) =>
  (prefix: Prefix): boolean => {
    if (prefix.protocol !== place.protocol) return false
    if (prefix.hostname !== '' && prefix.hostname !== place.hostname.toLowerCase()) return false
    if (prefix.port !== '' && prefix.port !== (place.port || Url.defaultPort(place.protocol))) return false
    const path = segmentsOf(place.pathname)
    return prefix.segments.every((segment, i) => path[i] === segment)
  }

const length = (prefix: Prefix): number =>
  (prefix.hostname === '' ? 0 : 1_000_000) + (prefix.port === '' ? 0 : 1_000) + prefix.segments.length

const prefixes = new WeakMap<ReadonlyArray<Mount>, ReadonlyArray<Prefix>>()

const prefixesOf = (mounts: ReadonlyArray<Mount>): ReadonlyArray<Prefix> => {
  const known = prefixes.get(mounts)
  if (known !== undefined) return known
  const sorted = mounts.map(read).sort((x, y) => length(y) - length(x))
  prefixes.set(mounts, sorted)
  return sorted
}

/** The transport that is mounted for a place, if there is one. */
export const find =
  (place: Place) =>
  (session: Session): O.Option<Transport> => {
    if (session.mounts.length === 0) return O.none
    const found = prefixesOf(session.mounts).find(fits(place))
    return found === undefined ? O.none : O.some(found.transport)
  }
