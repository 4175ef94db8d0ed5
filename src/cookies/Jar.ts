/**
 * What servers told us to remember: cookies and digest challenges, as a value that goes in and comes out.
 *
 * Laws, up to `Eq`:
 *
 *     absorb(u, xs ++ ys) = absorb(u, ys) . absorb(u, xs)     header lists act on jars
 *     join                                                    a bounded semilattice with `empty`
 *     join(j, absorb(j))  = absorb(j)                         and so for every write: nothing is lost in a join
 *     header . evict(now) = header                            from `now` on
 *
 * So parallel requests are a fork and a join. No cookie reaches a host, path or scheme that it is not for; reading
 * changes nothing; what was removed stays removed when an older fork joins in, until `evict`, which therefore belongs
 * at save or load and never between fork and join.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Jar, Secret } from 'requests-ts'
 *
 * const url = new URL('https://www.example.com/account/')
 * const now = new Date(0)
 * const [jar, refused] = Jar.absorb(url, ['sid=1; Domain=example.com; Path=/', 'x=2; Domain=other.test'], now)(Jar.empty)
 * assert.deepEqual(refused.map(({ name, _tag }) => [name, _tag]), [['x', 'DomainMismatch']])
 * assert.equal(Secret.reveal(Jar.header(new URL('https://api.example.com/'), now)(jar) ?? ''), 'sid=1')
 * assert.equal(Jar.header(new URL('https://example.com.evil.test/'), now)(jar), undefined)
 * const removed = Jar.remove({ name: 'sid' })(jar)
 * assert.deepEqual(Jar.lookup('sid')(Jar.join(jar, removed)), E.right(O.none))
 */
import type { BoundedJoinSemilattice } from 'fp-ts/lib/BoundedJoinSemilattice.js'
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as CookieStore from './CookieStore.js'
import * as DigestCache from './DigestCache.js'
import * as LogicalTime from './LogicalTime.js'
import type { Policy, Rejection } from './SetCookie.js'
import type { CookieScope } from './Site.js'
import * as Site from './Site.js'
import * as SiteCookies from './SiteCookies.js'
import * as StoreCookie from './StoreCookie.js'

export type { Challenge } from './DigestCache.js'
export type { Rejection } from './SetCookie.js'

export interface Jar extends Policy {
  /** By site. */
  readonly cookies: CookieStore.CookieStore
  readonly challenges: DigestCache.Challenges
  /** At or after every stamp in the jar. */
  readonly clock: LogicalTime.LogicalTime
}

/** What became of the Set-Cookie fields of one reply. */
export interface Absorbed {
  readonly jar: Jar
  /** The cookies it set, in the order of sending; deletions are none. */
  readonly accepted: ReadonlyArray<Cookie.Cookie>
  readonly rejected: ReadonlyArray<Rejection>
}

/** Several cookies have that name, and the question does not say which is meant. */
export interface CookieConflict {
  readonly _tag: 'CookieConflict'
  readonly name: string
  readonly places: ReadonlyArray<Pick<Cookie.Key, 'domain' | 'hostOnly' | 'path'>>
  readonly message: string
}

/** A cookie and what becomes of it at a URL and a time. */
export interface Why {
  readonly cookie: Cookie.Cookie
  readonly verdict: Cookie.CookieStatus
  readonly setBy: O.Option<string>
}

/** Which cookies are meant; what is absent means all. */
export interface Selection {
  readonly domain?: string
  readonly path?: string
}

// --- constructors --------------------------------------------------------------------------------------------------

export const empty: Jar = {
  cookies: CookieStore.empty,
  challenges: DigestCache.none,
  clock: LogicalTime.zero,
  nameless: false,
}

/** An empty jar with a policy of its own. */
export const make = (policy: Partial<Policy> = {}): Jar => ({ ...empty, ...policy })

/** The jar with these records, tombstones included, in place of its own: what `records` gives. */
export const withRecords =
  (records: ReadonlyArray<Cookie.Cookie>) =>
  (jar: Jar): Jar => {
    const clock = records.reduce((latest, { updated }) => LogicalTime.max(latest, updated), jar.clock)
    return { ...jar, cookies: CookieStore.fromRecords(records), clock }
  }

// --- combinators ---------------------------------------------------------------------------------------------------

/** Takes in the Set-Cookie fields of one reply, in order. */
export const receive =
  (url: CookieScope, setCookies: ReadonlyArray<string | Secret.Secret>, now: Date) =>
  (jar: Jar): Absorbed => {
    const visit = Cookie.visit(url, now)
    const setBy = O.some(StoreCookie.setByOf(url))
    const rejected: Rejection[] = []
    let bucket = CookieStore.at(visit.site)(jar.cookies)
    let { clock } = jar
    for (const setCookie of setCookies) {
      const arrival = { visit, stamp: LogicalTime.tick(clock, visit.now), setBy }
      const judged = StoreCookie.evaluate(arrival, jar)(bucket)(Secret.reveal(setCookie))
      if (E.isLeft(judged)) {
        rejected.push(judged.left)
        continue
      }
      bucket = SiteCookies.write(judged.right)(bucket)
      clock = arrival.stamp
    }
    if (rejected.length === setCookies.length) return { jar, accepted: SiteCookies.empty, rejected }
    const isNew = (cookie: Cookie.Cookie): boolean =>
      LogicalTime.compare(cookie.updated, jar.clock) > 0 && !Cookie.isTombstone(cookie)
    const cookies = jar.cookies.set(visit.site.name, bucket)
    return {
      jar: { cookies, challenges: jar.challenges, clock, nameless: jar.nameless },
      accepted: SiteCookies.visible(visit.now)(bucket).filter(isNew),
      rejected,
    }
  }

/** `receive` for those who want the jar: the jar after these Set-Cookie fields, and what was refused and why. */
export const absorb =
  (url: CookieScope, setCookies: ReadonlyArray<string | Secret.Secret>, now: Date) =>
  (jar: Jar): readonly [Jar, ReadonlyArray<Rejection>] => {
    const { jar: after, rejected } = receive(url, setCookies, now)(jar)
    return [after, rejected]
  }

const write = (jar: Jar, cookie: Cookie.Cookie): Jar => ({
  ...jar,
  cookies: CookieStore.write(cookie)(jar.cookies),
  clock: cookie.updated,
})

/** The jar at a later moment: what is set by hand from then on counts as set at that time. */
export const at =
  (now: Date) =>
  (jar: Jar): Jar => ({ ...jar, clock: LogicalTime.tick(jar.clock, now.getTime()) })

/** Sets a cookie by hand. One with the same name, domain, host-only flag and path is replaced, and keeps its place. */
export const set =
  (input: Cookie.Input) =>
  (jar: Jar): E.Either<Cookie.InvalidCookie, Jar> => {
    const made = Cookie.make(LogicalTime.next(jar.clock), jar)(input)
    if (E.isLeft(made)) return made
    const cookie = made.right
    const held = CookieStore.at(Site.of(cookie.domain))(jar.cookies)
    const old = SiteCookies.current(held).find((other) => Cookie.sameKey(other, cookie) && !Cookie.isTombstone(other))
    return E.right(write(jar, old === undefined ? cookie : { ...cookie, created: old.created }))
  }

/** What `setAll` makes of its entries. */
export interface SetAll {
  readonly jar: Jar
  /** Why an entry is not in the jar, by its place in the list. */
  readonly problems: ReadonlyMap<number, Cookie.InvalidCookie>
}

/** An entry of `setAll`: a cookie, and when it was set, where that is known. */
export interface CookieEntry {
  readonly input: Cookie.Input
  readonly at?: Date
}

/** `at` and `set` for many cookies, in order: in n log n, where one `set` after the other copies a site each time. */
export const setAll =
  (entries: ReadonlyArray<CookieEntry>) =>
  (jar: Jar): SetAll => {
    const problems = new Map<number, Cookie.InvalidCookie>()
    const fresh = new Map<string, Cookie.Cookie>()
    for (const cookie of current(jar)) fresh.set(Cookie.keyText(cookie), cookie)
    const made: Cookie.Cookie[] = []
    let { clock } = jar
    for (const [i, { input, at: when }] of entries.entries()) {
      const start = when === undefined ? clock : LogicalTime.tick(clock, when.getTime())
      const one = Cookie.make(LogicalTime.next(start), jar)(input)
      if (E.isLeft(one)) {
        problems.set(i, one.left)
        continue
      }
      clock = one.right.updated
      const old = fresh.get(Cookie.keyText(one.right))
      const isAgain = old !== undefined && !Cookie.isTombstone(old)
      const cookie = isAgain ? { ...one.right, created: old.created } : one.right
      if (isAgain && old.secure !== cookie.secure) made.push(Cookie.toTombstone(cookie.updated)(old))
      fresh.set(Cookie.keyText(cookie), cookie)
      made.push(cookie)
    }
    return { jar: withRecords([...records(jar), ...made])({ ...jar, clock }), problems }
  }

const selects = ({ domain, path }: Selection): ((cookie: Cookie.Cookie) => boolean) => {
  const host = domain === undefined ? undefined : (Cookie.siteOf(domain)?.host ?? domain)
  return (cookie) => (host === undefined || cookie.domain === host) && (path === undefined || cookie.path === path)
}

/** Turns every cookie that is meant into a tombstone. */
const bury = (jar: Jar, isMeant: (cookie: Cookie.Cookie) => boolean): Jar =>
  CookieStore.filter((cookie) => isMeant(cookie) && !Cookie.isTombstone(cookie))(jar.cookies).reduce(
    (held, cookie) => write(held, Cookie.toTombstone(LogicalTime.next(held.clock))(cookie)),
    jar,
  )

/** Removes cookies by name. */
export const remove =
  ({ name, ...selection }: Selection & { readonly name: string }) =>
  (jar: Jar): Jar => {
    const isSelected = selects(selection)
    return bury(jar, (cookie) => cookie.name === name && isSelected(cookie))
  }

/** Removes all cookies of a domain, of a path, or all. Challenges stay: see `withoutChallenges`. */
export const clear =
  (selection: Selection = {}) =>
  (jar: Jar): Jar =>
    bury(jar, selects(selection))

/** Removes what has no expiry, as a browser does when it is closed (6265bis 5.7). */
export const clearSession = (jar: Jar): Jar => bury(jar, ({ expires }) => O.isNone(expires))

/** Forgets what has expired, tombstones too: an older fork that joins in later may bring deleted cookies back. */
export const evict =
  (now: Date) =>
  (jar: Jar): Jar =>
    withRecords(CookieStore.current(jar.cookies).filter((cookie) => Cookie.isLive(cookie, now.getTime())))(jar)

/**
 * Forgets what had expired or was deleted more than `horizon` milliseconds before `now`, and the values of what has
 * expired since. A fork that is not older than the horizon can still join in without bringing a deleted cookie back:
 * whatever it holds of such a cookie is older than the tombstone that is kept.
 */
export const compact =
  (now: Date, horizon: number) =>
  (jar: Jar): Jar => {
    const isKept = (cookie: Cookie.Cookie): boolean =>
      Cookie.isLive(cookie, now.getTime()) || cookie.updated.ms > now.getTime() - horizon
    const kept = records(jar).filter(isKept)
    const toDead = (cookie: Cookie.Cookie): Cookie.Cookie =>
      Cookie.isLive(cookie, now.getTime()) ? cookie : Cookie.toTombstone(cookie.updated)(cookie)
    return withRecords(kept.map(toDead))(jar)
  }

/** Remembers a digest challenge: a new nonce starts at count 0, the same nonce keeps its count. */
export const remember =
  (challenge: DigestCache.Input, now: Date) =>
  (jar: Jar): Jar => {
    const clock = LogicalTime.tick(jar.clock, now.getTime())
    const challenges = DigestCache.remember(challenge, clock)(jar.challenges)
    return challenges === jar.challenges ? jar : { ...jar, challenges, clock }
  }

/** Counts one use of a nonce. */
export const counted =
  (challenge: DigestCache.Challenge) =>
  (jar: Jar): Jar => {
    const challenges = DigestCache.counted(challenge)(jar.challenges)
    return challenges === jar.challenges ? jar : { ...jar, challenges }
  }

/** Forgets the challenges, so that no two forks count up the same nonce. */
export const withoutChallenges = (jar: Jar): Jar =>
  jar.challenges.size === 0 ? jar : { ...jar, challenges: DigestCache.none }

// --- destructors ---------------------------------------------------------------------------------------------------

/** Octets that the jar may fill of the Cookie header's value: 8,182, so that the field stays within 8,190. */
export const HEADER_LIMIT = SiteCookies.HEADER_LIMIT

/**
 * The cookies for a URL, in the order of sending. Where they exceed `room` octets, cookies with longer paths are kept
 * first, then those written last; `why` names the others.
 */
export const cookiesFor =
  (url: CookieScope, now: Date, room: number = HEADER_LIMIT) =>
  (jar: Jar): ReadonlyArray<Cookie.Cookie> => {
    const visit = Cookie.visit(url, now)
    return SiteCookies.sent(visit, room)(CookieStore.at(visit.site)(jar.cookies))
  }

/** The value of the Cookie header for a URL, if it has one. Known again for the same cookies, until one expires. */
export const header =
  (url: CookieScope, now: Date) =>
  (jar: Jar): Secret.Secret | undefined =>
    CookieStore.header(url, now)(jar.cookies)

/** Every record, tombstones included, in the order of creation: what a jar is saved as. */
export const records = (jar: Jar): ReadonlyArray<Cookie.Cookie> => CookieStore.filter(() => true)(jar.cookies)

/** The cookies, expired ones included, in the order of creation, and those beyond the limit of their site too. */
export const current = (jar: Jar): ReadonlyArray<Cookie.Cookie> =>
  CookieStore.current(jar.cookies).filter((cookie) => !Cookie.isTombstone(cookie))

/** The cookies, expired ones included, in the order of creation: of each site, 180 that live at the jar's own clock. */
export const toArray = (jar: Jar): ReadonlyArray<Cookie.Cookie> =>
  CookieStore.visible(jar.clock.ms, jar.cookies).filter((cookie) => !Cookie.isTombstone(cookie))

/** The one cookie of that name, as requests' `jar.get`: a Left where there are several. */
export const lookup =
  (name: string, selection: Selection = {}) =>
  (jar: Jar): E.Either<CookieConflict, O.Option<Cookie.Cookie>> => {
    const isSelected = selects(selection)
    const found = toArray(jar).filter((cookie) => cookie.name === name && isSelected(cookie))
    const [first, second] = found
    if (first === undefined) return E.right(O.none)
    return second === undefined ? E.right(O.some(first)) : E.left(conflict(name, found))
  }

const conflict = (name: string, found: ReadonlyArray<Cookie.Cookie>): CookieConflict => {
  const places = found.map(({ domain, hostOnly, path }) => ({ domain, hostOnly, path }))
  const list = places.map(({ domain, hostOnly, path }) => `${hostOnly ? '' : '.'}${domain}${path}`).join(', ')
  return {
    _tag: 'CookieConflict',
    name,
    places,
    message: `Several cookies are called ${JSON.stringify(name)}: ${list}`,
  }
}

/** Every cookie, in the order of creation, with what becomes of it at that URL and time. `room` as for `cookiesFor`. */
export const why =
  (url: CookieScope, now: Date, room: number = HEADER_LIMIT) =>
  (jar: Jar): ReadonlyArray<Why> => {
    const visit = Cookie.visit(url, now)
    const bucket = CookieStore.at(visit.site)(jar.cookies)
    const crowded = SiteCookies.crowdedOut(visit.now)(bucket)
    const sent = new Set(SiteCookies.sent(visit, room)(bucket))
    const verdictOf = (cookie: Cookie.Cookie): Cookie.CookieStatus => {
      const verdict = Cookie.verdict(cookie, visit)
      if (verdict !== 'sent' || sent.has(cookie)) return verdict
      return crowded.has(cookie) ? 'site-limit' : 'header-limit'
    }
    return current(jar).map((cookie) => ({ cookie, verdict: verdictOf(cookie), setBy: cookie.setBy }))
  }

/** The challenge that would be answered first: the newest of that origin for that user, and for that URL if one is given. */
export const challengeFor =
  (asked: DigestCache.Query) =>
  (jar: Jar): O.Option<DigestCache.Challenge> =>
    jar.challenges.size === 0 ? O.none : DigestCache.find(asked)(jar.challenges)

/** Whether there is neither a cookie nor a challenge. */
export const isEmpty = (jar: Jar): boolean =>
  jar.challenges.size === 0 && jar.cookies.every((bucket) => bucket.every(Cookie.isTombstone))

// --- instances -----------------------------------------------------------------------------------------------------

/** All that either jar knows: the newer record of each key, the newer nonce, the later clock. */
export const join = (x: Jar, y: Jar): Jar => {
  if (x === y) return x
  const cookies = CookieStore.join(x.cookies, y.cookies)
  const challenges = DigestCache.join(x.challenges, y.challenges)
  const clock = LogicalTime.max(x.clock, y.clock)
  return { cookies, challenges, clock, nameless: x.nameless || y.nameless }
}

export const Semilattice: BoundedJoinSemilattice<Jar> = { join, zero: empty }

export const Monoid: MonoidOf<Jar> = { concat: join, empty }

/** Everything is compared, the values of cookies by what is in them. */
export const Eq: EqOf<Jar> = {
  equals: (x, y) =>
    x === y ||
    (x.nameless === y.nameless &&
      LogicalTime.Eq.equals(x.clock, y.clock) &&
      CookieStore.equals(x.cookies, y.cookies) &&
      DigestCache.equals(x.challenges, y.challenges)),
}
