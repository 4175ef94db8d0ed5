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

describe('names', () => {
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
  ])('%j and %j are one: %s', (x, y, same) => {
    expect(Headers.sameName(x, y)).toBe(same)
    expect(Headers.sameName(y, x)).toBe(same)
  })
  it.each([undefined, null, 5, ['a'], true])('%j is neither name nor value', (u) =>
    expect([Headers.isName(u), Headers.isValue(u)]).toEqual([false, false]),
  )
})

describe('reading', () => {
  it('gives one line for each item of a list', () => {
    expect(Headers.fromRecord({ a: ['1', token], b: [], c: '3' }).fields).toEqual([
      ['a', '1'],
      ['a', token],
      ['c', '3'],
    ])
  })
  it('finds the first value as it is held', () => {
    expect(Headers.find(three, 'a')).toBe('1')
    expect(Headers.find(three, 'B')).toBe(token)
    expect(Headers.find(three, 'c')).toBeUndefined()
    expect(Headers.field('A')(three)).toEqual(O.some('1'))
    expect(Headers.field('c')(three)).toEqual(O.none)
    expect(Headers.lookup('c')(three)).toEqual(O.none)
  })
  it('finds all values of a name, none of another', () => {
    expect(Headers.valuesOf(three, 'a')).toEqual(['1', '3'])
    expect(Headers.valuesOf(three, 'B')).toEqual([token])
    expect(Headers.valuesOf(three, 'c')).toEqual([])
    expect(Headers.lookupAll('b')(three)).toEqual(['‹secret›'])
  })
  it('joins the lines of a name by a comma, secrets opened', () => {
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
  ])('has %s: %s', (name, expected) => expect(Headers.has(name)(three)).toBe(expected))
  it('has a line that is empty', () => expect(Headers.has('e')(Headers.fromPairs([['e', '']]))).toBe(true))
  it('opens secrets for the wire and for nobody else', () => {
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

describe('writing', () => {
  const names = (headers: Headers.Headers) => headers.fields.map(([name]) => name)

  it('replaces a line in the middle, and adds one at the end', () => {
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
  it('appends, whatever stands there', () => {
    expect(Headers.append('A', '4')(three).fields).toEqual([...three.fields, ['A', '4']])
  })
  it('removes every line of the names, of all that are there', () => {
    expect(names(Headers.deleteAt('a', 'c')(three))).toEqual(['b'])
    expect(names(Headers.deleteAt('c', 'B')(three))).toEqual(['A', 'a'])
    expect(names(Headers.deleteAt('a', 'b')(three))).toEqual([])
  })
  it('gives the very headers back where nothing changes', () => {
    expect(Headers.deleteAt('c')(three)).toBe(three)
    expect(Headers.deleteAt()(three)).toBe(three)
    expect(Headers.Monoid.concat(three, { fields: [] })).toBe(three)
    expect(Headers.Monoid.concat({ fields: [] }, three)).toBe(three)
  })
})

describe('what code of the user’s own gives back', () => {
  it.each([[Headers.empty], [three], [{ fields: [['', '']] }], [{ fields: [['a', token, 'more']] }]])(
    '%j is made as headers are',
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
  ])('%j is not', (u) => expect(Headers.is(u)).toBe(false))
})

describe('equality', () => {
  const equals = (...pairs: ReadonlyArray<Headers.Field>) => Headers.Eq.equals(three, Headers.fromPairs(pairs))

  it('looks at the lines in order, names without case, into secrets', () => {
    expect(equals(['a', '1'], ['B', Secret.make('t')], ['A', '3'])).toBe(true)
    expect(equals(['a', '1'], ['B', 't'], ['A', '3'])).toBe(true)
    expect(equals(['a', '1'], ['b', Secret.make('u')], ['a', '3'])).toBe(false)
    expect(equals(['a', '1'], ['c', token], ['a', '3'])).toBe(false)
    expect(equals(['b', token], ['a', '1'], ['a', '3'])).toBe(false)
  })
  it('of headers and more headers is none, from either side', () => {
    const more = Headers.append('c', '4')(three)
    expect([Headers.Eq.equals(three, more), Headers.Eq.equals(more, three)]).toEqual([false, false])
    expect([Headers.Eq.equals(Headers.empty, three), Headers.Eq.equals(Headers.empty, { fields: [] })]).toEqual([
      false,
      true,
    ])
  })
})
