/**
 * A rule set is data: the name of a law and the property that checks it. Any test framework runs one.
 *
 * | framework   | one line                                                                                      |
 * |-------------|-----------------------------------------------------------------------------------------------|
 * | vitest      | `RuleSet.suite({ describe, test })('my jar', jar(MyJar))`, both from `vitest`                  |
 * | jest        | the same, with jest's globals or `@jest/globals`                                              |
 * | node:test   | the same, both from `node:test`                                                               |
 * | none        | `await RuleSet.check()(rules)`: the verdicts as data                                          |
 *
 * A failure says the law, what fast-check found against it, and the seed and path that find it again.
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

/** A property of values of any type, synchronous or not. */
export type Property = fc.IRawProperty<unknown>

export type RuleSet = Readonly<Record<string, Property>>

/** What every test framework has (`test`, `it`). The limit is in milliseconds; node:test knows none and ignores it. */
export type Test = (name: string, run: () => Promise<void>, limit?: number) => unknown

/** What every test framework has beside it (`describe`). */
export type Describe = (name: string, body: () => void) => unknown

/** How hard to try: fast-check's words, and `limit`, the milliseconds that the framework gives to one law (60,000). */
export interface Parameters
  extends Pick<fc.Parameters<unknown>, 'numRuns' | 'seed' | 'path' | 'interruptAfterTimeLimit' | 'endOnFailure'> {
  readonly limit?: number
}

/** What became of one law. */
export interface Verdict {
  readonly law: string
  readonly holds: boolean
  /** For people; empty where the law holds. */
  readonly report: string
  /** What refutes the law, shrunk; one element for each generator of the property. */
  readonly counterexample: unknown
  /** With the path, finds the same again: `{ seed, path, endOnFailure: true }`. */
  readonly seed: number
  readonly path: string
  readonly runs: number
}

const LIMIT = 60_000

const indented = (text: string): string => text.replace(/^/gm, '  ')

/** What fast-check says of a property that is false and no more: nothing that the law itself does not say. */
const NO_REASON = 'Property failed by returning false'

const reason = ({ errorInstance }: fc.RunDetails<unknown>): string => {
  if (errorInstance === undefined || errorInstance === null) return ''
  const text = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return text === NO_REASON ? '' : `\n${indented(text)}`
}

/** A property may have been left for want of values or time: that is no counterexample, and no success. */
const failure = (law: string, details: fc.RunDetails<unknown>): string => {
  const { counterexample, seed, counterexamplePath, numRuns, numSkips } = details
  if (counterexamplePath === null)
    return `The law "${law}" was not tried: ${numSkips} values skipped, ${numRuns} tried.`
  return [
    `The law "${law}" does not hold.${reason(details)}`,
    `Counterexample (run ${numRuns}, shrunk ${details.numShrinks} times):\n${indented(fc.stringify(counterexample))}`,
    `Find it again with { seed: ${seed}, path: ${JSON.stringify(counterexamplePath)}, endOnFailure: true }`,
  ].join('\n')
}

const judge = async (law: string, property: Property, parameters: Parameters): Promise<Verdict> => {
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

/** Tries every law, one after the other, and gives the verdicts as data. */
export const check =
  (parameters: Parameters = {}) =>
  async (rules: RuleSet): Promise<ReadonlyArray<Verdict>> => {
    const verdicts: Verdict[] = []
    for (const [law, property] of Object.entries(rules)) verdicts.push(await judge(law, property, parameters))
    return verdicts
  }

/** Gives every law to a test framework: `RuleSet.toTests(it)(rules)`. */
export const toTests =
  (test: Test, parameters: Parameters = {}) =>
  (rules: RuleSet): void => {
    for (const [law, property] of Object.entries(rules)) {
      const run = async (): Promise<void> => {
        const { holds, report } = await judge(law, property, parameters)
        if (!holds) throw new Error(report)
      }
      test(law, run, parameters.limit ?? LIMIT)
    }
  }

/** Gives a rule set a title and a place of its own: `RuleSet.suite({ describe, test })('my jar', jar(MyJar))`. */
export const suite =
  (framework: { readonly describe: Describe; readonly test: Test }, parameters: Parameters = {}) =>
  (title: string, rules: RuleSet): void => {
    framework.describe(title, () => toTests(framework.test, parameters)(rules))
  }

/** The laws that do not hold, with what was found against them: for tests of the laws themselves. */
export const refuted = async (rules: RuleSet, parameters: Parameters = {}): Promise<ReadonlyMap<string, string>> =>
  new Map((await check(parameters)(rules)).filter(({ holds }) => !holds).map(({ law, report }) => [law, report]))

/** Several rule sets as one, each law under the name of its set. */
export const named =
  (prefix: string) =>
  (rules: RuleSet): RuleSet =>
    Object.fromEntries(Object.entries(rules).map(([name, property]) => [`${prefix}: ${name}`, property]))
