import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as UserInput from '../../src/values/UserInput.js'

interface Options {
  readonly a?: number
  readonly b?: number
}
const polluted = (own: Options): Options => Object.assign(Object.create({ a: 666, b: 666 }), own)

describe('reading own properties (specification)', () => {
  it('ignores inherited properties', () => {
    expect(UserInput.get(polluted({ a: 1 }), 'a')).toBe(1)
    expect(UserInput.get(polluted({ a: 1 }), 'b')).toBeUndefined()
    expect(UserInput.get({ toString: 1 }, 'toString')).toBe(1)
    expect(UserInput.get({}, 'toString' as never)).toBeUndefined() // the cast: no type has this key, but every object inherits it
  })
  it('ignores inherited properties when the record is destructured', () => {
    const { a, b } = UserInput.own(polluted({ a: 1 }))
    expect([a, b]).toEqual([1, undefined])
  })
})

describe('removing the prototype (specification)', () => {
  it('keeps all own properties', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.nat()), (record) => {
        const bare = UserInput.own(record)
        expect(Object.getPrototypeOf(bare)).toBe(null)
        expect(Object.entries(bare)).toEqual(Object.entries(record))
      }),
    )
  })
  it('copies a record with a prototype and returns one without as it is', () => {
    const record: Options = { a: 1 }
    const bare = UserInput.own(record)
    expect(bare).not.toBe(record)
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
    expect(UserInput.own(bare)).toBe(bare)
  })
})
