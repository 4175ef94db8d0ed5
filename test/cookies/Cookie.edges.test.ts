import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import * as Secret from '../../src/values/Secret.js'

const STAMP = { ms: 5, n: 1 }
const BASE: Cookie.Input = { name: 'a', value: '1', domain: 'example.com' }

const made = (input: Partial<Cookie.Input>, nameless = false) => Cookie.make(STAMP, { nameless })({ ...BASE, ...input })
const cookie = (input: Partial<Cookie.Input> = {}, nameless = false): Cookie.Cookie => {
  const outcome = made(input, nameless)
  return E.isRight(outcome) ? outcome.right : expect.fail(outcome.left.message)
}
const messageOf = (input: Partial<Cookie.Input>, nameless = false) => {
  const outcome = made(input, nameless)
  return E.isLeft(outcome) ? outcome.left.message : undefined
}

describe('a cookie that the user sets', () => {
  it('is a session cookie for a domain and its subdomains by default', () => {
    const { value, ...rest } = cookie()
    expect(Secret.reveal(value)).toBe('1')
    expect(rest).toEqual({
      name: 'a',
      domain: 'example.com',
      hostOnly: false,
      path: '/',
      secure: false,
      httpOnly: false,
      sameSite: O.none,
      expires: O.none,
      created: STAMP,
      updated: STAMP,
      setBy: O.none,
    })
  })
  it.each([
    ['example.com', undefined, false],
    ['example.com', true, true],
    ['10.0.0.1', undefined, false],
    ['localhost', undefined, true],
    ['co.uk', undefined, true],
    ['co.uk', true, true],
  ])('for %s with hostOnly %s is for it alone: %s', (domain, given, hostOnly) =>
    expect(cookie({ domain, ...(given === undefined ? {} : { hostOnly: given }) }).hostOnly).toBe(hostOnly),
  )
  it.each([
    [-1, true],
    [0, true],
    [1, false],
  ])('that ends at %i ms is a deletion: %s', (ms, isDeleted) => {
    const { value, expires, updated } = cookie({ value: 'hunter2', expires: new Date(ms) })
    expect([Secret.reveal(value), expires, updated]).toEqual([
      isDeleted ? '' : 'hunter2',
      O.some(isDeleted ? 0 : ms),
      STAMP,
    ])
  })
  // messages.txt has the whole messages.
  it.each<[string, Partial<Cookie.Input>]>([
    ['not a valid host', { domain: 'x y' }],
    ['not a valid host', { domain: '' }],
    ['set hostOnly', { domain: 'CO.uk', hostOnly: false }],
    ['it has no name', { name: '' }],
    ['name contains', { name: 'a;' }],
    ['name contains', { name: 'a=b' }],
    ['name contains', { name: `${'n'.repeat(64)};` }],
    ['value contains', { value: ' 1' }],
    ['path must start', { path: '' }],
    ['path must start', { path: 'a/' }],
    ['path must start', { path: '/a\n' }],
    ['its expiry', { expires: new Date(Number.NaN) }],
    ['must be Secure', { name: '__Secure-a' }],
    ['have Path=/', { name: '__Host-a', secure: true, hostOnly: true, path: '/x' }],
  ])('is refused, with the reason "%s": %o', (part, input) => {
    const { name = BASE.name } = input
    expect(made(input)).toMatchObject({
      left: { _tag: 'InvalidCookie', name, message: expect.stringContaining(part) },
    })
  })
  it('is named in its error by at most 64 characters', () => {
    expect(messageOf({ name: `${'n'.repeat(64)};` })).toContain(`"${'n'.repeat(64)}…"`)
  })
  it('never prints its value, given as text or as a secret', () => {
    for (const value of ['hunter2', Secret.make('hunter2')]) {
      const one = cookie({ value })
      expect(inspect(one, { depth: null, showHidden: true }) + JSON.stringify(one)).not.toContain('hunter2')
      expect(Cookie.pair(one)).toBe('a=hunter2')
    }
  })
  it('is valid if it meets the requirements of its name prefix', () => {
    expect(messageOf({ name: '__Secure-a', secure: true })).toBeUndefined()
    expect(messageOf({ name: '__Host-a', secure: true, hostOnly: true })).toBeUndefined()
    expect(messageOf({ name: '__Host-a', secure: true })).toMatch(/no Domain$/)
    expect(messageOf({ name: '__Host-a', hostOnly: true })).toMatch(/must be Secure, /)
  })
  it.each([
    ['a', 4095, true],
    ['a', 4096, false],
    ['ab', 4094, true],
    ['ab', 4095, false],
    ['', 4096, true],
    ['', 4097, false],
  ])('with the name %j and %i octets is valid: %s', (name, octets, isValid) =>
    expect(E.isRight(made({ name, value: 'x'.repeat(octets) }, true))).toBe(isValid),
  )
  it('needs a name or a value if the policy allows nameless cookies', () => {
    expect(messageOf({ name: '' }, true)).toBeUndefined()
    expect(messageOf({ name: '', value: '' }, true)).toContain('no name')
    expect(messageOf({ value: '' }, true)).toBeUndefined()
    expect([Cookie.pair(cookie()), Cookie.pair(cookie({ name: '' }, true))]).toEqual(['a=1', '1'])
  })
})

describe('the host of a domain that a user wrote', () => {
  it.each([
    ['Example.COM', 'example.com'],
    ['.example.com', 'example.com'],
    ['münchen.de', 'xn--mnchen-3ya.de'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['127.1', '127.0.0.1'],
    ['', undefined],
    ['.', undefined],
    ['..example.com', undefined],
    ['example.com/', undefined],
    ['example.com?', undefined],
    ['example.com#', undefined],
    ['me@example.com', undefined],
    ['example.com ', undefined],
    ['example\t.com', undefined],
    ['example.com:8080', undefined],
    ['[::1]:8080', undefined],
    ['[', undefined],
  ])('by %j is %s', (domain, host) => expect(Cookie.siteOf(domain)?.host).toBe(host))
})

describe('the lifetime of a cookie', () => {
  const ending = (ms: number): Cookie.Cookie => ({ ...cookie(), expires: O.some(ms) })

  it.each([
    [10, 9, true],
    [10, 10, false],
    [10, 11, false],
    [1, 0, true],
    [0, -1, false],
    [-1, -2, false],
  ])('until %i: at %i a cookie lives: %s', (ms, now, lives) => expect(Cookie.isLive(ending(ms), now)).toBe(lives))
  it('is unlimited without an expiry', () => expect(Cookie.isLive(cookie(), Number.MAX_VALUE)).toBe(true))
  it.each([
    [-1, true],
    [0, true],
    [1, false],
  ])('until %i is a deletion: %s', (ms, expected) => expect(Cookie.isTombstone(ending(ms))).toBe(expected))
  it('keeps everything but value, expiry and time as a tombstone', () => {
    const { value, ...rest } = Cookie.toTombstone({ ms: 9, n: 0 })(cookie({ path: '/a', secure: true }))
    expect(Secret.reveal(value)).toBe('')
    expect(rest).toMatchObject({ name: 'a', path: '/a', secure: true, created: STAMP, updated: { ms: 9, n: 0 } })
    expect(rest.expires).toEqual(O.some(0))
  })
})

describe('a request', () => {
  it.each([
    ['/', '/', 'sent'],
    ['/a', '/', 'path'],
    ['/a', '/a', 'sent'],
    ['/a', '/a/', 'sent'],
    ['/a', '/ab', 'path'],
    ['/a/', '/a', 'path'],
    ['/a/', '/a/b', 'sent'],
    ['/', '', 'sent'],
    ['/a', '', 'path'],
  ])('with a cookie for %s to %j: %s', (path, pathname, verdict) => {
    const request = Cookie.requestContext({ protocol: 'http:', hostname: 'example.com', pathname }, new Date(0))
    expect(Cookie.verdict(cookie({ path }), request)).toBe(verdict)
    expect(request.path).toBe(pathname === '' ? '/' : pathname)
  })
  it.each<[string, Partial<Cookie.Input>, Cookie.CookieStatus]>([
    ['http://example.com/', {}, 'sent'],
    ['http://www.example.com/', {}, 'sent'],
    ['http://www.example.com/', { hostOnly: true }, 'host-only'],
    ['http://example.com/', { domain: 'www.example.com' }, 'domain'],
    ['http://other.test/', { hostOnly: true }, 'domain'],
    ['http://example.com/', { secure: true }, 'secure'],
    ['https://example.com/', { secure: true }, 'sent'],
    ['http://localhost/', { domain: 'localhost', secure: true }, 'sent'],
    ['http://example.com/', { expires: new Date(7) }, 'expired'],
    ['http://example.com/', { expires: new Date(8) }, 'sent'],
    ['http://example.com/', { secure: true, path: '/a', expires: new Date(7) }, 'path'],
    ['http://example.com/', { secure: true, expires: new Date(7) }, 'secure'],
  ])('to %s with %j: %s', (href, input, verdict) =>
    expect(Cookie.verdict(cookie(input), Cookie.requestContext(new URL(href), new Date(7)))).toBe(verdict),
  )
})

describe('orders', () => {
  const earlier = { ms: 4, n: 9 }
  const sorted = (compare: (x: Cookie.Cookie, y: Cookie.Cookie) => number, expected: ReadonlyArray<Cookie.Cookie>) =>
    fc.assert(
      fc.property(fc.shuffledSubarray([...expected], { minLength: expected.length }), (shuffled) => {
        expect([...shuffled].sort(compare)).toEqual(expected)
      }),
    )
  const byKey = [
    cookie({ name: 'A', domain: 'z.test', path: '/z' }),
    cookie({ domain: 'a.test', path: '/b' }),
    cookie({ domain: 'b.test', path: '/a' }),
    cookie({ domain: 'b.test', path: '/a', hostOnly: true }),
    cookie({ domain: 'b.test', path: '/b' }),
    cookie({ name: 'b', domain: 'a.test' }),
  ]
  const plainAndSecure = [cookie({ name: 'c' }), cookie({ name: 'c', secure: true })]

  it('of creation: by time, then by name, domain, path, host-only and Secure flag', () =>
    sorted(Cookie.compareCreation, [{ ...cookie({ name: 'z' }), created: earlier }, ...byKey, ...plainAndSecure]))
  it('of sending: longer paths, then the older cookie', () =>
    sorted(Cookie.compareSending, [
      cookie({ name: 'z', path: '/long' }),
      { ...cookie({ name: 'z', path: '/b' }), created: earlier },
      cookie({ name: 'a', path: '/a' }),
      cookie({ name: 'b', path: '/a' }),
      { ...cookie({ name: 'z' }), created: earlier },
      cookie({ name: 'a' }),
    ]))
  it('of age: by time, then the deletion, then by key, then by content', () =>
    sorted(Cookie.compareAge, [
      { ...Cookie.toTombstone(earlier)(cookie({ name: 'z' })) },
      ...byKey.slice(0, 2),
      cookie({ domain: 'a.test', path: '/b', value: '2' }),
      cookie({ domain: 'a.test', path: '/b', value: '3' }),
      ...byKey.slice(2),
      Cookie.toTombstone(STAMP)(cookie({ name: 'A' })),
    ]))
  it('are 0 only for equal cookies', () => {
    for (const [i, x] of byKey.entries()) {
      for (const [j, y] of byKey.entries()) {
        expect(Cookie.compareCreation(x, y) === 0).toBe(i === j)
        expect(Cookie.compareAge(x, y) === 0).toBe(i === j)
        expect(Cookie.sameKey(x, y)).toBe(i === j)
      }
    }
  })
})
