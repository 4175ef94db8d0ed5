/**
 * Which transport a URL goes through: the mount with the longest prefix that fits, compared part by part (D16).
 *
 * Prefixes, and what each of them fits, are in `Prefix`.
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
import type { Transport } from '../wire/Transport.js'
import * as Prefix from './Prefix.js'
import type { Mount, Session } from './SessionRecord.js'

export type { UrlParts } from './Prefix.js'

/** @deprecated Use `UrlParts`. */
export type Place = Prefix.UrlParts

interface Read {
  readonly prefix: Prefix.Prefix
  readonly transport: Transport
}

const prefixes = new WeakMap<ReadonlyArray<Mount>, ReadonlyArray<Read>>()

/** The narrowest first. */
const prefixesOf = (mounts: ReadonlyArray<Mount>): ReadonlyArray<Read> => {
  const known = prefixes.get(mounts)
  if (known !== undefined) return known
  const read = mounts.map(([text, transport]): Read => ({ prefix: Prefix.parse(text), transport }))
  const sorted = read.sort((x, y) => Prefix.narrowerFirst(x.prefix, y.prefix))
  prefixes.set(mounts, sorted)
  return sorted
}

/** The transport that is mounted for a place, if there is one. */
export const find =
  (place: Prefix.UrlParts) =>
  (session: Session): O.Option<Transport> => {
    if (session.mounts.length === 0) return O.none
    const found = prefixesOf(session.mounts).find(({ prefix }) => Prefix.fits(prefix)(place))
    return found === undefined ? O.none : O.some(found.transport)
  }
