import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as PersistentMap from '../../src/cookies/PersistentMap.js'

type Entries = Readonly<Record<string, number>>

const trie = (entries: Entries) => PersistentMap.fromEntries(Object.entries(entries))
const largest = PersistentMap.join<number>(Math.max)
const same = PersistentMap.equals<number>((x, y) => x === y)

describe('join (specification)', () => {
  it.each<[Entries, Entries, Entries]>([
    [{}, {}, {}],
    [{ a: 1 }, {}, { a: 1 }],
    [{ a: 1 }, { a: 2 }, { a: 2 }],
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [
      { a: 1, b: 5, c: 3 },
      { b: 4, c: 6, d: 7 },
      { a: 1, b: 5, c: 6, d: 7 },
    ],
    [{ a: 0 }, { a: -1, b: 0 }, { a: 0, b: 0 }],
  ])('of %j and %j is %j, in either order', (x, y, both) => {
    expect(largest(trie(x), trie(y)).toObject()).toEqual(both)
    expect(largest(trie(y), trie(x)).toObject()).toEqual(both)
  })
  it('returns the same map if it holds all entries', () => {
    const [small, large] = [trie({ a: 1, b: 1 }), trie({ a: 2, b: 1, c: 3 })]
    for (const other of [trie({}), small, trie({ c: 3 }), trie({ b: 0 })]) {
      expect(largest(large, other)).toBe(large)
      expect(largest(other, large)).toBe(large)
    }
    expect(largest(large, large)).toBe(large)
  })
  it('changes neither map', () => {
    const [x, y] = [trie({ a: 1 }), trie({ a: 2, b: 3 })]
    largest(x, y)
    expect([x.toObject(), y.toObject()]).toEqual([{ a: 1 }, { a: 2, b: 3 }])
  })
  it('skips values that both maps share', () => {
    const shared = trie({ a: 1, b: 2 })
    const joined = PersistentMap.join<number>(() => expect.fail('they met'))(shared.set('c', 3), shared.set('d', 4))
    expect(joined.toObject()).toEqual({ a: 1, b: 2, c: 3, d: 4 })
  })
})

describe('equality (specification)', () => {
  it.each<[Entries, Entries, boolean]>([
    [{}, {}, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1, b: 2 }, { a: 1, b: 3 }, false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{}, { a: 1 }, false],
    [{ a: 1, b: 2 }, { a: 1, c: 2 }, false],
  ])('of %j and %j: %s', (x, y, expected) => {
    expect(same(trie(x), trie(y))).toBe(expected)
    expect(same(trie(y), trie(x))).toBe(expected)
  })
  it('does not compare absent values', () => {
    const never = PersistentMap.equals<number>(() => expect.fail('one of them is absent'))
    expect(never(trie({ a: 1 }), trie({ b: 1 }))).toBe(false)
  })
  it('is that of the entries', () => {
    const entries = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.nat(1))
    fc.assert(
      fc.property(entries, entries, (x, y) => {
        const sorted = (one: Entries) => Object.entries(one).sort(([k], [l]) => (k < l ? -1 : 1))
        expect(same(trie(x), trie(y))).toBe(JSON.stringify(sorted(x)) === JSON.stringify(sorted(y)))
      }),
    )
  })
})

it('keeps the last of two entries with one key (specification)', () =>
  expect(
    PersistentMap.fromEntries([
      ['a', 1],
      ['a', 2],
    ]).toObject(),
  ).toEqual({ a: 2 }))
