/** Medians, ratios, intervals and verdicts. Pure: the same costs always give the same figures. */

/** A value with its 95 % interval. */
export interface Estimate {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Returns the median, or `NaN` if there are no values. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((x, y) => x - y)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** Returns numbers from 0 to 1 (mulberry32), always the same ones. */
const pseudoRandom = (): (() => number) => {
  let state = 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const RESAMPLES = 1000

/** Returns the median of values, and the central 95 % of the medians of 1,000 resamples (bootstrap). */
export const estimate = (values: ReadonlyArray<number>): Estimate => {
  const random = pseudoRandom()
  const resample = (): ReadonlyArray<number> =>
    values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)
  const medians = Array.from({ length: RESAMPLES }, () => median(resample())).sort((x, y) => x - y)
  const [low = Number.NaN, high = Number.NaN] = [medians[RESAMPLES * 0.025], medians[RESAMPLES * 0.975 - 1]]
  return { median: median(values), low, high }
}

/** Returns the ratio of the costs of candidate and base. The costs are paired by round. */
export const ratio = (bases: ReadonlyArray<number>, candidates: ReadonlyArray<number>): Estimate =>
  estimate(candidates.map((cost, round) => cost / (bases[round] ?? Number.NaN)))

/** How far the control, the base compared with itself, may be from 1. */
const MAX_DEVIATION = 0.08
/** How wide the interval of the control may be. */
const MAX_WIDTH = 0.16

/** Returns how far a control is from 1. */
export const deviation = (control: Estimate): number => Math.abs(control.median - 1)

/** Tells whether a control shows that the machine was quiet enough for a verdict. If not, more rounds are measured. */
export const isQuiet = (control: Estimate): boolean =>
  deviation(control) <= MAX_DEVIATION && control.high - control.low <= MAX_WIDTH

/**
 * Returns the interval on which a verdict is based. If the control is still off after all repetitions, the interval is
 * widened by its deviation, because the figure may be wrong by as much.
 */
export const widened = (measured: Estimate, control: Estimate | undefined): Estimate => {
  const error = control === undefined || deviation(control) <= MAX_DEVIATION ? 0 : deviation(control)
  return { median: measured.median, low: measured.low * (1 - error), high: measured.high * (1 + error) }
}

export interface Limits {
  readonly goal: number
  readonly barrier: number
}

/**
 * - `goal`: the goal is reached, and the whole interval is below the barrier
 * - `ok`: the whole interval is below the barrier
 * - `likely ok`: the median is below the barrier, but not the whole interval
 * - `uncertain`: the median is above the barrier, but not the whole interval
 * - `FAILED`: the whole interval is above the barrier
 */
export type Verdict = 'goal' | 'ok' | 'likely ok' | 'uncertain' | 'FAILED'

/** Compares a figure with its limits. Only `FAILED` is a failure: it is not an effect of noise. */
export const verdict = (measured: Estimate, { goal, barrier }: Limits, control?: Estimate): Verdict => {
  const { median, low, high } = widened(measured, control)
  // Written so that a NaN, which compares as false, is a failure.
  if (high <= barrier) return median <= goal ? 'goal' : 'ok'
  if (median <= barrier) return 'likely ok'
  return low <= barrier ? 'uncertain' : 'FAILED'
}
