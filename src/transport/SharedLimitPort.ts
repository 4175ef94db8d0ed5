/** The port of a limit that processes share, and a call of it, which ends within a time limit and whose result is checked. */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as Clock from '../wire/Clock.js'
import * as Deadline from '../wire/Deadline.js'
import * as Fault from '../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../wire/Plan.js'
import { raceDeadline } from './Cancellation.js'

/**
 * The place where a limit is counted that processes share. `rateLimiterFlexible` makes one.
 *
 * @since 0.2.0
 * @category model
 */
export interface SharedLimit {
  /**
   * Counts one request for a key, if the limit permits it now. `waitMs` is then 0. Otherwise it is the number of milliseconds
   * after which to call again; a negative one is not valid. `now` is the time of the clock of the client.
   */
  readonly take: (key: string, now: Date) => TaskEither<unknown, { readonly waitMs: number }>
}

// --- faults ----------------------------------------------------------------------------------------------------------

/** Makes the fault of a plan that is not sent. */
export type Refusal = (plan: Plan) => Fault.Fault

const nameOf = (plan: Plan): string => `${plan.method} ${urlWithoutQuery(plan)}`

export const failed =
  (cause: unknown): Refusal =>
  (plan) => {
    const what = `The shared limit failed, so ${nameOf(plan)} was not sent: ${Fault.messageOf(cause)}`
    return Fault.make('ConnectFailed', `${what}; check that its server can be reached`, cause)
  }

const late =
  (ms: number): Refusal =>
  (plan) => {
    const what = `The shared limit did not answer within ${Deadline.inMs(ms)}, so ${nameOf(plan)} was not sent`
    return Fault.make('ConnectFailed', `${what}; check that its server can be reached, or set a longer timeout`)
  }

export const invalid =
  (problem: string, cause?: unknown): Refusal =>
  (plan) =>
    Fault.make('ProtocolError', `withSharedLimit did not send ${nameOf(plan)}: ${problem}`, cause)

// --- a call ----------------------------------------------------------------------------------------------------------

const NOT_AN_EITHER = 'take must return a TaskEither of { waitMs }'

/** Returns the wait that a port has returned. A negative one is refused: it may stand for a wait that is not known. */
const waitOf = (outcome: unknown): E.Either<Refusal, number> => {
  const { _tag, left, right }: { _tag?: unknown; left?: unknown; right?: unknown } = Object(outcome)
  if (_tag === 'Left') return E.left(failed(left))
  const { waitMs }: { waitMs?: unknown } = Object(right)
  if (_tag !== 'Right' || waitMs === undefined) return E.left(invalid(NOT_AN_EITHER))
  if (typeof waitMs === 'number' && waitMs >= 0 && Number.isFinite(waitMs)) return E.right(waitMs)
  const given = typeof waitMs === 'number' ? waitMs : Fault.kindOf(waitMs)
  return E.left(invalid(`waitMs must be 0 or a positive number of milliseconds, but it is ${given}`))
}

/** What ends a call. */
export interface CallLimits {
  readonly clock: Clock.Clock
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeout: number
}

/** Calls a port once, and returns `waitMs`. Rejects if the port throws or rejects. */
export const take = async (
  port: SharedLimit,
  key: string,
  now: Date,
  { clock, signal, timeout }: CallLimits,
): Promise<E.Either<Refusal, number>> => {
  if (typeof Object(port).take !== 'function') return E.left(invalid('the port must have a function take'))
  const task: unknown = port.take(key, now)
  if (typeof task !== 'function') return E.left(invalid(NOT_AN_EITHER))
  const returned = await raceDeadline<unknown>({ clock, signal, deadline: clock.monotonic() + timeout }, task())
  return E.isLeft(returned) ? E.left(late(timeout)) : waitOf(returned.right)
}
