/**
 * One request and everything that follows from it, as data. The types are in `ExchangeState`, the steps in `Settle`; this module starts and
 * simulates an exchange. It reads no clock and sends nothing.
 *
 *     start ─▶ Exchange ──▶ (send its plan) ──▶ Head ─┬─ challenge ─▶ Next          a 401 was answered
 *                 ▲                                   └─ settle ────▶ Done | Next | Refuse
 *                 └───────────────────────────────────────────────────────┘
 *
 * Two interpreters run it: `Interpreter` with a transport and hooks, and `simulate` with a pure server.
 *
 * Laws: it ends within the redirect limit; no credentials cross an origin or come back; each hop answers one challenge;
 * `attempt` over `Transport.memory(server)` equals `simulate(server)`, without hooks and mounts.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 *
 * const trace = pipe(
 *   Request.get('http://h.test/a'),
 *   Exchange.simulate({ session: Session.defaults })({
 *     'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': 'sid=1' } },
 *     'GET /b': (plan) => ({ status: 200, body: plan.url.href }) }))
 * assert.deepEqual(pipe(trace.outcome, E.map(Response.text)), E.right('http://h.test/b'))
 * assert.deepEqual(trace.hops.map(({ head }) => head.status), [302, 200])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../cookies/Jar.js'
import type { Request } from '../session/Request.js'
import type { Session } from '../session/Session.js'
import type { Hook } from '../session/Settings.js'
import * as Charset from '../values/Charset.js'
import * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as UserInput from '../values/UserInput.js'
import * as MockServer from '../wire/MockServer.js'
import type { Hop, Response, Server } from '../wire/Reply.js'
import { withPlan } from '../wire/Transport.js'
import { answeringProxy } from './Absorb.js'
import {
  type Done,
  type Exchange,
  failed,
  nameOf,
  type SendError,
  type StartError,
  type Step,
} from './ExchangeState.js'
import { merge } from './Merge.js'
import { noEntropy } from './PlanError.js'
import { type Context, prepareWithMerged, type World, withDefaults } from './Prepare.js'
import * as Credentials from './prepare/Credentials.js'
import * as Renewal from './Renewal.js'
import { hide } from './ReplyRedaction.js'
import { receive } from './Settle.js'

export type { Server } from '../wire/Reply.js'
export * from './ExchangeState.js'
export type { Context } from './Prepare.js'
export { authorizedAgain, authorizedBeforeSending, errorOf, type Ready } from './Renewal.js'
export * from './Retried.js'
export * from './Settle.js'

// --- start ---------------------------------------------------------------------------------------------------------

/**
 * Starts an exchange with its first plan. A digest that signs in advance uses its nonce once more: the jar counts it. If a token
 * is needed, the first plan is that of its request, and `waiting` has the exchange that continues with it.
 */
export const start =
  (context: Context) =>
  (request: Request): E.Either<StartError, Exchange> =>
    startIn(context.session, withDefaults(context), request)

const NO_HOPS: ReadonlyArray<Hop> = []

/**
 * `start` with all inputs, because each request is planned with it.
 * @internal
 */
export const startIn = (session: Session, world: World, request: Request): E.Either<StartError, Exchange> => {
  const merged = merge(session)(request)
  // The exchange may have to answer a digest challenge on any hop.
  const lacksEntropy = world.entropy === '' && Credentials.digestOf(merged) !== undefined
  const first = lacksEntropy ? E.left(noEntropy('the cnonce of a digest answer')) : prepareWithMerged(world)(merged)
  if (E.isLeft(first)) return E.left(failed(first.left)({ history: NO_HOPS, jar: world.jar }))
  const { plan, merged: kept, need } = first.right
  const exchange: Exchange = {
    plan,
    jar: Credentials.countNonce(kept, world.jar, plan),
    history: NO_HOPS,
    merged: kept,
    environment: world.environment,
    entropy: world.entropy,
    credentialsAllowed: true,
    waiting: undefined,
    signing: undefined,
    hasRenewed: false,
  }
  return need === undefined ? E.right(answeringProxy(world.now, exchange)) : Renewal.satisfy(world.now, exchange, need)
}

/** Returns the exchange of the request itself: the one that waits, if a token is obtained first. */
export const mainOf = (x: Exchange): Exchange => (x.waiting === undefined ? x : mainOf(x.waiting.exchange))

// --- the end -------------------------------------------------------------------------------------------------------

/**
 * `respond` without a closure, because each response is made with it.
 * @internal
 */
export const responseOf = ({ exchange, head, cookies, rejected, next }: Done, bytes: Uint8Array): Response => {
  const contentType = Headers.combined(head.headers, 'Content-Type')
  const response: Response = {
    status: head.status,
    reason: head.reason,
    headers: head.headers,
    elapsed: head.elapsed,
    url: head.finalUrl ?? exchange.plan.url.href,
    bytes,
    encoding: contentType === undefined ? O.none : Charset.ofContentType(contentType),
    cookies,
    history: exchange.history,
    plan: exchange.plan,
    next,
    jar: exchange.jar,
  }
  const hasRejected = rejected !== undefined && rejected.length > 0
  if (head.httpVersion === undefined && head.timings === undefined && !hasRejected) return response
  return {
    ...response,
    ...(head.httpVersion === undefined ? {} : { httpVersion: head.httpVersion }),
    ...(head.timings === undefined ? {} : { timings: head.timings }),
    ...(hasRejected ? { rejected } : {}),
  }
}

/**
 * Makes the response from the bytes of the last reply and a finished exchange.
 * @since 0.2.0
 * @category destructors
 */
export function respond(bytes: Uint8Array): (done: Done) => Response
/** @deprecated Use `respond(bytes)(done)`. */
export function respond(done: Done, bytes: Uint8Array): Response
export function respond(first: Done | Uint8Array, bytes?: Uint8Array): Response | ((done: Done) => Response) {
  if (first instanceof Uint8Array) return (done) => responseOf(done, first)
  return responseOf(first, bytes ?? new Uint8Array())
}

// --- simulation ----------------------------------------------------------------------------------------------------

/** One answered plan, and the jar after it. */
export interface TracedHop extends Hop {
  /** The jar after the reply. */
  readonly jar: Jar
}

/** Everything that a simulation did. */
export interface Trace {
  /** The answered plans, oldest first. */
  readonly hops: ReadonlyArray<TracedHop>
  /** The names of the hooks that would run on each hop. Hooks are effects, so a simulation does not run them. */
  readonly hooks: ReadonlyArray<string>
  /** The jar at the end. */
  readonly jar: Jar
  /** The response, or why there is none. */
  readonly outcome: E.Either<SendError, Response>
}

/** Returns what a step recorded of the reply: its head without secrets, and the Set-Cookie lines that the jar rejected. */
const recordOf = (step: Step): Pick<Hop, 'head' | 'rejected'> | undefined => {
  if (step._tag === 'Done') return step
  return (step._tag === 'Refuse' ? step.error : step.exchange).history.at(-1)
}

/** The step after a reply, and the bytes of the last one. */
type Simulated = readonly [step: Step, bytes: E.Either<SendError, Uint8Array>]

const NOTHING = E.right(new Uint8Array())

const simulateReply = (x: Exchange, { head, content }: MockServer.Served, now: Date): Simulated => {
  const step = receive(now)(head)(x)
  if (step._tag !== 'Done') return [step, NOTHING]
  const { plan } = step.exchange
  const read = content(plan.route.limits.body)
  const bytes = E.isLeft(read) ? E.left(Renewal.errorOf(step.exchange, withPlan(plan, read.left))) : read
  if (x.waiting === undefined) return [step, bytes]
  if (E.isLeft(bytes)) return [{ _tag: 'Refuse', error: bytes.left }, NOTHING]
  return [Renewal.receiveToken(now, step, responseOf(step, bytes.right)), NOTHING]
}

/** Runs the exchange of a request with a pure server. The seed is fixed by default. A jar needs a `now`. */
export const simulate =
  (context: Context) =>
  (server: Server) =>
  (request: Request): Trace => {
    const seeded: Context = UserInput.get(context, 'entropy') ? context : { ...context, entropy: 'simulation' }
    const world = withDefaults(seeded)
    const { now } = world
    const begun = start(seeded)(request)
    if (E.isLeft(begun)) return { hops: [], hooks: [], jar: world.jar, outcome: begun }
    const hops: TracedHop[] = []
    const hooks = Override.layerOrElse<ReadonlyArray<Hook>>([])(mainOf(begun.right).merged.settings.hooks).map(nameOf)
    for (let x = begun.right; ; ) {
      const answered = MockServer.serve(server)(x.plan)
      if (E.isLeft(answered)) {
        return { hops, hooks, jar: x.jar, outcome: E.left(Renewal.errorOf(x, withPlan(x.plan, answered.left))) }
      }
      const received = hide(x.plan, answered.right.head)
      const [step, bytes] = simulateReply(x, { ...answered.right, head: received }, now)
      const jar = step._tag === 'Refuse' ? step.error.jar : step.exchange.jar
      const { head, rejected = [] } = recordOf(step) ?? { head: received }
      // Not a spread, which would cost as much as planning the request.
      hops.push(rejected.length === 0 ? { plan: x.plan, head, jar } : { plan: x.plan, head, rejected, jar })
      if (step._tag === 'Refuse') return { hops, hooks, jar, outcome: E.left(step.error) }
      if (step._tag === 'Next') {
        x = step.exchange
        continue
      }
      return { hops, hooks, jar, outcome: E.isLeft(bytes) ? bytes : E.right(responseOf(step, bytes.right)) }
    }
  }
