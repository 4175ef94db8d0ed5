/** Time as an argument: the wall clock, a monotonic clock, and waiting. Tests of retries and timeouts use `fixed`. */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'

/** The time, and waiting. Tests replace it. */
export interface Clock {
  /** The wall clock, for the expiry of cookies. */
  readonly now: IO<Date>
  /** Milliseconds since an arbitrary moment, never decreasing, for timeouts. */
  readonly monotonic: IO<number>
  /** Waits for some milliseconds, or until the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Task<void>
}

/** For a longer delay, `setTimeout` fires at once. */
export const MAX_DELAY_MS = 2 ** 31 - 1

const sleep: Clock['sleep'] = (ms, signal) => () =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const wake = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    // A moment may have passed meanwhile. Node 24 warns of a negative number.
    const timer = setTimeout(wake, Math.min(Math.max(ms, 0), MAX_DELAY_MS))
    signal?.addEventListener('abort', wake, { once: true })
  })

/** The clock of the system. */
export const system: Clock = { now: () => new Date(), monotonic: () => performance.now(), sleep }

/** Returns a clock for tests, which always shows the given time and never waits. */
export const fixed = (now: Date): Clock => ({
  now: () => now,
  monotonic: () => now.getTime(),
  sleep: () => async () => {},
})
