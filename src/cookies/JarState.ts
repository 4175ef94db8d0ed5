/** The type of a cookie jar, its constructors, and `join`. `Jar` has the operations, `JarJson` the JSON format. */
import type { BoundedJoinSemilattice } from 'fp-ts/lib/BoundedJoinSemilattice.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import type * as Cookie from './Cookie.js'
import * as CookieStore from './CookieStore.js'
import * as DigestCache from './DigestCache.js'
import * as LogicalTime from './LogicalTime.js'
import * as TokenStore from './TokenStore.js'

/** Cookies, digest challenges and access tokens, as an immutable value. */
export interface Jar extends Cookie.Policy {
  /** By site. */
  readonly cookies: CookieStore.CookieStore
  /** The digest challenges that requests answer in advance. */
  readonly challenges: DigestCache.Challenges
  /** The access tokens that credentials renew. */
  readonly tokens: TokenStore.Tokens
  /** At or after every logical time in the jar. */
  readonly clock: LogicalTime.LogicalTime
}

/** A jar without cookies, challenges and tokens. It ignores cookies without a name. */
export const empty: Jar = {
  cookies: CookieStore.empty,
  challenges: DigestCache.none,
  tokens: TokenStore.none,
  clock: LogicalTime.zero,
  nameless: false,
}

/** Returns an empty jar with the given policy. By default, cookies without a name are ignored. */
export const make = (policy: Partial<Cookie.Policy> = {}): Jar => ({ ...empty, ...policy })

/** Returns every record, tombstones included, in creation order. A jar is saved as its records. */
export const records = (jar: Jar): ReadonlyArray<Cookie.Cookie> => CookieStore.filter(() => true, jar.cookies)

/** Replaces the records of a jar, tombstones included, by those that `records` returned. */
export const withRecords =
  (cookies: ReadonlyArray<Cookie.Cookie>) =>
  (jar: Jar): Jar => {
    const clock = cookies.reduce((latest, { updated }) => LogicalTime.max(latest, updated), jar.clock)
    return { ...jar, cookies: CookieStore.fromRecords(cookies), clock }
  }

/** Merges two jars: the newer record of each cookie, nonce and token, the later clock. Returns a jar that has all of it itself. */
export const join = (x: Jar, y: Jar): Jar => {
  if (x === y) return x
  const cookies = CookieStore.join(x.cookies, y.cookies)
  const challenges = DigestCache.join(x.challenges, y.challenges)
  const tokens = TokenStore.join(x.tokens, y.tokens)
  const clock = LogicalTime.max(x.clock, y.clock)
  const joined = { cookies, challenges, tokens, clock, nameless: x.nameless || y.nameless }
  if (hasSameParts(joined, x)) return x
  return hasSameParts(joined, y) ? y : joined
}

/** Callers find by its identity that a jar has not changed. */
const hasSameParts = (x: Jar, y: Jar): boolean =>
  x.cookies === y.cookies &&
  x.challenges === y.challenges &&
  x.tokens === y.tokens &&
  LogicalTime.Eq.equals(x.clock, y.clock) &&
  x.nameless === y.nameless

/** Joins jars: the newer record of each cookie and token wins. `empty` is the identity. */
export const Semilattice: BoundedJoinSemilattice<Jar> = { join, zero: empty }
/** The same operation as `Semilattice`, as a monoid. */
export const Monoid: MonoidOf<Jar> = { concat: join, empty }

/** Compares everything, including the values of cookies and tokens. */
export const Eq: EqOf<Jar> = {
  equals: (x, y) =>
    x === y ||
    (x.nameless === y.nameless &&
      LogicalTime.Eq.equals(x.clock, y.clock) &&
      CookieStore.equals(x.cookies, y.cookies) &&
      DigestCache.equals(x.challenges, y.challenges) &&
      TokenStore.equals(x.tokens, y.tokens)),
}
