/**
 * The loop of an exchange: sends plans and processes replies until a step is not `Next`. Each function that continues it is
 * called by what it waits for, without a promise between, because each promise costs as much as a stage.
 *
 * | waits for                | continues with                |
 * |--------------------------|-------------------------------|
 * | the reply to a plan      | `onReply`                     |
 * | the hooks                | `#settle`                     |
 * | the body of a redirect   | `send`                        |
 * | the body of the response | `onContent`, `onContentError` |
 *
 * An effect of the user must not run while undici parses a response. So hooks, observers and the function that reads a
 * stream wait for a promise. Pure functions of the user do not: a redirect policy, a clock.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { identity } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Client from '../Client.js'
import type { Jar } from '../cookies/Jar.js'
import type { Hook } from '../session/Settings.js'
import * as Exchange from '../stages/Exchange.js'
import * as Send from '../stages/Send.js'
import { raceDeadline } from '../transport/Cancellation.js'
import type { Headers } from '../values/Headers.js'
import { DISCARDED, startDiscarding } from '../wire/BodySource.js'
import type { ContentListener } from '../wire/DirectSource.js'
import type * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { type Head, headOf, type Reply, type Source } from '../wire/Reply.js'
import { type ReplyListener, type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import type * as Observation from './Observation.js'
import { runHooks } from './ReplyHooks.js'

/** Processes the body of the last reply. */
export interface Finish<E, A> {
  /** Starts to read the body, and reports what was read to the listener. */
  readonly read: (reply: Reply, done: Exchange.Done, listener: ContentListener) => void
  /** Returns the outcome of what was read. */
  readonly succeed: (read: unknown, done: Exchange.Done) => E.Either<E | Exchange.ExchangeError, A>
  /** Returns the outcome of what reading threw, or throws it again. */
  readonly fail: (cause: unknown, done: Exchange.Done) => E.Either<E | Exchange.ExchangeError, A>
}

/** Makes the result of a program from an outcome and the jar after it. Not a promise: that would cost another one. */
export type Conclude<E, A, R> = (outcome: E.Either<E, A>, jar: Jar) => R

const NO_HOOKS: ReadonlyArray<Hook> = []

export class RunningExchange<E, A, R> implements ReplyListener, ContentListener {
  readonly #client: Client.Client
  readonly #finish: Finish<E, A>
  readonly #conclude: Conclude<E | Exchange.ExchangeError, A, R>
  readonly #resolve: (result: R) => void
  readonly #reject: (cause: unknown) => void
  readonly #controls: SendControls
  readonly #hooks: ReadonlyArray<Hook>
  /** Sends with a promise, if functions of the user are called with the reply. */
  readonly #sendLater: ((plan: Plan) => Promise<E.Either<TransportError, Reply>>) | undefined
  #exchange: Exchange.Exchange
  /** A custom transport may call `superseded` after its send has ended. That must not change anything. */
  #isSending = false
  #done: Exchange.Done | undefined

  constructor(
    client: Client.Client,
    first: Exchange.Exchange,
    finish: Finish<E, A>,
    conclude: Conclude<E | Exchange.ExchangeError, A, R>,
    resolve: (result: R) => void,
    reject: (cause: unknown) => void,
    observation: Observation.Observation | undefined,
  ) {
    this.#client = client
    this.#exchange = first
    this.#finish = finish
    this.#conclude = conclude
    this.#resolve = resolve
    this.#reject = reject
    const { settings } = first.merged
    const superseded = Send.mayRetry(client) ? (reply: O.Option<Head>) => this.#absorbRetried(reply) : undefined
    this.#controls = Send.startControls(client, first.plan, {
      entropy: first.entropy,
      progress: settings.progress._tag === 'Set' ? settings.progress.value : undefined,
      superseded: superseded === undefined ? undefined : (observation?.retrying(superseded) ?? superseded),
      resending: observation?.resending,
    })
    this.#hooks = settings.hooks._tag === 'Inherit' ? NO_HOOKS : settings.hooks.value
    const isObserved = observation !== undefined
    const sendPlan = isObserved || this.#hooks.length > 0 ? Send.sendPlan(client, this.#controls) : undefined
    this.#sendLater = sendPlan === undefined || !isObserved ? sendPlan : observation.sending(sendPlan)
  }

  /** A transport that retries drops a reply. */
  #absorbRetried(reply: O.Option<Head>): Endomorphism<Headers> {
    if (!this.#isSending) return identity
    const retried = Exchange.absorbRetried(this.#client.clock.now())(reply)(this.#exchange)
    this.#exchange = retried.exchange
    return retried.headers
  }

  send(): void {
    const { plan, jar } = this.#exchange
    if (Send.isBodyConsumed(plan)) {
      this.#end(E.left(Exchange.bodyConsumedError(this.#exchange)), jar)
      return
    }
    this.#isSending = true
    if (this.#sendLater === undefined) Send.sendTo(this.#client, this.#controls, plan, this)
    else this.#sendLater(plan).then((sent) => this.onReply(sent), this.#reject)
  }

  onReply(sent: E.Either<TransportError, Reply>): void {
    this.#isSending = false
    if (E.isLeft(sent)) this.#fail(sent.left)
    else {
      try {
        this.#receive(sent.right)
      } catch (cause) {
        this.#abandon(sent.right, cause)
      }
    }
  }

  /** An exception of a clock of the user. The reply must not keep its connection. */
  #abandon(reply: Reply, cause: unknown): void {
    startDiscarding(reply.body)
    this.#reject(cause)
  }

  #fail(error: TransportError | Exchange.HookFailed): void {
    this.#end(E.left(Exchange.failed(error)(this.#exchange)), this.#exchange.jar)
  }

  #receive(reply: Reply): void {
    const head = headOf(reply)
    const now = this.#client.clock.now()
    const again = Exchange.answer(now, head, this.#exchange)
    if (O.isSome(again)) this.#leave(reply, { _tag: 'Next', exchange: again.value })
    else if (this.#hooks.length > 0) this.#runHooks(reply, head, now).catch((cause) => this.#abandon(reply, cause))
    else this.#settle(reply, head, now)
  }

  async #runHooks(reply: Reply, head: Head, now: Date): Promise<void> {
    const seen = await runHooks(this.#hooks, this.#controls, head, this.#exchange.plan)
    if (E.isRight(seen)) {
      this.#settle(reply, seen.right, now)
      return
    }
    await release(this.#controls, reply.body)
    this.#fail(seen.left)
  }

  #settle(reply: Reply, head: Head, now: Date): void {
    const step = Exchange.decide(now, head, this.#exchange)
    if (step._tag === 'Done') {
      this.#done = step
      this.#finish.read(reply, step, this)
    } else this.#leave(reply, step)
  }

  /** Discards the body of a reply that is not the last one, or is refused. */
  #leave(reply: Reply, step: Exchange.Next | Exchange.Refuse): void {
    this.#discardAndGoOn(reply, step).catch((cause) => this.#abandon(reply, cause))
  }

  async #discardAndGoOn(reply: Reply, step: Exchange.Next | Exchange.Refuse): Promise<void> {
    // A short body arrives in the same turn as its head.
    await undefined
    const releasing = release(this.#controls, reply.body)
    const stopped = releasing === undefined ? undefined : await releasing
    if (step._tag === 'Refuse') {
      this.#end(E.left(step.error), step.error.jar)
      return
    }
    const { plan } = this.#exchange
    this.#exchange = step.exchange
    if (stopped === undefined) this.send()
    else this.#fail(withPlan(plan, stopped))
  }

  onContent(content: unknown): void {
    const done = this.#done
    if (done === undefined) return
    let outcome: E.Either<E | Exchange.ExchangeError, A>
    try {
      outcome = this.#finish.succeed(content, done)
    } catch (cause) {
      this.onContentError(cause)
      return
    }
    this.#end(outcome, done.exchange.jar)
  }

  onContentError(cause: unknown): void {
    const done = this.#done
    if (done === undefined) return
    try {
      this.#end(this.#finish.fail(cause, done), done.exchange.jar)
    } catch (thrown) {
      this.#reject(thrown)
    }
  }

  #end(outcome: E.Either<E | Exchange.ExchangeError, A>, jar: Jar): void {
    try {
      this.#resolve(this.#conclude(outcome, jar))
    } catch (cause) {
      this.#reject(cause)
    }
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
