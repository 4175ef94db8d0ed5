/**
 * When a request is sent again, and after how long: a policy as a plain value, to be merged, printed and computed with.
 * `Transport.withRetry` runs it.
 *
 * | field        | default                                 | is                                                            |
 * |--------------|-----------------------------------------|---------------------------------------------------------------|
 * | `attempts`   | 3                                       | the most that is sent, the first time included; 1 to 100      |
 * | `base`       | 200                                     | milliseconds before the second attempt                        |
 * | `factor`     | 2                                       | by which each wait is longer than the one before              |
 * | `cap`        | 20 000                                  | milliseconds that no wait of ours is above                    |
 * | `jitter`     | 0.5                                     | the part of a wait, 0 to 1, that chance may take away         |
 * | `retryAfter` | 60 000                                  | milliseconds up to which a server's Retry-After is obeyed     |
 * | `methods`    | the idempotent ones (RFC 9110 9.2.2)    | what may be sent again once something of it was sent; or `any` |
 * | `statuses`   | 408 429 502 503 504                     | replies that are not the last word                            |
 * | `faults`     | `ConnectFailed` `ConnectTimeout` `ReadTimeout` `ProxyFailed` | failures that are not                    |
 *
 * A fault that came before anything was written (`Fault.unsent`) makes any method repeatable. A body that exists once
 * is never sent twice. A `ProxyFailed` with a status is judged by `statuses`. A wait is the longer of ours and the
 * server's. Numbers that make no sense count as the nearest that do.
 *
 * Laws: `Monoid` is a monoid, field by field the later wins; `waits` lie within `schedule`; `next` is a function.
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

/** Faults after which another attempt may do better. */
export type Passing = 'ConnectFailed' | 'ConnectTimeout' | 'ReadTimeout' | 'TlsFailed' | 'ProxyFailed' | 'ProtocolError'

/** What is left out is as in `standard`. */
export interface Retry {
  readonly attempts?: number
  readonly base?: number
  readonly factor?: number
  readonly cap?: number
  readonly jitter?: number
  readonly retryAfter?: number
  readonly methods?: 'any' | ReadonlyArray<string>
  readonly statuses?: ReadonlyArray<number>
  readonly faults?: ReadonlyArray<Passing>
}

export const empty: Retry = {}

/** A later policy over an earlier one. */
export const Monoid: MonoidOf<Retry> = { empty, concat: (x, y) => ({ ...x, ...y }) }

/** What holds where a policy says nothing. */
export const standard: Required<Retry> = {
  attempts: 3,
  base: 200,
  factor: 2,
  cap: 20_000,
  jitter: 0.5,
  retryAfter: 60_000,
  methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'],
  statuses: [408, 429, 502, 503, 504],
  faults: ['ConnectFailed', 'ConnectTimeout', 'ReadTimeout', 'ProxyFailed'],
}

/** No second attempt. */
export const never: Retry = { attempts: 1 }

const between = (low: number, high: number, n: number): number => (n > low ? Math.min(n, high) : low)
const MOST_ATTEMPTS = 100

/** The whole policy, its numbers made sense of. */
export const resolve = (policy: Retry): Required<Retry> => {
  const all = { ...standard, ...policy }
  return {
    ...all,
    attempts: Math.floor(between(1, MOST_ATTEMPTS, all.attempts)),
    base: between(0, MAX_DELAY_MS, all.base),
    factor: between(1, MAX_DELAY_MS, all.factor),
    cap: between(0, MAX_DELAY_MS, all.cap),
    jitter: between(0, 1, all.jitter),
    retryAfter: between(0, MAX_DELAY_MS, all.retryAfter),
  }
}

// --- the schedule --------------------------------------------------------------------------------------------------

/** The wait before an attempt, in milliseconds: chance decides between the least and the most. */
export interface Pause {
  /** 2 is the first that is a repetition. */
  readonly attempt: number
  readonly least: number
  readonly most: number
}

const pauseBefore = ({ base, factor, cap, jitter }: Required<Retry>, attempt: number): Pause => {
  const most = Math.min(cap, base * Math.min(MAX_DELAY_MS, factor ** (attempt - 2)))
  return { attempt, least: most * (1 - jitter), most }
}

const drawn = ({ attempt, least, most }: Pause, entropy: string): number =>
  Math.round(most - (most - least) * Entropy.fraction(entropy, `retry ${attempt}`))

/** Every wait that the policy can take, with nothing run. A server's Retry-After may make one longer. */
export const schedule = (policy: Retry): ReadonlyArray<Pause> => {
  const all = resolve(policy)
  return Array.from({ length: all.attempts - 1 }, (_, i) => pauseBefore(all, i + 2))
}

/** The very waits, in milliseconds, of an exchange with that seed. */
export const waits =
  (entropy: string) =>
  (policy: Retry): ReadonlyArray<number> =>
    schedule(policy).map((pause) => drawn(pause, entropy))

const listed = (items: ReadonlyArray<string | number>): string => (items.length === 0 ? 'nothing' : items.join(' '))

/** For people: the schedule, a line for each attempt, and what is sent again. */
export const show = (policy: Retry): string => {
  const { attempts, methods, statuses, faults, retryAfter } = resolve(policy)
  if (attempts === 1) return '1 attempt'
  const range = ({ least, most }: Pause): string =>
    least === most ? `${Math.round(most)} ms` : `${Math.round(least)} to ${Math.round(most)} ms`
  return [
    `${attempts} attempts, at most ${Math.round(schedule(policy).reduce((sum, { most }) => sum + most, 0))} ms of waiting`,
    ...schedule(policy).map((pause) => `  attempt ${pause.attempt} after ${range(pause)}`),
    `  methods: ${methods === 'any' ? 'any' : listed(methods)}`,
    `  statuses: ${listed(statuses)}; Retry-After up to ${retryAfter} ms`,
    `  faults: ${listed(faults)}`,
  ].join('\n')
}

// --- the decision --------------------------------------------------------------------------------------------------

/** How an attempt went. */
export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number
  readonly method: string
  /** Whether the body can be sent (again): one that exists once cannot, as soon as it was opened. */
  readonly isReplayable: boolean
  readonly outcome: E.Either<Fault.Fault, Head>
  readonly now: Date
  readonly entropy: string
}

// RFC 9110 5.6.7: the three forms of a date in HTTP, all of which Date.parse reads.
const HTTP_DATE = /^[A-Z][a-z]{2,8},? /

/** Milliseconds that a server asks to be left alone for (RFC 9110 10.2.3); none where it does not say. */
export const askedFor =
  (now: Date) =>
  ({ headers }: Pick<Head, 'headers'>): O.Option<number> => {
    const found = Headers.find(headers, 'Retry-After')
    if (found === undefined) return O.none
    const text = Secret.reveal(found).trim()
    if (/^\d+$/.test(text)) return O.some(Number(text) * 1000)
    // asctime's form names no zone, and means GMT.
    const at = HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN
    return Number.isNaN(at) ? O.none : O.some(Math.max(0, at - now.getTime()))
  }

const isPassing = ({ statuses, faults }: Required<Retry>, outcome: Attempt['outcome']): boolean => {
  if (E.isRight(outcome)) return statuses.includes(outcome.right.status)
  const { _tag, status } = outcome.left
  const known: ReadonlyArray<Fault.FaultTag> = faults
  return known.includes(_tag) && (status === undefined || statuses.includes(status))
}

/** Whether doing it twice is no worse than once. */
const isSafe = ({ methods }: Required<Retry>, { method, outcome }: Attempt): boolean =>
  methods === 'any' ||
  methods.some((name) => name.toUpperCase() === method.toUpperCase()) ||
  (E.isLeft(outcome) && Fault.isUnsent(outcome.left))

/** The milliseconds to wait before the next attempt; none where this one was the last. */
export const next =
  (policy: Retry) =>
  (last: Attempt): O.Option<number> => {
    const all = resolve(policy)
    const { attempt, isReplayable, outcome, now, entropy } = last
    if (attempt >= all.attempts || !isReplayable || !isPassing(all, outcome) || !isSafe(all, last)) return O.none
    const ours = drawn(pauseBefore(all, attempt + 1), entropy)
    const asked = E.isRight(outcome) ? askedFor(now)(outcome.right) : O.none
    return O.some(O.isNone(asked) ? ours : Math.max(ours, Math.min(asked.value, all.retryAfter)))
  }
