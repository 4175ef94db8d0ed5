/** Properties of laws that return their violations. */
import * as fc from 'fast-check'
import type { Property } from '../RuleSet.js'
import type { Violations } from '../Transport.js'

/** A failure that took at least this time is not shrunk, because each smaller value would take as long. */
const SLOW_MS = 100

/** Throws the violations, so that they are the message of a property. */
export const report = (violations: Violations): void => {
  if (violations.length > 0) throw new Error(violations.join('\n'))
}

/** Returns a property that fails with the violations as its message. A value that made a step time out is not shrunk. `patience`: how many milliseconds a step may take. */
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
    report(violations)
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
