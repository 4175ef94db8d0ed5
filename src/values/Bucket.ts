/**
 * The cookies of one site: a small array in sending order, at most one record for each key, at most 180 records.
 *
 *     write(c)(b)  = join(b, [c])                          where c is newer than all of b
 *     join(x, y)   = the newest LIMIT of { the newer record of each key in x and y }
 *
 * Laws: `join` is a semilattice. The limit does not break it, since a record that falls out has LIMIT newer ones above
 * it in the one total order of age, and they stay above it in every larger union. Tombstones count, for the same reason.
 *
 * @example
 * import { Jar, Secret } from 'requests-ts'
 *
 * const url = new URL('https://example.com/a/')
 * const [jar] = Jar.absorb(url, ['x=1; Path=/', 'y=2; Path=/a', 'z=3; Path=/'], new Date(0))(Jar.empty)
 * assert.equal(Secret.reveal(Jar.header(url, new Date(0))(jar) ?? ''), 'y=2; x=1; z=3')
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Cookie from './Cookie.js'
import * as Secret from './Secret.js'

export type Bucket = ReadonlyArray<Cookie.Cookie>

export const empty: Bucket = []

/** How many records a site may have. 6265bis 6.1 asks for 50 or more; browsers hold 180. */
export const LIMIT = 180

const oldest = (bucket: Bucket): Cookie.Cookie | undefined => {
  let found = bucket[0]
  for (const cookie of bucket) if (found !== undefined && Cookie.compareAge(cookie, found) < 0) found = cookie
  return found
}

const limited = (bucket: Bucket): Bucket => {
  if (bucket.length <= LIMIT) return bucket
  const fallen = oldest(bucket)
  return limited(bucket.filter((cookie) => cookie !== fallen))
}

/** Puts a record in the place of the one with its key; it must be newer than all that is held. */
export const write =
  (cookie: Cookie.Cookie) =>
  (bucket: Bucket): Bucket => {
    const at = bucket.findIndex((other) => Cookie.sameKey(other, cookie))
    const old = bucket[at]
    if (old !== undefined && Cookie.compareSending(old, cookie) === 0) return bucket.with(at, cookie)
    const others = old === undefined ? bucket : bucket.toSpliced(at, 1)
    return limited(others.toSpliced(placeIn(others, cookie), 0, cookie))
  }

/** Behind all that are sent before it: mostly the end, so it is looked for from there. */
const placeIn = (bucket: Bucket, cookie: Cookie.Cookie): number => {
  const before = bucket.findLastIndex((other) => Cookie.compareSending(cookie, other) >= 0)
  return before + 1
}

/** Any records as a bucket. */
export const fromRecords = (records: Bucket): Bucket => {
  const newest = new Map<string, Cookie.Cookie>()
  for (const cookie of records) {
    const key = JSON.stringify([cookie.name, cookie.domain, cookie.path, cookie.hostOnly])
    const held = newest.get(key)
    if (held === undefined || Cookie.compareAge(held, cookie) < 0) newest.set(key, cookie)
  }
  return limited([...newest.values()].sort(Cookie.compareSending))
}

const isSame = (x: Bucket, y: Bucket): boolean => x.length === y.length && x.every((cookie, i) => cookie === y[i])

/** The newer record of each key; the very array that is given where it holds them all. */
export const join = (x: Bucket, y: Bucket): Bucket => {
  if (x === y) return x
  const joined = fromRecords([...x, ...y])
  if (isSame(joined, x)) return x
  return isSame(joined, y) ? y : joined
}

export const equals = (x: Bucket, y: Bucket): boolean =>
  x === y ||
  (x.length === y.length &&
    x.every((cookie, i) => {
      const other = y[i]
      return other !== undefined && Cookie.Eq.equals(cookie, other)
    }))

/** A Cookie header, and how long it is one: nothing changes from `since` until `until` (epoch milliseconds). */
export interface Pick {
  readonly header: Secret.Secret | undefined
  readonly since: number
  readonly until: number
}

const SEPARATOR = '; '

/** 5.8.3 steps 3 to 6. */
export const pick =
  (visit: Cookie.Visit) =>
  (bucket: Bucket): Pick => {
    let text = ''
    let since = Number.NEGATIVE_INFINITY
    let until = Number.POSITIVE_INFINITY
    for (const cookie of bucket) {
      const verdict = Cookie.verdict(cookie, visit)
      if (verdict === 'expired' && O.isSome(cookie.expires)) since = Math.max(since, cookie.expires.value)
      if (verdict !== 'sent') continue
      if (O.isSome(cookie.expires)) until = Math.min(until, cookie.expires.value)
      text += SEPARATOR + Cookie.pair(cookie)
    }
    // `slice` also makes one piece of the rope that `+=` left, which is dear to keep in a memo.
    return { header: text === '' ? undefined : Secret.make(text.slice(SEPARATOR.length)), since, until }
  }
