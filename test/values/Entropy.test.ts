import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Entropy from '../../src/values/Entropy.js'

describe('Entropy.draw', () => {
  it('returns 32 hexadecimal digits, the same for the same seed and purpose', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, purpose) => {
        expect(Entropy.draw(seed, purpose)).toMatch(/^[0-9a-f]{32}$/)
        expect(Entropy.draw(seed, purpose)).toBe(Entropy.draw(seed, purpose))
      }),
    )
  })
  it('differs between seeds and between purposes', () => {
    const draws = ['', 'a', 'ab', 'é'].flatMap((seed) => ['', 'c', 'bc'].map((purpose) => Entropy.draw(seed, purpose)))
    expect(new Set(draws).size).toBe(12)
  })
})

describe('Entropy.fraction', () => {
  it('is at least 0 and less than 1', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (seed, purpose) => {
        const fraction = Entropy.fraction(seed, purpose)
        expect(fraction).toBeGreaterThanOrEqual(0)
        expect(fraction).toBeLessThan(1)
        expect(fraction).toBe(Entropy.fraction(seed, purpose))
      }),
    )
  })
  it('is evenly distributed', () => {
    const tenths = Array.from({ length: 2000 }, (_, i) => Math.floor(10 * Entropy.fraction(`seed ${i}`, 'jitter')))
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const count = tenths.filter((one) => one === tenth).length
      expect(count).toBeGreaterThan(140)
      expect(count).toBeLessThan(260)
    }
  })
})
