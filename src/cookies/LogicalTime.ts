/**
 * A hybrid logical clock: it follows the wall clock and still never stands still or steps back.
 *
 * | wall clock    | `tick(clock, now)`                         |
 * |---------------|--------------------------------------------|
 * | has gone on   | `{ ms: now, n: 0 }`                        |
 * | stands, steps back | `{ ms: clock.ms, n: clock.n + 1 }`    |
 *
 * Laws: `tick(clock, now)` is after `clock` for every `now`; `compare` is a total order and `max` its join.
 * Stamps order writes. They say nothing about expiry, for a clock that once ran ahead keeps them ahead.
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

export interface LogicalTime {
  /** The wall clock when it was last seen to go on, in epoch milliseconds. */
  readonly ms: number
  /** How many stamps were given since then. */
  readonly n: number
}

/** Before every stamp that `tick` gives. */
export const zero: LogicalTime = { ms: 0, n: 0 }

/** The stamp of a write at `now`. */
export const tick = (clock: LogicalTime, now: number): LogicalTime => (now > clock.ms ? { ms: now, n: 0 } : next(clock))

/** The stamp of a write that knows no time: one made by the user. */
export const next = (clock: LogicalTime): LogicalTime => ({ ms: clock.ms, n: clock.n + 1 })

/** Negative when `x` is before `y`. */
export const compare = (x: LogicalTime, y: LogicalTime): number => x.ms - y.ms || x.n - y.n

export const max = (x: LogicalTime, y: LogicalTime): LogicalTime => (compare(x, y) >= 0 ? x : y)

export const Eq: EqOf<LogicalTime> = { equals: (x, y) => x.ms === y.ms && x.n === y.n }
