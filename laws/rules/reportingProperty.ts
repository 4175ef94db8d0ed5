/** A property of a law that returns its violations. A value that made a step time out is not shrunk. */
import * as fc from 'fast-check'
import type { Property } from '../RuleSet.js'
import type { Violations } from '../Transport.js'

/** A failure that took at least this time is not shrunk, because each smaller value would take as long. */
const SLOW_MS = 100

/** Returns a property that fails with the violations as its message. `patience`: how many milliseconds a step may take. */
export const reportingProperty = <T>(
  values: fc.Arbitrary<T>,
  holds: (value: T) => Promise<Violations>,
  patience: number,
): Property => {
  let isSlow = false
  const inner = fc.asyncProperty(values, async (value) => {
    const start = performance.now()
    const violations = await holds(value)
    if (violations.length === 0) return
    isSlow = performance.now() - start >= Math.min(patience, SLOW_MS)
    throw new Error(violations.join('\n'))
  })
  const property: fc.IRawProperty<[T]> = {
    isAsync: () => true,
    generate: (random, run) => {
      isSlow = false
      return inner.generate(random, run)
    },
    shrink: (value) => (isSlow ? fc.Stream.nil() : inner.shrink(value)),
    runBeforeEach: () => inner.runBeforeEach(),
    runAfterEach: () => inner.runAfterEach(),
    run: (value) => inner.run(value),
  }
  return property
}
