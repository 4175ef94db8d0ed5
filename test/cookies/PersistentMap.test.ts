import { deepEqual, notDeepEqual } from 'node:assert/strict'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as PersistentMap from '../../src/cookies/PersistentMap.js'
import * as Secret from '../../src/values/Secret.js'

// The model is the `Map` of JavaScript. Keys of `Aa` and `BB` have equal hashes if they have the same length.

const colliding = fc.array(fc.constantFrom('Aa', 'BB'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
const key = fc.oneof(colliding, fc.string({ maxLength: 2 }), fc.constantFrom('', '__proto__', 'example.com'))

type Step =
  | { readonly _tag: 'set'; readonly key: string; readonly value: number }
  | { readonly _tag: 'delete'; readonly key: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant('set' as const), key, value: fc.nat(9) }) },
  fc.record({ _tag: fc.constant('delete' as const), key }),
)
const entries = fc.array(fc.tuple(key, fc.nat(9)), { maxLength: 60 })

const byKey = ([x]: readonly [string, unknown], [y]: readonly [string, unknown]): number => (x < y ? -1 : 1)
const sorted = <A>(map: Iterable<[string, A]>): ReadonlyArray<[string, A]> => [...map].sort(byKey)

describe('a persistent map', () => {
  it('has the entries of a Map after the same steps, and earlier maps keep theirs', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const model = new Map<string, number>()
        let map = PersistentMap.make<number>()
        for (const one of steps) {
          const [before, earlier] = [map, sorted(model)]
          if (one._tag === 'set') model.set(one.key, one.value)
          else model.delete(one.key)
          map = one._tag === 'set' ? map.set(one.key, one.value) : map.delete(one.key)
          expect(map.has(one.key)).toBe(one._tag === 'set')
          expect(map.get(one.key)).toBe(model.get(one.key))
          expect(sorted(before)).toEqual(earlier)
        }
        expect(map.size).toBe(model.size)
        expect(sorted(map)).toEqual(sorted(model))
        expect([...map.keys()]).toEqual([...map.entries()].map(([name]) => name))
        expect([...map.values()]).toEqual([...map].map(([, value]) => value))
        for (const [name, value] of model) expect(map.get(name)).toBe(value)
      }),
    )
  })
  it('lists its changes since an older map, and skips the parts that both share', () => {
    fc.assert(
      fc.property(entries, fc.array(step, { maxLength: 20 }), entries, (list, steps, others) => {
        const older = PersistentMap.make(list)
        const now = steps.reduce(
          (map, one) => (one._tag === 'set' ? map.set(one.key, one.value) : map.delete(one.key)),
          older,
        )
        for (const since of [older, PersistentMap.make(others)]) {
          const changed = [...now].filter(([name, value]) => !since.has(name) || since.get(name) !== value)
          expect(sorted(now.changesSince(since))).toEqual(sorted(changed))
        }
        expect(now.changesSince(now)).toEqual([])
      }),
    )
  })
  it('equals a map that was built in another order, or that had more keys for a time', () => {
    fc.assert(
      fc.property(entries, fc.array(key), (list, others) => {
        const model = new Map(list)
        const added = others.filter((name) => !model.has(name))
        const larger = added.reduce((map, name) => map.set(name, 0), PersistentMap.make([...model].reverse()))
        const same = added.reduce((map, name) => map.delete(name), larger)
        deepEqual(same, PersistentMap.make(model))
        expect(same).toEqual(PersistentMap.make(model))
      }),
    )
  })
  it('differs from a map with another value', () => {
    notDeepEqual(PersistentMap.make([['a', 1]]), PersistentMap.make([['a', 2]]))
  })
  it('maps, tests and merges like a Map', () => {
    fc.assert(
      fc.property(entries, entries, (xs, ys) => {
        const [x, y] = [new Map(xs), new Map(ys)]
        const map = PersistentMap.make(xs)
        expect(sorted(map.map((value, name) => `${name}${value}`))).toEqual(
          sorted(x).map(([name, value]) => [name, `${name}${value}`]),
        )
        expect(map.every((value, name) => value + name.length < 9)).toBe(
          xs.length === 0 || [...x].every(([name, value]) => value + name.length < 9),
        )
        expect(map.some((value) => value === 5)).toBe([...x.values()].includes(5))
        const merged = new Map([
          ...x,
          ...[...y].map(([name, value]): [string, number] => [name, (x.get(name) ?? 0) + value]),
        ])
        expect(sorted(map.mergeWith((old, added) => old + added, y))).toEqual(sorted(merged))
      }),
    )
  })
  it('stays the same map if nothing changes', () => {
    const map = PersistentMap.make([
      ['Aa', 1],
      ['BB', 2],
    ])
    expect(map.set('BB', 2)).toBe(map)
    expect(map.delete('CC')).toBe(map)
    expect(map.mergeWith((old) => old, map)).toBe(map)
  })
  it('prints its entries, and no secret', () => {
    const map = PersistentMap.make([['a', Secret.make('hunter2')]])
    expect(inspect(map)).toBe("Map(1) { 'a' => ‹secret› }")
    expect(JSON.stringify(map)).toBe('{"a":"‹secret›"}')
    expect(inspect(map, { showHidden: true, depth: 9, customInspect: false })).not.toContain('hunter2')
  })
})
