/**
 * Sending again what failed in passing, as a policy says.
 *
 * | it sees to it that                                                                                       |
 * |----------------------------------------------------------------------------------------------------------|
 * | the deadline of the exchange bounds all attempts and waits: where the next would come too late, the last outcome stands |
 * | an abort, or closing the client, ends a wait at once                                                      |
 * | a reply that is not the last is discarded before the next attempt                                          |
 * | a body that exists once is sent again only if nobody has opened it yet                                     |
 * | the cookies of a reply that is not the last are on the next attempt, and in the jar afterwards             |
 *
 * Around `withLimit`, each attempt takes its turn and a wait holds no place; inside it, an exchange with all its
 * attempts takes one. A body that is cut after its head is not seen here: `Stream.toFile` resumes.
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
import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Clock from '../wire/Clock.js'
import type { Plan } from '../wire/Plan.js'
import { headOf, discard as letGo, type Reply } from '../wire/Reply.js'
import { around, at, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import { CloseSignal, during, late, stopped } from './Cancellation.js'
import * as RetryPolicy from './RetryPolicy.js'

/** A plan whose one-shot body tells whether it was opened. */
const watched = (plan: Plan): { readonly plan: Plan; readonly isReplayable: () => boolean } => {
  if (plan.body._tag !== 'Once') return { plan, isReplayable: () => true }
  const { source } = plan.body
  let isOpened = false
  const once: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      isOpened = true
      return source[Symbol.asyncIterator]()
    },
  }
  return { plan: { ...plan, body: { ...plan.body, source: once } }, isReplayable: () => !isOpened }
}

const discard = async (outcome: E.Either<TransportError, Reply>): Promise<void> => {
  if (E.isRight(outcome)) await letGo(outcome.right.body)
}

const drive = async (
  policy: RetryPolicy.Retry,
  inner: Transport,
  given: Plan,
  limits: SendControls,
  closing: AbortSignal,
): Promise<E.Either<TransportError, Reply>> => {
  const { clock = Clock.system, deadline = Number.POSITIVE_INFINITY, entropy = randomUUID() } = limits
  const { plan, isReplayable } = watched(given)
  let { headers } = given
  for (let attempt = 1; ; attempt++) {
    const asSent = headers === given.headers ? given : { ...given, headers }
    const sent = await inner(asSent === given ? plan : { ...plan, headers }, limits)()
    const outcome = E.isLeft(sent) ? E.left(at(asSent, sent.left)) : sent
    const last = { attempt, method: plan.method, isReplayable: isReplayable(), outcome, now: clock.now(), entropy }
    const wait = RetryPolicy.next(policy)(last)
    if (O.isNone(wait)) return outcome
    const goesOn = clock.monotonic() + wait.value
    if (goesOn >= deadline) return outcome
    const superseded = E.isRight(outcome) ? O.some(headOf(outcome.right)) : O.none
    headers = limits.superseded?.(superseded)(headers) ?? headers
    await during(limits, closing, async (stop) => {
      await discard(outcome)
      await clock.sleep(Math.max(0, goesOn - clock.monotonic()), stop)()
    })
    const fault = stopped(limits, closing) ?? late(clock, deadline)
    if (fault !== undefined) return E.left(at(asSent, fault))
  }
}

/** Sends again as the policy says. What no attempt changed is given back as it was. */
export const withRetry =
  (policy: RetryPolicy.Retry = RetryPolicy.empty) =>
  (inner: Transport): Transport => {
    const closing = new CloseSignal()
    const send = around(inner, () => closing.close())
    return send((plan, limits) => () => drive(policy, inner, plan, OwnProperty.of(limits), closing.signal))
  }
