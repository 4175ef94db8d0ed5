/** Progress in percent: when the function is called, and with which percentage. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byPercent } from '../../src/wire/Progress.js'

const percentsOf = (step: number, all: ReadonlyArray<readonly [bytes: number, total?: number]>) => {
  const seen: Array<number> = []
  const onProgress = byPercent(
    step,
    ({ percent }) =>
      () =>
        void seen.push(percent),
  )
  for (const [bytes, total] of all) onProgress({ direction: 'up', bytes, ...(total === undefined ? {} : { total }) })()
  return seen
}

describe('byPercent', () => {
  it('reports each whole percent when it is reached, not one call later', () => {
    for (const total of [100, 1_000, 20_000_000_000]) {
      const all = Array.from({ length: 101 }, (_, percent) => [(total / 100) * percent, total] as const)
      expect(percentsOf(1, all)).toEqual(Array.from({ length: 101 }, (_, percent) => percent))
    }
  })
  it('calls once for each step that is reached, up to 100', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.array(fc.integer({ min: 1, max: 50 })), (step, sizes) => {
        const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0))
        const total = ends.at(-1) ?? 0
        const seen = percentsOf(
          step,
          [0, ...ends].map((bytes) => [bytes, total] as const),
        )
        if (total > 0) expect(seen[0]).toBe(0)
        expect(seen.at(-1)).toBe(100)
        expect(seen).toEqual([...new Set(seen)].sort((x, y) => x - y))
        expect(seen.every((percent) => percent % step === 0 || percent === 100)).toBe(true)
      }),
    ))
  it('does not call while the length is unknown', () => {
    expect(percentsOf(10, [[5], [50], [70, 100]])).toEqual([70])
  })
  it('starts again if the body is sent again', () => {
    const all = [0, 60, 100, 0, 50, 100].map((bytes) => [bytes, 100] as const)
    expect(percentsOf(50, all)).toEqual([0, 50, 100, 0, 50, 100])
    expect(
      percentsOf(50, [
        [10, 100],
        [5, 100],
      ]),
    ).toEqual([0, 0])
  })
  it('starts again for bodies that arrive in one piece, and for one of another length', () => {
    expect(
      percentsOf(50, [
        [100, 100],
        [100, 100],
        [40, 40],
        [100, 200],
      ]),
    ).toEqual([100, 100, 100, 50])
  })
  it('writes a step with decimals without the error of a binary fraction', () => {
    expect(percentsOf(0.1, [[3, 1000]])).toEqual([0.3])
  })
  it('counts an empty body as complete, and the directions apart', () => {
    expect(percentsOf(50, [[0, 0]])).toEqual([100])
    const seen: Array<string> = []
    const onProgress = byPercent(
      50,
      ({ direction, percent }) =>
        () =>
          void seen.push(`${direction} ${percent}`),
    )
    for (const direction of ['up', 'down', 'up'] as const) onProgress({ direction, bytes: 1, total: 2 })()
    expect(seen).toEqual(['up 50', 'down 50'])
  })
  it.each([0, -1, Number.NaN, 101])('takes one percent instead of a step of %d', (step) => {
    expect(percentsOf(step, [[3, 100]])).toEqual([3])
  })
  it('stays at 100 if more arrives than was declared', () => {
    expect(percentsOf(10, [[250, 100]])).toEqual([100])
  })
})
