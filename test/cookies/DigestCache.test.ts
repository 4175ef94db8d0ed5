import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as DigestCache from '../../src/cookies/DigestCache.js'
import * as Url from '../../src/values/Url.js'

const challenge = (other: Partial<DigestCache.Challenge> = {}): DigestCache.Challenge => ({
  origin: 'https://h.test',
  realm: 'r',
  user: 'me',
  nonce: 'n',
  opaque: O.none,
  algorithm: O.none,
  qop: true,
  count: 0,
  updated: { ms: 1, n: 0 },
  ...other,
})
const held = (...challenges: ReadonlyArray<DigestCache.Challenge>) => DigestCache.fromArray(challenges)
const nonces = (challenges: DigestCache.Challenges) => DigestCache.toArray(challenges).map(({ nonce }) => nonce)

describe('joining (specification)', () => {
  it('returns the larger map unchanged if it already has every challenge, from either side', () => {
    const one = challenge({ realm: 'a' })
    const [small, large] = [held(one), held(one, challenge({ realm: 'b' }))]
    expect(DigestCache.join(small, large)).toBe(large)
    expect(DigestCache.join(large, small)).toBe(large)
  })
})

describe('two challenges with one time and count (specification)', () => {
  it.each<[keyof DigestCache.Input, Partial<DigestCache.Challenge>, Partial<DigestCache.Challenge>]>([
    ['nonce', { nonce: 'a' }, { nonce: 'b' }],
    ['opaque', { opaque: O.none }, { opaque: O.some('o') }],
    ['algorithm', { algorithm: O.some('MD5') }, { algorithm: O.some('SHA') }],
    ['qop', { qop: false }, { qop: true }],
    ['domain', { domain: ['/a'] }, { domain: ['/b'] }],
  ])('with another %s the same one stands, from either side', (_, one, other) => {
    const [x, y] = [held(challenge(one)), held(challenge(other))]
    expect([DigestCache.equals(x, y), DigestCache.equals(y, x)]).toEqual([false, false])
    expect(DigestCache.equals(DigestCache.join(x, y), DigestCache.join(y, x))).toBe(true)
    expect(DigestCache.toArray(DigestCache.join(x, y))).toEqual([challenge(other)])
    expect(DigestCache.toArray(DigestCache.join(y, x))).toEqual([challenge(other)])
  })
  it('of two realms the same one is found, whichever came first', () => {
    const [x, y] = [challenge({ realm: 'a', nonce: '1' }), challenge({ realm: 'b', nonce: '2' })]
    for (const both of [held(x, y), held(y, x)]) {
      expect(DigestCache.find(x)(both)).toEqual(O.some(y))
      expect(nonces(both)).toEqual(['1', '2'])
    }
  })
})

describe('a list of challenges (specification)', () => {
  const [old, counted, young] = [
    challenge({ realm: 'a', nonce: 'old', count: 5 }),
    challenge({ realm: 'b', nonce: 'counted', count: 2, updated: { ms: 2, n: 0 } }),
    challenge({ realm: 'c', nonce: 'young', updated: { ms: 2, n: 1 } }),
  ]
  it('is sorted by time and then by count', () => {
    const fresh = challenge({ realm: 'z', nonce: 'fresh', count: 1, updated: { ms: 2, n: 0 } })
    expect(nonces(held(young, counted, old, fresh))).toEqual(['old', 'fresh', 'counted', 'young'])
    expect(DigestCache.toArray(DigestCache.none)).toEqual([])
  })
  it('keeps the newest 180', () => {
    const many = Array.from({ length: 181 }, (_, i) => challenge({ realm: `r${i}`, updated: { ms: i, n: 0 } }))
    expect(DigestCache.toArray(held(...many.slice(0, 180)))).toEqual(many.slice(0, 180))
    expect(DigestCache.toArray(held(...many))).toEqual(many.slice(1))
    const joined = DigestCache.join(held(...many.slice(90)), held(...many.slice(0, 90)))
    expect(DigestCache.toArray(joined)).toEqual(many.slice(1))
  })
  it('keeps those of other origins, realms and users apart', () => {
    const others = [{ origin: 'http://h.test' }, { realm: 's' }, { user: 'you' }].map((other) => challenge(other))
    expect(held(challenge(), ...others).size).toBe(4)
  })
})

describe('remember and count (specification)', () => {
  const input = challenge()
  const later = { ms: 5, n: 0 }

  it('stores a challenge if anything but its time differs', () => {
    const one = held(challenge({ count: 3 }))
    expect(DigestCache.remember(input, later)(one)).toBe(one)
    const kept = DigestCache.remember({ ...input, algorithm: O.some('SHA') }, later)(one)
    expect(DigestCache.toArray(kept)).toEqual([challenge({ algorithm: O.some('SHA'), count: 3, updated: later })])
    const renewed = DigestCache.remember({ ...input, nonce: 'm' }, later)(one)
    expect(DigestCache.toArray(renewed)).toEqual([challenge({ nonce: 'm', updated: later })])
    expect(DigestCache.toArray(DigestCache.remember(input, later)(DigestCache.none))).toEqual([
      challenge({ updated: later }),
    ])
  })
  it('counts a use and keeps the time', () => {
    const one = held(challenge({ count: 3 }))
    expect(DigestCache.toArray(DigestCache.counted(challenge())(one))).toEqual([challenge({ count: 4 })])
    expect(DigestCache.counted(challenge({ nonce: 'm' }))(one)).toBe(one)
    expect(DigestCache.counted(challenge({ realm: 's' }))(one)).toBe(one)
  })
  it('the challenge of a realm is found for its origin, realm and user', () => {
    const one = challenge({ count: 3 })
    expect(DigestCache.ofRealm(one)(held(one, challenge({ realm: 's' })))).toEqual(O.some(one))
    for (const other of [{ origin: 'http://h.test' }, { realm: 's' }, { user: 'you' }])
      expect(DigestCache.ofRealm(challenge(other))(held(one))).toEqual(O.none)
  })
  it('the challenge of another origin or user is not found', () => {
    const found = (asked: Pick<DigestCache.Challenge, 'origin' | 'user'>) =>
      pipe(DigestCache.find(asked)(held(challenge())), O.isSome)
    expect(found(input)).toBe(true)
    expect(found({ ...input, origin: 'https://h.test:8443' })).toBe(false)
    expect(found({ ...input, user: '' })).toBe(false)
  })
})

describe('the protection space of a challenge (RFC 7616 3.3)', () => {
  const urlOf = (target: string): Url.Url =>
    pipe(
      Url.parse(`https://h.test${target}`),
      E.match(
        ({ message }) => expect.fail(message),
        ({ url }) => url,
      ),
    )
  const many = (n: number) => Array.from({ length: n }, (_, i) => `/a${i}`)

  it.each<[string, ReadonlyArray<string> | undefined, string, boolean]>([
    ['no URI', undefined, '/b', true],
    ['a path', ['/a'], '/a', true],
    ['a prefix', ['/a'], '/ab/c?d', true],
    ['the end of a path', ['/a'], '/b/a', false],
    ['another path', ['/a'], '/b', false],
    ['a query', ['/a?x'], '/a?xy', true],
    ['another query', ['/a?x'], '/a?y', false],
    ['one of several paths', ['/a', '/b'], '/b', true],
    ['the same path twice', ['/a', '/a'], '/b', false],
    ['a URL', ['https://h.test/a'], '/a', true],
    ['a URL with another path', ['https://h.test/a'], '/b', false],
    ['a path of another origin', ['https://other.test/a', '/b'], '/a', false],
    ['a path next to another origin', ['https://other.test/a', '/b'], '/b', true],
    ['only other origins', ['https://other.test/', 'http://h.test/', 'https://h.test:8443/'], '/a', false],
    ['only an invalid URI', ['a b'], '/b', true],
    ['a path next to an invalid URI', ['a b', '/a'], '/a', true],
    ['another path next to an invalid URI', ['a b', '/a'], '/b', false],
    ['another path than 64 others', many(64), '/b', false],
    ['another path than 65 others', many(65), '/b', true],
  ])('%s: %j, for %s it is found: %s', (_, domain, target, expected) => {
    const { domain: __, ...input } = challenge()
    const stored = DigestCache.remember({ ...input, ...(domain === undefined ? {} : { domain }) }, input.updated)
    const found = (challenges: DigestCache.Challenges) =>
      O.isSome(DigestCache.find({ ...input, url: urlOf(target) })(challenges))
    const once = stored(DigestCache.none)
    expect(found(once)).toBe(expected)
    // A stored challenge keeps its protection space when it is stored again, as when jars are merged.
    const again = DigestCache.toArray(once).map((one) => DigestCache.remember(one, one.updated)(DigestCache.none))
    expect(again.map(found)).toEqual([expected])
    expect(O.isSome(DigestCache.find(input)(once))).toBe(true)
  })
})
