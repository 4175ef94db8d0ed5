import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Any from '../../laws/arbitrary/Token.js'
import * as Secret from '../../src/values/Secret.js'
import * as Token from '../../src/values/Token.js'

const at = (ms: number) => new Date(ms)
const full = { accessToken: 'a1', type: 'bearer', refreshToken: 'r1', expiresIn: 60, scope: 'read' }

describe('a token as a server sends it', () => {
  it('counts its lifetime from when it was received', () => {
    const token = Token.at(at(5000))(full)
    expect([token.obtainedAt, token.expiresAt, token.type]).toEqual([5000, O.some(65_000), 'bearer'])
    expect(O.map(Secret.reveal)(token.refreshToken)).toEqual(O.some('r1'))
    expect(Token.problemOf(token)).toBeUndefined()
  })
  it.each([undefined, null, ''])('treats %j like an absent field', (absent) => {
    // The cast: servers write null, which the type does not allow.
    const given = { accessToken: 'a1', type: absent, refreshToken: absent, expiresIn: absent, scope: absent } as never
    expect(Token.Eq.equals(Token.at(at(0))(given), Token.at(at(0))({ accessToken: 'a1' }))).toBe(true)
    expect(Token.at(at(0))(given)).toMatchObject({
      type: 'Bearer',
      refreshToken: O.none,
      scope: O.none,
      expiresAt: O.none,
    })
  })
  it('expires at the last time of a Date if its lifetime is longer', () => {
    for (const expiresIn of [1e300, Number.POSITIVE_INFINITY]) {
      const token = Token.at(at(0))({ accessToken: 'a', expiresIn })
      expect([token.expiresAt, Token.problemOf(token)]).toEqual([O.some(8.64e15), undefined])
    }
  })
  it.each<[string, unknown]>([
    ['access token', undefined],
    ['access token', null],
    ['access token', 5],
    ['access token', {}],
    ['access token', { accessToken: '' }],
    ['access token', { accessToken: 5 }],
    ['access token', { accessToken: Secret.bytes(new Uint8Array(1)) }],
    ['access token', { accessToken: 'a\r\nb' }],
    ['access token', { accessToken: 'a ' }],
    ['access token', { accessToken: '☃' }],
    ['refresh token', { ...full, refreshToken: 'a\0' }],
    ['refresh token', { ...full, refreshToken: 5 }],
    ['type', { ...full, type: 5 }],
    ['type', { ...full, type: 'Bearer x' }],
    ['scope', { ...full, scope: ['read'] }],
    ['scope', { ...full, scope: 'a\nb' }],
    ['lifetime', { ...full, expiresIn: Number.NaN }],
    ['lifetime', { ...full, expiresIn: '60' }],
    ['lifetime', { ...full, expiresIn: 5n }],
    ['lifetime', { ...full, expiresIn: -1e300 }],
  ])('has a problem with its %s: %o', (field, input) => {
    // The cast: plain JavaScript may pass anything.
    expect(Token.problemOf(Token.at(at(0))(input as Token.Input))).toContain(field)
  })
  it('has a problem if the clock has no valid time', () => {
    expect(Token.problemOf(Token.at(at(Number.NaN))({ accessToken: 'a' }))).toContain('received')
  })
  it.each([undefined, null, 5, 'a1', [], full, { ...full, accessToken: Secret.make('a') }])(
    'has a problem if it was not made with `at`: %o',
    // The cast: plain JavaScript may pass anything.
    (value) => expect(Token.problemOf(value as never)).toBeTypeOf('string'),
  )
  it('reads no inherited fields', () => {
    const token = Token.at(at(0))(Object.create({ refreshToken: 'r', accessToken: 'a' }))
    expect([token.refreshToken, Secret.reveal(token.accessToken)]).toEqual([O.none, ''])
  })
})

describe('a fresh token', () => {
  it('does not expire within the margin, or within half of its lifetime if that is shorter', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: -5, max: 300 }), (lifetime, margin, second) => {
        const token = Token.at(at(0))({ accessToken: 'a', expiresIn: lifetime })
        const expected = second < lifetime - Math.min(margin, lifetime / 2)
        expect(Token.isFresh(at(second * 1000), margin * 1000)(token)).toBe(expected)
      }),
    )
  })
  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY, 0])('is used until it expires with the margin %d', (margin) => {
    const token = Token.at(at(0))({ accessToken: 'a', expiresIn: 10 })
    expect([9999, 10_000].map((ms) => Token.isFresh(at(ms), margin)(token))).toEqual([true, false])
  })
  it('is never one that expired before it was received', () => {
    const token = Token.at(at(10_000))({ accessToken: 'a', expiresIn: -5 })
    for (const margin of [0, 1000, 30_000]) expect(Token.isFresh(at(10_000), margin)(token)).toBe(false)
  })
})

describe('a renewed token', () => {
  const [old, other] = [Token.at(at(0))(full), { accessToken: 'a2', refreshToken: 'r2', scope: 'write' }]
  it('keeps the refresh token and the scope that the server does not repeat', () => {
    const renewed = Token.continuing(old)(Token.at(at(9))({ accessToken: 'a2' }))
    expect([O.map(Secret.reveal)(renewed.refreshToken), renewed.scope]).toEqual([O.some('r1'), O.some('read')])
    expect([Secret.reveal(renewed.accessToken), renewed.obtainedAt, renewed.expiresAt]).toEqual(['a2', 9, O.none])
  })
  it('has its own if the server sent new ones', () => {
    const renewed = Token.at(at(9))(other)
    expect(Token.Eq.equals(Token.continuing(old)(renewed), renewed)).toBe(true)
  })
})

describe('the order of tokens', () => {
  it('is total, and equal only for the same content', () => {
    fc.assert(
      fc.property(Any.token, Any.token, Any.token, (x, y, z) => {
        expect(Token.Ord.compare(x, y) + Token.Ord.compare(y, x)).toBe(0)
        expect(Token.Ord.compare(x, y) === 0).toBe(Token.Eq.equals(x, y))
        if (Token.Ord.compare(x, y) <= 0 && Token.Ord.compare(y, z) <= 0)
          expect(Token.Ord.compare(x, z)).toBeLessThanOrEqual(0)
      }),
    )
  })
  it.each<[string, Token.Input]>([
    ['access token', { ...full, accessToken: 'a2' }],
    ['type', { ...full, type: 'Bearer' }],
    ['refresh token', { ...full, refreshToken: 'r2' }],
    ['scope', { ...full, scope: 'write' }],
    ['lifetime', { ...full, expiresIn: 61 }],
  ])('distinguishes another %s', (_, input) => {
    expect(Token.Eq.equals(Token.at(at(0))(full), Token.at(at(0))(input))).toBe(false)
    expect(Token.Eq.equals(Token.at(at(0))(full), Token.at(at(1))(full))).toBe(false)
  })
})
