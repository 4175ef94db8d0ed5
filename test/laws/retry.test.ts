import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Script from '../../laws/arbitrary/Script.js'
import type { WithRetry } from '../../laws/Retry.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { monoid } from '../../laws/rules/monoids.js'
import { retry } from '../../laws/rules/retry.js'
import { withRetry } from '../../src/transport/Retry.js'
import * as RetryPolicy from '../../src/transport/RetryPolicy.js'
import * as Headers from '../../src/values/Headers.js'
import * as Clock from '../../src/wire/Clock.js'
import type { Plan } from '../../src/wire/Plan.js'

describe('Retry', () => RuleSet.toTests(it, { numRuns: 1000 })(retry(withRetry)))
describe('Retry as a monoid', () => RuleSet.toTests(it)(monoid(RetryPolicy.Monoid, Script.policy)))

it('waits are whole milliseconds within the schedule', () => {
  fc.assert(
    fc.property(Script.policy, fc.string(), (policy, entropy) => {
      const schedule = RetryPolicy.schedule(policy)
      const waits = RetryPolicy.waits(entropy)(policy)
      expect(waits.length).toBe(schedule.length)
      waits.forEach((wait, i) => {
        expect(Number.isInteger(wait)).toBe(true)
        expect(wait).toBeGreaterThanOrEqual(Math.floor(schedule[i]?.least ?? 0))
        expect(wait).toBeLessThanOrEqual(Math.ceil(schedule[i]?.most ?? 0))
      })
      expect(RetryPolicy.waits(entropy)(policy)).toEqual(waits)
    }),
  )
})

// --- implementations with one error each -----------------------------------------------------------------------------

interface Faulty {
  readonly decide?: (policy: RetryPolicy.Retry, attempt: RetryPolicy.Attempt) => O.Option<number>
  readonly isReplayable?: (plan: Plan) => boolean
  readonly deadline?: 'Kept' | 'Ignored'
  readonly discards?: 'Before' | 'Never' | 'All'
  readonly keys?: 'Kept' | 'New'
  readonly superseded?: 'Passed' | 'Ignored' | 'Forgotten'
}

const withNewKey = (headers: Plan['headers'], attempt: number): Plan['headers'] =>
  Headers.has('Idempotency-Key')(headers) ? Headers.upsertAt('Idempotency-Key', `${attempt}`)(headers) : headers

const naive =
  ({ decide = (policy, attempt) => RetryPolicy.next(policy)(attempt), ...faulty }: Faulty): WithRetry =>
  (policy) =>
  (inner) =>
  (plan, controls) =>
  async () => {
    const { clock = Clock.system, entropy = '', deadline = Number.POSITIVE_INFINITY } = controls
    let { headers } = plan
    for (let attempt = 1; ; attempt++) {
      const outcome = await inner(headers === plan.headers ? plan : { ...plan, headers }, controls)()
      const isReplayable = (faulty.isReplayable ?? ((sent) => sent.body._tag !== 'Once'))(plan)
      const last = { attempt, method: plan.method, isReplayable, outcome, now: clock.now(), entropy }
      if (faulty.keys === 'New') headers = withNewKey(headers, attempt)
      const wait = attempt > 50 ? O.none : decide(policy, last)
      if (faulty.discards === 'All' && E.isRight(outcome)) await outcome.right.body.discard()
      if (O.isNone(wait)) return outcome
      if (faulty.deadline !== 'Ignored' && clock.monotonic() + wait.value >= deadline) return outcome
      if (faulty.superseded !== 'Ignored') {
        const next = controls.superseded?.(O.getRight(outcome))(headers) ?? headers
        if (faulty.superseded !== 'Forgotten') headers = next
      }
      if ((faulty.discards ?? 'Before') === 'Before' && E.isRight(outcome)) await outcome.right.body.discard()
      await clock.sleep(wait.value)()
    }
  }

const refutedBy = async (faulty: Faulty): Promise<ReadonlyArray<string>> => [
  ...(await RuleSet.refuted(retry(naive(faulty)), { numRuns: 2000, endOnFailure: true })).keys(),
]

describe('the laws refute', () => {
  it('nothing in a loop that never retries one-shot bodies', async () => {
    expect(await refutedBy({})).toEqual([])
  })
  it('sending a consumed body again (fetch-retry #99: 18 000 empty POSTs)', async () => {
    expect(await refutedBy({ isReplayable: () => true })).toEqual(['a one-shot body is sent once'])
  })
  it('one attempt too many (counting retries as attempts)', async () => {
    const decide: Faulty['decide'] = (policy, attempt) =>
      RetryPolicy.next(policy)({ ...attempt, attempt: attempt.attempt - 1 })
    expect(await refutedBy({ decide })).toContain('attempts are bounded')
  })
  it('applying the deadline to each attempt instead of all (ky #784)', async () => {
    expect(await refutedBy({ deadline: 'Ignored' })).toContain('the deadline is kept')
  })
  it('retrying POST after any failure', async () => {
    const decide: Faulty['decide'] = (policy, attempt) => RetryPolicy.next({ ...policy, methods: 'any' })(attempt)
    expect(await refutedBy({ decide })).toEqual(['only idempotent, keyed or unsent requests are retried'])
  })
  it('a new idempotency key for each attempt, which makes each one another request', async () => {
    expect(await refutedBy({ keys: 'New' })).toContain('every attempt has the same idempotency key')
  })
  it('retrying 404 and 500', async () => {
    const decide: Faulty['decide'] = (policy, attempt) =>
      RetryPolicy.next({ ...policy, statuses: [404, 429, 500, 502, 503] })(attempt)
    expect(await refutedBy({ decide })).toEqual(['only transient failures are retried'])
  })
  it('ignoring Retry-After, and respecting it without a limit', async () => {
    const ignoring: Faulty['decide'] = (policy, attempt) => RetryPolicy.next({ ...policy, retryAfter: 0 })(attempt)
    expect(await refutedBy({ decide: ignoring })).toEqual(['delays follow the schedule and Retry-After'])
    const obedient: Faulty['decide'] = (policy, attempt) => RetryPolicy.next({ ...policy, retryAfter: 1e9 })(attempt)
    expect(await refutedBy({ decide: obedient })).toEqual(['delays follow the schedule and Retry-After'])
  })
  it('losing the cookies of a 503 (nextcloud/neon #1507), or storing them without sending them', async () => {
    for (const superseded of ['Ignored', 'Forgotten'] as const)
      expect(await refutedBy({ superseded })).toEqual(['the cookies of a retried reply are sent with the next attempt'])
  })
  it('not discarding replies (one socket each), and discarding the last one too', async () => {
    expect(await refutedBy({ discards: 'Never' })).toEqual(['every reply except the last is discarded'])
    expect(await refutedBy({ discards: 'All' })).toEqual(['every reply except the last is discarded'])
  })
  it('returning the first outcome', async () => {
    const first: WithRetry = (policy) => (inner) => (plan, controls) => async () => {
      let kept: ReturnType<ReturnType<typeof inner>> | undefined
      const watching: typeof inner = (one, bounds) => () => {
        const running = inner(one, bounds)()
        kept ??= running
        return running
      }
      const outcome = await withRetry(policy)(watching)(plan, controls)()
      return kept ?? outcome
    }
    const found = await RuleSet.refuted(retry(first), { numRuns: 2000, endOnFailure: true })
    expect([...found.keys()]).toContain('the outcome is that of the last attempt')
  })
})
