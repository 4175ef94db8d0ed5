/**
 * A hybrid logical clock: it follows the wall clock, and each tick is later than the one before.
 *
 * | wall clock              | `tick(clock, now)`                 |
 * |-------------------------|------------------------------------|
 * | later than `clock.ms`   | `{ ms: now, n: 0 }`                |
 * | the same or earlier     | `{ ms: clock.ms, n: clock.n + 1 }` |
 *
 * Laws: `tick(clock, now)` is after `clock` for every `now`; `compare` is a total order and `max` its join.
 * Logical times order writes. Do not use them for expiry: if the wall clock was once ahead, they stay ahead.
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const url = new URL('https://example.com/')
 * const [first] = Jar.absorb(url, ['a=1'], new Date(2000))(Jar.empty)
 * const [second] = Jar.absorb(url, ['a=2'], new Date(1000))(first)
 * assert.deepEqual([first.clock, second.clock], [{ ms: 2000, n: 0 }, { ms: 2000, n: 1 }])
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'

/** A time of a hybrid logical clock: milliseconds since the epoch, and a counter. */
export interface LogicalTime {
  /** The latest wall clock time seen, in epoch milliseconds. */
  readonly ms: number
  /** Number of ticks since then. */
  readonly n: number
}

/** Before every time that `tick` returns. */
export const zero: LogicalTime = { ms: 0, n: 0 }

/** Returns the logical time of a write at `now` (epoch milliseconds). */
export const tick = (clock: LogicalTime, now: number): LogicalTime => (now > clock.ms ? { ms: now, n: 0 } : next(clock))

/** Returns the logical time of a write without a wall clock time, such as one by the user. */
export const next = (clock: LogicalTime): LogicalTime => ({ ms: clock.ms, n: clock.n + 1 })

/** Negative if `x` is before `y`. */
export const compare = (x: LogicalTime, y: LogicalTime): number => x.ms - y.ms || x.n - y.n

export const max = (x: LogicalTime, y: LogicalTime): LogicalTime => (compare(x, y) >= 0 ? x : y)

export const Eq: EqOf<LogicalTime> = { equals: (x, y) => x.ms === y.ms && x.n === y.n }
