/**
 * Measures two implementations in alternation: short blocks of base, candidate and base again, in every order.
 *
 * The ratio of base again to base is the control. It shows the noise of the machine: if it is off, more rounds are added.
 * Only the control decides this, so that the repetition does not favour a result. Absolute times vary on a shared machine.
 */
import { type Estimate, estimate, isQuiet, median, ratio } from './statistics.js'

/** Runs something a number of times. */
export type Work = (times: number) => Promise<void> | void

/** Runs one block and returns its cost. */
export type Block = () => Promise<number>

export interface Costs {
  readonly base: number
  readonly candidate: number
  readonly unit: string
}

export interface Measured {
  readonly estimate: Estimate
  /** The base compared with itself. */
  readonly control?: Estimate
  /** How often rounds were added because of the control. */
  readonly repeats: number
  /** The median costs of one run. */
  readonly costs?: Costs
}

/** Returns the figure for samples of a value that is not compared with a base. One sample is enough for an exact value. */
export const sampled = (values: ReadonlyArray<number>): Measured => ({ estimate: estimate(values), repeats: 0 })

/**
 * Collects young garbage before a block, so that the block does not pay for the garbage of the one before: this halves
 * the spread of the control. A full collection would discard optimised code, so that each block would run cold.
 * Needs `--expose-gc`.
 */
export const collect = (): void => {
  globalThis.gc?.({ type: 'minor' })
}

/** Returns a block that measures the microseconds of CPU for one run, in all threads of this process. */
export const cpu =
  (work: Work, times: number): Block =>
  async () => {
    collect()
    const before = process.cpuUsage()
    await work(times)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / times
  }

/** Each contender is first, second and third equally often, and follows each other one equally often. */
const ORDERS = [
  ['base', 'candidate', 'again'],
  ['again', 'candidate', 'base'],
  ['candidate', 'again', 'base'],
  ['base', 'again', 'candidate'],
  ['again', 'base', 'candidate'],
  ['candidate', 'base', 'again'],
] as const

export interface Comparison {
  readonly base: Block
  readonly candidate: Block
  /** The base once more; by default the same block. */
  readonly again?: Block
  /** The rounds that are measured before the control is looked at, and as often again if it is off. */
  readonly rounds: number
  readonly maxRepeats?: number
  /** No repetition begins later than this, so that all figures together take less than ten minutes. */
  readonly maxMs?: number
  readonly unit?: string
}

/** Returns the ratio of candidate to base. Both must be warm. */
export const compare = async (comparison: Comparison): Promise<Measured> => {
  const { base, candidate, again = base, rounds, maxRepeats = 4, maxMs = 25_000, unit = 'us' } = comparison
  const blocks = { base, candidate, again }
  const costs: Readonly<Record<keyof typeof blocks, number[]>> = { base: [], candidate: [], again: [] }
  const measured = (repeats: number): Required<Measured> => ({
    estimate: ratio(costs.base, costs.candidate),
    control: ratio(costs.base, costs.again),
    repeats,
    costs: { base: median(costs.base), candidate: median(costs.candidate), unit },
  })
  const start = performance.now()
  for (let repeats = 0; ; repeats++) {
    for (let round = 0; round < rounds; round++) {
      for (const name of ORDERS[round % ORDERS.length] ?? []) costs[name].push(await blocks[name]())
    }
    const result = measured(repeats)
    const isLast = repeats === maxRepeats || performance.now() - start >= maxMs
    if (isLast || isQuiet(result.control)) return result
  }
}

/** Runs two works alternately until they are warm. The compiler needs some thousands of requests to settle. */
export const warmUp = async (works: ReadonlyArray<Work>, times: number, blocks = 10): Promise<void> => {
  for (let i = 0; i < blocks; i++) for (const work of works) await work(Math.ceil(times / blocks))
}

/** Returns a work that runs a synchronous function repeatedly. */
export const repeatedly =
  (one: () => unknown): Work =>
  (times) => {
    for (let i = 0; i < times; i++) one()
  }

/** Returns a work that runs a task repeatedly, up to `concurrency` runs at the same time. */
export const concurrently =
  (concurrency: number, one: () => Promise<unknown>): Work =>
  async (times) => {
    let left = times
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        await one()
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, times) }, worker))
  }
