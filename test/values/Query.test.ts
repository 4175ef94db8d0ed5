import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Override from '../../src/values/Override.js'
import * as Query from '../../src/values/Query.js'
import * as Secret from '../../src/values/Secret.js'

describe('Query.fromInput', () => {
  it.each<[Query.Input, Query.Pairs]>([
    [{}, []],
    [[], []],
    [
      { a: '1', b: 2, c: false },
      [
        ['a', '1'],
        ['b', '2'],
        ['c', 'false'],
      ],
    ],
    [
      { a: ['x', null, 'y', 0] },
      [
        ['a', 'x'],
        ['a', 'y'],
        ['a', '0'],
      ],
    ],
    [{ a: [], b: null, c: [null], d: '' }, [['d', '']]],
    [{ a: undefined, b: [undefined, 'x'] }, [['b', 'x']]],
    [
      [
        ['a', [1, null, 2]],
        ['a', 'x'],
        ['b', []],
      ],
      [
        ['a', '1'],
        ['a', '2'],
        ['a', 'x'],
      ],
    ],
  ])('returns the pairs of %j', (input, pairs) => expect(Query.fromInput(input)).toEqual(pairs))
})

describe('Query.encode', () => {
  it.each<[Query.Pairs, string]>([
    [[], ''],
    [[['', '']], '='],
    [
      [
        ['', ''],
        ['', ''],
      ],
      '=&=',
    ],
    [
      [
        ['a', ''],
        ['', 'b'],
      ],
      'a=&=b',
    ],
    [[['a b', ' ']], 'a+b=+'],
    [[['a', '-._~09AZaz']], 'a=-._~09AZaz'],
    [[['a', "!'()*"]], 'a=%21%27%28%29%2A'],
    [[['a', '+%20&=?#/:@']], 'a=%2B%2520%26%3D%3F%23%2F%3A%40'],
    [[['a', '\n\0']], 'a=%0A%00'],
    [[['é', '☃😀']], '%C3%A9=%E2%98%83%F0%9F%98%80'],
    [[['a', 'x\ud800y\udc00\ud800']], 'a=x%EF%BF%BDy%EF%BF%BD%EF%BF%BD'],
  ])('encodes %j as %s', (pairs, text) => expect(Query.encode(pairs)).toBe(text))

  it('writes only unreserved characters, escapes, + and separators', () => {
    const unit = fc.nat(0xffff).map((code) => String.fromCharCode(code))
    const text = fc.string({ unit })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        expect(Query.encode(pairs)).toMatch(/^(?:[\w.~+&=-]|%[0-9A-F]{2})*$/)
      }),
    )
  })

  it('is decoded by URLSearchParams to the same pairs', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((s) => !/\p{Surrogate}/u.test(s))
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        expect([...new URLSearchParams(Query.encode(pairs))]).toEqual(pairs)
      }),
    )
  })
})

describe('Query as a setting', () => {
  const { concat } = Query.SourceSemigroup
  const keys = (...entries: ReadonlyArray<readonly [string, Override.Override<Query.Held>]>): Query.Source => ({
    _tag: 'Keys',
    keys: new Map(entries),
  })
  const pairs: Query.Source = { _tag: 'Pairs', pairs: [['p', '1']] }
  const text: Query.Source = { _tag: 'Text', text: 'raw text' }
  const a = keys(['a', Override.set(1)], ['b', Override.set(2)])
  const b = keys(['b', Override.unset], ['c', Override.set([3, null])])

  it.each<[Query.Source, Query.Source, Query.Source]>([
    [a, b, keys(['a', Override.set(1)], ['b', Override.unset], ['c', Override.set([3, null])])],
    [a, pairs, pairs],
    [a, text, text],
    [pairs, a, a],
    [text, a, a],
    [pairs, text, text],
    [text, pairs, pairs],
  ])('case %#: merges keys with keys and replaces any other query', (x, y, both) => {
    expect(concat(x, y)).toEqual(both)
  })

  it('extends by a record, removes keys that are null, and replaces by pairs', () => {
    expect(Query.layer({ a: 1, b: null, c: [] })).toEqual(
      Override.extend(keys(['a', Override.set(1)], ['b', Override.unset], ['c', Override.set([])])),
    )
    expect(Query.layer({})).toEqual(Override.extend(keys()))
    expect(Query.layer({ a: undefined })).toEqual(Override.extend(keys()))
    expect(Query.layer([['a', [1, 2]]])).toEqual(Override.replace({ _tag: 'Pairs', pairs: [['a', [1, 2]]] }))
    expect(Query.layer([])).toEqual(Override.replace({ _tag: 'Pairs', pairs: [] }))
  })

  it.each<[Query.Source, string]>([
    [Query.noKeys, ''],
    [a, 'a=1&b=2'],
    [b, 'c=3'],
    [keys(['a', Override.set(1)], ['e', Override.set([])], ['z', Override.set(2)]), 'a=1&z=2'],
    [keys(['a b', Override.set([true, null, 'x'])], ['z', Override.inherit]), 'a+b=true&a+b=x'],
    [
      {
        _tag: 'Pairs',
        pairs: [
          ['p q', ['1', 2]],
          ['p q', false],
        ],
      },
      'p+q=1&p+q=2&p+q=false',
    ],
    [text, 'raw%20text'],
  ])('case %#: encodes the source for a URL', (source, written) => {
    expect(Query.showSource(source)).toBe(written)
    expect(Query.write(source)).toEqual({ sent: written, shown: written })
  })

  const secret = (text: string): Override.Override<Query.Held> => Override.set(Secret.make(text))
  const withSecrets = keys(
    ['a', Override.set('1')],
    ['k y', secret('S 1=')],
    ['empty', secret('')],
    ['gone', Override.unset],
    ['other', secret('S2')],
  )

  it('sends secret values, and shows only their keys', () =>
    expect(Query.write(withSecrets)).toEqual({
      sent: 'a=1&k+y=S+1%3D&empty=&other=S2',
      shown: `a=1&k+y=${Secret.REDACTED}&empty=${Secret.REDACTED}&other=${Secret.REDACTED}`,
    }))

  it.each<[string, Override.Layer<Query.Source>, ReadonlyArray<string>]>([
    ['keys that extend', Override.extend(withSecrets), ['S 1=', 'S2']],
    ['keys that replace', Override.replace(withSecrets), ['S 1=', 'S2']],
    ['keys without secrets', Override.extend(a), []],
    ['no keys', Override.extend(Query.noKeys), []],
    ['pairs', Override.replace(pairs), []],
    ['text', Override.replace(text), []],
    ['an inherited query', Override.inherit, []],
  ])('finds the secret values of %s, not encoded', (_, layer, values) =>
    expect(Query.secretsOf(layer)).toEqual(new Set(values)),
  )

  it('has no keys as its identity', () => expect(Query.noKeys).toEqual(keys()))
})
