import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Challenge from '../../src/values/Challenge.js'

const challenge = (other: Partial<Challenge.Challenge> = {}): Challenge.Challenge => ({
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
const held = (...challenges: ReadonlyArray<Challenge.Challenge>) => Challenge.fromArray(challenges)
const nonces = (challenges: Challenge.Challenges) => Challenge.toArray(challenges).map(({ nonce }) => nonce)

describe('of two challenges of one stamp and count', () => {
  it.each<[keyof Challenge.Input, Partial<Challenge.Challenge>, Partial<Challenge.Challenge>]>([
    ['nonce', { nonce: 'a' }, { nonce: 'b' }],
    ['opaque', { opaque: O.none }, { opaque: O.some('o') }],
    ['algorithm', { algorithm: O.some('MD5') }, { algorithm: O.some('SHA') }],
    ['qop', { qop: false }, { qop: true }],
    ['domain', { domain: ['/a'] }, { domain: ['/b'] }],
  ])('with another %s the same one stands, from either side', (_, one, other) => {
    const [x, y] = [held(challenge(one)), held(challenge(other))]
    expect([Challenge.equals(x, y), Challenge.equals(y, x)]).toEqual([false, false])
    expect(Challenge.equals(Challenge.join(x, y), Challenge.join(y, x))).toBe(true)
    expect(Challenge.toArray(Challenge.join(x, y))).toEqual([challenge(other)])
    expect(Challenge.toArray(Challenge.join(y, x))).toEqual([challenge(other)])
  })
  it('of two realms the same one is found, whichever came first', () => {
    const [x, y] = [challenge({ realm: 'a', nonce: '1' }), challenge({ realm: 'b', nonce: '2' })]
    for (const both of [held(x, y), held(y, x)]) {
      expect(Challenge.find(x)(both)).toEqual(O.some(y))
      expect(nonces(both)).toEqual(['1', '2'])
    }
  })
})

describe('a list of challenges', () => {
  const [old, counted, young] = [
    challenge({ realm: 'a', nonce: 'old', count: 5 }),
    challenge({ realm: 'b', nonce: 'counted', count: 2, updated: { ms: 2, n: 0 } }),
    challenge({ realm: 'c', nonce: 'young', updated: { ms: 2, n: 1 } }),
  ]
  it('is written oldest first, by stamp and then by count', () => {
    const fresh = challenge({ realm: 'z', nonce: 'fresh', count: 1, updated: { ms: 2, n: 0 } })
    expect(nonces(held(young, counted, old, fresh))).toEqual(['old', 'fresh', 'counted', 'young'])
    expect(Challenge.toArray(Challenge.none)).toEqual([])
  })
  it('keeps 180, and of more the newest', () => {
    const many = Array.from({ length: 181 }, (_, i) => challenge({ realm: `r${i}`, updated: { ms: i, n: 0 } }))
    expect(Challenge.toArray(held(...many.slice(0, 180)))).toEqual(many.slice(0, 180))
    expect(Challenge.toArray(held(...many))).toEqual(many.slice(1))
    const joined = Challenge.join(held(...many.slice(90)), held(...many.slice(0, 90)))
    expect(Challenge.toArray(joined)).toEqual(many.slice(1))
  })
  it('keeps those of other origins, realms and users apart', () => {
    const others = [{ origin: 'http://h.test' }, { realm: 's' }, { user: 'you' }].map((other) => challenge(other))
    expect(held(challenge(), ...others).size).toBe(4)
  })
})

describe('remember and count', () => {
  const input = challenge()
  const later = { ms: 5, n: 0 }

  it('a challenge is new where anything but its stamp is', () => {
    const one = held(challenge({ count: 3 }))
    expect(Challenge.remember(input, later)(one)).toBe(one)
    const kept = Challenge.remember({ ...input, algorithm: O.some('SHA') }, later)(one)
    expect(Challenge.toArray(kept)).toEqual([challenge({ algorithm: O.some('SHA'), count: 3, updated: later })])
    const renewed = Challenge.remember({ ...input, nonce: 'm' }, later)(one)
    expect(Challenge.toArray(renewed)).toEqual([challenge({ nonce: 'm', updated: later })])
    expect(Challenge.toArray(Challenge.remember(input, later)(Challenge.none))).toEqual([challenge({ updated: later })])
  })
  it('a use counts one up and keeps the stamp', () => {
    const one = held(challenge({ count: 3 }))
    expect(Challenge.toArray(Challenge.counted(challenge())(one))).toEqual([challenge({ count: 4 })])
    expect(Challenge.counted(challenge({ nonce: 'm' }))(one)).toBe(one)
    expect(Challenge.counted(challenge({ realm: 's' }))(one)).toBe(one)
  })
  it('the challenge of another origin or user is not found', () => {
    const found = (asked: Pick<Challenge.Challenge, 'origin' | 'user'>) =>
      pipe(Challenge.find(asked)(held(challenge())), O.isSome)
    expect(found(input)).toBe(true)
    expect(found({ ...input, origin: 'https://h.test:8443' })).toBe(false)
    expect(found({ ...input, user: '' })).toBe(false)
  })
})
