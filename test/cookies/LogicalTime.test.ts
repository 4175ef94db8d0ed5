import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as LogicalTime from '../../src/cookies/LogicalTime.js'

const small = fc.integer({ min: 0, max: 3 })
const stamp: fc.Arbitrary<LogicalTime.LogicalTime> = fc.record({ ms: small, n: small })

describe('a tick (specification)', () => {
  it.each([
    ['the clock has gone on', { ms: 5, n: 7 }, 6, { ms: 6, n: 0 }],
    ['it stands', { ms: 5, n: 7 }, 5, { ms: 5, n: 8 }],
    ['it steps back', { ms: 5, n: 7 }, 4, { ms: 5, n: 8 }],
  ])('%s', (_, clock, now, after) => {
    expect(LogicalTime.tick(clock, now)).toEqual(after)
  })
  it('is after the clock for any wall clock time', () => {
    fc.assert(fc.property(stamp, small, (clock, now) => LogicalTime.compare(LogicalTime.tick(clock, now), clock) > 0))
  })
  it('without a wall clock time increments the counter', () => {
    expect(LogicalTime.next({ ms: 5, n: 7 })).toEqual({ ms: 5, n: 8 })
  })
})

describe('the order of logical times (specification)', () => {
  it('is by time, then by number', () => {
    const [a, b, c] = [
      { ms: 1, n: 9 },
      { ms: 2, n: 0 },
      { ms: 2, n: 1 },
    ]
    expect([c, a, b].sort(LogicalTime.compare)).toEqual([a, b, c])
  })
  it('is equal only for equal times', () => {
    fc.assert(
      fc.property(stamp, stamp, (x, y) => {
        const isSame = x.ms === y.ms && x.n === y.n
        expect([LogicalTime.Eq.equals(x, y), LogicalTime.compare(x, y) === 0]).toEqual([isSame, isSame])
      }),
    )
  })
  it('has the later one as its join', () => {
    fc.assert(
      fc.property(stamp, stamp, (x, y) => {
        expect(LogicalTime.max(x, y)).toBe(LogicalTime.compare(x, y) >= 0 ? x : y)
      }),
    )
  })
  it('begins with zero', () => {
    expect(LogicalTime.zero).toEqual({ ms: 0, n: 0 })
  })
})
