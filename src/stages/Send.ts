/**
 * Sends one plan through the transport that is mounted for it, and returns one reply. This is the only effect of the
 * stages. It does not follow redirects and does not retry.
 *
 * @example
 * import { randomUUID } from 'node:crypto'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { flow } from 'fp-ts/lib/function.js'
 * import { Clock, Merge, Prepare, type Request, Send, Session, Transport } from 'requests-ts'
 *
 * const sender = { session: Session.defaults, transport: Transport.memory(() => ({ status: 204 })), clock: Clock.system }
 * const pipeline: (request: Request.Request) => TE.TaskEither<unknown, number> = flow(
 *   Merge.merge(sender.session),
 *   (merged) => Prepare.prepare({ entropy: randomUUID() })(merged),
 *   TE.fromEither,
 *   TE.flatMap(Send.send(sender)),
 *   TE.map((reply) => reply.status))
 * assert.equal(typeof pipeline, 'function')
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Mount from '../session/Mount.js'
import type { Session } from '../session/Session.js'
import * as OneShot from '../values/OneShot.js'
import * as Url from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import type { Clock } from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../wire/Plan.js'
import { is as isReply, type Reply } from '../wire/Reply.js'
import {
  checkedSend,
  type Refusal,
  type ReplyListener,
  refusal,
  type SendControls,
  type Transport,
  type TransportError,
  withPlan,
} from '../wire/Transport.js'
import { hide, hidesMore } from './ReplyRedaction.js'

/** What sending needs. Every `Client` is one. */
export interface Sender {
  /** Its mounts select the transport of a URL. */
  readonly session: Session
  /** The transport for URLs without a mounted one. */
  readonly transport: Transport
  /** For the deadline of an exchange. */
  readonly clock: Clock
  /** Aborts every request of the sender. */
  readonly signal?: AbortSignal
  /** Nothing is sent after it has aborted. */
  readonly closing?: AbortSignal
}

const transportFor = ({ session, transport }: Sender, plan: Plan): Transport => {
  if (session.mounts.length === 0) return transport
  const mounted = Mount.find(Url.withSentPathname(plan.url))(session)
  return O.isSome(mounted) ? mounted.value : transport
}

/**
 * Returns whether a transport of the sender may report replies that it drops. The transport of this library does not.
 * @internal
 */
export const mayRetry = ({ session, transport }: Sender): boolean =>
  session.mounts.length > 0 || checkedSend(transport) === undefined

/**
 * Returns the fault of a plan that the transport for it cannot send.
 * @internal
 */
export const refusalOf = (sender: Sender, plan: Plan): O.Option<Refusal> => refusal(transportFor(sender, plan))(plan)

/** The controls that belong to the exchange. */
export type ExchangeControls = Pick<SendControls, 'entropy' | 'progress' | 'superseded' | 'resending' | 'signAgain'>

const deadlineOf = ({ timeouts }: Plan['route'], clock: Clock): number | undefined => {
  const total = UserInput.get(timeouts, 'total')
  return total === undefined ? undefined : clock.monotonic() + total
}

/** Returns the controls of an exchange that starts now inside another one: its total timeout counts too. */
export const withinTotal = ({ route }: Plan, controls: SendControls): SendControls => {
  const own = controls.clock === undefined ? undefined : deadlineOf(route, controls.clock)
  return own === undefined ? controls : { ...controls, deadline: Math.min(own, controls.deadline ?? own) }
}

/** Returns the controls for all sends of an exchange that starts now: one deadline, one seed, one progress listener. */
export const startControls = (
  sender: Sender,
  { route }: Plan,
  { entropy, progress, superseded, resending, signAgain }: ExchangeControls = {},
): SendControls => {
  const { clock } = sender
  const deadline = deadlineOf(route, clock)
  const signal = UserInput.get(sender, 'signal')
  return { clock, signal, deadline, entropy, progress, superseded, resending, signAgain }
}

/** The controls of a wait that no transport ends: it ends also if the client is closed. */
export const untilClosed = (sender: Sender, controls: SendControls): SendControls =>
  controls.signal === undefined ? { ...controls, signal: UserInput.get(sender, 'closing') } : controls

const broken = (plan: Plan, problem: string, cause?: unknown): E.Either<TransportError, Reply> =>
  E.left(withPlan(plan, Fault.make('ProtocolError', `The transport failed: ${problem}`, cause)))

/** Hides the secret fields of a reply. Anything else than a reply or a fault, of a custom transport, is a `ProtocolError`. */
const validate = (plan: Plan, outcome: E.Either<TransportError, Reply>): E.Either<TransportError, Reply> => {
  const returned: { readonly _tag?: unknown; readonly left?: unknown; readonly right?: unknown } = Object(outcome)
  if (returned._tag === 'Right') {
    if (!isReply(returned.right)) return broken(plan, 'it did not return a Reply')
    const reply = hide(plan, returned.right)
    return reply === returned.right ? outcome : E.right(reply)
  }
  if (returned._tag !== 'Left') return broken(plan, `it returned ${Fault.kindOf(outcome)} instead of an Either`)
  return Fault.is(returned.left) ? outcome : broken(plan, 'its Left is not a Fault', returned.left)
}

const clientClosed = (plan: Plan): E.Either<TransportError, never> => {
  const message = `${plan.method} ${urlWithoutQuery(plan)} was not sent: the client is closed; open another client`
  return E.left(withPlan(plan, Fault.unsent(Fault.make('ClientClosed', message))))
}

const sendThrough = (sender: Sender, controls: SendControls, plan: Plan, listener: ReplyListener): void => {
  if (UserInput.get(sender, 'closing')?.aborted === true) {
    listener.onReply(clientClosed(plan))
    return
  }
  const transport = transportFor(sender, plan)
  const send = checkedSend(transport)
  if (send !== undefined && !hidesMore(plan)) send(plan, controls, listener)
  else sendAndCheck(transport, controls, plan).then((result) => listener.onReply(result))
}

const sendAndCheck = async (
  transport: Transport,
  controls: SendControls,
  plan: Plan,
): Promise<E.Either<TransportError, Reply>> => {
  // Before a limit or a recorder around the transport starts.
  const refused = refusal(transport)(plan)
  if (O.isSome(refused)) return E.left(refused.value)
  try {
    const task: unknown = transport(plan, controls)
    if (typeof task === 'function') return validate(plan, await task())
    Fault.ignoreRejection(task)
    return broken(plan, `it returned ${Fault.kindOf(task)} instead of a Task, which is a function`)
  } catch (cause) {
    return Fault.is(cause) ? E.left(withPlan(plan, cause)) : broken(plan, Fault.messageOf(cause), cause)
  }
}

/** Returns whether the body can be read only once and was, or is being, sent: sent again, it would be empty (D7). */
export const isBodyConsumed = ({ body }: Plan): boolean => body._tag === 'Once' && OneShot.isConsumed(body.source)

/** @deprecated Use `isBodyConsumed`. */
export const isSpent = isBodyConsumed

const sendOnce = (
  sender: Sender,
  controls: SendControls,
  plan: Plan,
  source: AsyncIterable<Uint8Array>,
  listener: ReplyListener,
): void => {
  if (isBodyConsumed(plan)) {
    const why = 'The request body can be read only once and was sent before; use withStream'
    listener.onReply(E.left(withPlan(plan, Fault.unsent(Fault.make('RequestBodyFailed', why)))))
    return
  }
  OneShot.claim(source)
  const onReply = (sent: E.Either<TransportError, Reply>): void => {
    if (E.isLeft(sent)) OneShot.release(source)
    listener.onReply(sent)
  }
  sendThrough(sender, controls, plan, { onReply })
}

/**
 * `sendBy` without closures and promises, because each request is sent with it. Reports the result maybe before it returns.
 * @internal
 */
export const sendTo = (sender: Sender, controls: SendControls, plan: Plan, listener: ReplyListener): void => {
  if (plan.body._tag === 'Once') sendOnce(sender, controls, plan, plan.body.source, listener)
  else sendThrough(sender, controls, plan, listener)
}

/**
 * `sendBy` that sends at once.
 * @internal
 */
export const sendPlan =
  (sender: Sender, controls: SendControls) =>
  (plan: Plan): Promise<E.Either<TransportError, Reply>> =>
    new Promise((resolve) => sendTo(sender, controls, plan, { onReply: resolve }))

/** Sends one plan with the controls of its exchange. A body that can be read once is sent once by every transport. */
export const sendBy =
  (sender: Sender, controls: SendControls) =>
  (plan: Plan): TaskEither<TransportError, Reply> =>
  () =>
    sendPlan(sender, controls)(plan)

/** Sends one plan. Errors: `TransportError`. */
export const send =
  (sender: Sender) =>
  (plan: Plan): TaskEither<TransportError, Reply> =>
  () =>
    sendPlan(sender, startControls(sender, plan))(plan)

/** @deprecated Use `ExchangeControls`. */
export type Along = ExchangeControls

/** @deprecated Use `startControls`. */
export const limitsOf = startControls
