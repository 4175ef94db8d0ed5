/**
 * The loop of an exchange: sends plans and processes replies until a step is not `Next`. Each function that continues it is
 * called by what it waits for, without a promise between, because each promise costs as much as a stage.
 *
 * | waits for                | continues with                |
 * |--------------------------|-------------------------------|
 * | a signature              | `send`                        |
 * | a token of another one   | `send`                        |
 * | the reply to a plan      | `onReply`                     |
 * | the hooks                | `#settle`                     |
 * | the body of a redirect   | `send`                        |
 * | the body of a token      | `send`                        |
 * | the body of the response | `onContent`, `onContentError` |
 *
 * An effect of the user must not run while undici parses a response. So hooks, observers and the function that reads a
 * stream wait for a promise. Pure functions of the user do not: a redirect policy, a clock.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { identity } from 'fp-ts/lib/function.js'
import type * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../cookies/Jar.js'
import type { SignerTask } from '../session/auth/Auth.js'
import type { Hook } from '../session/Settings.js'
import type { SigningFailed } from '../stages/AuthError.js'
import * as Exchange from '../stages/Exchange.js'
import * as Renewal from '../stages/Renewal.js'
import * as Send from '../stages/Send.js'
import type { Headers } from '../values/Headers.js'
import * as UserInput from '../values/UserInput.js'
import { bodyCut, startDiscarding, toWhole } from '../wire/BodySource.js'
import { type ContentListener, startGathering } from '../wire/DirectSource.js'
import type { Plan } from '../wire/Plan.js'
import { type Head, headOf, type Reply } from '../wire/Reply.js'
import { type ReplyListener, type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import { type Conclude, type Finish, withReceiveTime } from './Finish.js'
import type { Journal, RecordingClient, Running, SendPlan, StepOrigin } from './Journal.js'
import type * as Observation from './Observation.js'
import { release } from './Release.js'
import { runHooks } from './ReplyHooks.js'
import { type SigningReason, signed, signedAgain } from './Signatures.js'
import { errorOf, landAll, type OpenFlight, receiveToken, takeTurn, withoutTokens } from './TokenTurn.js'

const NO_HOOKS: ReadonlyArray<Hook> = []

export class RunningExchange<E, A, R> implements ReplyListener, ContentListener, Running {
  readonly #client: RecordingClient
  readonly #finish: Finish<E, A>
  readonly #conclude: Conclude<E | Exchange.ExchangeError, A, R>
  readonly #resolve: (result: R) => void
  readonly #reject: (cause: unknown) => void
  readonly #controls: SendControls
  readonly #hooks: ReadonlyArray<Hook>
  readonly #journal: Journal | undefined
  /** Sends with a promise, if functions of the user are called with the reply. */
  readonly #sendLater: SendPlan | undefined
  #exchange: Exchange.Exchange
  /** A custom transport may call `superseded` after its send has ended. That must not change anything. */
  #isSending = false
  #done: Exchange.Done | undefined
  /** When the last head arrived, if its timings are recorded. */
  #repliedAt = 0
  /** The token request that this exchange sends, for others that wait for it. */
  #flight: OpenFlight | undefined
  #signatures = 0
  #sends = 0
  #reason: SigningReason = 'Wait'
  #signingError: SigningFailed | undefined

  constructor(
    client: RecordingClient,
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
    const { plan, merged } = Exchange.mainOf(first)
    const { progress, hooks } = merged.settings
    const mayRetry = Send.mayRetry(client)
    const superseded = mayRetry ? (reply: O.Option<Head>) => this.#absorbRetried(reply) : undefined
    const controls = Send.startControls(client, plan, {
      entropy: first.entropy,
      progress: progress._tag === 'Set' ? withoutTokens(progress.value, this) : undefined,
      superseded: superseded === undefined ? undefined : (observation?.retrying(superseded) ?? superseded),
      resending: observation?.resending,
      signAgain: mayRetry ? (plan) => () => this.#signAgain(plan) : undefined,
    })
    this.#hooks = hooks._tag === 'Inherit' ? NO_HOOKS : hooks.value
    this.#journal = UserInput.get(client, 'journal')
    this.#controls = this.#journal?.within(controls) ?? controls
    const isLater = observation !== undefined || this.#journal !== undefined || this.#hooks.length > 0
    const sendPlan = isLater ? (plan: Plan) => Send.sendPlan(client, this.#current)(plan) : undefined
    const observed = sendPlan === undefined ? undefined : (observation?.sending(sendPlan) ?? sendPlan)
    this.#sendLater = observed === undefined ? undefined : (this.#journal?.sending(observed, this) ?? observed)
  }

  get exchange(): Exchange.Exchange {
    return this.#exchange
  }

  /** The controls of the request that is sent now. */
  get #current(): SendControls {
    return this.#flight?.controls ?? this.#controls
  }

  /** The controls of what waits for the token that is obtained now. */
  get #around(): SendControls {
    return this.#flight?.outer?.controls ?? this.#controls
  }

  /** For waits that no transport ends. */
  get waitControls(): SendControls {
    return Send.untilClosed(this.#client, this.#current)
  }

  /** A transport that retries drops a reply. */
  #absorbRetried(reply: O.Option<Head>): Endomorphism<Headers> {
    if (!this.#isSending) return identity
    const retried = Exchange.absorbRetried(this.#client.clock.now())(reply)(this.#exchange)
    this.#exchange = retried.exchange
    this.#reason = 'Attempt'
    return retried.headers
  }

  send(): void {
    const { plan, waiting, signing } = this.#exchange
    if (waiting !== undefined && this.#flight?.waiting !== waiting) this.#obtain().catch((cause) => this.#giveUp(cause))
    else if (signing !== undefined) this.#sign(signing).catch((cause) => this.#giveUp(cause))
    else if (Send.isBodyConsumed(plan))
      this.#refuse(Renewal.errorIn(this.#exchange, Exchange.bodyConsumedError(this.#exchange)))
    else this.#sendPlan(plan)
  }

  #sendPlan(plan: Plan): void {
    this.#isSending = true
    this.#sends += 1
    this.#signingError = undefined
    this.#reason = 'Wait'
    if (this.#sendLater === undefined) Send.sendTo(this.#client, this.#current, plan, this)
    else
      this.#sendLater(plan).then(
        (sent) => this.onReply(sent),
        (cause) => this.#giveUp(cause),
      )
  }

  async #sign(scheme: SignerTask): Promise<void> {
    const [x, now] = [this.#exchange, this.#client.clock.now()]
    const toError = (error: TransportError) => errorOf(x, error, this.#current, this.#around)
    this.#goOnWith(await signed(x, scheme, this.waitControls, now, toError))
  }

  /** A transport sends a plan again. */
  async #signAgain(plan: Plan): Promise<E.Either<TransportError, Plan>> {
    if (!this.#isSending) return E.right(plan)
    this.#signatures += 1
    const [reason, send, now] = [this.#reason, this.#sends, this.#client.clock.now()]
    this.#reason = 'Wait'
    const again = await signedAgain(this.#exchange, plan, this.waitControls, now, this.#signatures, reason)
    // Meanwhile the send may have ended: its transport did not wait for the signature.
    if (!this.#isSending || send !== this.#sends) return again.sent
    this.#exchange = again.exchange
    this.#signingError = again.error
    return again.sent
  }

  // --- tokens ----------------------------------------------------------------------------------------------------------

  /** Sends the request for a token, or continues with one that another program of the client obtains. */
  async #obtain(): Promise<void> {
    const turn = await takeTurn(this.#client, this.waitControls, this.#exchange)
    if (turn._tag === 'GoOn') {
      this.#goOnWith(turn.ready)
      return
    }
    this.#flight = { ...turn.flight, outer: this.#flight }
    this.send()
  }

  #goOnWith(ready: E.Either<Exchange.ExchangeError, Exchange.Exchange>): void {
    if (E.isLeft(ready)) {
      this.#refuse(ready.left)
      return
    }
    this.#exchange = ready.right
    this.send()
  }

  /** Reads the token from the body of the last reply to its request. */
  async #receiveToken(content: unknown, done: Exchange.Done): Promise<void> {
    this.#done = undefined
    await undefined // so that nothing is sent while undici parses the response
    this.#exchange = done.exchange
    const received = await receiveToken(this.#client, this.#around, this.#flight, done, toWhole(content))
    this.#flight = received.flight
    this.#exchange = received.exchange
    if (received.fault === undefined) this.#goOnWith(received.ready)
    else this.#fail(received.fault)
  }

  onReply(sent: E.Either<TransportError, Reply>): void {
    this.#isSending = false
    if (E.isLeft(sent)) {
      const error = this.#signingError
      if (error === undefined) this.#fail(sent.left)
      else this.#refuse(Exchange.failed(error)(this.#exchange))
    } else {
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
    this.#giveUp(cause)
  }

  /** An exception of a function of the user is not hidden. */
  #giveUp(cause: unknown): void {
    landAll(this.#flight, cause)
    this.#reject(cause)
  }

  #fail(error: TransportError | Exchange.HookFailed): void {
    this.#refuse(errorOf(this.#exchange, error, this.#current, this.#around))
  }

  #refuse(error: Exchange.ExchangeError): void {
    this.#end(E.left(error), error.jar)
  }

  #receive(reply: Reply): void {
    const head = headOf(reply)
    const now = this.#client.clock.now()
    const again = Exchange.answer(now, head, this.#exchange)
    if (again?._tag === 'Next') this.#leave(reply, again, 'Answer')
    else if (this.#hooks.length > 0 && this.#exchange.waiting === undefined)
      this.#runHooks(reply, head, now).catch((cause) => this.#abandon(reply, cause))
    else this.#settle(reply, head, now)
  }

  async #runHooks(reply: Reply, head: Head, now: Date): Promise<void> {
    const seen = await runHooks(this.#hooks, this.#controls, head, this.#exchange.plan)
    if (E.isRight(seen)) {
      this.#settle(reply, seen.right, now)
      return
    }
    await release(this.#controls, reply.body)
    await this.#journal?.rejected(seen.left, this.waitControls)
    this.#fail(seen.left)
  }

  #settle(reply: Reply, head: Head, now: Date): void {
    const step = Exchange.decide(now, head, this.#exchange)
    if (step._tag !== 'Done') {
      this.#leave(reply, step, 'Decide')
      return
    }
    this.#done = step
    if (head.timings !== undefined) this.#repliedAt = this.#client.clock.monotonic()
    const { waiting, plan } = step.exchange
    const recording = waiting === undefined ? this.#journal?.answered(step, 'Decide', this.waitControls) : undefined
    if (waiting !== undefined) startGathering(reply.body, plan.route.limits.body, this)
    else if (recording === undefined) this.#finish.read(reply, step, this)
    else recording.then(() => this.#finish.read(reply, step, this)).catch((cause) => this.#abandon(reply, cause))
  }

  /** Discards the body of a reply that is not the last one, or is refused. */
  #leave(reply: Reply, step: Exchange.Next | Exchange.Refuse, origin: StepOrigin): void {
    this.#discardAndGoOn(reply, step, origin).catch((cause) => this.#abandon(reply, cause))
  }

  async #discardAndGoOn(reply: Reply, step: Exchange.Next | Exchange.Refuse, origin: StepOrigin): Promise<void> {
    // A short body arrives in the same turn as its head.
    await undefined
    if (this.#journal !== undefined && this.#exchange.waiting === undefined)
      await this.#journal.answered(step, origin, this.waitControls)
    const releasing = release(this.#current, reply.body)
    const stopped = releasing === undefined ? undefined : await releasing
    if (step._tag === 'Refuse') {
      this.#refuse(step.error)
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
    if (done.exchange.waiting !== undefined) {
      this.#receiveToken(content, done).catch((cause) => this.#giveUp(cause))
      return
    }
    let outcome: E.Either<E | Exchange.ExchangeError, A>
    try {
      outcome = this.#finish.succeed(content, withReceiveTime(done, this.#repliedAt, this.#client.clock))
    } catch (cause) {
      this.onContentError(cause)
      return
    }
    this.#end(outcome, done.exchange.jar)
  }

  onContentError(cause: unknown): void {
    const done = this.#done
    if (done === undefined) return
    if (done.exchange.waiting !== undefined) {
      this.#exchange = done.exchange
      this.#fail(withPlan(done.exchange.plan, bodyCut(cause)))
      return
    }
    try {
      this.#end(this.#finish.fail(cause, done), done.exchange.jar)
    } catch (thrown) {
      this.#reject(thrown)
    }
  }

  #end(outcome: E.Either<E | Exchange.ExchangeError, A>, jar: Jar): void {
    if (this.#flight !== undefined) landAll(this.#flight, E.isLeft(outcome) ? outcome.left : undefined)
    try {
      this.#resolve(this.#conclude(outcome, jar))
    } catch (cause) {
      this.#reject(cause)
    }
  }
}
