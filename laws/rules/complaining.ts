/** A property that complains in words, and that is not shrunk once a step of it has used up its time. */
import * as fc from 'fast-check'
import type { Property } from '../RuleSet.js'
import type { Complaints } from '../Transport.js'

/** `patience` in milliseconds: a value that took as long and failed is given as it is, for each smaller one would wait again. */
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
    hung = performance.now() - start >= patience
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
