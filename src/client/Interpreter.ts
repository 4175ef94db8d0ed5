/**
 * Runs an exchange with a client: the only loop that sends. Each outcome has the updated jar.
 *
 * | while a reply hook runs            | the exchange ends with                                        |
 * |------------------------------------|---------------------------------------------------------------|
 * | it returns a Left, throws, rejects | `HookFailed`                                                  |
 * | the signal aborts                  | `Aborted`, at once; the hook continues, its result is ignored |
 * | the total time is exceeded         | `DeadlineExceeded`, in the same way                           |
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from '../Client.js'
import type { Jar } from '../cookies/Jar.js'
import type { Request } from '../session/Request.js'
import type { Hook } from '../session/Settings.js'
import * as Exchange from '../stages/Exchange.js'
import type { PlanError } from '../stages/PlanError.js'
import * as Send from '../stages/Send.js'
import { exchangeFault, joinSignals, raceDeadline } from '../transport/Cancellation.js'
import type { Body } from '../values/Body.js'
import * as OneShot from '../values/OneShot.js'
import * as UserInput from '../values/UserInput.js'
import { bodyCut, DISCARDED, startDiscarding, toWhole } from '../wire/BodySource.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { type Head, headOf, isHead, type Reply, type Response, type Source } from '../wire/Reply.js'
import { type OnRetry, type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import * as Observation from './Observation.js'
import type { OnJar } from './SharedJar.js'

/** The result of a program and the jar after it, also after a failure. Not readonly, because fp-ts is not. */
export type Outcome<E, A> = [outcome: E.Either<E, A>, jar: Jar]

/** Processes the body of the last reply. The loop awaits only `read`, because each promise costs as much as a stage. */
export interface Finish<E, A> {
  /** Starts to read the body. */
  readonly read: (reply: Reply, done: Exchange.Done) => PromiseLike<unknown>
  /** Returns the outcome of what `read` returned. */
  readonly succeed: (read: unknown, done: Exchange.Done) => E.Either<E | Exchange.ExchangeError, A>
  /** Returns the outcome of what `read` threw, or throws it again. */
  readonly fail: (cause: unknown, done: Exchange.Done) => E.Either<E | Exchange.ExchangeError, A>
}

/** Makes the result of a program from an outcome and the jar after it. Not a promise: that would cost another one. */
export type Conclude<E, A, R> = (outcome: E.Either<E, A>, jar: Jar) => R

/** Makes the exchange to run: planned from a request, or given. */
type Begin<E> = IO<E.Either<E, Exchange.Exchange>>

/** Returns a client whose requests also end when the signal aborts, and what to call after the last of them. */
export const untilAborted =
  (signal: AbortSignal) =>
  (client: Client.Client): { readonly client: Client.Client; readonly release: IO<void> } => {
    const outer = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
    if (outer === undefined) return { client: { ...client, signal }, release: () => {} }
    const joined = joinSignals(outer, signal)
    return { client: { ...client, signal: joined.signal }, release: joined.release }
  }

/** Plans a request with a jar and the client's inputs. */
export const begin = (
  client: Client.Client,
  jar: Jar,
  request: Request,
): E.Either<Exchange.WithHistory<PlanError>, Exchange.Exchange> =>
  Exchange.startIn(client.session, Client.world(client, jar), request)

/** Plans and sends a request. */
export const sendRequest = <E, A, R>(
  client: Client.Client,
  jar: Jar,
  request: Request,
  finish: Finish<E, A>,
  conclude: Conclude<Exchange.SendError | E, A, R>,
): Promise<R> => drive(client, jar, request.body, () => begin(client, jar, request), finish, conclude)

/** Reads the whole body, up to the limit. */
export const gather: Finish<never, Response> = {
  read: ({ body }, { exchange }) => body.gather(exchange.plan.route.limits.body)(),
  succeed: (read, done) => {
    const bytes = toWhole(read)
    return E.isLeft(bytes) ? failedBody(done, bytes.left) : E.right(Exchange.responseOf(done, bytes.right))
  },
  fail: (cause, done) => failedBody(done, bodyCut(cause)),
}

/** Returns the error of a body that could not be read. */
export const failedBody = ({ exchange }: Exchange.Done, fault: Fault.Fault): E.Either<Exchange.ExchangeError, never> =>
  E.left(Exchange.failed(withPlan(exchange.plan, fault))(exchange))

/** Runs an exchange. Closes the source of its body on every path, also if nothing was sent. */
export const drive = <S, E, A, R>(
  client: Client.Client,
  jar: Jar,
  body: Body,
  begin: Begin<S>,
  finish: Finish<E, A>,
  conclude: Conclude<S | E | Exchange.ExchangeError, A, R>,
): Promise<R> => {
  if (body._tag === 'Once') return closingSource(body.source, () => run(client, jar, begin(), finish, conclude))
  try {
    return run(client, jar, begin(), finish, conclude)
  } catch (cause) {
    return Promise.reject(cause) // of a clock or a random source of the user
  }
}

const closingSource = async <A>(given: AsyncIterable<Uint8Array>, run: () => Promise<A>): Promise<A> => {
  const source = OneShot.guard(given)
  // A consumed source belongs to another exchange.
  if (OneShot.isConsumed(source)) return run()
  try {
    return await run()
  } finally {
    OneShot.close(source)
  }
}

/** Runs an exchange that was planned, and reports its jar to the client. Not async: that would cost a promise. */
const run = <S, E, A, R>(
  client: Client.Client,
  jar: Jar,
  begun: E.Either<S, Exchange.Exchange>,
  finish: Finish<E, A>,
  conclude: Conclude<S | E | Exchange.ExchangeError, A, R>,
): Promise<R> => {
  const onJar = UserInput.get(client, 'onJar')
  const end = onJar === undefined ? conclude : reporting(onJar, jar, conclude)
  if (E.isLeft(begun)) return Promise.resolve(end(begun, jar))
  const observation = Observation.start(client.clock, begun.right)
  return observation === undefined
    ? exchange(client, begun.right, finish, end)
    : runObserved(client, begun.right, finish, end, observation)
}

const reporting =
  <E, A, R>(onJar: OnJar, before: Jar, conclude: Conclude<E, A, R>): Conclude<E, A, R> =>
  (outcome, after) => {
    onJar(before, after)
    return conclude(outcome, after)
  }

const runObserved = async <E, A, R>(
  client: Client.Client,
  first: Exchange.Exchange,
  finish: Finish<E, A>,
  conclude: Conclude<E | Exchange.ExchangeError, A, R>,
  observation: Observation.Observation,
): Promise<R> => {
  const observed: Finish<E, A> = {
    ...finish,
    read: (reply, done) => {
      observation.settled(done.head)
      return finish.read(reply, done)
    },
  }
  const running = exchange(client, first, observed, toOutcome<E | Exchange.ExchangeError, A>, observation)
  const [outcome, after] = await observation.ending(running)
  return conclude(outcome, after)
}

const toOutcome = <E, A>(outcome: E.Either<E, A>, jar: Jar): Outcome<E, A> => [outcome, jar]

const NO_HOOKS: ReadonlyArray<Hook> = []

/** The exchange while a reply is awaited: a retrying transport reports the replies that it drops. */
interface Pending {
  exchange: Exchange.Exchange
  /** A custom transport may call `superseded` after its send has ended. That must not change anything. */
  isSending: boolean
}

/** Not a closure of `exchange`, because its variables would then be allocated one by one. */
const supersededBy =
  (client: Client.Client, pending: Pending): OnRetry =>
  (reply) => {
    if (!pending.isSending) return identity
    const retried = Exchange.absorbRetried(client.clock.now())(reply)(pending.exchange)
    pending.exchange = retried.exchange
    return retried.headers
  }

/** Sends plans and processes replies until a step is not `Next`. */
const exchange = async <E, A, R>(
  client: Client.Client,
  first: Exchange.Exchange,
  finish: Finish<E, A>,
  conclude: Conclude<E | Exchange.ExchangeError, A, R>,
  observation?: Observation.Observation,
): Promise<R> => {
  const pending: Pending = { exchange: first, isSending: false }
  const superseded = supersededBy(client, pending)
  const { settings } = first.merged
  const progress = settings.progress._tag === 'Set' ? settings.progress.value : undefined
  const controls = Send.startControls(client, first.plan, {
    entropy: first.entropy,
    progress,
    superseded: observation === undefined ? superseded : observation.retrying(superseded),
    resending: observation?.resending,
  })
  const sendOne = observation?.sending(Send.sendPlan(client, controls))
  const hooks = settings.hooks._tag === 'Inherit' ? NO_HOOKS : settings.hooks.value
  for (;;) {
    const { plan } = pending.exchange
    if (Send.isBodyConsumed(plan)) {
      return conclude(E.left(Exchange.bodyConsumedError(pending.exchange)), pending.exchange.jar)
    }
    pending.isSending = true
    const sent = await (sendOne === undefined ? Send.sendWith(client, controls, plan) : sendOne(plan))
    pending.isSending = false
    const x = pending.exchange
    if (E.isLeft(sent)) return conclude(E.left(Exchange.failed(sent.left)(x)), x.jar)
    const reply = sent.right
    const head = headOf(reply)
    const now = client.clock.now()
    const again = Exchange.answer(now, head, x)
    const seen = O.isSome(again) || hooks.length === 0 ? E.right(head) : await runHooks(hooks, controls, head, x.plan)
    if (E.isLeft(seen)) {
      await release(controls, reply.body)
      return conclude(E.left(Exchange.failed(seen.left)(x)), x.jar)
    }
    const step: Exchange.Step = O.isSome(again)
      ? { _tag: 'Next', exchange: again.value }
      : Exchange.decide(now, seen.right, x)
    if (step._tag === 'Done') {
      let outcome: E.Either<E | Exchange.ExchangeError, A>
      try {
        outcome = finish.succeed(await finish.read(reply, step), step)
      } catch (cause) {
        outcome = finish.fail(cause, step)
      }
      return conclude(outcome, step.exchange.jar)
    }
    const releasing = release(controls, reply.body)
    const stopped = releasing === undefined ? undefined : await releasing
    if (step._tag === 'Refuse') return conclude(E.left(step.error), step.error.jar)
    if (stopped !== undefined)
      return conclude(E.left(Exchange.failed(withPlan(x.plan, stopped))(step.exchange)), step.exchange.jar)
    pending.exchange = step.exchange
  }
}

/** Discards a body. Returns the fault that ends the exchange meanwhile; not a promise if the body has ended. */
const release = (controls: SendControls, body: Source): undefined | Promise<Fault.Fault | undefined> => {
  const discarding = startDiscarding(body)
  return discarding === DISCARDED ? undefined : releaseLater(controls, discarding)
}

const releaseLater = async (controls: SendControls, discarding: Promise<void>): Promise<Fault.Fault | undefined> => {
  const discarded = await raceDeadline(controls, discarding)
  return E.isLeft(discarded) ? discarded.left : undefined
}

// --- hooks ---------------------------------------------------------------------------------------------------------

type HookOutcome = E.Either<TransportError | Exchange.HookFailed, Head>

/** Passes a head through all hooks in order, and stops at the first failure. */
const runHooks = async (
  hooks: ReadonlyArray<Hook>,
  controls: SendControls,
  head: Head,
  plan: Plan,
): Promise<HookOutcome> => {
  let current = head
  for (const hook of hooks) {
    const outcome = await runHook(hook, controls, current, plan)
    if (E.isLeft(outcome)) return outcome
    current = outcome.right
  }
  return E.right(current)
}

const runHook = async (hook: Hook, controls: SendControls, head: Head, plan: Plan): Promise<HookOutcome> => {
  const fault = exchangeFault(controls)
  if (fault !== undefined) return E.left(withPlan(plan, fault))
  const failed = (how: 'Refused' | 'Threw', error: unknown): HookOutcome =>
    E.left(Exchange.hookFailed(plan, hook, how, error))
  // The type of a hook is checked again, because plain JavaScript permits any result.
  try {
    const task: unknown = hook(head, plan)
    if (typeof task !== 'function') {
      Fault.ignoreRejection(task)
      const message = `it must return a task, which is a function, but returned ${Fault.kindOf(task)}`
      return failed('Threw', new TypeError(message))
    }
    const outcome = await raceDeadline<E.Either<unknown, Head>>(controls, task())
    if (E.isLeft(outcome)) return E.left(withPlan(plan, outcome.left))
    const result = outcome.right
    if (E.isLeft(result)) return failed('Refused', result.left)
    if (isHead(result.right)) return result
    return failed('Threw', new TypeError(`its task must give a head, but gave ${Fault.kindOf(result.right)}`))
  } catch (cause) {
    return failed('Threw', cause)
  }
}
