import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'

const token = Secret.make('t')
const three = Headers.fromPairs([
  ['A', '1'],
  ['b', token],
  ['a', '3'],
])

describe('header names', () => {
  it.each([
    ['a', 'a', true],
    ['Content-Type', 'cONTENT-tYPE', true],
    ['', '', true],
    ['a', 'b', false],
    ['ab', 'aB', true],
    ['ab', 'ac', false],
    ['ab', 'abc', false],
    ['', 'a', false],
    ['[', '{', false],
    ['@x', '`x', false],
  ])('compares %j and %j as equal: %s', (x, y, same) => {
    expect(Headers.sameName(x, y)).toBe(same)
    expect(Headers.sameName(y, x)).toBe(same)
  })
  it.each([undefined, null, 5, ['a'], true])('accepts %j neither as a name nor as a value', (u) =>
    expect([Headers.isName(u), Headers.isValue(u)]).toEqual([false, false]),
  )
})

describe('reading headers', () => {
  it('makes one line for each item of an array', () => {
    expect(Headers.fromRecord({ a: ['1', token], b: [], c: '3' }).fields).toEqual([
      ['a', '1'],
      ['a', token],
      ['c', '3'],
    ])
  })
  it('returns the first value as it is stored', () => {
    expect(Headers.find(three, 'a')).toBe('1')
    expect(Headers.find(three, 'B')).toBe(token)
    expect(Headers.find(three, 'c')).toBeUndefined()
    expect(Headers.field('A')(three)).toEqual(O.some('1'))
    expect(Headers.field('c')(three)).toEqual(O.none)
    expect(Headers.lookup('c')(three)).toEqual(O.none)
  })
  it('returns all values of a name and no others', () => {
    expect(Headers.valuesOf(three, 'a')).toEqual(['1', '3'])
    expect(Headers.valuesOf(three, 'B')).toEqual([token])
    expect(Headers.valuesOf(three, 'c')).toEqual([])
    expect(Headers.lookupAll('b')(three)).toEqual(['‹secret›'])
  })
  it('joins the lines of a name by commas and reveals secrets', () => {
    expect(Headers.combined(three, 'a')).toBe('1, 3')
    expect(Headers.combined(three, 'b')).toBe('t')
    expect(Headers.combined(three, 'c')).toBeUndefined()
    expect(Headers.combined(Headers.append('B', '')(three), 'b')).toBe('t, ')
    expect(Headers.combined(Headers.fromPairs([['e', '']]), 'e')).toBe('')
  })
  it.each([
    ['a', true],
    ['B', true],
    ['c', false],
  ])('tells whether there is a line of %s: %s', (name, expected) => expect(Headers.has(name)(three)).toBe(expected))
  it('finds a line with an empty value', () => expect(Headers.has('e')(Headers.fromPairs([['e', '']]))).toBe(true))
  it('reveals secrets for the wire only', () => {
    expect(Headers.toPairs(three)).toEqual([
      ['A', '1'],
      ['b', '‹secret›'],
      ['a', '3'],
    ])
    expect(Headers.reveal(three)).toEqual([
      ['A', '1'],
      ['b', 't'],
      ['a', '3'],
    ])
  })
})

describe('changing headers', () => {
  const names = (headers: Headers.Headers) => headers.fields.map(([name]) => name)

  it('replaces a line in its place, and appends a new one', () => {
    expect(Headers.upsertAt('B', '9')(three).fields).toEqual([
      ['A', '1'],
      ['B', '9'],
      ['a', '3'],
    ])
    expect(Headers.upsertAt('c', '9')(three).fields.slice(2)).toEqual([
      ['a', '3'],
      ['c', '9'],
    ])
    expect(Headers.upsertAt('a', '9')(Headers.empty).fields).toEqual([['a', '9']])
  })
  it('appends a line although the name exists', () => {
    expect(Headers.append('A', '4')(three).fields).toEqual([...three.fields, ['A', '4']])
  })
  it('removes all lines of the given names', () => {
    expect(names(Headers.deleteAt('a', 'c')(three))).toEqual(['b'])
    expect(names(Headers.deleteAt('c', 'B')(three))).toEqual(['A', 'a'])
    expect(names(Headers.deleteAt('a', 'b')(three))).toEqual([])
  })
  it('returns the same object if nothing changes', () => {
    expect(Headers.deleteAt('c')(three)).toBe(three)
    expect(Headers.deleteAt()(three)).toBe(three)
    expect(Headers.Monoid.concat(three, { fields: [] })).toBe(three)
    expect(Headers.Monoid.concat({ fields: [] }, three)).toBe(three)
  })
})

describe('Headers.is', () => {
  it.each([[Headers.empty], [three], [{ fields: [['', '']] }], [{ fields: [['a', token, 'more']] }]])(
    'accepts %j',
    (u) => expect(Headers.is(u)).toBe(true),
  )
  it.each([
    [undefined],
    [null],
    ['fields'],
    [[]],
    [{}],
    [{ fields: undefined }],
    [{ fields: 'ab' }],
    [{ fields: [null] }],
    [{ fields: ['ab'] }],
    [{ fields: [{ 0: 'a', 1: 'b' }] }],
    [{ fields: [[1, 'a']] }],
    [{ fields: [['a', 1]] }],
    [{ fields: [['a']] }],
    [{ fields: [['a', Secret.bytes(new Uint8Array(1))]] }],
    [
      {
        fields: [
          ['a', '1'],
          ['b', 2],
        ],
      },
    ],
    [Object.assign(() => 1, { fields: [] })],
  ])('refuses %j', (u) => expect(Headers.is(u)).toBe(false))
})

describe('Headers.Eq', () => {
  const equals = (...pairs: ReadonlyArray<Headers.Field>) => Headers.Eq.equals(three, Headers.fromPairs(pairs))

  it('compares lines in order, names ignoring case, and the content of secrets', () => {
    expect(equals(['a', '1'], ['B', Secret.make('t')], ['A', '3'])).toBe(true)
    expect(equals(['a', '1'], ['B', 't'], ['A', '3'])).toBe(true)
    expect(equals(['a', '1'], ['b', Secret.make('u')], ['a', '3'])).toBe(false)
    expect(equals(['a', '1'], ['c', token], ['a', '3'])).toBe(false)
    expect(equals(['b', token], ['a', '1'], ['a', '3'])).toBe(false)
  })
  it('finds headers of different length unequal, in both directions', () => {
    const more = Headers.append('c', '4')(three)
    expect([Headers.Eq.equals(three, more), Headers.Eq.equals(more, three)]).toEqual([false, false])
    expect([Headers.Eq.equals(Headers.empty, three), Headers.Eq.equals(Headers.empty, { fields: [] })]).toEqual([
      false,
      true,
    ])
  })
})

describe('Headers with secrets and hostile names', () => {
  it('replaces the first line in its place and removes the others', () => {
    const headers = Headers.fromPairs([
      ['A', '1'],
      ['b', '2'],
      ['a', '3'],
    ])
    expect(Headers.upsertAt('a', '9')(headers).fields).toEqual([
      ['a', '9'],
      ['b', '2'],
    ])
    expect(Headers.lookupAll('A')(headers)).toEqual(['1', '3'])
    expect(Headers.deleteAt('A')(headers).fields).toEqual([['b', '2']])
  })
  // [requests:values-1]
  it('redacts secrets for display and reveals them for the wire', () => {
    const headers = Headers.fromPairs([['Authorization', Secret.make('Bearer t')]])
    expect(Headers.lookup('authorization')(headers)).toEqual(O.some('‹secret›'))
    expect(Headers.reveal(headers)).toEqual([['Authorization', 'Bearer t']])
  })
  it('keeps hostile names as plain keys', () => {
    const headers = Headers.fromRecord(JSON.parse('{"__proto__":"a","constructor":"b"}'))
    expect(Headers.lookup('__proto__')(headers)).toEqual(O.some('a'))
    expect(Headers.lookup('tostring')(headers)).toEqual(O.none)
  })
  it.each(['', 'a b', 'a:b', 'a\r', 'ä', 'a\0'])('refuses the name %j', (name) =>
    expect(Headers.isName(name)).toBe(false),
  )
  it.each([' a', '\ta', 'a\r\nb', 'a\0', 'a\x7f', '☃', 'a\n b'])('refuses the value %j', (value) =>
    expect(Headers.isValue(value)).toBe(false),
  )
  it.each(['', 'a', 'a b\t', 'é', 'a '])('accepts the value %j', (value) => expect(Headers.isValue(value)).toBe(true))
})
