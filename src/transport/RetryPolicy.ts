/**
 * A retry policy as a plain value: when a request is sent again, and after which delay. `Transport.withRetry` applies it.
 *
 * | field        | default                              | meaning                                                            |
 * |--------------|--------------------------------------|--------------------------------------------------------------------|
 * | `attempts`   | 3                                    | maximum number of attempts, including the first; 1 to 100          |
 * | `base`       | 200                                  | delay before the second attempt, in milliseconds                   |
 * | `factor`     | 2                                    | ratio of each delay to the one before                              |
 * | `cap`        | 20 000                               | longest delay of the schedule, in milliseconds                     |
 * | `jitter`     | 0.5                                  | share of a delay, 0 to 1, that is reduced at random                |
 * | `retryAfter` | 60 000                               | longest wait for a Retry-After, in milliseconds                    |
 * | `methods`    | the idempotent ones (RFC 9110 9.2.2, RFC 10008) | methods that may be sent again after something was sent, or `any` |
 * | `statuses`   | 408 429 502 503 504                  | statuses that are retried                                          |
 * | `faults`     | `ConnectFailed` `ConnectTimeout` `ReadTimeout` `ProxyFailed` | faults that are retried                    |
 *
 * Any method is retried after a fault that occurred before anything was written (`Fault.unsent`), and with an idempotency key
 * that is the same for each attempt, whatever `methods` has. A one-shot body is never sent twice. A `ProxyFailed` with a status is
 * retried if `statuses` lists it. The delay is the longer of the schedule and the Retry-After of the server. An invalid number is
 * replaced by the nearest valid one.
 *
 * Laws: `Monoid` is a monoid; `waits` are within `schedule`; equal arguments give an equal `next`.
 *
 * @example
 * import { Retry } from 'requests-ts'
 *
 * const policy = Retry.Monoid.concat({ attempts: 4, base: 100 }, { jitter: 0 })
 * assert.deepEqual(Retry.waits('seed')(policy), [100, 200, 400])
 * assert.equal(Retry.show({ attempts: 2, base: 100 }).split('\n')[1], '  attempt 2 after 50 to 100 ms')
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Entropy from '../values/Entropy.js'
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import { MAX_DELAY_MS } from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Head } from '../wire/Reply.js'

// --- model ---------------------------------------------------------------------------------------------------------

/** Faults that may not occur again in the next attempt. */
export type TransientFault =
  | 'ConnectFailed'
  | 'ConnectTimeout'
  | 'ReadTimeout'
  | 'TlsFailed'
  | 'ProxyFailed'
  | 'ProtocolError'

/** A retry policy. Absent fields have the values of `standard`. */
export interface Retry {
  /** The most attempts, including the first: 3 by default, 1 to 100. */
  readonly attempts?: number
  /** The delay before the second attempt, in milliseconds: 200 by default. */
  readonly base?: number
  /** The ratio of each delay to the one before: 2 by default. */
  readonly factor?: number
  /** The longest delay of the schedule, in milliseconds: 20,000 by default. */
  readonly cap?: number
  /** The share of a delay that is reduced at random, 0 to 1: 0.5 by default. */
  readonly jitter?: number
  /** The longest wait that a Retry-After causes, in milliseconds: 60,000 by default. A longer Retry-After counts as this. */
  readonly retryAfter?: number
  /** Methods that may be sent again after something was sent: the idempotent ones by default. */
  readonly methods?: 'any' | ReadonlyArray<string>
  /** Statuses that are retried: 408, 429, 502, 503 and 504 by default. */
  readonly statuses?: ReadonlyArray<number>
  /** Faults that are retried. The default is in the table of this module. */
  readonly faults?: ReadonlyArray<TransientFault>
}

/** The policy without fields, equivalent to `standard`. */
export const empty: Retry = {}

/** Merges policies field by field. Fields of the second argument take precedence. */
export const Monoid: MonoidOf<Retry> = { empty, concat: (x, y) => ({ ...x, ...y }) }

/** The default values. */
export const standard: Required<Retry> = {
  attempts: 3,
  base: 200,
  factor: 2,
  cap: 20_000,
  jitter: 0.5,
  retryAfter: 60_000,
  methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'],
  statuses: [408, 429, 502, 503, 504],
  faults: ['ConnectFailed', 'ConnectTimeout', 'ReadTimeout', 'ProxyFailed'],
}

/** The policy of a single attempt. */
export const never: Retry = { attempts: 1 }

const clamp = (low: number, high: number, n: number): number => (n > low ? Math.min(n, high) : low)
const MAX_ATTEMPTS = 100

/** Returns the policy with defaults, and with invalid numbers replaced by valid ones. */
export const resolve = (policy: Retry): Required<Retry> => {
  const all = { ...standard, ...policy }
  return {
    ...all,
    attempts: Math.floor(clamp(1, MAX_ATTEMPTS, all.attempts)),
    base: clamp(0, MAX_DELAY_MS, all.base),
    factor: clamp(1, MAX_DELAY_MS, all.factor),
    cap: clamp(0, MAX_DELAY_MS, all.cap),
    jitter: clamp(0, 1, all.jitter),
    retryAfter: clamp(0, MAX_DELAY_MS, all.retryAfter),
  }
}

// --- the schedule --------------------------------------------------------------------------------------------------

/** The range of the delay before an attempt, in milliseconds. Jitter selects a value in it. */
export interface RetryDelay {
  /** 2 for the first retry. */
  readonly attempt: number
  /** With the most jitter. */
  readonly least: number
  /** Without jitter. */
  readonly most: number
}

const delayBefore = ({ base, factor, cap, jitter }: Required<Retry>, attempt: number): RetryDelay => {
  const most = Math.min(cap, base * Math.min(MAX_DELAY_MS, factor ** (attempt - 2)))
  return { attempt, least: most * (1 - jitter), most }
}

const jittered = ({ attempt, least, most }: RetryDelay, entropy: string): number =>
  Math.round(most - (most - least) * Entropy.fraction(entropy, `retry ${attempt}`))

/** Returns the delays of a policy, without running it. A Retry-After may lengthen them. */
export const schedule = (policy: Retry): ReadonlyArray<RetryDelay> => {
  const all = resolve(policy)
  return Array.from({ length: all.attempts - 1 }, (_, i) => delayBefore(all, i + 2))
}

/** Returns the exact delays of an exchange with that seed, in milliseconds. */
export const waits =
  (entropy: string) =>
  (policy: Retry): ReadonlyArray<number> =>
    schedule(policy).map((delay) => jittered(delay, entropy))

const listed = (items: ReadonlyArray<string | number>): string => (items.length === 0 ? 'nothing' : items.join(' '))

/** Returns a description for people: the delay before each attempt, and what is retried. */
export const show = (policy: Retry): string => {
  const { attempts, methods, statuses, faults, retryAfter } = resolve(policy)
  if (attempts === 1) return '1 attempt'
  const range = ({ least, most }: RetryDelay): string =>
    least === most ? `${Math.round(most)} ms` : `${Math.round(least)} to ${Math.round(most)} ms`
  return [
    `${attempts} attempts, at most ${Math.round(schedule(policy).reduce((sum, { most }) => sum + most, 0))} ms of waiting`,
    ...schedule(policy).map((delay) => `  attempt ${delay.attempt} after ${range(delay)}`),
    `  methods: ${methods === 'any' ? 'any' : `${listed(methods)}; any with an idempotency key`}`,
    `  statuses: ${listed(statuses)}; Retry-After up to ${retryAfter} ms`,
    `  faults: ${listed(faults)}`,
  ].join('\n')
}

// --- the decision --------------------------------------------------------------------------------------------------

/** An attempt that has ended. */
export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number
  /** The method of the request. */
  readonly method: string
  /** Whether the body can be sent again. A one-shot body cannot after it was opened. */
  readonly isReplayable: boolean
  /**
   * Whether the request has an idempotency key that is the same for each attempt; false by default.
   * @since 0.2.0
   */
  readonly hasKey?: boolean
  /** The head, or the fault. */
  readonly outcome: E.Either<Fault.Fault, Head>
  /** The time, for a Retry-After that is a date. */
  readonly now: Date
  /** The seed of the jitter. */
  readonly entropy: string
}

// The three date forms of RFC 9110 5.6.7. Date.parse accepts all of them.
const HTTP_DATE = /^[A-Z][a-z]{2,8},? /

/** Returns the delay of a Retry-After field in milliseconds (RFC 9110 10.2.3); none if it is absent or invalid. */
export const retryAfter =
  (now: Date) =>
  ({ headers }: Pick<Head, 'headers'>): O.Option<number> => {
    const found = Headers.find(headers, 'Retry-After')
    if (found === undefined) return O.none
    const text = Secret.reveal(found).trim()
    if (/^\d+$/.test(text)) return O.some(Number(text) * 1000)
    // The asctime form has no time zone and means GMT.
    const at = HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN
    return Number.isNaN(at) ? O.none : O.some(Math.max(0, at - now.getTime()))
  }

const isTransient = ({ statuses, faults }: Required<Retry>, outcome: Attempt['outcome']): boolean => {
  if (E.isRight(outcome)) return statuses.includes(outcome.right.status)
  const { _tag, status } = outcome.left
  const retried: ReadonlyArray<Fault.FaultTag> = faults
  return retried.includes(_tag) && (status === undefined || statuses.includes(status))
}

/** Whether sending the request twice has the same effect as sending it once. */
const isSafe = ({ methods }: Required<Retry>, { method, hasKey, outcome }: Attempt): boolean =>
  methods === 'any' ||
  hasKey === true ||
  methods.some((name) => name.toUpperCase() === method.toUpperCase()) ||
  (E.isLeft(outcome) && Fault.isUnsent(outcome.left))

/** Returns the delay before the next attempt in milliseconds; none if the policy allows no further attempt. */
export const next =
  (policy: Retry) =>
  (last: Attempt): O.Option<number> => {
    const all = resolve(policy)
    const { attempt, isReplayable, outcome, now, entropy } = last
    if (attempt >= all.attempts || !isReplayable || !isTransient(all, outcome) || !isSafe(all, last)) return O.none
    const scheduled = jittered(delayBefore(all, attempt + 1), entropy)
    const requested = E.isRight(outcome) ? retryAfter(now)(outcome.right) : O.none
    return O.some(O.isNone(requested) ? scheduled : Math.max(scheduled, Math.min(requested.value, all.retryAfter)))
  }

/** @deprecated Use `TransientFault`. */
export type Passing = TransientFault
/** @deprecated Use `RetryDelay`. */
export type Pause = RetryDelay
/** @deprecated Use `retryAfter`. */
export const askedFor = retryAfter
