/**
 * The only effect: one plan goes to the transport that is mounted for it, and one reply comes back. Nothing is
 * followed, nothing repeated.
 *
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { flow } from 'fp-ts/lib/function.js'
 * import { Clock, Merge, Prepare, type Request, Send, Session, Transport } from 'requests-ts'
 *
 * const sender = { session: Session.defaults, transport: Transport.memory(() => ({ status: 204 })), clock: Clock.system }
 * const pipeline: (request: Request.Request) => TE.TaskEither<unknown, number> = flow(
 *   Merge.merge(sender.session),
 *   Prepare.prepare({ entropy: 'a random text, new for each request' }),
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
import * as OwnProperty from '../values/OwnProperty.js'
import * as Url from '../values/Url.js'
import type { Clock } from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { is as isReply, type Reply } from '../wire/Reply.js'
import { at, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import { hide } from './ReplyRedaction.js'

/** What sending needs; every `Client` is one. */
export interface Sender {
  readonly session: Session
  /** What is used where nothing is mounted. */
  readonly transport: Transport
  readonly clock: Clock
  readonly signal?: AbortSignal
}

const transportFor = ({ session, transport }: Sender, plan: Plan): Transport => {
  const mounted = Mount.find(Url.withSentPathname(plan.url))(session)
  return O.isSome(mounted) ? mounted.value : transport
}

/** What an exchange brings along beside its plan. */
export type Along = Pick<SendControls, 'entropy' | 'progress' | 'superseded'>

/** What bounds each send of an exchange that begins now with this plan: one deadline, one seed, one watcher. */
export const limitsOf = (
  sender: Sender,
  { route }: Plan,
  { entropy, progress, superseded }: Along = {},
): SendControls => {
  const { clock } = sender
  const total = OwnProperty.get(route.timeouts, 'total')
  const deadline = total === undefined ? undefined : clock.monotonic() + total
  return { clock, signal: OwnProperty.get(sender, 'signal'), deadline, entropy, progress, superseded }
}

const broken = (plan: Plan, problem: string, cause?: unknown): E.Either<TransportError, Reply> =>
  E.left(at(plan, Fault.make('ProtocolError', `The transport failed: ${problem}`, cause)))

/** A transport of the user's own may give anything, though it should not: that is a `ProtocolError` too. */
const judged = (plan: Plan, outcome: E.Either<TransportError, Reply>): E.Either<TransportError, Reply> => {
  const given: { readonly _tag?: unknown; readonly left?: unknown; readonly right?: unknown } = Object(outcome)
  if (given._tag === 'Right') {
    if (!isReply(given.right)) return broken(plan, 'what it gave is no reply')
    const reply = hide(plan, given.right)
    return reply === given.right ? outcome : E.right(reply)
  }
  if (given._tag !== 'Left') return broken(plan, `it gave ${Fault.kindOf(outcome)} in place of an Either`)
  return Fault.is(given.left) ? outcome : broken(plan, 'what it gave for its failure is no fault', given.left)
}

const handOver = async (sender: Sender, limits: SendControls, plan: Plan): Promise<E.Either<TransportError, Reply>> => {
  try {
    const task: unknown = transportFor(sender, plan)(plan, limits)
    if (typeof task === 'function') return judged(plan, await task())
    Fault.ignoreRejection(task)
    return broken(plan, `it gave ${Fault.kindOf(task)} in place of a task, which is a function`)
  } catch (cause) {
    return Fault.is(cause) ? E.left(at(plan, cause)) : broken(plan, Fault.messageOf(cause), cause)
  }
}

/** Whether its body exists once, and was sent or is being sent already: sent again, it would be empty (D7). */
export const isBodyConsumed = ({ body }: Plan): boolean => body._tag === 'Once' && OneShot.isConsumed(body.source)

const spent = (plan: Plan): E.Either<TransportError, never> => {
  const why = 'The request body can be read only once, and was sent before; use withStream'
  return E.left(at(plan, Fault.unsent(Fault.make('RequestBodyFailed', why))))
}

const sendOnce = async (
  sender: Sender,
  limits: SendControls,
  plan: Plan,
  source: AsyncIterable<Uint8Array>,
): Promise<E.Either<TransportError, Reply>> => {
  if (isBodyConsumed(plan)) return spent(plan)
  OneShot.claim(source)
  const sent = await handOver(sender, limits, plan)
  if (E.isLeft(sent)) OneShot.release(source)
  return sent
}

/** Sends one plan within the limits of its exchange. A body that exists once is sent once, whatever the transport. */
export const sendBy =
  (sender: Sender, limits: SendControls) =>
  (plan: Plan): TaskEither<TransportError, Reply> =>
  () =>
    plan.body._tag === 'Once' ? sendOnce(sender, limits, plan, plan.body.source) : handOver(sender, limits, plan)

/** Sends one plan. Errors: `TransportError`. */
export const send =
  (sender: Sender) =>
  (plan: Plan): TaskEither<TransportError, Reply> =>
  () =>
    sendBy(sender, limitsOf(sender, plan))(plan)()
