/** How an exchange that runs ends: what is read of its last reply, and what its program returns. */
import type * as E from 'fp-ts/lib/Either.js'
import type { Jar } from '../cookies/Jar.js'
import type * as Exchange from '../stages/Exchange.js'
import type { Clock } from '../wire/Clock.js'
import type { ContentListener } from '../wire/DirectSource.js'
import type { Reply } from '../wire/Reply.js'

/** Processes the body of the last reply. */
export interface Finish<E, A> {
  /** Starts to read the body, and reports what was read to the listener. */
  readonly read: (reply: Reply, done: Exchange.Done, listener: ContentListener) => void
  /** Returns the outcome of what was read. */
  readonly succeed: (read: unknown, done: Exchange.Done) => E.Either<E | Exchange.ExchangeError, A>
  /** Returns the outcome of what reading threw, or throws it again. */
  readonly fail: (cause: unknown, done: Exchange.Done) => E.Either<E | Exchange.ExchangeError, A>
}

/** Adds how long the body took, if the timings of the head are recorded. A clock of the caller may run backwards, or return NaN. */
export const withReceiveTime = (done: Exchange.Done, repliedAt: number, clock: Clock): Exchange.Done => {
  const { head } = done
  if (head.timings === undefined) return done
  const receive = Math.max(clock.monotonic() - repliedAt, 0)
  return Number.isFinite(receive) ? { ...done, head: { ...head, timings: { ...head.timings, receive } } } : done
}

/** Makes the result of a program from an outcome and the jar after it. Not a promise: that would cost another one. */
export type Conclude<E, A, R> = (outcome: E.Either<E, A>, jar: Jar) => R
