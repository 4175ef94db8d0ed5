/**
 * The laws of retrying, as predicates over implementations of `Transport.withRetry`.
 *
 * | law               | requires                                                                                          |
 * |-------------------|---------------------------------------------------------------------------------------------------|
 * | `boundsAttempts`  | makes at least one attempt, and no more than the policy permits                                   |
 * | `keepsDeadline`   | starts no attempt after the deadline, and ends before it                                          |
 * | `sendsOnceOnce`   | opens a one-shot body once, and does not retry after that                                         |
 * | `repeatsSafely`   | retries a method that is not idempotent only if nothing was sent, or with an Idempotency-Key      |
 * | `keepsKey`        | sends the same Idempotency-Key with each attempt                                                  |
 * | `stopsAtLastWord` | retries only transient faults and statuses                                                        |
 * | `waitsAsAsked`    | waits for the scheduled delay, and for a Retry-After up to the limit of the policy                |
 * | `discardsReplies` | discards every reply except the last, before the next attempt                                     |
 * | `givesTheLast`    | returns the outcome of the last attempt, with the given plan apart from its cookies               |
 * | `passesCookiesOn` | reports each retried outcome once, in order, and sends the resulting header with the next attempt |
 *
 * This module has its own list of idempotent methods and its own reading of Retry-After, to check those of the library.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Retry } from '../src/transport/RetryPolicy.js'
import * as Headers from '../src/values/Headers.js'
import * as Fault from '../src/wire/Fault.js'
import type { Plan } from '../src/wire/Plan.js'
import { reply } from '../src/wire/Reply.js'
import { type OnRetry, type SendControls, type Transport, withPlan } from '../src/wire/Transport.js'
import { planAt } from './arbitrary/Plan.js'
import { type Counted, counted, payloadOf, type Script, type Step } from './arbitrary/Script.js'

/** The type of `Transport.withRetry`. */
export type WithRetry = (policy: Retry) => (inner: Transport) => Transport

/** One attempt, as the wrapped transport saw it. */
interface AttemptRecord {
  readonly began: number
  readonly ended: number
  readonly step: Step
  readonly opened: number
  readonly headers: Plan['headers']
  /** The number of attempts made until its reply was discarded. */
  discarded: number | undefined
}

interface Run {
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly outcome: E.Either<Fault.Fault & { readonly plan: Plan }, { readonly status: number }>
  readonly plan: Plan
  readonly opened: number
  readonly ended: number
}

const keyFields = ({ key }: Script): ReadonlyArray<readonly [name: string, value: string]> =>
  key === undefined ? [] : [['Idempotency-Key', key]]

const planOf = (script: Script, body: Plan['body']): Plan => ({
  ...planAt('http://h.test')({
    method: script.method,
    target: '/',
    headers: keyFields(script),
    content: { _tag: 'Empty' },
  }),
  body,
})

const LAST: Step = { takes: 0, outcome: { _tag: 'Reply', status: 200, retryAfter: undefined } }
const TOO_LATE: Step = { takes: 0, outcome: { _tag: 'Fault', fault: 'DeadlineExceeded', unsent: true } }

const isUnsent = ({ outcome }: Step): boolean =>
  outcome._tag === 'Fault' && (outcome.unsent || outcome.fault === 'ConnectTimeout')

const readAll = async ({ body }: Plan): Promise<void> => {
  if (body._tag !== 'Once') return
  for await (const _ of body.source) {
    // Only opening the body matters.
  }
}

/** Returns a transport that follows the script, and keeps the deadline. */
const scripted = (script: Script, clock: Counted, attempts: AttemptRecord[]): Transport => {
  const { deadline = Number.POSITIVE_INFINITY, steps } = script
  return (plan) => async () => {
    const began = clock.elapsed()
    const planned = steps[attempts.length] ?? LAST
    const step = began + planned.takes >= deadline ? TOO_LATE : planned
    clock.pass(Math.min(step === TOO_LATE ? deadline - began : step.takes, deadline))
    if (!isUnsent(step)) await readAll(plan)
    const record: AttemptRecord = {
      began,
      ended: clock.elapsed(),
      step,
      opened: 0,
      headers: plan.headers,
      discarded: undefined,
    }
    attempts.push(record)
    const { outcome } = step
    if (outcome._tag === 'Fault') {
      const fault = Fault.make(outcome.fault, `attempt ${attempts.length}`)
      return E.left(withPlan(plan, outcome.unsent ? Fault.unsent(fault) : fault))
    }
    const headers = outcome.retryAfter === undefined ? {} : { 'retry-after': outcome.retryAfter }
    const made = reply({ status: outcome.status, headers, body: 'body' })
    const discard = async (): Promise<void> => {
      record.discarded ??= attempts.length
    }
    return E.right({ ...made, body: { ...made.body, discard } })
  }
}

const run = async (withRetry: WithRetry, script: Script, superseded?: OnRetry): Promise<Run> => {
  const clock = counted()
  const attempts: AttemptRecord[] = []
  const { payload, opened } = payloadOf(script.body)
  const plan = planOf(script, payload)
  const controls: SendControls = {
    clock,
    entropy: script.entropy,
    superseded,
    ...(script.deadline === undefined ? {} : { deadline: script.deadline }),
  }
  const outcome = await withRetry(script.policy)(scripted(script, clock, attempts))(plan, controls)()
  return { attempts, outcome, plan, opened: opened(), ended: clock.elapsed() }
}

type Law = (withRetry: WithRetry) => (script: Script) => Promise<boolean>

const law =
  (holds: (run: Run, script: Script) => boolean): Law =>
  (withRetry) =>
  async (script) =>
    holds(await run(withRetry, script), script)

/** Returns each retried attempt with the attempt that follows it. */
const retries = ({ attempts }: Run): ReadonlyArray<readonly [AttemptRecord, AttemptRecord]> =>
  attempts.slice(1).map((after, i) => [attempts[i] ?? after, after])

/** States that `withRetry` makes at least one attempt, and no more than the policy permits. */
export const boundsAttempts = law(
  ({ attempts }, { policy }) => attempts.length >= 1 && attempts.length <= (policy.attempts ?? 3),
)

/** States that `withRetry` starts no attempt after the deadline, and ends before it. */
export const keepsDeadline = law(
  ({ attempts, ended }, { deadline = Number.POSITIVE_INFINITY }) =>
    ended <= deadline && attempts.every(({ began }) => began < deadline),
)

/** States that `withRetry` opens a one-shot body once, and does not retry after that. */
export const sendsOnceOnce = law((done, { body }) => {
  if (body !== 'once') return true
  return done.opened <= 1 && retries(done).every(([before]) => isUnsent(before.step))
})

const IDEMPOTENT = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']

/** States that `withRetry` retries a method that is not idempotent only if nothing was sent, or with an Idempotency-Key. */
export const repeatsSafely = law(
  (done, { method, key }) =>
    IDEMPOTENT.includes(method) || key !== undefined || retries(done).every(([{ step }]) => isUnsent(step)),
)

/**
 * States that `withRetry` sends the same Idempotency-Key with each attempt.
 * @since 0.2.0
 */
export const keepsKey = law(({ attempts }, { key }) =>
  attempts.every(({ headers }) => Headers.combined(headers, 'Idempotency-Key') === key),
)

const TRANSIENT: ReadonlyArray<number | string> = [
  408,
  429,
  502,
  503,
  504,
  'ConnectFailed',
  'ConnectTimeout',
  'ReadTimeout',
  'ProxyFailed',
]

/** States that `withRetry` retries only transient faults and statuses. */
export const stopsAtLastWord = law((done) =>
  retries(done).every(
    ([
      {
        step: { outcome },
      },
    ]) => TRANSIENT.includes(outcome._tag === 'Fault' ? outcome.fault : outcome.status),
  ),
)

const AT_THREE = Date.parse('2026-01-01T00:00:03Z') - Date.parse('2026-01-01T00:00:00Z')

const requestedDelay = ({ step: { outcome }, ended }: AttemptRecord): number => {
  if (outcome._tag === 'Fault' || outcome.retryAfter === undefined) return 0
  if (/^\d+$/.test(outcome.retryAfter)) return Number(outcome.retryAfter) * 1000
  return outcome.retryAfter.endsWith('GMT') ? Math.max(0, AT_THREE - ended) : 0
}

/** States that `withRetry` waits for the scheduled delay, and for a Retry-After up to the limit of the policy. */
export const waitsAsAsked = law((done, { policy }) => {
  const { base = 200, factor = 2, cap = 20_000, jitter = 0.5, retryAfter = 60_000 } = policy
  return retries(done).every(([before, after], i) => {
    const scheduled = Math.min(cap, base * factor ** i)
    const least = Math.max(Math.floor(scheduled * (1 - jitter)), Math.min(requestedDelay(before), retryAfter))
    const most = Math.max(Math.ceil(scheduled), Math.min(requestedDelay(before), retryAfter))
    const waited = after.began - before.ended
    return waited >= least && waited <= most
  })
})

/** States that `withRetry` discards every reply except the last, before the next attempt. */
export const discardsReplies = law((done) => {
  const last = done.attempts.at(-1)
  const isLate = E.isLeft(done.outcome) && done.outcome.left._tag === 'DeadlineExceeded'
  return (
    (isLate || last?.discarded === undefined) &&
    retries(done).every(([{ step, discarded }], i) => step.outcome._tag === 'Fault' || discarded === i + 1)
  )
})

/** States that `withRetry` returns the outcome of the last attempt, with the given plan apart from its cookies. */
export const givesTheLast = law(({ attempts, outcome, plan }) => {
  const last = attempts.at(-1)?.step.outcome
  if (E.isRight(outcome)) return last?._tag === 'Reply' && last.status === outcome.right.status
  return outcome.left.plan === plan && last?._tag === 'Fault' && last.fault === outcome.left._tag
})

/**
 * States that `withRetry` reports each retried outcome once, in order, and sends the resulting header with the next
 * attempt.
 */
export const passesCookiesOn: Law = (withRetry) => async (script) => {
  const updated: Plan['headers'][] = []
  const retriedStatuses: Array<number | undefined> = []
  const superseded: OnRetry = (head) => {
    retriedStatuses.push(O.isNone(head) ? undefined : head.value.status)
    return (headers) => {
      const next = Headers.upsertAt('Cookie', `attempts=${retriedStatuses.length}`)(headers)
      updated.push(next)
      return next
    }
  }
  const done = await run(withRetry, script, superseded)
  const isPassedOn = retries(done).every(([{ step }, after], i) => {
    const status = step.outcome._tag === 'Reply' ? step.outcome.status : undefined
    return retriedStatuses[i] === status && after.headers === updated[i]
  })
  // The deadline may end the wait after one more outcome was reported.
  const isLate = E.isLeft(done.outcome) && done.outcome.left._tag === 'DeadlineExceeded'
  const count = retries(done).length
  return isPassedOn && (retriedStatuses.length === count || (isLate && retriedStatuses.length === count + 1))
}
