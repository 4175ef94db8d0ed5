import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import type { SiteCookies } from '../../src/cookies/CookieSelection.js'
import * as CookieStore from '../../src/cookies/CookieStore.js'
import * as PublicSuffix from '../../src/cookies/PublicSuffix.js'
import * as Secret from '../../src/values/Secret.js'

const cookie = (name: string, domain: string, ms: number, other: Partial<Cookie.Input> = {}): Cookie.Cookie => {
  const made = Cookie.make({ ms, n: 0 }, { nameless: false })({ name, value: '1', domain, ...other })
  return E.isRight(made) ? made.right : expect.fail(made.left.message)
}
const records = [
  cookie('a', 'one.test', 1),
  cookie('b', 'two.test', 2),
  cookie('c', 'www.one.test', 3),
  cookie('d', 'two.test', 4, { path: '/long' }),
  cookie('e', 'one.test', 5, { expires: new Date(50) }),
]
const siteCookie = (name: string, ms: number, other: Partial<Cookie.Input> = {}) =>
  cookie(name, 'example.com', ms, other)
const [a, b, c] = [siteCookie('a', 1), siteCookie('b', 2), siteCookie('c', 3, { path: '/x' })]
const store = CookieStore.fromRecords(records)
const names = (cookies: ReadonlyArray<Cookie.Cookie>) => cookies.map(({ name }) => name).join('')

describe('a store (specification)', () => {
  it('groups records by site', () => {
    expect([...store.keys()].sort()).toEqual(['one.test', 'two.test'])
    expect(names(CookieStore.at(PublicSuffix.siteOf('www.two.test'), store))).toBe('db')
    expect(CookieStore.at(PublicSuffix.siteOf('three.test'), store)).toEqual([])
  })
  it('is the same if written one by one or from its records', () => {
    const written = records.reduce((held, one) => CookieStore.write(one, held), CookieStore.empty)
    expect(CookieStore.equals(written, store)).toBe(true)
    expect(CookieStore.equals(CookieStore.write(cookie('f', 'one.test', 6), store), store)).toBe(false)
    expect(CookieStore.equals(CookieStore.fromRecords([]), CookieStore.empty)).toBe(true)
  })
  it('filters records in creation order', () => {
    expect(names(CookieStore.filter(() => true, store))).toBe('abcde')
    expect(names(CookieStore.filter(({ domain }) => domain !== 'one.test', store))).toBe('bcd')
    expect(CookieStore.filter(() => false, store)).toEqual([])
  })
  it('joins site by site, and changes neither store', () => {
    const [one, two] = [CookieStore.fromRecords(records.slice(0, 3)), CookieStore.fromRecords(records.slice(1))]
    const held = [Object.fromEntries(one), Object.fromEntries(two)]
    expect(CookieStore.equals(CookieStore.join(one, two), store)).toBe(true)
    expect(CookieStore.equals(CookieStore.join(two, one), store)).toBe(true)
    expect([Object.fromEntries(one), Object.fromEntries(two)]).toEqual(held)
  })
  it('joins to the same store if it holds all records, and keeps the arrays of sites that both share', () => {
    for (const part of [[], records.slice(0, 1), records.slice(0, 3), records]) {
      const other = CookieStore.fromRecords(part)
      expect(CookieStore.join(store, other)).toBe(store)
      if (other.size < store.size) expect(CookieStore.join(other, store)).toBe(store)
    }
    const forked = CookieStore.join(
      CookieStore.write(cookie('f', 'three.test', 6), store),
      CookieStore.write(cookie('g', 'four.test', 7), store),
    )
    expect([...forked.keys()].sort()).toEqual(['four.test', 'one.test', 'three.test', 'two.test'])
    expect(forked.get('one.test')).toBe(store.get('one.test'))
  })
  it.each<[ReadonlyArray<Cookie.Cookie>, ReadonlyArray<Cookie.Cookie>, boolean]>([
    [[], [], true],
    [[], records.slice(0, 1), false],
    [records.slice(0, 2), records.slice(0, 2).reverse(), true],
    [records.slice(0, 2), records.slice(0, 1), false],
    [records.slice(0, 1), records.slice(1, 2), false],
    [records.slice(0, 2), records.slice(1, 3), false],
  ])('is equal to another one only if it has the same records: case %#', (x, y, expected) => {
    const [one, other] = [CookieStore.fromRecords(x), CookieStore.fromRecords(y)]
    expect([CookieStore.equals(one, other), CookieStore.equals(other, one)]).toEqual([expected, expected])
  })
})

describe('the Cookie header (specification)', () => {
  const at = (href: string, ms = 0, held = store) => CookieStore.header(new URL(href), new Date(ms), held)
  const text = (href: string, ms = 0) => {
    const header = at(href, ms)
    return header === undefined ? undefined : Secret.reveal(header)
  }

  it('is for the URL and time, independently of earlier calls', () => {
    for (let round = 0; round < 2; round += 1) {
      expect(text('http://one.test/')).toBe('a=1; e=1')
      expect(text('http://one.test/', 49)).toBe('a=1; e=1')
      expect(text('http://one.test/', 50)).toBe('a=1')
      expect(text('http://www.one.test/', 50)).toBe('a=1; c=1')
      expect(text('http://two.test/long')).toBe('d=1; b=1')
      expect(text('http://two.test/')).toBe('b=1')
      expect(text('http://three.test/')).toBeUndefined()
    }
  })
  it('is memoised for several URLs', () => {
    const fresh = CookieStore.fromRecords(records)
    const hrefs = ['http://one.test/', 'https://one.test/', 'http://two.test/', 'http://two.test/long']
    const first = hrefs.map((href) => at(href, 0, fresh))
    expect(new Set(first).size).toBe(4)
    for (const [i, href] of hrefs.entries()) expect(at(href, 49, fresh)).toBe(first[i])
  })
  it('is reused after a cookie expires, and not if the clock goes back', () => {
    const fresh = CookieStore.fromRecords(records)
    const over = at('http://one.test/', 50, fresh)
    expect(at('http://one.test/', 50, fresh)).toBe(over)
    expect(at('http://one.test/', 99, fresh)).toBe(over)
    expect(Secret.reveal(over ?? '')).toBe('a=1')
    expect(Secret.reveal(at('http://one.test/', 49, fresh) ?? '')).toBe('a=1; e=1')
  })
  it('is dropped after many others, and not shared with another store', () => {
    const first = at('http://one.test/')
    expect(at('http://one.test/', 0, CookieStore.fromRecords(records))).not.toBe(first)
    for (let i = 0; i < 50; i += 1) at(`http://one.test/${i}`)
    expect(at('http://one.test/')).not.toBe(first)
    expect(text('http://one.test/')).toBe('a=1; e=1')
  })
})

describe('the records of a site (specification)', () => {
  it('are in sending order, for any order of input', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([a, b, c], { minLength: 3 }), (records) => {
        expect(names(CookieStore.siteFromRecords(records))).toBe('cab')
      }),
    )
  })
  it('keep the newer of two records with one key', () => {
    const newer = { ...siteCookie('a', 9), created: a.created }
    for (const records of [
      [a, newer],
      [newer, a],
    ])
      expect(CookieStore.siteFromRecords(records)).toEqual([newer])
  })
  it('keep records that differ in one part of the key', () => {
    const others = [{ domain: 'www.example.com' }, { path: '/a' }, { hostOnly: true }].map((one) =>
      siteCookie('a', 1, one),
    )
    expect(CookieStore.siteFromRecords([a, b, ...others])).toHaveLength(5)
  })
  it('keep the newest 360 Secure and 360 other records', () => {
    const many = Array.from({ length: 361 }, (_, i) => siteCookie(`c${i}`, 1 + i))
    expect(CookieStore.siteFromRecords(many.slice(1))).toEqual(many.slice(1))
    expect(CookieStore.siteFromRecords(many)).toEqual(many.slice(1))
    const [oldest, second, ...rest] = many.map((one, i) => ({ ...one, updated: { ms: i === 0 ? 999 : 1 + i, n: 0 } }))
    if (oldest === undefined || second === undefined) return expect.fail('there are 361')
    expect(CookieStore.siteFromRecords([oldest, second, ...rest])).toEqual([oldest, ...rest])
  })

  const MAX = CookieStore.MAX_RECORDS
  /** `n` records, whose sending order is not their age. */
  const manyOf = (n: number, secure: boolean) =>
    Array.from({ length: n }, (_, i) => siteCookie(`c${i}`, 1 + i, { secure, path: i % 3 === 0 ? '/' : '/x' }))
  const namesOf = (cookies: SiteCookies, secure: boolean) =>
    cookies
      .filter((one) => one.secure === secure)
      .map(({ name }) => Number(name.slice(1)))
      .sort((x, y) => x - y)
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

  it.each([
    [MAX, 0],
    [MAX + 2, 0],
    [0, MAX + 2],
    [MAX, MAX],
    [MAX + 2, MAX + 1],
    [MAX + 2, 200],
    [200, MAX + 2],
    [MAX - 1, 10],
    [10, MAX - 1],
  ])('keep the newest of each kind: of %i Secure and %i other records', (secure, other) => {
    const all = [...manyOf(secure, true), ...manyOf(other, false)]
    const kept = CookieStore.siteFromRecords(all)
    expect(namesOf(kept, true)).toEqual(range(Math.max(0, secure - MAX), secure))
    expect(namesOf(kept, false)).toEqual(range(Math.max(0, other - MAX), other))
    for (const isSecure of [true, false]) {
      const added = siteCookie('c999', 999, { secure: isSecure })
      expect(CookieStore.writeToSite(added, kept)).toEqual(CookieStore.siteFromRecords([...all, added]))
    }
  })
})

describe('writing to a site (specification)', () => {
  it('inserts a record in sending order', () => {
    const bucket = CookieStore.siteFromRecords([a, siteCookie('d', 4), c])
    expect(names(bucket)).toBe('cad')
    expect(names(CookieStore.writeToSite(siteCookie('e', 5), bucket))).toBe('cade')
    expect(names(CookieStore.writeToSite(siteCookie('e', 5, { path: '/long' }), bucket))).toBe('ecad')
    expect(names(CookieStore.writeToSite({ ...siteCookie('e', 5), created: { ms: 2, n: 0 } }, bucket))).toBe('caed')
    expect(names(CookieStore.writeToSite(a, []))).toBe('a')
  })
  it('replaces the record with its key, even if its position changes', () => {
    const bucket = CookieStore.siteFromRecords([a, b])
    const kept = { ...siteCookie('a', 9), created: a.created }
    expect(CookieStore.writeToSite(kept, bucket)).toEqual([kept, b])
    expect(names(CookieStore.writeToSite(siteCookie('a', 9), bucket))).toBe('ba')
    expect(bucket).toEqual([a, b])
  })
})

describe('writing a record that is newer than all others (law)', () => {
  const record = fc
    .record({
      name: fc.constantFrom('a', 'b'),
      path: fc.constantFrom('/', '/x'),
      secure: fc.boolean(),
      isDead: fc.boolean(),
    })
    .chain(({ isDead, ...input }) =>
      fc.integer({ min: 1, max: 9 }).map((ms) => {
        const made = siteCookie(input.name, ms, input)
        return isDead ? Cookie.toTombstone(made.updated)(made) : made
      }),
    )
  it('joins it, and a tombstone of the live record of the other kind', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), record, fc.boolean(), (records, one, keepsCreation) => {
        const site = CookieStore.siteFromRecords(records)
        const time = { ms: 10, n: 0 }
        const written = { ...one, updated: time, created: keepsCreation ? one.created : time }
        const replaced = site.filter(
          (other) => Cookie.sameKey(other, one) && other.secure !== one.secure && !Cookie.isTombstone(other),
        )
        const expected = CookieStore.joinSites(site, [written, ...replaced.map(Cookie.toTombstone(time))])
        const found = CookieStore.writeToSite(written, site)
        expect(found).toEqual(expected)
        expect(CookieStore.equalSites(found, expected)).toBe(true)
      }),
    )
  })
})

describe('joining sites (specification)', () => {
  const all = CookieStore.siteFromRecords([a, b, c])

  it('returns the same array if it holds all records', () => {
    for (const other of [[], [a], [c, b], [...all], [{ ...siteCookie('b', 1), value: Secret.make('old') }]]) {
      expect(CookieStore.joinSites(all, other)).toEqual(all)
      expect(CookieStore.joinSites(other, all)).toEqual(all)
    }
    for (const other of [[], [a], [b], [c, a]]) {
      expect(CookieStore.joinSites(all, other)).toBe(all)
      expect(CookieStore.joinSites(other, all)).toBe(all)
    }
    expect(CookieStore.joinSites(all, all)).toBe(all)
  })
  it('merges two sites with different cookies', () => {
    expect(names(CookieStore.joinSites([a], [b]))).toBe('ab')
    expect(names(CookieStore.joinSites([c, a], [c, b]))).toBe('cab')
    expect(names(CookieStore.joinSites([a], [siteCookie('d', 4, { path: '/d' })]))).toBe('da')
  })
})

describe('equality of sites (specification)', () => {
  it.each<[SiteCookies, SiteCookies, boolean]>([
    [[], [], true],
    [[a, b], [siteCookie('a', 1), siteCookie('b', 2)], true],
    [[a, b], [siteCookie('a', 1), siteCookie('b', 3)], false],
    [[a, b], [siteCookie('a', 3), siteCookie('b', 2)], false],
    [[a], [siteCookie('a', 1), b], false],
    [[], [a], false],
  ])('case %#', (x, y, expected) => {
    expect(CookieStore.equalSites(x, y)).toBe(expected)
    expect(CookieStore.equalSites(y, x)).toBe(expected)
  })
})
