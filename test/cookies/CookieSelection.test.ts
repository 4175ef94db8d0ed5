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
