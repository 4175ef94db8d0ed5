import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, concurrently } from './measure.js'

/** A block that returns the given costs one after the other, and repeats the last one. */
const costing = (...costs: ReadonlyArray<number>) => {
  let blocks = 0
  return {
    block: async () => costs[Math.min(blocks++, costs.length - 1)] ?? Number.NaN,
    blocks: () => blocks,
  }
}

describe('compare', () => {
  it('measures once if the control is quiet', async () => {
    const [base, candidate, again] = [costing(10), costing(15), costing(10)]
    const blocks = { base: base.block, candidate: candidate.block, again: again.block }
    const measured = await compare({ ...blocks, rounds: 6 })
    expect(measured).toMatchObject({ estimate: { median: 1.5 }, control: { median: 1 }, repeats: 0 })
    expect([base.blocks(), candidate.blocks(), again.blocks()]).toEqual([6, 6, 6])
  })
  it('adds rounds until the control is quiet', async () => {
    const again = costing(...Array.from({ length: 6 }, () => 20), 10)
    const blocks = { base: costing(10).block, candidate: costing(10).block, again: again.block }
    const { repeats, control } = await compare({ ...blocks, rounds: 6 })
    expect(control?.median).toBe(1)
    expect(repeats).toBeGreaterThan(0)
    expect(again.blocks()).toBe(6 * (repeats + 1))
  })
  it('ends after a bounded number of repetitions, with a figure', async () => {
    const blocks = { base: costing(10).block, candidate: costing(9).block, again: costing(20).block }
    const measured = await compare({ ...blocks, rounds: 6, maxRepeats: 2 })
    expect(measured).toMatchObject({ estimate: { median: 0.9 }, control: { median: 2 }, repeats: 2 })
  })
  it('begins no repetition after its time', async () => {
    const blocks = { base: costing(10).block, candidate: costing(9).block, again: costing(20).block }
    expect(await compare({ ...blocks, rounds: 6, maxMs: 0 })).toMatchObject({ repeats: 0 })
  })
  it('runs each contender in each place equally often', async () => {
    const order: string[] = []
    const block = (name: string) => async () => {
      order.push(name)
      return 1
    }
    await compare({ base: block('base'), candidate: block('candidate'), again: block('again'), rounds: 6 })
    for (const name of ['base', 'candidate', 'again']) {
      const places = order.flatMap((one, i) => (one === name ? [i % 3] : [])).sort()
      expect(places).toEqual([0, 0, 1, 1, 2, 2])
    }
  })
})

describe('concurrently', () => {
  it('runs exactly the given number of times, and never more than the limit at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 30 }), async (concurrency, times) => {
        let [runs, running, most] = [0, 0, 0]
        const work = concurrently(concurrency, async () => {
          runs += 1
          running += 1
          most = Math.max(most, running)
          await Promise.resolve()
          running -= 1
        })
        await work(times)
        expect(runs).toBe(times)
        expect(most).toBe(Math.min(concurrency, times))
      }),
    )
  })
})
