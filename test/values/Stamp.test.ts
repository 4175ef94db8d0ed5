import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Stamp from '../../src/values/Stamp.js'

const small = fc.integer({ min: 0, max: 3 })
const stamp: fc.Arbitrary<Stamp.Stamp> = fc.record({ ms: small, n: small })

describe('a tick', () => {
  it.each([
    ['the clock has gone on', { ms: 5, n: 7 }, 6, { ms: 6, n: 0 }],
    ['it stands', { ms: 5, n: 7 }, 5, { ms: 5, n: 8 }],
    ['it steps back', { ms: 5, n: 7 }, 4, { ms: 5, n: 8 }],
  ])('%s', (_, clock, now, after) => {
    expect(Stamp.tick(clock, now)).toEqual(after)
  })
  it('is after the clock, whatever the time', () => {
    fc.assert(fc.property(stamp, small, (clock, now) => Stamp.compare(Stamp.tick(clock, now), clock) > 0))
  })
  it('that knows no time counts on', () => {
    expect(Stamp.next({ ms: 5, n: 7 })).toEqual({ ms: 5, n: 8 })
  })
})

describe('the order', () => {
  it('is by time, then by number', () => {
    const [a, b, c] = [
      { ms: 1, n: 9 },
      { ms: 2, n: 0 },
      { ms: 2, n: 1 },
    ]
    expect([c, a, b].sort(Stamp.compare)).toEqual([a, b, c])
  })
  it('is equal where the stamps are, and nowhere else', () => {
    fc.assert(
      fc.property(stamp, stamp, (x, y) => {
        const isSame = x.ms === y.ms && x.n === y.n
        expect([Stamp.Eq.equals(x, y), Stamp.compare(x, y) === 0]).toEqual([isSame, isSame])
      }),
    )
  })
  it('has the later one as its join', () => {
    fc.assert(
      fc.property(stamp, stamp, (x, y) => {
        expect(Stamp.max(x, y)).toBe(Stamp.compare(x, y) >= 0 ? x : y)
      }),
    )
  })
  it('begins with zero', () => {
    expect(Stamp.zero).toEqual({ ms: 0, n: 0 })
  })
})
