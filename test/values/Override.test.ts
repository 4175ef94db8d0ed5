import { Semigroup } from 'fp-ts/lib/string.js'
import { describe, expect, it } from 'vitest'
import * as Override from '../../src/values/Override.js'

type Of<A> = Override.Override<A>
const { inherit, unset, set } = Override

describe('an override over another', () => {
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
  ])('%j, then %j, is %j', (x, y, both) => expect(concat(x, y)).toEqual(both))
  it('begins with nothing said', () => expect(empty).toEqual({ _tag: 'Inherit' }))
  it('has a value, or gives way to another', () => {
    expect([set('a'), set(''), unset, inherit].map(Override.getOrElse('other'))).toEqual(['a', '', 'other', 'other'])
  })
})

describe('overrides by key', () => {
  const { concat, empty } = Override.getKeyedMonoid<number>()
  const keyed = (...entries: ReadonlyArray<readonly [string, Of<number>]>): Override.Keyed<number> => new Map(entries)
  it.each<[string, Override.Keyed<number>, Override.Keyed<number>, ReadonlyArray<readonly [string, Of<number>]>]>([
    ['nothing over nothing', keyed(), keyed(), []],
    ['something over nothing', keyed(), keyed(['a', set(1)]), [['a', set(1)]]],
    ['nothing over something', keyed(['a', set(1)]), keyed(), [['a', set(1)]]],
    [
      'each key for itself, at the place where it first stood',
      keyed(['a', set(1)], ['b', set(2)]),
      keyed(['c', set(5)], ['b', unset], ['a', set(3)]),
      [
        ['a', set(3)],
        ['b', unset],
        ['c', set(5)],
      ],
    ],
    ['a key that says nothing', keyed(['a', set(1)]), keyed(['a', inherit]), [['a', set(1)]]],
    [
      'a key that says nothing, where there was none',
      keyed(['a', set(1)]),
      keyed(['b', inherit]),
      [
        ['a', set(1)],
        ['b', inherit],
      ],
    ],
    ['a value over one that was removed', keyed(['a', unset]), keyed(['a', set(1)]), [['a', set(1)]]],
  ])('%s', (_, x, y, both) => {
    const before = [...x]
    expect([...concat(x, y)]).toEqual(both)
    expect([...x]).toEqual(before)
  })
  it('begin with none, and share what they need not copy', () => {
    expect(empty).toBe(Override.noKeys)
    expect(Override.noKeys.size).toBe(0)
    const some = keyed(['a', set(1)])
    expect(concat(some, keyed())).toBe(some)
    expect(concat(keyed(), some)).toBe(some)
  })
  it('list the keys that are set, in order', () => {
    expect(Override.entries(keyed(['b', set(0)], ['x', unset], ['y', inherit], ['a', set(1)]))).toEqual([
      ['b', 0],
      ['a', 1],
    ])
    expect(Override.entries(Override.noKeys)).toEqual([])
  })
})

describe('a layer over another', () => {
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
  ])('%j, then %j, is %j', (x, y, both) => expect(concat(x, y)).toEqual(both))
  it('begins with nothing said', () => expect(empty).toEqual({ _tag: 'Inherit' }))
  it('holds a value, or gives way to another', () => {
    expect([extend('a'), replace(''), inherit].map(Override.layerOrElse('other'))).toEqual(['a', '', 'other'])
  })
})
