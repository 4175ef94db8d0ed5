/**
 * Runs an exchange with a client: the only loop of the library. Each outcome has the updated jar.
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from './Client.js'
import type { Jar } from './cookies/Jar.js'
import type { Request } from './session/Request.js'
import type { Hook } from './session/Settings.js'
import * as Exchange from './stages/Exchange.js'
import type { PlanError } from './stages/PlanError.js'
import * as Send from './stages/Send.js'
import * as Hooks from './transport/Hooks.js'
import type { Body } from './values/Body.js'
import * as OneShot from './values/OneShot.js'
import * as Override from './values/Override.js'
import type * as Fault from './wire/Fault.js'
import { headOf, type Reply, type Response, readAll } from './wire/Reply.js'
import { at, type SendControls, type Superseded } from './wire/Transport.js'

/** The result of a program and the jar after it, also after a failure. */
export type Outcome<E, A> = readonly [outcome: E.Either<E, A>, jar: Jar]

/** Processes the body of the last reply. */
export type Finish<E, A> = (reply: Reply, done: Exchange.Done) => Promise<E.Either<E | Exchange.ExchangeError, A>>

/** Makes the exchange to run: planned from a request, or given. */
export type Begin<E> = IO<E.Either<E, Exchange.Exchange>>

const hooksOf = (x: Exchange.Exchange): ReadonlyArray<Hook> =>
  Override.layerOrElse<ReadonlyArray<Hook>>([])(x.merged.settings.hooks)

const controlsOf = (
  client: Client.Client,
  { plan, entropy, merged }: Exchange.Exchange,
  superseded: Superseded,
): SendControls => {
  const { progress } = merged.settings
  const onProgress = progress._tag === 'Set' ? progress.value : undefined
  return Send.controlsOf(client, plan, { entropy, progress: onProgress, superseded })
}

/** Returns the source of a body that can be read only once, unless another exchange uses it. */
const ownedSource = (body: Body): AsyncIterable<Uint8Array> | undefined => {
  if (body._tag !== 'Once') return undefined
  const source = OneShot.guard(body.source)
  return OneShot.isConsumed(source) ? undefined : source
}

/** Runs an exchange, and closes the source of its body on every path, also if nothing was sent. */
export const drive = async <S, E, A>(
  client: Client.Client,
  jar: Jar,
  body: Body,
  begin: Begin<S>,
  finish: Finish<E, A>,
): Promise<Outcome<S | E | Exchange.ExchangeError, A>> => {
  const source = ownedSource(body)
  if (source === undefined) return run(client, jar, begin, finish)
  try {
    return await run(client, jar, begin, finish)
  } finally {
    OneShot.close(source)
  }
}

/** Sends plans and processes replies until a step is not `Next`. */
const run = async <S, E, A>(
  client: Client.Client,
  jar: Jar,
  begin: Begin<S>,
  finish: Finish<E, A>,
): Promise<Outcome<S | E | Exchange.ExchangeError, A>> => {
  const begun = begin()
  if (E.isLeft(begun)) return [begun, jar]
  let x = begun.right
  // A custom transport may call `superseded` after its send has ended. That must not change anything.
  let isSending = false
  const superseded: Superseded = (reply) => {
    if (!isSending) return identity
    const { exchange, headers } = Exchange.superseded(client.clock.now())(reply)(x)
    x = exchange
    return headers
  }
  const controls = controlsOf(client, x, superseded)
  const sendOne = Send.sendBy(client, controls)
  const hooks = hooksOf(x)
  for (;;) {
    if (Send.isBodyConsumed(x.plan)) return [E.left(Exchange.bodyConsumed(x)), x.jar]
    isSending = true
    const sent = await sendOne(x.plan)()
    isSending = false
    if (E.isLeft(sent)) return [E.left(Exchange.failed(sent.left)(x)), x.jar]
    const reply = sent.right
    const head = headOf(reply)
    const now = client.clock.now()
    const again = Exchange.challenge(now)(head)(x)
    const seen = O.isSome(again) || hooks.length === 0 ? E.right(head) : await Hooks.run(hooks, controls, head, x.plan)
    if (E.isLeft(seen)) {
      await Hooks.release(controls, reply.body)
      return [E.left(Exchange.failed(seen.left)(x)), x.jar]
    }
    const step: Exchange.Step = O.isSome(again)
      ? { _tag: 'Next', exchange: again.value }
      : Exchange.settle(now)(seen.right)(x)
    if (step._tag === 'Done') return [await finish(reply, step), step.exchange.jar]
    const stopped = await Hooks.release(controls, reply.body)
    if (step._tag === 'Refuse') return [E.left(step.error), step.error.jar]
    if (stopped !== undefined) return [E.left(Exchange.failed(at(x.plan, stopped))(step.exchange)), step.exchange.jar]
    x = step.exchange
  }
}

/** Returns the error of a body that could not be read. */
export const failedBody = ({ exchange }: Exchange.Done, fault: Fault.Fault): E.Either<Exchange.ExchangeError, never> =>
  E.left(Exchange.failed(at(exchange.plan, fault))(exchange))

/** Reads the whole body, up to the limit. */
export const gather: Finish<never, Response> = (reply, done) =>
  readAll(reply.body, done.exchange.plan.route.limits.body).then((bytes) =>
    E.isLeft(bytes) ? failedBody(done, bytes.left) : E.right(Exchange.respond(done, bytes.right)),
  )

/** Plans a request with a jar and the client's inputs. */
export const begin =
  (client: Client.Client, jar: Jar, request: Request): Begin<Exchange.Started<PlanError>> =>
  () =>
    Exchange.start(Client.context(client)(jar)())(request)
