/**
 * Selects the transport for a URL: the mount with the most specific prefix (`Prefix`) that matches (D16).
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Mount, Session, Transport } from 'requests-ts'
 *
 * const session = Session.mount('https://a.test', Transport.memory(() => ({ status: 200 })))(Session.defaults)
 * const url = (hostname: string) => ({ protocol: 'https:', hostname, port: '', pathname: '/' })
 * assert.equal(O.isSome(Mount.find(url('a.test'))(session)), true)
 * assert.equal(O.isSome(Mount.find(url('a.test.evil.test'))(session)), false)
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Transport } from '../wire/Transport.js'
import * as Prefix from './Prefix.js'
import type { Mount, Session } from './Session.js'

export type { UrlParts } from './Prefix.js'

/** @deprecated Use `UrlParts`. */
export type Place = Prefix.UrlParts

type ParsedMount = readonly [prefix: Prefix.Prefix, transport: Transport]

/** Parsed once for each list of mounts, because every hop looks here. */
const cache = new WeakMap<ReadonlyArray<Mount>, ReadonlyArray<ParsedMount>>()

const bySpecificity = (mounts: ReadonlyArray<Mount>): ReadonlyArray<ParsedMount> => {
  const cached = cache.get(mounts)
  if (cached !== undefined) return cached
  const parsed = mounts
    .map(([text, transport]): ParsedMount => [Prefix.parse(text), transport])
    .sort(([x], [y]) => Prefix.bySpecificity(x, y))
  cache.set(mounts, parsed)
  return parsed
}

/** Returns the transport that is mounted for a URL, if there is one. */
export const find =
  (url: Prefix.UrlParts) =>
  (session: Session): O.Option<Transport> => {
    if (session.mounts.length === 0) return O.none
    const found = bySpecificity(session.mounts).find(([prefix]) => Prefix.matches(prefix)(url))
    return found === undefined ? O.none : O.some(found[1])
  }
