/**
 * The cookie records of all sites: an array for each site, in a persistent map.
 *
 * | operation         | cost                                                                     |
 * |-------------------|--------------------------------------------------------------------------|
 * | reading for a URL | reads the array of one site: as fast with 10,000 cookies as with 10      |
 * | writing           | copies the array of one site and one path of the map                     |
 *
 * A site's array is in sending order. It has at most two records for each key: a Secure one and another one.
 *
 *     writeToSite(c)(s) = joinSites(s, [c, tombstone of the other record])   if c is newer than all of s
 *     joinSites(x, y)   = the newest `MAX_RECORDS` Secure and `MAX_RECORDS` other records of x and y
 *
 * Laws: a store equals `fromRecords` of its records; `join` is a semilattice. This is why `MAX_RECORDS` counts Secure
 * and other records separately, counts tombstones, and does not depend on the time.
 *
 * A response over http writes no Secure record, so it cannot evict one, not even a tombstone (RFC 6265bis 5.7 step 16).
 * A write turns a live record of the other kind into a tombstone. Only a join of forks can leave two live records with
 * one key; then `CookieSelection.current` shows the newer one.
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const [jar] = Jar.absorb(new URL('https://a.example.com/'), ['x=1', 'y=2; Domain=example.com'], new Date(0))(Jar.empty)
 * assert.equal(jar.cookies.get('example.com')?.length, 2)
 */
import { eqStrict } from 'fp-ts/lib/Eq.js'
import { getEq } from 'fp-ts/lib/ReadonlyArray.js'
import type { Secret } from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as CookieSelection from './CookieSelection.js'
import * as PersistentMap from './PersistentMap.js'
import * as PublicSuffix from './PublicSuffix.js'
import * as Site from './Site.js'

type SiteCookies = CookieSelection.SiteCookies

/** Records by the name of their site. */
export type CookieStore = PersistentMap.PersistentMap<SiteCookies>

/** Maximum number of Secure records of a site, and of its other records: `LIMIT` live and as many dead ones. */
export const MAX_RECORDS = 360

export const empty: CookieStore = PersistentMap.make()
const NO_COOKIES: SiteCookies = []

export const at = ({ name }: Site.Site, store: CookieStore): SiteCookies => store.get(name) ?? NO_COOKIES

/** Returns what decides which cookies of a store are sent to a URL. */
export const requestTo = (url: Site.CookieScope, now: Date, store: CookieStore): Cookie.RequestContext =>
  Site.requestTo(Site.toSend(url.hostname, store), url, now)

const oldestOf = (cookies: SiteCookies, secure: boolean): SiteCookies => {
  const sameKind = cookies.filter((cookie) => cookie.secure === secure)
  const excess = sameKind.length - MAX_RECORDS
  return excess <= 0 ? NO_COOKIES : sameKind.sort(Cookie.compareAge).slice(0, excess)
}

const limited = (cookies: SiteCookies): SiteCookies => {
  if (cookies.length <= MAX_RECORDS) return cookies
  const excess = new Set([...oldestOf(cookies, true), ...oldestOf(cookies, false)])
  return excess.size === 0 ? cookies : cookies.filter((cookie) => !excess.has(cookie))
}

/** `limited` in one pass, after one record of this kind was added to records within the limit. */
export const limitedAfterWrite = (cookies: SiteCookies, secure: boolean): SiteCookies => {
  if (cookies.length <= MAX_RECORDS) return cookies
  let count = 0
  let oldest: Cookie.Cookie | undefined
  for (const cookie of cookies) {
    if (cookie.secure !== secure) continue
    count += 1
    if (oldest === undefined || Cookie.compareAge(cookie, oldest) < 0) oldest = cookie
  }
  return count <= MAX_RECORDS ? cookies : cookies.filter((cookie) => cookie !== oldest)
}

/** Writes a record, which must be newer than all records of the site. */
export const writeToSite = (cookie: Cookie.Cookie, stored: SiteCookies): SiteCookies => {
  let index = -1
  let cookies = stored
  for (let i = 0; i < stored.length; i += 1) {
    const other = stored[i]
    if (other === undefined || !Cookie.sameKey(other, cookie)) continue
    if (other.secure === cookie.secure) index = i
    else if (!Cookie.isTombstone(other)) cookies = cookies.with(i, Cookie.toTombstone(cookie.updated)(other))
  }
  const old = cookies[index]
  if (old !== undefined && Cookie.compareSending(old, cookie) === 0) return cookies.with(index, cookie)
  const others = old === undefined ? cookies : cookies.toSpliced(index, 1)
  // Searches from the end, which is the usual position.
  const previous = others.findLastIndex((other) => Cookie.compareSending(cookie, other) >= 0)
  return limitedAfterWrite(others.toSpliced(previous + 1, 0, cookie), cookie.secure)
}

/** Identifies a record in a site, faster than `Cookie.keyText`. No field has a line break. */
const slotOf = ({ name, domain, path, hostOnly, secure }: Cookie.Cookie): string =>
  `${secure ? 'S' : '-'}${hostOnly ? 'H' : '-'}${name}\n${domain}\n${path}`

/** Returns the records of one site, in any order, as stored. O(n log n). */
export const siteFromRecords = (records: SiteCookies): SiteCookies => {
  const newest = new Map<string, Cookie.Cookie>()
  for (const cookie of records) {
    const key = slotOf(cookie)
    const other = newest.get(key)
    if (other === undefined || Cookie.compareAge(other, cookie) < 0) newest.set(key, cookie)
  }
  return limited([...newest.values()].sort(Cookie.compareSending))
}

const isSame = getEq<Cookie.Cookie>(eqStrict).equals

/** Returns the newer record of each key and kind; `x` or `y` itself if it already holds all of them. */
export const joinSites = (x: SiteCookies, y: SiteCookies): SiteCookies => {
  if (x === y) return x
  const joined = siteFromRecords([...x, ...y])
  if (isSame(joined, x)) return x
  return isSame(joined, y) ? y : joined
}

export const equalSites: (x: SiteCookies, y: SiteCookies) => boolean = getEq(Cookie.Eq).equals

/** Writes a record that is newer than all others. */
export const write = (cookie: Cookie.Cookie, store: CookieStore): CookieStore => {
  const site = PublicSuffix.siteOf(cookie.domain)
  return store.set(site.name, writeToSite(cookie, at(site, store)))
}

export const fromRecords = (records: Iterable<Cookie.Cookie>): CookieStore => {
  const sites = new Map<string, Cookie.Cookie[]>()
  for (const cookie of records) {
    const { name } = PublicSuffix.siteOf(cookie.domain)
    const cookies = sites.get(name)
    if (cookies === undefined) sites.set(name, [cookie])
    else cookies.push(cookie)
  }
  return PersistentMap.make(sites).map(siteFromRecords)
}

const collect = (store: CookieStore, select: (cookies: SiteCookies) => SiteCookies): SiteCookies =>
  Array.from(store.values(), select).flat().sort(Cookie.compareCreation)

/** Returns the cookies that are visible at `now`, in creation order: see `CookieSelection.visible`. */
export const visible = (now: number, store: CookieStore): SiteCookies =>
  collect(store, (cookies) => CookieSelection.visible(now, cookies))

/** Returns one record for each key, in creation order, ignoring the limit of visible cookies. */
export const current = (store: CookieStore): SiteCookies => collect(store, CookieSelection.current)

/** Returns the records that match, in creation order. */
export const filter = (matches: (cookie: Cookie.Cookie) => boolean, store: CookieStore): SiteCookies =>
  collect(store, (cookies) => cookies.filter(matches))

/** Joins two stores site by site. Returns the larger one itself if the other adds nothing. */
export const join = (x: CookieStore, y: CookieStore): CookieStore => {
  if (x === y) return x
  const [large, small] = x.size >= y.size ? [x, y] : [y, x]
  return large.mergeWith(joinSites, small)
}

/** Returns the records of `now` for which `since` has neither the same nor a newer one. */
const siteDelta = (since: SiteCookies, now: SiteCookies): SiteCookies => {
  const held = new Set(since)
  const other = now.filter((cookie) => !held.has(cookie))
  if (other.length === 0) return NO_COOKIES
  const bySlot = new Map(since.map((cookie) => [slotOf(cookie), cookie]))
  return other.filter((cookie) => {
    const known = bySlot.get(slotOf(cookie))
    return known === undefined || Cookie.compareAge(known, cookie) < 0
  })
}

/** Returns what `join` would add to `since`. Sites that both share are not compared. */
export const delta = (since: CookieStore, now: CookieStore): CookieStore =>
  PersistentMap.make(
    now.changesSince(since).flatMap(([name, cookies]): [string, SiteCookies][] => {
      const changed = siteDelta(since.get(name) ?? NO_COOKIES, cookies)
      return changed.length === 0 ? [] : [[name, changed]]
    }),
  )

export const equals = (x: CookieStore, y: CookieStore): boolean =>
  x === y || (x.size === y.size && x.every((cookies, name) => equalSites(cookies, y.get(name) ?? NO_COOKIES)))

interface Memo extends CookieSelection.CookieHeader, Pick<Site.CookieScope, 'protocol' | 'hostname' | 'pathname'> {}

const MEMO_SIZE = 8
const memos = new WeakMap<CookieStore, Memo[]>()

const memosOf = (store: CookieStore): Memo[] => {
  const known = memos.get(store)
  if (known !== undefined) return known
  const fresh: Memo[] = []
  memos.set(store, fresh)
  return fresh
}

/** Returns the value of the Cookie header for a URL, if there is one. Memoises the last few results of a store. */
export const header = (url: Site.CookieScope, now: Date, store: CookieStore): Secret | undefined => {
  const { protocol, hostname, pathname } = url
  const time = now.getTime()
  const known = memosOf(store)
  for (const memo of known) {
    const isSame = memo.pathname === pathname && memo.hostname === hostname && memo.protocol === protocol
    if (isSame && time >= memo.since && time < memo.until) return memo.header
  }
  const request = requestTo(url, now, store)
  const { header, since, until } = CookieSelection.cookieHeader(request, at(request.site, store))
  if (known.length === MEMO_SIZE) known.length = 0
  known.push({ protocol, hostname, pathname, header, since, until })
  return header
}
