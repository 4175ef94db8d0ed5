import { Semigroup } from 'fp-ts/lib/string.js'
import { describe, expect, it } from 'vitest'
import * as Override from '../../src/values/Override.js'

type Of<A> = Override.Override<A>
const { inherit, unset, set } = Override

describe('Override.getMonoid', () => {
  const { concat, empty } = Override.getMonoid<string>()
  it.each<[Of<string>, Of<string>, Of<string>]>([
    [inherit, inherit, { _tag: 'Inherit' }],
    [inherit, set('b'), { _tag: 'Set', value: 'b' }],
    [inherit, unset, { _tag: 'Unset' }],
    [set('a'), inherit, { _tag: 'Set', value: 'a' }],
    [set('a'), set('b'), { _tag: 'Set', value: 'b' }],
    [set('a'), unset, { _tag: 'Unset' }],
    [unset, inherit, { _tag: 'Unset' }],
    [unset, set('b'), { _tag: 'Set', value: 'b' }],
    [unset, unset, { _tag: 'Unset' }],
  ])('combines %j and %j to %j', (x, y, both) => expect(concat(x, y)).toEqual(both))
  it('has Inherit as its identity', () => expect(empty).toEqual({ _tag: 'Inherit' }))
  it('getOrElse returns the value or the default', () => {
    expect([set('a'), set(''), unset, inherit].map(Override.getOrElse('other'))).toEqual(['a', '', 'other', 'other'])
  })
})

describe('Override.getKeyedMonoid', () => {
  const { concat, empty } = Override.getKeyedMonoid<number>()
  const keyed = (...entries: ReadonlyArray<readonly [string, Of<number>]>): Override.Keyed<number> => new Map(entries)
  it.each<[string, Override.Keyed<number>, Override.Keyed<number>, ReadonlyArray<readonly [string, Of<number>]>]>([
    ['no keys with no keys', keyed(), keyed(), []],
    ['no keys with a key', keyed(), keyed(['a', set(1)]), [['a', set(1)]]],
    ['a key with no keys', keyed(['a', set(1)]), keyed(), [['a', set(1)]]],
    [
      'key by key, at the position of the first occurrence',
      keyed(['a', set(1)], ['b', set(2)]),
      keyed(['c', set(5)], ['b', unset], ['a', set(3)]),
      [
        ['a', set(3)],
        ['b', unset],
        ['c', set(5)],
      ],
    ],
    ['an existing key that inherits', keyed(['a', set(1)]), keyed(['a', inherit]), [['a', set(1)]]],
    [
      'a new key that inherits',
      keyed(['a', set(1)]),
      keyed(['b', inherit]),
      [
        ['a', set(1)],
        ['b', inherit],
      ],
    ],
    ['a removed key with a value', keyed(['a', unset]), keyed(['a', set(1)]), [['a', set(1)]]],
  ])('combines %s', (_, x, y, both) => {
    const before = [...x]
    expect([...concat(x, y)]).toEqual(both)
    expect([...x]).toEqual(before)
  })
  it('has no keys as its identity and returns an argument without a copy', () => {
    expect(empty).toBe(Override.noKeys)
    expect(Override.noKeys.size).toBe(0)
    const some = keyed(['a', set(1)])
    expect(concat(some, keyed())).toBe(some)
    expect(concat(keyed(), some)).toBe(some)
  })
  it('lists the keys that are set, in order', () => {
    expect(Override.entries(keyed(['b', set(0)], ['x', unset], ['y', inherit], ['a', set(1)]))).toEqual([
      ['b', 0],
      ['a', 1],
    ])
    expect(Override.entries(Override.noKeys)).toEqual([])
  })
})

describe('Override.getLayerMonoid', () => {
  const { concat, empty } = Override.getLayerMonoid(Semigroup)
  const { extend, replace } = Override
  it.each<[Override.Layer<string>, Override.Layer<string>, Override.Layer<string>]>([
    [inherit, inherit, { _tag: 'Inherit' }],
    [inherit, extend('b'), { _tag: 'Extend', value: 'b' }],
    [inherit, replace('b'), { _tag: 'Replace', value: 'b' }],
    [extend('a'), inherit, { _tag: 'Extend', value: 'a' }],
    [extend('a'), extend('b'), { _tag: 'Extend', value: 'ab' }],
    [extend('a'), replace('b'), { _tag: 'Replace', value: 'b' }],
    [replace('a'), inherit, { _tag: 'Replace', value: 'a' }],
    [replace('a'), extend('b'), { _tag: 'Replace', value: 'ab' }],
    [replace('a'), replace('b'), { _tag: 'Replace', value: 'b' }],
  ])('combines %j and %j to %j', (x, y, both) => expect(concat(x, y)).toEqual(both))
  it('has Inherit as its identity', () => expect(empty).toEqual({ _tag: 'Inherit' }))
  it('layerOrElse returns the value or the default', () => {
    expect([extend('a'), replace(''), inherit].map(Override.layerOrElse('other'))).toEqual(['a', '', 'other'])
  })
})
