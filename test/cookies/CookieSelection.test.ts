import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import * as CookieSelection from '../../src/cookies/CookieSelection.js'
import * as Secret from '../../src/values/Secret.js'

const cookie = (name: string, ms: number, other: Partial<Cookie.Input> = {}): Cookie.Cookie => {
  const made = Cookie.make({ ms, n: 0 }, { nameless: false })({ name, value: '1', domain: 'example.com', ...other })
  return E.isRight(made) ? made.right : expect.fail(made.left.message)
}
const [a, b] = [cookie('a', 1), cookie('b', 2)]

describe('a Cookie header of a site (specification)', () => {
  const lasting = (name: string, ms: number, other: Partial<Cookie.Input> = {}) =>
    cookie(name, 1, { expires: new Date(ms), ...other })
  const picked = (bucket: CookieSelection.SiteCookies, now: number, href = 'http://example.com/') => {
    const { header, since, until } = CookieSelection.cookieHeader(
      Cookie.requestContext(new URL(href), new Date(now)),
      bucket,
    )
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
  it('changes when a cookie for another URL expires, if the site has more than 180 cookies', () => {
    const others = Array.from({ length: CookieSelection.LIMIT - 1 }, (_, i) => cookie(`o${i}`, 2, { path: '/p' }))
    const full = [...others, { ...lasting('l', 50, { path: '/p' }), updated: { ms: 2, n: 0 } }]
    expect(picked([...full, a], 10)).toEqual([undefined, always, 50])
    expect(picked([...full, a], 50)).toEqual(['a=1', 50, never])
    expect(picked([...full.slice(1), a], 10)[0]).toBe('a=1')
  })
  it('is absent if nothing is sent, and does not depend on cookies for other URLs', () => {
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

describe('the cookies that fit into a header (specification)', () => {
  const long = cookie('long', 3, { value: '12345' })
  const deep = cookie('deep', 0, { path: '/p' })
  const nameless = { ...cookie('n', 4), name: '', value: Secret.make('bare') }

  it.each<[number, CookieSelection.SiteCookies, string]>([
    [13, [a, b, cookie('c', 3)], 'a=1; b=1; c=1'],
    [12, [a, b, cookie('c', 3)], 'b=1; c=1'],
    [8, [a, b, cookie('c', 3)], 'b=1; c=1'],
    [7, [a, b, cookie('c', 3)], 'c=1'],
    [3, [a], 'a=1'],
    [2, [a, b], ''],
    [9, [a, b, long], 'a=1; b=1'],
    [15, [a, b, long], 'b=1; long=12345'],
    [10, [deep, a, b], 'deep=1'],
    [11, [deep, a, b], 'deep=1; b=1'],
    [9, [a, nameless], 'a=1; bare'],
    [8, [a, nameless], 'bare'],
    [3, [a, nameless], 'a=1'],
  ])('within %i octets are the newest, those with longer paths first: %#', (maxOctets, cookies, expected) => {
    const request = Cookie.requestContext(new URL('http://example.com/p'), new Date(10))
    expect(CookieSelection.sent(request, cookies, maxOctets).map(Cookie.pair).join('; ')).toBe(expected)
  })
})
