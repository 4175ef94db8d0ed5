/**
 * Compares the CPU time of two implementations in one process: short alternating blocks, in swapped order each round. The
 * result is the median of the paired ratios with a bootstrap interval. Absolute times vary on a shared machine.
 */

export type Work = (times: number) => Promise<void> | void

export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
  /** Microseconds of CPU for one run of the base, and one of the candidate. */
  readonly base: number
  readonly candidate: number
}

const cpu = async (work: Work, times: number): Promise<number> => {
  const before = process.cpuUsage()
  await work(times)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((x, y) => x - y)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** The central 95 % of the medians of 1,000 resamples. */
const interval = (values: ReadonlyArray<number>): readonly [low: number, high: number] => {
  const medians = Array.from({ length: 1000 }, () =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)] ?? Number.NaN)),
  ).sort((x, y) => x - y)
  return [medians[25] ?? Number.NaN, medians[974] ?? Number.NaN]
}

export interface Paired {
  readonly base: Work
  readonly candidate: Work
  /** The number of runs in one block. */
  readonly times: number
  readonly pairs?: number
}

/** Returns the ratio of the costs of candidate and base, paired by round. */
export const ratioOf = (bases: ReadonlyArray<number>, candidates: ReadonlyArray<number>): Ratio => {
  const ratios = candidates.map((cost, round) => cost / (bases[round] ?? Number.NaN))
  const [low, high] = interval(ratios)
  return { median: median(ratios), low, high, base: median(bases), candidate: median(candidates) }
}

/** Measures the ratio of candidate to base. */
export const paired = async ({ base, candidate, times, pairs = 41 }: Paired): Promise<Ratio> => {
  for (let i = 0; i < 4; i++) {
    await base(times)
    await candidate(times)
  }
  const bases: number[] = []
  const candidates: number[] = []
  for (let i = 0; i < pairs; i++) {
    const first = i % 2 === 0 ? base : candidate
    const one = await cpu(first, times)
    const other = await cpu(first === base ? candidate : base, times)
    const [b, c] = first === base ? [one, other] : [other, one]
    bases.push(b)
    candidates.push(c)
  }
  return ratioOf(bases, candidates)
}

/** Returns the microseconds of CPU for one run: the minimum of several blocks. */
export const least = async (work: Work, times: number, blocks = 15): Promise<number> => {
  await work(times)
  const all: number[] = []
  for (let i = 0; i < blocks; i++) all.push(await cpu(work, times))
  return Math.min(...all)
}

/** Runs a task repeatedly, up to `concurrency` runs at the same time. */
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
