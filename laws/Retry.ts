/**
 * What a transport that sends again must do, as predicates over any decorator of the type of `Transport.withRetry`.
 *
 * | law                 | says                                                                                       |
 * |---------------------|--------------------------------------------------------------------------------------------|
 * | `boundsAttempts`    | at least one attempt is made, and no more than the policy allows                            |
 * | `keepsDeadline`     | no attempt begins, and nothing ends, after the deadline                                     |
 * | `sendsOnceOnce`     | a body that exists once is opened once, and nothing is sent after that                      |
 * | `repeatsSafely`     | a method that is not idempotent is repeated only where nothing of it was sent               |
 * | `stopsAtLastWord`   | what is no passing failure is the outcome                                                   |
 * | `waitsAsAsked`      | no attempt begins before the schedule, or before a server's Retry-After within its limit    |
 * | `discardsReplies`   | every reply but the last is discarded before the next attempt, and the last is not          |
 * | `givesTheLast`      | the outcome is that of the last attempt, and its plan the one that was given, but for its cookies |
 * | `passesCookiesOn`   | each outcome but the last is taken in once, in order, and what it changes is on the next attempt |
 *
 * Which methods are idempotent, and what a server asks for, is said here a second time.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Retry } from '../src/transport/RetryPolicy.js'
import * as Headers from '../src/values/Headers.js'
import * as Fault from '../src/wire/Fault.js'
import type { Plan } from '../src/wire/Plan.js'
import { reply } from '../src/wire/Reply.js'
import { at, type SendControls, type Superseded, type Transport } from '../src/wire/Transport.js'
import { planAt } from './arbitrary/Plan.js'
import { type Counted, counted, payloadOf, type Script, type Step } from './arbitrary/Script.js'

export type WithRetry = (policy: Retry) => (inner: Transport) => Transport

/** One attempt, as the transport below saw it. */
interface Seen {
  readonly began: number
  readonly ended: number
  readonly step: Step
  readonly opened: number
  readonly headers: Plan['headers']
  /** When its reply was discarded, by the number of attempts made until then. */
  discarded: number | undefined
}

interface Run {
  readonly seen: ReadonlyArray<Seen>
  readonly outcome: E.Either<Fault.Fault & { readonly plan: Plan }, { readonly status: number }>
  readonly plan: Plan
  readonly opened: number
  readonly ended: number
}

const planOf = ({ method }: Script, body: Plan['body']): Plan => ({
  ...planAt('http://h.test')({ method, target: '/', headers: [], content: { _tag: 'Empty' } }),
  body,
})

const LAST: Step = { takes: 0, outcome: { _tag: 'Reply', status: 200, retryAfter: undefined } }
const TOO_LATE: Step = { takes: 0, outcome: { _tag: 'Fault', fault: 'DeadlineExceeded', unsent: true } }

const isUnsent = ({ outcome }: Step): boolean =>
  outcome._tag === 'Fault' && (outcome.unsent || outcome.fault === 'ConnectTimeout')

const readAll = async ({ body }: Plan): Promise<void> => {
  if (body._tag !== 'Once') return
  for await (const _ of body.source) {
    // Only that it is read counts.
  }
}

/** A transport that does what the script says, and keeps the deadline itself. */
const scripted = (script: Script, clock: Counted, seen: Seen[]): Transport => {
  const { deadline = Number.POSITIVE_INFINITY, steps } = script
  return (plan) => async () => {
    const began = clock.elapsed()
    const planned = steps[seen.length] ?? LAST
    const step = began + planned.takes >= deadline ? TOO_LATE : planned
    clock.pass(Math.min(step === TOO_LATE ? deadline - began : step.takes, deadline))
    if (!isUnsent(step)) await readAll(plan)
    const mine: Seen = { began, ended: clock.elapsed(), step, opened: 0, headers: plan.headers, discarded: undefined }
    seen.push(mine)
    const { outcome } = step
    if (outcome._tag === 'Fault') {
      const fault = Fault.make(outcome.fault, `attempt ${seen.length}`)
      return E.left(at(plan, outcome.unsent ? Fault.unsent(fault) : fault))
    }
    const headers = outcome.retryAfter === undefined ? {} : { 'retry-after': outcome.retryAfter }
    const made = reply({ status: outcome.status, headers, body: 'body' })
    const discard = async (): Promise<void> => {
      mine.discarded ??= seen.length
    }
    return E.right({ ...made, body: { ...made.body, discard } })
  }
}

const run = async (withRetry: WithRetry, script: Script, superseded?: Superseded): Promise<Run> => {
  const clock = counted()
  const seen: Seen[] = []
  const { payload, opened } = payloadOf(script.body)
  const plan = planOf(script, payload)
  const limits: SendControls = {
    clock,
    entropy: script.entropy,
    superseded,
    ...(script.deadline === undefined ? {} : { deadline: script.deadline }),
  }
  const outcome = await withRetry(script.policy)(scripted(script, clock, seen))(plan, limits)()
  return { seen, outcome, plan, opened: opened(), ended: clock.elapsed() }
}

type Law = (withRetry: WithRetry) => (script: Script) => Promise<boolean>

const law =
  (holds: (run: Run, script: Script) => boolean): Law =>
  (withRetry) =>
  async (script) =>
    holds(await run(withRetry, script), script)

/** Every attempt that was repeated, with the one that repeats it. */
const repeats = ({ seen }: Run): ReadonlyArray<readonly [Seen, Seen]> =>
  seen.slice(1).map((after, i) => [seen[i] ?? after, after])

export const boundsAttempts = law(({ seen }, { policy }) => seen.length >= 1 && seen.length <= (policy.attempts ?? 3))

export const keepsDeadline = law(
  ({ seen, ended }, { deadline = Number.POSITIVE_INFINITY }) =>
    ended <= deadline && seen.every(({ began }) => began < deadline),
)

export const sendsOnceOnce = law((done, { body }) => {
  if (body !== 'once') return true
  return done.opened <= 1 && repeats(done).every(([before]) => isUnsent(before.step))
})

const IDEMPOTENT = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']

export const repeatsSafely = law(
  (done, { method }) => IDEMPOTENT.includes(method) || repeats(done).every(([{ step }]) => isUnsent(step)),
)

const PASSING: ReadonlyArray<number | string> = [
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

export const stopsAtLastWord = law((done) =>
  repeats(done).every(
    ([
      {
        step: { outcome },
      },
    ]) => PASSING.includes(outcome._tag === 'Fault' ? outcome.fault : outcome.status),
  ),
)

const AT_THREE = Date.parse('2026-01-01T00:00:03Z') - Date.parse('2026-01-01T00:00:00Z')

const asked = ({ step: { outcome }, ended }: Seen): number => {
  if (outcome._tag === 'Fault' || outcome.retryAfter === undefined) return 0
  if (/^\d+$/.test(outcome.retryAfter)) return Number(outcome.retryAfter) * 1000
  return outcome.retryAfter.endsWith('GMT') ? Math.max(0, AT_THREE - ended) : 0
}

export const waitsAsAsked = law((done, { policy }) => {
  const { base = 200, factor = 2, cap = 20_000, jitter = 0.5, retryAfter = 60_000 } = policy
  return repeats(done).every(([before, after], i) => {
    const ours = Math.min(cap, base * factor ** i)
    const least = Math.max(Math.floor(ours * (1 - jitter)), Math.min(asked(before), retryAfter))
    const most = Math.max(Math.ceil(ours), Math.min(asked(before), retryAfter))
    const waited = after.began - before.ended
    return waited >= least && waited <= most
  })
})

export const discardsReplies = law((done) => {
  const last = done.seen.at(-1)
  const isLate = E.isLeft(done.outcome) && done.outcome.left._tag === 'DeadlineExceeded'
  return (
    (isLate || last?.discarded === undefined) &&
    repeats(done).every(([{ step, discarded }], i) => step.outcome._tag === 'Fault' || discarded === i + 1)
  )
})

export const givesTheLast = law(({ seen, outcome, plan }) => {
  const last = seen.at(-1)?.step.outcome
  if (E.isRight(outcome)) return last?._tag === 'Reply' && last.status === outcome.right.status
  return outcome.left.plan === plan && last?._tag === 'Fault' && last.fault === outcome.left._tag
})

export const passesCookiesOn: Law = (withRetry) => async (script) => {
  const made: Plan['headers'][] = []
  const taken: Array<number | undefined> = []
  const superseded: Superseded = (head) => {
    taken.push(O.isNone(head) ? undefined : head.value.status)
    return (headers) => {
      const next = Headers.upsertAt('Cookie', `seen=${taken.length}`)(headers)
      made.push(next)
      return next
    }
  }
  const done = await run(withRetry, script, superseded)
  const isPassedOn = repeats(done).every(([{ step }, after], i) => {
    const status = step.outcome._tag === 'Reply' ? step.outcome.status : undefined
    return taken[i] === status && after.headers === made[i]
  })
  // One more may have been taken in before the deadline ended the wait after it.
  const isLate = E.isLeft(done.outcome) && done.outcome.left._tag === 'DeadlineExceeded'
  const count = repeats(done).length
  return isPassedOn && (taken.length === count || (isLate && taken.length === count + 1))
}
