import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import * as SiteCookies from '../../src/cookies/SiteCookies.js'
import * as Secret from '../../src/values/Secret.js'

const cookie = (name: string, ms: number, other: Partial<Cookie.Input> = {}): Cookie.Cookie => {
  const made = Cookie.make({ ms, n: 0 }, { nameless: false })({ name, value: '1', domain: 'example.com', ...other })
  return E.isRight(made) ? made.right : expect.fail(made.left.message)
}
const names = (bucket: SiteCookies.SiteCookies) => bucket.map(({ name }) => name).join('')
const [a, b, c] = [cookie('a', 1), cookie('b', 2), cookie('c', 3, { path: '/x' })]

describe('a bucket', () => {
  it('is in the order of sending, whatever the order of its records', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([a, b, c], { minLength: 3 }), (records) => {
        expect(names(SiteCookies.fromRecords(records))).toBe('cab')
      }),
    )
  })
  it('holds the newer of two records with one key', () => {
    const newer = { ...cookie('a', 9), created: a.created }
    for (const records of [
      [a, newer],
      [newer, a],
    ])
      expect(SiteCookies.fromRecords(records)).toEqual([newer])
  })
  it('holds records side by side that differ in one part of the key', () => {
    const others = [{ domain: 'www.example.com' }, { path: '/a' }, { hostOnly: true }].map((one) => cookie('a', 1, one))
    expect(SiteCookies.fromRecords([a, b, ...others])).toHaveLength(5)
  })
  it('holds 360 records of a class, and of more the newest', () => {
    const many = Array.from({ length: 361 }, (_, i) => cookie(`c${i}`, 1 + i))
    expect(SiteCookies.fromRecords(many.slice(1))).toEqual(many.slice(1))
    expect(SiteCookies.fromRecords(many)).toEqual(many.slice(1))
    const [oldest, second, ...rest] = many.map((one, i) => ({ ...one, updated: { ms: i === 0 ? 999 : 1 + i, n: 0 } }))
    if (oldest === undefined || second === undefined) return expect.fail('there are 361')
    expect(SiteCookies.fromRecords([oldest, second, ...rest])).toEqual([oldest, ...rest])
  })
})

describe('write', () => {
  it('puts a record where it is sent, first, last or between', () => {
    const bucket = SiteCookies.fromRecords([a, cookie('d', 4), c])
    expect(names(bucket)).toBe('cad')
    expect(names(SiteCookies.write(cookie('e', 5))(bucket))).toBe('cade')
    expect(names(SiteCookies.write(cookie('e', 5, { path: '/long' }))(bucket))).toBe('ecad')
    expect(names(SiteCookies.write({ ...cookie('e', 5), created: { ms: 2, n: 0 } })(bucket))).toBe('caed')
    expect(names(SiteCookies.write(a)(SiteCookies.empty))).toBe('a')
  })
  it('replaces the record with its key, in its place or in another', () => {
    const bucket = SiteCookies.fromRecords([a, b])
    const kept = { ...cookie('a', 9), created: a.created }
    expect(SiteCookies.write(kept)(bucket)).toEqual([kept, b])
    expect(names(SiteCookies.write(cookie('a', 9))(bucket))).toBe('ba')
    expect(bucket).toEqual([a, b])
  })
})

describe('join', () => {
  const all = SiteCookies.fromRecords([a, b, c])

  it('is the very bucket that holds all', () => {
    for (const other of [
      SiteCookies.empty,
      [a],
      [c, b],
      [...all],
      [{ ...cookie('b', 1), value: Secret.make('old') }],
    ]) {
      expect(SiteCookies.join(all, other)).toEqual(all)
      expect(SiteCookies.join(other, all)).toEqual(all)
    }
    for (const other of [SiteCookies.empty, [a], [b], [c, a]]) {
      expect(SiteCookies.join(all, other)).toBe(all)
      expect(SiteCookies.join(other, all)).toBe(all)
    }
    expect(SiteCookies.join(all, all)).toBe(all)
  })
  it('of two that hold other cookies is a new one', () => {
    expect(names(SiteCookies.join([a], [b]))).toBe('ab')
    expect(names(SiteCookies.join([c, a], [c, b]))).toBe('cab')
    expect(names(SiteCookies.join([a], [cookie('d', 4, { path: '/d' })]))).toBe('da')
  })
})

describe('equality', () => {
  it.each<[SiteCookies.SiteCookies, SiteCookies.SiteCookies, boolean]>([
    [[], [], true],
    [[a, b], [cookie('a', 1), cookie('b', 2)], true],
    [[a, b], [cookie('a', 1), cookie('b', 3)], false],
    [[a, b], [cookie('a', 3), cookie('b', 2)], false],
    [[a], [cookie('a', 1), b], false],
    [[], [a], false],
  ])('case %#', (x, y, expected) => {
    expect(SiteCookies.equals(x, y)).toBe(expected)
    expect(SiteCookies.equals(y, x)).toBe(expected)
  })
})

describe('a Cookie header', () => {
  const lasting = (name: string, ms: number, other: Partial<Cookie.Input> = {}) =>
    cookie(name, 1, { expires: new Date(ms), ...other })
  const picked = (bucket: SiteCookies.SiteCookies, now: number, href = 'http://example.com/') => {
    const { header, since, until } = SiteCookies.cookieHeader(Cookie.visit(new URL(href), new Date(now)))(bucket)
    return [header === undefined ? undefined : Secret.reveal(header), since, until]
  }
  const [always, never] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const bucket = [a, lasting('d', 50), lasting('e', 30), lasting('f', 70)]

  it.each([
    [10, 'a=1; d=1; e=1; f=1', always, 30],
    [29, 'a=1; d=1; e=1; f=1', always, 30],
    [30, 'a=1; d=1; f=1', 30, 50],
    [60, 'a=1; f=1', 50, 70],
    [70, 'a=1', 70, never],
  ])('at %i is %j, from %d until %d', (now, header, since, until) =>
    expect(picked(bucket, now)).toEqual([header, since, until]),
  )
  it('is none where nothing is sent, and changes by no cookie that is not for the URL', () => {
    expect(picked([], 10)).toEqual([undefined, always, never])
    expect(picked([lasting('e', 30)], 30)).toEqual([undefined, 30, never])
    const others = [
      lasting('s', 20, { secure: true }),
      lasting('p', 20, { path: '/p' }),
      lasting('w', 20, { domain: 'www.example.com' }),
    ]
    expect(picked(others, 10)).toEqual([undefined, always, never])
    expect(picked([a, ...others], 30)).toEqual(['a=1', always, never])
    expect(picked([Cookie.toTombstone({ ms: 9, n: 0 })(a), b], 10)).toEqual(['b=1', 0, never])
    expect(O.isNone(a.expires)).toBe(true)
  })
})
