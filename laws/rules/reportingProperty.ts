/** A property that complains in words, and that is not shrunk where a step of it had to be waited for. */
import * as fc from 'fast-check'
import type { Property } from '../RuleSet.js'
import type { Complaints } from '../Transport.js'

/** Milliseconds: a value that took as long and failed is given as it is, for each smaller one would wait again. */
const SLOW = 100

/** `patience` in milliseconds is the longest wait. */
export const complaining = <T>(
  values: fc.Arbitrary<T>,
  holds: (value: T) => Promise<Complaints>,
  patience: number,
): Property => {
  let hung = false
  const inner = fc.asyncProperty(values, async (value) => {
    const start = performance.now()
    const complaints = await holds(value)
    if (complaints.length === 0) return
    hung = performance.now() - start >= Math.min(patience, SLOW)
    throw new Error(complaints.join('\n'))
  })
  const property: fc.IRawProperty<[T]> = {
    isAsync: () => true,
    generate: (random, run) => {
      hung = false
      return inner.generate(random, run)
    },
    shrink: (value) => (hung ? fc.Stream.nil() : inner.shrink(value)),
    runBeforeEach: () => inner.runBeforeEach(),
    runAfterEach: () => inner.runAfterEach(),
    run: (value) => inner.run(value),
  }
  return property
}
