/**
 * The cookies of all sites: a bucket for each, in a persistent map.
 *
 * | reading for a URL | looks into the one bucket of its site: as fast with 10,000 cookies as with 10 |
 * |-------------------|--------------------------------------------------------------------------------|
 * | writing           | copies one bucket and one path of the map                                      |
 *
 * Laws: a shelf is what `fromRecords` makes of its `records`; `join` is a semilattice.
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const [jar] = Jar.absorb(new URL('https://a.example.com/'), ['x=1', 'y=2; Domain=example.com'], new Date(0))(Jar.empty)
 * assert.equal(jar.cookies.get('example.com')?.length, 2)
 */

import type { Secret } from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as PersistentMap from './PersistentMap.js'
import * as Site from './Site.js'
import * as SiteCookies from './SiteCookies.js'

/** Buckets by the name of their site. */
export type CookieStore = PersistentMap.PersistentMap<SiteCookies.SiteCookies>

export const empty: CookieStore = PersistentMap.empty

/** The bucket of a site. */
export const at =
  ({ name }: Site.Site) =>
  (shelf: CookieStore): SiteCookies.SiteCookies =>
    shelf.get(name) ?? SiteCookies.empty

/** Writes a record that is newer than all others. */
export const write =
  (cookie: Cookie.Cookie) =>
  (shelf: CookieStore): CookieStore => {
    const site = Site.of(cookie.domain)
    return shelf.set(site.name, SiteCookies.write(cookie)(at(site)(shelf)))
  }

export const fromRecords = (records: Iterable<Cookie.Cookie>): CookieStore => {
  const sites = new Map<string, Cookie.Cookie[]>()
  for (const cookie of records) {
    const { name } = Site.of(cookie.domain)
    const held = sites.get(name)
    if (held === undefined) sites.set(name, [cookie])
    else held.push(cookie)
  }
  return PersistentMap.fromEntries(Array.from(sites, ([name, held]) => [name, SiteCookies.fromRecords(held)] as const))
}

/** What is seen at a time, site by site: see `Bucket.visible`. */
export const visible = (now: number, shelf: CookieStore): ReadonlyArray<Cookie.Cookie> =>
  Array.from(shelf.values(), SiteCookies.visible(now)).flat().sort(Cookie.compareCreation)

/** One record for each key, without a limit of cookies. */
export const current = (shelf: CookieStore): ReadonlyArray<Cookie.Cookie> =>
  Array.from(shelf.values(), SiteCookies.current).flat().sort(Cookie.compareCreation)

/** The records that fit, in the order of creation. */
export const filter =
  (fits: (cookie: Cookie.Cookie) => boolean) =>
  (shelf: CookieStore): ReadonlyArray<Cookie.Cookie> =>
    Array.from(shelf.values(), (bucket) => bucket.filter(fits))
      .flat()
      .sort(Cookie.compareCreation)

// --- the Cookie header ---------------------------------------------------------------------------------------------

interface Memo extends SiteCookies.CookieHeader, Pick<Site.CookieScope, 'protocol' | 'hostname' | 'pathname'> {}

const MEMO_SIZE = 8
const memos = new WeakMap<CookieStore, Memo[]>()

const memosOf = (shelf: CookieStore): Memo[] => {
  const known = memos.get(shelf)
  if (known !== undefined) return known
  const fresh: Memo[] = []
  memos.set(shelf, fresh)
  return fresh
}

const remembered = (
  known: ReadonlyArray<Memo>,
  { protocol, hostname, pathname }: Site.CookieScope,
  now: number,
): Memo | undefined => {
  for (const memo of known) {
    const isSame = memo.pathname === pathname && memo.hostname === hostname && memo.protocol === protocol
    if (isSame && now >= memo.since && now < memo.until) return memo
  }
  return undefined
}

/** The value of the Cookie header for a URL, if it has one. The last few answers of a shelf are kept beside it. */
export const header =
  (url: Site.CookieScope, now: Date) =>
  (shelf: CookieStore): Secret | undefined => {
    const known = memosOf(shelf)
    const memo = remembered(known, url, now.getTime())
    if (memo !== undefined) return memo.header
    const visit = Cookie.visit(url, now)
    const { header, since, until } = SiteCookies.cookieHeader(visit)(at(visit.site)(shelf))
    const { protocol, hostname, pathname } = url
    if (known.length === MEMO_SIZE) known.length = 0
    known.push({ protocol, hostname, pathname, header, since, until })
    return header
  }

// --- instances -----------------------------------------------------------------------------------------------------

export const join: (x: CookieStore, y: CookieStore) => CookieStore = PersistentMap.join(SiteCookies.join)

export const equals: (x: CookieStore, y: CookieStore) => boolean = PersistentMap.equals(SiteCookies.equals)
