/**
 * A shared limit that is counted by `rate-limiter-flexible`: in Redis, Valkey, PostgreSQL, MySQL, MongoDB and others, or in memory.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { RateLimiterMemory } from 'rate-limiter-flexible'
 * import { Transport } from 'requests-ts'
 *
 * const limit = Transport.rateLimiterFlexible(new RateLimiterMemory({ points: 1, duration: 1 }))
 * assert.deepEqual(await limit.take('https://h.test', new Date())(), E.right({ waitMs: 0 }))
 * const second = await limit.take('https://h.test', new Date())()
 * assert.equal(E.isRight(second) && second.right.waitMs > 500, true)
 */
import * as E from 'fp-ts/lib/Either.js'
import type { SharedLimit } from './SharedLimitPort.js'

/**
 * A limiter of `rate-limiter-flexible` 11, of which only `consume` is called: any of its classes except `RateLimiterUnion` and
 * `RateLimiterQueue`.
 *
 * @since 0.2.0
 * @category model
 */
export interface FlexibleLimiter {
  /** Counts a request. Rejects with `{ msBeforeNext }` if the limit is reached, and with an error if the store failed. */
  consume(key: string, points?: number): Promise<unknown>
}

/**
 * The shortest wait. `msBeforeNext` is 0 if a period ends within this millisecond, and -1 if it never ends: the limiter must
 * not be called again and again at once.
 */
const MIN_WAIT_MS = 50

const msBeforeNextOf = (rejected: unknown): number | undefined => {
  const { msBeforeNext }: { msBeforeNext?: unknown } = Object(rejected)
  return typeof msBeforeNext === 'number' && Number.isFinite(msBeforeNext) ? msBeforeNext : undefined
}

/**
 * Returns the shared limit that a limiter of `rate-limiter-flexible` counts, one point for each request. The limiter uses the
 * clock of its store. Its client stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const rateLimiterFlexible = (limiter: FlexibleLimiter): SharedLimit => ({
  take: (key) => async () => {
    try {
      await limiter.consume(key, 1)
      return E.right({ waitMs: 0 })
    } catch (rejected) {
      const ms = msBeforeNextOf(rejected)
      return ms === undefined ? E.left(rejected) : E.right({ waitMs: Math.max(ms, MIN_WAIT_MS) })
    }
  },
})
