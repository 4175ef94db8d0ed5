/** Progress in percent: fewer calls than one for each chunk, and none while the length is unknown. */
import type { IO } from 'fp-ts/lib/IO.js'
import type { OnProgress, Progress } from './Transport.js'

/**
 * Progress with a percentage.
 *
 * @since 0.2.0
 * @category model
 */
export interface PercentProgress extends Progress {
  /** A multiple of the step, or 100 at the end. */
  readonly percent: number
}

/**
 * Returns a progress function that calls `f` when another `step` percent of a body is complete, such as 0, 20, … 100. A body
 * of unknown length causes no call. A body that is sent again, after a redirect or a retry, starts again. Make one function for
 * each request that runs at the same time: the progress of several bodies is not told apart.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Request, Transport } from 'requests-ts'
 *
 * const seen: Array<number> = []
 * const onProgress = Transport.byPercent(50, ({ percent }) => () => void seen.push(percent))
 * for (const bytes of [0, 10, 60, 70, 100]) onProgress({ direction: 'down', bytes, total: 100 })()
 * assert.deepEqual(seen, [0, 50, 100])
 */
export const byPercent = (step: number, f: (progress: PercentProgress) => IO<void>): OnProgress => {
  const size = step > 0 && step <= 100 ? step : 1
  const none = { bytes: 0, total: -1, percent: -1 }
  const last = { up: none, down: none }
  return (progress) => () => {
    const { direction, bytes, total } = progress
    if (total === undefined) return
    const before = last[direction]
    const steps = Math.floor((bytes * 100) / (total * size))
    const percent = bytes >= total ? 100 : Math.round(steps * size * 1e6) / 1e6
    last[direction] = { bytes, total, percent }
    const isLonger = bytes > before.bytes || (bytes === before.bytes && before.percent < 100)
    if (isLonger && total === before.total && percent === before.percent) return
    f({ ...progress, percent })()
  }
}
