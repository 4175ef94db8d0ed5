/**
 * The records of one site: an array in sending order, with two slots for each key, a Secure one and another one.
 *
 *     write(c)(b)  = join(b, [c, the tombstone of the other slot])     where c is newer than all of b
 *     join(x, y)   = the newest RECORDS of each class of { the newer record of each slot in x and y }
 *
 * | bound     | of                     | applies to    | order                                              |
 * |-----------|------------------------|---------------|----------------------------------------------------|
 * | `RECORDS` | Secure records, others | what is held  | the newest; a pure function of the records         |
 * | `LIMIT`   | live cookies           | what is seen  | live before expired, Secure before others, newest  |
 *
 * Laws: `join` is a semilattice, the product of two: a record is in the Secure one or in the other for good, and one
 * that falls out has RECORDS newer ones of its class above it, in every larger union too. Tombstones count, for the
 * same reason. What depends on the time, which records have expired, counts where a bucket is read (`visible`).
 *
 * A reply over http writes no Secure record, so it cannot push one out, not even a tombstone of one (RFC 6265bis 5.7
 * step 16 and its order of eviction). A write turns a live record of the other slot into a tombstone; two live slots of
 * one key come from a join of forks alone, and then the newer one is seen.
 *
 * @example
 * import { Jar, Secret } from 'requests-ts'
 *
 * const url = new URL('https://example.com/a/')
 * const [jar] = Jar.absorb(url, ['x=1; Path=/', 'y=2; Path=/a', 'z=3; Path=/'], new Date(0))(Jar.empty)
 * assert.equal(Secret.reveal(Jar.header(url, new Date(0))(jar) ?? ''), 'y=2; x=1; z=3')
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as LogicalTime from './LogicalTime.js'

export type SiteCookies = ReadonlyArray<Cookie.Cookie>

export const empty: SiteCookies = []

/** How many live cookies of a site are seen. 6265bis 6.1 asks for 50 or more; browsers hold 180. */
export const LIMIT = 180

/** How many records of each class are held: as many dead ones as live ones fit beside the live. */
export const RECORDS = 360

/** Octets of a Cookie header's value. Apache accepts a field of 8,190 octets, nginx one of 8 KiB; curl sends 8,190. */
export const HEADER_LIMIT = 8190 - 'Cookie: '.length

const isSecure = ({ secure }: Cookie.Cookie): boolean => secure

const isPlain = ({ secure }: Cookie.Cookie): boolean => !secure

const excessOf = (bucket: SiteCookies, isMeant: (cookie: Cookie.Cookie) => boolean): ReadonlyArray<Cookie.Cookie> => {
  const meant = bucket.filter(isMeant)
  return meant.length <= RECORDS ? [] : meant.sort(Cookie.compareAge).slice(0, meant.length - RECORDS)
}

const limited = (bucket: SiteCookies): SiteCookies => {
  if (bucket.length <= RECORDS) return bucket
  const excess = new Set([...excessOf(bucket, isSecure), ...excessOf(bucket, isPlain)])
  return excess.size === 0 ? bucket : bucket.filter((cookie) => !excess.has(cookie))
}

/** `limited`, where one record of that class was added to a bucket within its bounds: in one pass. */
const limitedBy =
  (secure: boolean) =>
  (bucket: SiteCookies): SiteCookies => {
    if (bucket.length <= RECORDS) return bucket
    let count = 0
    let oldest: Cookie.Cookie | undefined
    for (const cookie of bucket) {
      if (cookie.secure !== secure) continue
      count += 1
      if (oldest === undefined || Cookie.compareAge(cookie, oldest) < 0) oldest = cookie
    }
    return count <= RECORDS ? bucket : bucket.filter((cookie) => cookie !== oldest)
  }

/** Puts a record in its slot; it must be newer than all that is held. */
export const write =
  (cookie: Cookie.Cookie) =>
  (held: SiteCookies): SiteCookies => {
    let at = -1
    let bucket = held
    for (let i = 0; i < held.length; i += 1) {
      const other = held[i]
      if (other === undefined || !Cookie.sameKey(other, cookie)) continue
      if (other.secure === cookie.secure) at = i
      else if (!Cookie.isTombstone(other)) bucket = bucket.with(i, Cookie.toTombstone(cookie.updated)(other))
    }
    const old = bucket[at]
    if (old !== undefined && Cookie.compareSending(old, cookie) === 0) return bucket.with(at, cookie)
    const others = old === undefined ? bucket : bucket.toSpliced(at, 1)
    return limitedBy(cookie.secure)(others.toSpliced(placeIn(others, cookie), 0, cookie))
  }

/** Behind all that are sent before it: mostly the end, so it is looked for from there. */
const placeIn = (bucket: SiteCookies, cookie: Cookie.Cookie): number => {
  const before = bucket.findLastIndex((other) => Cookie.compareSending(cookie, other) >= 0)
  return before + 1
}

const slotOf = (cookie: Cookie.Cookie): string => `${cookie.secure ? 'S' : '-'}${Cookie.keyText(cookie)}`

/** Any records as a bucket, in n log n. */
export const fromRecords = (records: SiteCookies): SiteCookies => {
  const newest = new Map<string, Cookie.Cookie>()
  for (const cookie of records) {
    const key = slotOf(cookie)
    const held = newest.get(key)
    if (held === undefined || Cookie.compareAge(held, cookie) < 0) newest.set(key, cookie)
  }
  return limited([...newest.values()].sort(Cookie.compareSending))
}

const isSame = (x: SiteCookies, y: SiteCookies): boolean =>
  x.length === y.length && x.every((cookie, i) => cookie === y[i])

/** The newer record of each key; the very array that is given where it holds them all. */
export const join = (x: SiteCookies, y: SiteCookies): SiteCookies => {
  if (x === y) return x
  const joined = fromRecords([...x, ...y])
  if (isSame(joined, x)) return x
  return isSame(joined, y) ? y : joined
}

export const equals = (x: SiteCookies, y: SiteCookies): boolean =>
  x === y ||
  (x.length === y.length &&
    x.every((cookie, i) => {
      const other = y[i]
      return other !== undefined && Cookie.Eq.equals(cookie, other)
    }))

// --- what is seen --------------------------------------------------------------------------------------------------

const isMixed = (bucket: SiteCookies): boolean => bucket.some(({ secure }) => secure !== bucket[0]?.secure)

const withoutShadowed = (bucket: SiteCookies): SiteCookies => {
  const newest = new Map<string, Cookie.Cookie>()
  for (const cookie of bucket) {
    const held = newest.get(Cookie.keyText(cookie))
    newest.set(Cookie.keyText(cookie), held === undefined ? cookie : newerOf(held, cookie))
  }
  return newest.size === bucket.length
    ? bucket
    : bucket.filter((cookie) => newest.get(Cookie.keyText(cookie)) === cookie)
}

/** Of two slots of one key the one written last, the live one where a write touched both. */
const newerOf = (x: Cookie.Cookie, y: Cookie.Cookie): Cookie.Cookie => {
  const order =
    LogicalTime.compare(x.updated, y.updated) ||
    Number(Cookie.isTombstone(y)) - Number(Cookie.isTombstone(x)) ||
    Cookie.compareAge(x, y)
  return order >= 0 ? x : y
}

const unshadowed = new WeakMap<SiteCookies, SiteCookies>()

/** One record for each key: the same bucket if no slot hides another. Memoised for buckets with both classes. */
export const current = (bucket: SiteCookies): SiteCookies => {
  if (!isMixed(bucket)) return bucket
  const known = unshadowed.get(bucket)
  if (known !== undefined) return known
  const kept = withoutShadowed(bucket)
  unshadowed.set(bucket, kept)
  return kept
}

/** Live cookies beyond LIMIT: others go before Secure ones, older ones before newer ones. */
export const crowdedOut =
  (now: number) =>
  (bucket: SiteCookies): ReadonlySet<Cookie.Cookie> => {
    if (bucket.length <= LIMIT) return NOBODY
    const live = current(bucket).filter((cookie) => Cookie.isLive(cookie, now))
    if (live.length <= LIMIT) return NOBODY
    const last = live.sort((x, y) => Number(x.secure) - Number(y.secure) || Cookie.compareAge(x, y))
    return new Set(last.slice(0, live.length - LIMIT))
  }

const NOBODY: ReadonlySet<Cookie.Cookie> = new Set()

/** What is seen of a bucket at a time: one record for each key, and of the live ones the best LIMIT. */
export const visible =
  (now: number) =>
  (bucket: SiteCookies): SiteCookies => {
    const crowded = crowdedOut(now)(bucket)
    return crowded.size === 0 ? current(bucket) : current(bucket).filter((cookie) => !crowded.has(cookie))
  }

// --- the Cookie header ---------------------------------------------------------------------------------------------

/** A Cookie header, and how long it is one: nothing changes from `since` until `until` (epoch milliseconds). */
export interface CookieHeader {
  readonly header: Secret.Secret | undefined
  readonly since: number
  readonly until: number
}

const SEPARATOR = '; '

const sizeOf = (cookie: Cookie.Cookie): number => Cookie.pairSize(cookie) + SEPARATOR.length

/** What a header of `room` octets has no place for: longer paths go first, then newer cookies; each that fits is taken. */
export const beyond =
  (room: number) =>
  (meant: SiteCookies): ReadonlySet<Cookie.Cookie> => {
    let left = room + SEPARATOR.length
    for (const cookie of meant) left -= sizeOf(cookie)
    if (left >= 0) return NOBODY
    left = room + SEPARATOR.length
    const out = new Set<Cookie.Cookie>()
    for (const cookie of [...meant].sort((x, y) => y.path.length - x.path.length || Cookie.compareAge(y, x))) {
      const size = sizeOf(cookie)
      if (size <= left) left -= size
      else out.add(cookie)
    }
    return out
  }

/** 5.8.3 steps 3 to 6: the cookies that are sent, in the order of sending. */
export const sent =
  (visit: Cookie.Visit, room: number = HEADER_LIMIT) =>
  (bucket: SiteCookies): SiteCookies => {
    const meant = visible(visit.now)(bucket).filter((cookie) => Cookie.verdict(cookie, visit) === 'sent')
    const out = beyond(room)(meant)
    return out.size === 0 ? meant : meant.filter((cookie) => !out.has(cookie))
  }

export const cookieHeader =
  (visit: Cookie.Visit) =>
  (bucket: SiteCookies): CookieHeader => {
    let since = Number.NEGATIVE_INFINITY
    let until = Number.POSITIVE_INFINITY
    // Above LIMIT, a cookie that expires may let another one in, whatever URL it is for.
    const isCrowded = bucket.length > LIMIT
    for (const cookie of bucket) {
      if (O.isNone(cookie.expires)) continue
      const verdict = isCrowded ? 'sent' : Cookie.verdict(cookie, visit)
      if (verdict !== 'sent' && verdict !== 'expired') continue
      if (Cookie.isLive(cookie, visit.now)) until = Math.min(until, cookie.expires.value)
      else since = Math.max(since, cookie.expires.value)
    }
    const text = sent(visit)(bucket).map(Cookie.pair).join(SEPARATOR)
    return { header: text === '' ? undefined : Secret.make(text), since, until }
  }
