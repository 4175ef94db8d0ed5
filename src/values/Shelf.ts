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
import * as Bucket from './Bucket.js'
import * as Cookie from './Cookie.js'
import type { Secret } from './Secret.js'
import * as Site from './Site.js'
import * as Trie from './Trie.js'

/** Buckets by the name of their site. */
export type Shelf = Trie.Trie<Bucket.Bucket>

export const empty: Shelf = Trie.empty

/** The bucket of a site. */
export const at =
  ({ name }: Site.Site) =>
  (shelf: Shelf): Bucket.Bucket =>
    shelf.get(name) ?? Bucket.empty

/** Writes a record that is newer than all others. */
export const write =
  (cookie: Cookie.Cookie) =>
  (shelf: Shelf): Shelf => {
    const site = Site.of(cookie.domain)
    return shelf.set(site.name, Bucket.write(cookie)(at(site)(shelf)))
  }

export const fromRecords = (records: Iterable<Cookie.Cookie>): Shelf => {
  const sites = new Map<string, Cookie.Cookie[]>()
  for (const cookie of records) {
    const { name } = Site.of(cookie.domain)
    const held = sites.get(name)
    if (held === undefined) sites.set(name, [cookie])
    else held.push(cookie)
  }
  return Trie.fromEntries(Array.from(sites, ([name, held]) => [name, Bucket.fromRecords(held)] as const))
}

/** What is seen at a time, site by site: see `Bucket.visible`. */
export const visible = (now: number, shelf: Shelf): ReadonlyArray<Cookie.Cookie> =>
  Array.from(shelf.values(), Bucket.visible(now)).flat().sort(Cookie.compareCreation)

/** One record for each key, without a limit of cookies. */
export const current = (shelf: Shelf): ReadonlyArray<Cookie.Cookie> =>
  Array.from(shelf.values(), Bucket.current).flat().sort(Cookie.compareCreation)

/** The records that fit, in the order of creation. */
export const filter =
  (fits: (cookie: Cookie.Cookie) => boolean) =>
  (shelf: Shelf): ReadonlyArray<Cookie.Cookie> =>
    Array.from(shelf.values(), (bucket) => bucket.filter(fits))
      .flat()
      .sort(Cookie.compareCreation)

// --- the Cookie header ---------------------------------------------------------------------------------------------

interface Memo extends Bucket.Pick, Pick<Site.Place, 'protocol' | 'hostname' | 'pathname'> {}

const MEMO_SIZE = 8
const memos = new WeakMap<Shelf, Memo[]>()

const memosOf = (shelf: Shelf): Memo[] => {
  const known = memos.get(shelf)
  if (known !== undefined) return known
  const fresh: Memo[] = []
  memos.set(shelf, fresh)
  return fresh
}

const remembered = (
  known: ReadonlyArray<Memo>,
  { protocol, hostname, pathname }: Site.Place,
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
  (url: Site.Place, now: Date) =>
  (shelf: Shelf): Secret | undefined => {
    const known = memosOf(shelf)
    const memo = remembered(known, url, now.getTime())
    if (memo !== undefined) return memo.header
    const visit = Cookie.visit(url, now)
    const { header, since, until } = Bucket.pick(visit)(at(visit.site)(shelf))
    const { protocol, hostname, pathname } = url
    if (known.length === MEMO_SIZE) known.length = 0
    known.push({ protocol, hostname, pathname, header, since, until })
    return header
  }

// --- instances -----------------------------------------------------------------------------------------------------

export const join: (x: Shelf, y: Shelf) => Shelf = Trie.join(Bucket.join)

export const equals: (x: Shelf, y: Shelf) => boolean = Trie.equals(Bucket.equals)
