/**
 * Sends a request again after a transient failure, as a `Retry` policy decides.
 *
 * | situation                                  | behaviour                                                                      |
 * |--------------------------------------------|--------------------------------------------------------------------------------|
 * | the next attempt would miss the deadline   | returns the last outcome; the deadline covers all attempts and waits            |
 * | abort, or closing the client               | ends a wait at once                                                            |
 * | reply that is not the last                 | is discarded before the next attempt                                           |
 * | cookies of such a reply                    | are sent with the next attempt, and stored in the jar                          |
 * | idempotency key                            | is the same for each attempt, and makes any method retryable                   |
 * | one-shot request body                      | is sent again only if it was not opened yet                                    |
 * | signature                                  | is made anew for each attempt                                                  |
 * | answer to a digest challenge               | has the next nonce count for each attempt, also that of a proxy                |
 *
 * Place `withRetry` outside `withLimit`, so that a waiting retry does not occupy a slot. Inside it, all attempts of an
 * exchange share one slot. `withRetry` does not see a body that is cut after its head; `Stream.toFile` can resume it.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Clock, Http, Session, Transport } from 'requests-ts'
 *
 * let calls = 0
 * const transport = pipe(
 *   Transport.memory(() => ({ status: ++calls < 3 ? 503 : 200 })),
 *   Transport.withRetry({ attempts: 5 }))
 * const options = { session: Session.empty, transport, clock: Clock.fixed(new Date(0)) }
 * const outcome = await pipe(Http.get('http://h.test/'), Client.use(options))()
 * assert.deepEqual(pipe(outcome, E.map(([{ status }]) => [status, calls])), E.right([200, 3]))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as KeyHeader from '../stages/prepare/KeyHeader.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import * as Deadline from '../wire/Deadline.js'
import type { Plan } from '../wire/Plan.js'
import * as RandomSource from '../wire/RandomSource.js'
import { discard, headOf, type Reply } from '../wire/Reply.js'
import {
  around,
  type RetryDetails,
  type SendControls,
  type Transport,
  type TransportError,
  withPlan,
} from '../wire/Transport.js'
import { CloseSignal, cancelFault, deadlineFault, untilCancelled } from './Cancellation.js'
import * as RetryPolicy from './RetryPolicy.js'

/** Whether a key makes a request repeatable. Methods that the policy has need none. */
const hasKey = (policy: RetryPolicy.Retry, plan: Plan): boolean => {
  const methods = policy?.methods ?? RetryPolicy.standard.methods
  if (methods === 'any' || methods.includes(plan.method)) return false
  const scope = KeyHeader.scopeOf(plan)
  return scope === 'Exchange' || scope === 'Request'
}

/** Returns a plan that records whether its one-shot body was opened. Other bodies can always be sent again. */
const observeBody = (plan: Plan): { readonly plan: Plan; readonly isReplayable: () => boolean } => {
  if (plan.body._tag !== 'Once') return { plan, isReplayable: () => true }
  const { source } = plan.body
  let isOpened = false
  const observed: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      isOpened = true
      return source[Symbol.asyncIterator]()
    },
  }
  return { plan: { ...plan, body: { ...plan.body, source: observed } }, isReplayable: () => !isOpened }
}

const detailsOf = (delay: number, outcome: E.Either<TransportError, Reply>): RetryDetails => {
  if (E.isLeft(outcome)) return { delay, fault: outcome.left }
  const { connection } = outcome.right
  return connection === undefined ? { delay } : { delay, connection }
}

const signAgain = ({ signAgain }: SendControls, plan: Plan): Promise<E.Either<TransportError, Plan>> =>
  signAgain === undefined ? Promise.resolve(E.right(plan)) : signAgain(plan)()

const sendWithRetry = async (
  policy: RetryPolicy.Retry,
  inner: Transport,
  given: Plan,
  controls: SendControls,
  closing: AbortSignal,
): Promise<E.Either<TransportError, Reply>> => {
  const { clock = Clock.system, deadline = Number.POSITIVE_INFINITY, entropy = RandomSource.seed() } = controls
  const { plan, isReplayable } = observeBody(given)
  // As it is sent; the plan of an error has the body that was given.
  let current = plan
  for (let attempt = 1; ; attempt++) {
    const asSent = current === plan ? given : { ...current, body: given.body }
    const sent = await inner(current, controls)()
    const outcome = E.isLeft(sent) ? E.left(Deadline.withAttempts(attempt)(withPlan(asSent, sent.left))) : sent
    const last = {
      attempt,
      method: plan.method,
      isReplayable: isReplayable(),
      hasKey: hasKey(policy, current),
      outcome,
      now: clock.now(),
      entropy,
    }
    const delay = RetryPolicy.next(policy)(last)
    if (O.isNone(delay)) return outcome
    const nextStart = clock.monotonic() + delay.value
    if (nextStart >= deadline) return outcome
    const retried = E.isRight(outcome) ? O.some(headOf(outcome.right)) : O.none
    const headers = controls.superseded?.(retried, detailsOf(delay.value, outcome))(current.headers) ?? current.headers
    if (headers !== current.headers) current = { ...current, headers }
    await untilCancelled(controls, closing, async (stop) => {
      if (E.isRight(outcome)) await discard(outcome.right.body)
      await clock.sleep(Math.max(0, nextStart - clock.monotonic()), stop)()
    })
    const fault = cancelFault(controls, closing) ?? deadlineFault(asSent, clock, deadline)
    if (fault !== undefined) return E.left(withPlan(asSent, Deadline.withAttempts(attempt)(fault)))
    const signed = await signAgain(controls, current)
    if (E.isLeft(signed)) return signed
    current = signed.right
    controls.resending?.()
  }
}

/** Returns a transport that retries as the policy says, three attempts by default. Returns the outcome of the last attempt. */
export const withRetry =
  (policy: RetryPolicy.Retry = RetryPolicy.empty) =>
  (inner: Transport): Transport => {
    const closing = new CloseSignal()
    const send = around(inner, () => closing.close())
    return send((plan, controls) => () => sendWithRetry(policy, inner, plan, UserInput.own(controls), closing.signal))
  }
