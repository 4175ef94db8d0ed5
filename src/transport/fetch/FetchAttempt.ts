/**
 * One attempt: calls fetch for a plan, and reads its response up to the end of the body.
 *
 * | phase       | begins with                | limits                                                       |
 * |-------------|----------------------------|--------------------------------------------------------------|
 * | `Sent`      | the call of fetch          | the deadline; `read`, or `connect` and `read` if both are set |
 * | `Receiving` | its response               | the deadline; `read`                                         |
 * | `Over`      | the end of the body, or a fault |                                                         |
 *
 * fetch does not show when a connection is open, so `connect` cannot be observed alone. The silence of `Sent` includes the
 * sending of a body of bytes. It does not run while the source of a streamed body makes fetch wait.
 *
 * Abort, deadline and `close` end an attempt at once, even if fetch ignores its signal and never settles.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import * as Status from '../../values/Status.js'
import * as UserInput from '../../values/UserInput.js'
import * as Clock from '../../wire/Clock.js'
import * as Deadline from '../../wire/Deadline.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import * as Reply from '../../wire/Reply.js'
import {
  notifyProgress,
  type OnProgress,
  type Progress,
  type ReplyListener,
  type SendControls,
  type TransportError,
  withPlan,
} from '../../wire/Transport.js'
import { abortedBeforeSend } from '../Cancellation.js'
import * as Abort from '../undici/Abort.js'
import { LinkedListNode } from '../undici/LinkedList.js'
import type { BodyStream, UploadListener } from '../undici/RequestBody.js'
import { type Backpressure, DRAIN_TIMEOUT_MS, ResponseBody } from '../undici/ResponseBody.js'
import { ActivityTimer, NO_TIMEOUT, type TimerListener } from './ActivityTimer.js'
import type { CodedBody } from './FetchCoding.js'
import * as FetchFailure from './FetchFailure.js'
import * as FetchResponse from './FetchResponse.js'

/** What an attempt calls, and tells that it is over. */
export interface AttemptOwner {
  /** Calls fetch. May throw. */
  call(attempt: FetchAttempt, signal: AbortSignal): PromiseLike<unknown>
  /** Returns the URL of the reply, if fetch has followed redirects. */
  finalUrl(plan: Plan, received: FetchResponse.Received): string | undefined
  /** Returns the fault of a response that cannot be a reply. */
  problemOf(plan: Plan, received: FetchResponse.Received): Fault.Fault | undefined
  /** Returns a body with the codings that fetch has not decoded. */
  remaining(reader: FetchResponse.ChunkReader, headers: Headers.Headers): CodedBody
  onOver(attempt: FetchAttempt): void
}

export class FetchAttempt
  extends LinkedListNode<FetchAttempt>
  implements Abort.Abortable, UploadListener, Backpressure, TimerListener
{
  readonly plan: Plan
  /** Set by the owner if the request body is streamed. */
  upload: BodyStream | undefined
  readonly #signal: AbortSignal | undefined
  readonly #progress: OnProgress | undefined
  readonly #clock: Clock.Clock
  readonly #owner: AttemptOwner
  readonly #listener: ReplyListener
  readonly #start: number
  readonly #timer: ActivityTimer
  /** Ends fetch. */
  readonly #controller = new AbortController()
  #phase: FetchFailure.Phase | 'Over' = 'Sent'
  #subscription: Abort.Subscription | undefined
  #reader: FetchResponse.ChunkReader | undefined
  #body: ResponseBody | undefined
  #received = 0
  #expected: number | undefined
  #isPaused = false
  #isReading = false
  #isDraining = false

  constructor(plan: Plan, controls: SendControls, owner: AttemptOwner, listener: ReplyListener) {
    super()
    this.plan = plan
    this.#signal = UserInput.get(controls, 'signal')
    this.#progress = UserInput.get(controls, 'progress')
    this.#clock = UserInput.get(controls, 'clock') ?? Clock.system
    this.#owner = owner
    this.#listener = listener
    this.#start = this.#clock.monotonic()
    const deadline = UserInput.get(controls, 'deadline')
    const endsAt = deadline === undefined ? NO_TIMEOUT : performance.now() + deadline - this.#start
    this.#timer = new ActivityTimer(this, endsAt)
  }

  get isOver(): boolean {
    return this.#phase === 'Over'
  }

  /** Calls fetch, unless the attempt must not start. */
  begin(): void {
    if (this.#signal?.aborted) {
      this.#end(E.left(abortedBeforeSend(this.plan, this.#signal)))
      return
    }
    if (this.#timer.isLate) {
      this.#end(E.left(withPlan(this.plan, Fault.unsent(Deadline.exceeded(this.plan)))))
      return
    }
    if (this.#signal !== undefined) this.#subscription = Abort.subscribe(this.#signal, this)
    this.#timer.update()
    try {
      const pending = this.#owner.call(this, this.#controller.signal)
      // A fetch of the caller may return another kind of promise, or none.
      Promise.resolve(pending)
        .then((response) => this.#onResponse(response))
        // Also what a clock of the caller throws.
        .catch((error: unknown) => this.#failWith(error))
    } catch (error) {
      this.#failWith(error)
    }
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  abort(reason: unknown): void {
    this.fail(Fault.ofAbort(reason))
  }

  fail(fault: Fault.Fault): void {
    if (this.isOver) return
    const body = this.#body
    if (body === undefined) this.#end(E.left(withPlan(this.plan, fault)))
    else {
      this.#release()
      body.fail(fault)
    }
    FetchResponse.cancel(this.#reader)
    this.#controller.abort(new DOMException('The request has ended', 'AbortError'))
  }

  #failWith(error: unknown): void {
    if (this.#phase === 'Over') return
    this.fail(FetchFailure.classify(error, this.#phase, this.plan))
  }

  #end(result: E.Either<TransportError, Reply.Reply>): void {
    this.#release()
    this.#listener.onReply(result)
  }

  #release(): void {
    this.#phase = 'Over'
    this.#timer.stop()
    if (this.#subscription !== undefined) Abort.unsubscribe(this.#subscription)
    this.upload?.stop()
    this.#owner.onOver(this)
  }

  #succeed(body: ResponseBody): void {
    this.#release()
    body.end()
  }

  // --- timeouts ----------------------------------------------------------------------------------------------------

  silenceLimit(): number {
    const { connect = 0, read = NO_TIMEOUT } = this.plan.route.timeouts
    switch (this.#phase) {
      case 'Sent':
        return this.upload?.isWaiting === true ? NO_TIMEOUT : connect + read
      case 'Receiving':
        if (this.#isPaused) return NO_TIMEOUT
        return this.#isDraining ? Math.min(read, DRAIN_TIMEOUT_MS) : read
      case 'Over':
        return NO_TIMEOUT
    }
  }

  onDeadline(): void {
    this.fail(Deadline.exceeded(this.plan))
  }

  onSilence(): void {
    this.fail(FetchFailure.readTimeout(this.plan, this.silenceLimit()))
  }

  onActivity(): void {
    if (this.#isDraining) return
    this.#timer.touch()
    this.#timer.update()
  }

  // --- progress ----------------------------------------------------------------------------------------------------

  get wantsProgress(): boolean {
    return this.#progress !== undefined
  }

  onUploaded(bytes: number, total: number | undefined): void {
    this.#notifyProgress('up', bytes, total)
  }

  #notifyProgress(direction: Progress['direction'], bytes: number, total: number | undefined): void {
    notifyProgress(this.#progress, { direction, bytes, ...(total === undefined ? {} : { total }) })
  }

  // --- the response ------------------------------------------------------------------------------------------------

  #onResponse(response: unknown): void {
    const received = FetchResponse.read(response)
    if (this.isOver) {
      // fetch has ignored its signal.
      if (E.isRight(received)) FetchResponse.cancel(received.right.body)
      return
    }
    if (E.isLeft(received)) {
      this.fail(FetchFailure.notResponse(this.plan, received.left))
      return
    }
    const { status, reason, fields, type, redirectedTo, body: reader } = received.right
    this.#reader = reader
    const problem = this.#owner.problemOf(this.plan, received.right)
    if (problem !== undefined) {
      this.fail(problem)
      return
    }
    const finalUrl = this.#owner.finalUrl(this.plan, received.right)
    // The jar would store cookies of another URL under that of the plan.
    const isOwn = redirectedTo === undefined
    const own = isOwn ? fields : fields.filter(([name]) => name.toLowerCase() !== 'set-cookie')
    const headers = Reply.receivedHeaders(own)
    const hasBody = reader !== undefined && Status.hasBody(this.plan.method, status)
    const coded = hasBody ? this.#owner.remaining(reader, headers) : undefined
    // Across origins a browser hides Content-Encoding, and Content-Length may be that of the coded body.
    if (this.wantsProgress && type !== 'cors' && !Headers.has('Content-Encoding')(headers)) {
      this.#expected = Reply.lengthOf(headers)
    }
    // First, because a clock of the caller may throw.
    const elapsed = this.#clock.monotonic() - this.#start
    const body = new ResponseBody(this, 'Framing')
    this.#body = body
    this.#phase = 'Receiving'
    const head = { status, reason, headers, elapsed, ...(finalUrl === undefined ? {} : { finalUrl }) }
    this.#listener.onReply(E.right({ ...head, body: body.source(coded?.headers ?? Headers.empty) }))
    if (coded === undefined) {
      this.#succeed(body)
      FetchResponse.cancel(reader)
      return
    }
    this.#reader = coded.reader
    this.onActivity()
    this.#readChunks(coded.reader, body)
  }

  /** Reads until the end, or until the reader of the reply holds it back. */
  async #readChunks(reader: FetchResponse.ChunkReader, body: ResponseBody): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (!this.isOver && !this.#isPaused) {
        const { done, value } = await reader.next()
        if (this.isOver) return
        if (done === true) {
          this.#succeed(body)
          return
        }
        this.#onChunk(value, body)
      }
    } catch (error) {
      this.#failWith(error)
    } finally {
      this.#isReading = false
    }
  }

  #onChunk(value: unknown, body: ResponseBody): void {
    const chunk = FetchResponse.octetsOf(value)
    if (chunk === undefined) {
      this.fail(FetchFailure.notResponse(this.plan, `its body has ${Fault.kindOf(value)} instead of octets`))
      return
    }
    this.onActivity()
    this.#received += chunk.length
    if (this.wantsProgress) this.#notifyProgress('down', this.#received, this.#expected)
    body.push(chunk)
  }

  // --- backpressure ------------------------------------------------------------------------------------------------

  pause(): void {
    this.#isPaused = true
    this.#timer.update()
  }

  resume(): void {
    if (this.isOver || !this.#isPaused) return
    this.#isPaused = false
    this.onActivity()
    if (this.#reader !== undefined && this.#body !== undefined) this.#readChunks(this.#reader, this.#body)
  }

  drain(): void {
    if (this.isOver) return
    this.#timer.touch()
    this.#isDraining = true
    this.#timer.update()
  }
}
