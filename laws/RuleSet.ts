/**
 * A rule set is data: the name of a law and the property that checks it. Any test framework runs one.
 *
 * @example
 * import * as fc from 'fast-check'
 * import { RuleSet } from 'requests-ts/laws'
 *
 * const rules = { 'addition is commutative': fc.property(fc.integer(), fc.integer(), (x, y) => x + y === y + x) }
 * const ran: Array<string> = []
 * RuleSet.toTests((name, run) => { ran.push(name); return run() })(rules)
 * assert.deepEqual(ran, ['addition is commutative'])
 */
import * as fc from 'fast-check'

/** A property of values of any type, synchronous or not. */
export type Property = fc.IRawProperty<unknown>

export type RuleSet = Readonly<Record<string, Property>>

/** What every test framework has: `test`, `it`. */
export type Test = (name: string, run: () => void | Promise<void>) => unknown

export type Parameters = Pick<
  fc.Parameters<unknown>,
  'numRuns' | 'seed' | 'path' | 'interruptAfterTimeLimit' | 'endOnFailure'
>

/** Gives every law to a test framework: `RuleSet.toTests(it)(rules)`. A failure prints counterexample and seed. */
export const toTests =
  (test: Test, parameters: Parameters = {}) =>
  (rules: RuleSet): void => {
    for (const [name, property] of Object.entries(rules)) {
      test(name, () => fc.assert(property, parameters))
    }
  }

/** The laws that do not hold, with what fast-check found against them: for tests of the laws themselves. */
export const refuted = async (rules: RuleSet, parameters: Parameters = {}): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const [name, property] of Object.entries(rules)) {
    const details = await fc.check(property, parameters)
    if (details.failed) found.set(name, fc.defaultReportMessage(details) ?? 'failed')
  }
  return found
}

/** Several rule sets as one, each law under the name of its set. */
export const named =
  (prefix: string) =>
  (rules: RuleSet): RuleSet =>
    Object.fromEntries(Object.entries(rules).map(([name, property]) => [`${prefix}: ${name}`, property]))
