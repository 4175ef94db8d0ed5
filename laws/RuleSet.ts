/**
 * A rule set maps the name of a law to the property that tests it. Any test framework can run it.
 *
 * | framework   | call                                                                                          |
 * |-------------|-----------------------------------------------------------------------------------------------|
 * | vitest      | `RuleSet.suite({ describe, test })('my jar', jar(MyJar))`, both from `vitest`                  |
 * | jest        | the same, with jest's globals or `@jest/globals`                                              |
 * | node:test   | the same, both from `node:test`                                                               |
 * | none        | `await RuleSet.check()(rules)` returns the verdicts as data                                   |
 *
 * The report of a failure contains the law, the counterexample, and the seed and path that reproduce it.
 *
 * @example
 * import * as fc from 'fast-check'
 * import { RuleSet } from 'requests-ts/laws'
 *
 * const rules = {
 *   'addition is commutative': fc.property(fc.integer(), fc.integer(), (x, y) => x + y === y + x),
 *   'subtraction is commutative': fc.property(fc.integer(), fc.integer(), (x, y) => x - y === y - x) }
 * const verdicts = await RuleSet.check()(rules)
 * assert.deepEqual(verdicts.map(({ law, holds }) => [law, holds]), [
 *   ['addition is commutative', true], ['subtraction is commutative', false]])
 */
import * as fc from 'fast-check'

/** A synchronous or asynchronous property of values of any type. */
export type Property = fc.IRawProperty<unknown>

/** Names of laws with the properties that test them. */
export type RuleSet = Readonly<Record<string, Property>>

/** `test` or `it` of a test framework. The limit is in milliseconds; node:test ignores it. */
export type Test = (name: string, run: () => Promise<void>, limit?: number) => unknown

/** `describe` of a test framework. */
export type Describe = (name: string, body: () => void) => unknown

/** Parameters of fast-check, and `limit`: how many milliseconds a test of one law may take. Default: 60,000. */
export interface Parameters
  extends Pick<fc.Parameters<unknown>, 'numRuns' | 'seed' | 'path' | 'interruptAfterTimeLimit' | 'endOnFailure'> {
  readonly limit?: number
}

/** The result for one law. */
export interface Verdict {
  readonly law: string
  readonly holds: boolean
  /** Text about the failure; empty if the law holds. */
  readonly report: string
  /** The smallest counterexample found: one element for each generator of the property. */
  readonly counterexample: unknown
  /** Reproduces the counterexample together with the path: `{ seed, path, endOnFailure: true }`. */
  readonly seed: number
  readonly path: string
  readonly runs: number
}

const LIMIT = 60_000

const indented = (text: string): string => text.replace(/^/gm, '  ')

/** fast-check's message for a property that returns false. It adds nothing to the name of the law. */
const NO_REASON = 'Property failed by returning false'

const reason = ({ errorInstance }: fc.RunDetails<unknown>): string => {
  if (errorInstance === undefined || errorInstance === null) return ''
  const text = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return text === NO_REASON ? '' : `\n${indented(text)}`
}

/** A property without a counterexample was interrupted, or skipped too many values: the law was not tested. */
const failure = (law: string, details: fc.RunDetails<unknown>): string => {
  const { counterexample, seed, counterexamplePath, numRuns, numSkips } = details
  if (counterexamplePath === null)
    return `The law "${law}" was not tested: ${numSkips} values were skipped, ${numRuns} were tested.`
  return [
    `The law "${law}" does not hold.${reason(details)}`,
    `Counterexample (run ${numRuns}, shrunk ${details.numShrinks} times):\n${indented(fc.stringify(counterexample))}`,
    `Reproduce it with { seed: ${seed}, path: ${JSON.stringify(counterexamplePath)}, endOnFailure: true }`,
  ].join('\n')
}

const evaluate = async (law: string, property: Property, parameters: Parameters): Promise<Verdict> => {
  const { limit: _, ...rest } = parameters
  const details: fc.RunDetails<unknown> = await fc.check(property, rest)
  return {
    law,
    holds: !details.failed,
    report: details.failed ? failure(law, details) : '',
    counterexample: details.counterexample ?? undefined,
    seed: details.seed,
    path: details.counterexamplePath ?? '',
    runs: details.numRuns,
  }
}

/** Tests the laws one after the other. Returns the verdicts. */
export const check =
  (parameters: Parameters = {}) =>
  async (rules: RuleSet): Promise<ReadonlyArray<Verdict>> => {
    const verdicts: Verdict[] = []
    for (const [law, property] of Object.entries(rules)) verdicts.push(await evaluate(law, property, parameters))
    return verdicts
  }

/** Registers each law with a test framework: `RuleSet.toTests(it)(rules)`. */
export const toTests =
  (test: Test, parameters: Parameters = {}) =>
  (rules: RuleSet): void => {
    for (const [law, property] of Object.entries(rules)) {
      const run = async (): Promise<void> => {
        const { holds, report } = await evaluate(law, property, parameters)
        if (!holds) throw new Error(report)
      }
      test(law, run, parameters.limit ?? LIMIT)
    }
  }

/** Registers a rule set as a suite with a title: `RuleSet.suite({ describe, test })('my jar', jar(MyJar))`. */
export const suite =
  (framework: { readonly describe: Describe; readonly test: Test }, parameters: Parameters = {}) =>
  (title: string, rules: RuleSet): void => {
    framework.describe(title, () => toTests(framework.test, parameters)(rules))
  }

/**
 * Returns the laws that do not hold, with their reports: for tests of the laws.
 * @since 0.2.0
 * @category destructors
 */
export const refutations =
  (parameters: Parameters = {}) =>
  async (rules: RuleSet): Promise<ReadonlyMap<string, string>> =>
    new Map((await check(parameters)(rules)).filter(({ holds }) => !holds).map(({ law, report }) => [law, report]))

/** @deprecated Use `refutations(parameters)(rules)`. */
export const refuted = (rules: RuleSet, parameters: Parameters = {}): Promise<ReadonlyMap<string, string>> =>
  refutations(parameters)(rules)

/** Adds a prefix to the names of the laws, so that several rule sets can be merged. */
export const named =
  (prefix: string) =>
  (rules: RuleSet): RuleSet =>
    Object.fromEntries(Object.entries(rules).map(([name, property]) => [`${prefix}: ${name}`, property]))
