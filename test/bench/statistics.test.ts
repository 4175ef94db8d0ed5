import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Estimate, estimate, isQuiet, median, ratio, verdict, widened } from './statistics.js'

const cost = fc.double({ min: 0.01, max: 1e6, noNaN: true })
const costs = fc.array(cost, { minLength: 1, maxLength: 20 })
const estimates = fc
  .tuple(cost, cost, cost)
  .map((values) => values.sort((x, y) => x - y))
  .map(([low = 0, middle = 0, high = 0]): Estimate => ({ low, median: middle, high }))
const limits = fc.tuple(cost, cost).map(([x, y]) => ({ goal: Math.min(x, y), barrier: Math.max(x, y) }))

const exactly = (value: number): Estimate => ({ median: value, low: value, high: value })

describe('median', () => {
  it('is the middle value, or the mean of the two middle values', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })
  it('does not depend on the order of the values', () => {
    fc.assert(
      fc.property(costs, (values) => {
        expect(median([...values].reverse())).toBe(median(values))
      }),
    )
  })
})

describe('estimate', () => {
  it('has its median inside its interval, and its interval inside the values', () => {
    fc.assert(
      fc.property(costs, (values) => {
        const { low, median, high } = estimate(values)
        expect(Math.min(...values)).toBeLessThanOrEqual(low)
        expect(low).toBeLessThanOrEqual(median)
        expect(median).toBeLessThanOrEqual(high)
        expect(high).toBeLessThanOrEqual(Math.max(...values))
      }),
      { numRuns: 30 },
    )
  })
  it('is the same for the same values', () => {
    fc.assert(
      fc.property(costs, (values) => {
        expect(estimate(values)).toEqual(estimate(values))
      }),
      { numRuns: 20 },
    )
  })
  it('is not moved by one outlier', () => {
    const values = Array.from({ length: 41 }, (_, i) => 1 + i / 1000)
    expect(estimate([...values, 1000]).high).toBeLessThan(1.05)
  })
  it('becomes narrower with more values', () => {
    const alternating = (length: number) => Array.from({ length }, (_, i) => 1 + (i % 7) / 10)
    const width = ({ low, high }: Estimate): number => high - low
    expect(width(estimate(alternating(140)))).toBeLessThan(width(estimate(alternating(14))))
  })
})

describe('ratio', () => {
  it('pairs the costs of a round, so that a load that slows both down has no effect', () => {
    const load = [1, 5, 2, 9, 3]
    expect(
      ratio(
        load,
        load.map((slow) => slow * 1.5),
      ),
    ).toEqual(exactly(1.5))
  })
  it('of costs to themselves is 1', () => {
    fc.assert(
      fc.property(costs, (values) => {
        expect(ratio(values, values)).toEqual(exactly(1))
      }),
      { numRuns: 20 },
    )
  })
})

describe('isQuiet', () => {
  it('refuses a control that is off, and one whose interval is too wide', () => {
    expect(isQuiet({ median: 1.02, low: 0.99, high: 1.05 })).toBe(true)
    expect(isQuiet({ median: 0.9, low: 0.88, high: 0.92 })).toBe(false)
    expect(isQuiet({ median: 1, low: 0.85, high: 1.15 })).toBe(false)
    expect(isQuiet(exactly(Number.NaN))).toBe(false)
  })
})

describe('verdict', () => {
  const at = { goal: 1, barrier: 1.2 }

  it.each([
    ['goal', { median: 0.98, low: 0.9, high: 1.1 }],
    ['ok', { median: 1.1, low: 0.9, high: 1.2 }],
    ['likely ok', { median: 0.9, low: 0.8, high: 1.3 }],
    ['uncertain', { median: 1.25, low: 1.2, high: 1.3 }],
    ['FAILED', { median: 1.25, low: 1.21, high: 1.3 }],
    ['FAILED', exactly(Number.NaN)],
  ])('is %s for %j', (expected, measured) => {
    expect(verdict(measured, at)).toBe(expected)
  })
  it('is a failure only if the whole interval is above the barrier', () => {
    fc.assert(
      fc.property(estimates, limits, (measured, limits) => {
        expect(verdict(measured, limits) === 'FAILED').toBe(measured.low > limits.barrier)
      }),
    )
  })
  it('is not changed by a control within 8 %', () => {
    fc.assert(
      fc.property(estimates, limits, fc.double({ min: 0.93, max: 1.07, noNaN: true }), (measured, limits, control) => {
        expect(verdict(measured, limits, exactly(control))).toBe(verdict(measured, limits))
      }),
    )
  })
  it('is neither ok nor a failure if the control is off by more than the distance from the barrier', () => {
    expect(verdict(exactly(1.25), at, exactly(1.1))).toBe('uncertain')
    expect(verdict(exactly(1.15), at, exactly(0.9))).toBe('likely ok')
    expect(verdict(exactly(1.5), at, exactly(1.1))).toBe('FAILED')
  })
})

describe('widened', () => {
  it('never makes an interval narrower', () => {
    fc.assert(
      fc.property(estimates, estimates, (measured, control) => {
        const { low, high } = widened(measured, control)
        expect(low).toBeLessThanOrEqual(measured.low)
        expect(high).toBeGreaterThanOrEqual(measured.high)
      }),
    )
  })
})
