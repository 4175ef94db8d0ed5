/**
 * Time as an argument: the wall clock, a clock that never steps back, and waiting. Retries and timeouts are tested
 * with a clock that waits for nothing.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'

export interface Clock {
  /** The wall clock: what cookies expire by. */
  readonly now: IO<Date>
  /** Milliseconds since an arbitrary moment, never stepping back: what timeouts are measured by. */
  readonly monotonic: IO<number>
  /** Waits that many milliseconds, or until the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Task<void>
}

/** The longest delay of `setTimeout` in milliseconds. Node fires at once for a longer one. */
export const MAX_DELAY_MS = 2 ** 31 - 1

const sleep: Clock['sleep'] = (ms, signal) => () =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const wake = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, Math.min(ms, MAX_DELAY_MS))
    signal?.addEventListener('abort', wake, { once: true })
  })

/** The clock of the machine. */
export const system: Clock = { now: () => new Date(), monotonic: () => performance.now(), sleep }

/** A clock for tests: the wall clock is given, waiting is over at once. */
export const fixed = (now: Date): Clock => ({
  now: () => now,
  monotonic: () => now.getTime(),
  sleep: () => async () => {},
})
