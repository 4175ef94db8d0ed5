/**
 * One attempt: sends a plan and receives the response up to the end of its body, as the handler of a channel.
 *
 * | phase        | begins with                                    | limits            |
 * |--------------|------------------------------------------------|-------------------|
 * | `Queued`     | dispatch; the pool may have a free connection  | deadline          |
 * | `Connecting` | a connection is opened for the attempt         | connect, deadline |
 * | `Sent`       | onRequestStart                                 | read, deadline    |
 * | `Receiving`  | onResponseStart, except for 1xx                | read, deadline    |
 * | `Over`       | the end of the body, or a fault                |                   |
 *
 * The abort signal and the closing of the client end an attempt at once in every phase, without waiting for undici.
 *
 * - `connect` does not run while the attempt waits for one of the connections that are allowed for an origin.
 * - `read` is the longest silence. It does not run while the reader of the response holds back the connection, or while
 *   the source of the request body makes the connection wait.
 */
import type { Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import * as Status from '../../values/Status.js'
import * as UserInput from '../../values/UserInput.js'
import * as Clock from '../../wire/Clock.js'
import * as Deadline from '../../wire/Deadline.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import * as Reply from '../../wire/Reply.js'
import { type ReplyListener, type SendControls, withPlan } from '../../wire/Transport.js'
import { clientClosed } from '../Cancellation.js'
import * as Abort from './Abort.js'
import type { Agent } from './Agent.js'
import { AttemptProgress } from './AttemptProgress.js'
import { AttemptTimer, NO_TIMEOUT, type SharedTimeout, type TimerListener } from './AttemptTimer.js'
import type { Controller, RequestListener } from './Channel.js'
import type { Connecting } from './Connector.js'
import * as Failure from './Failure.js'
import * as Head from './Head.js'
import { stopReading } from './Http1.js'
import { isHttp2 } from './Http2.js'
import { LinkedListNode } from './LinkedList.js'
import { PhaseClock } from './PhaseClock.js'
import type { PooledRequest } from './PooledRequest.js'
import type { Upload, UploadListener } from './RequestBody.js'
import { type Backpressure, DRAIN_TIMEOUT_MS, ResponseBody } from './ResponseBody.js'

export interface AttemptOwner {
  readonly timeout: SharedTimeout
  readonly recordsTimings: boolean
  onOver(attempt: RequestAttempt): void
}

const MAX_INTERIM_RESPONSES = 100

export class RequestAttempt
  extends LinkedListNode<RequestAttempt>
  implements RequestListener, Backpressure, UploadListener, TimerListener, Abort.Abortable
{
  readonly plan: Plan
  socket: Socket | undefined
  /** Set with the socket: whether it had served an earlier request. */
  isReused = false
  agent: Agent | undefined
  pooled: PooledRequest | undefined
  /** If the request body is streamed. Set by the dispatcher, as the fields above. */
  upload: Upload | undefined
  readonly #signal: AbortSignal | undefined
  readonly #progress: AttemptProgress | undefined
  readonly phases: PhaseClock | undefined
  readonly #clock: Clock.Clock
  readonly #owner: AttemptOwner
  readonly #listener: ReplyListener
  readonly #start: number
  readonly #timer: AttemptTimer
  #phase: Failure.Phase = 'Queued'
  #subscription: Abort.Subscription | undefined
  #controller: Controller | undefined
  #connecting: Connecting | undefined
  #body: ResponseBody | undefined
  #interimResponses = 0
  /** Bytes that the connection had received before the response, or when the timer last fired. */
  #bytesSeen = 0
  /** Set while the connection is held back. */
  #resumeReading: (() => void) | undefined
  #isDraining = false

  constructor(plan: Plan, controls: SendControls, owner: AttemptOwner, listener: ReplyListener) {
    super()
    this.plan = plan
    this.#signal = UserInput.get(controls, 'signal')
    const onProgress = UserInput.get(controls, 'progress')
    this.#progress = onProgress === undefined ? undefined : new AttemptProgress(onProgress)
    this.#clock = UserInput.get(controls, 'clock') ?? Clock.system
    this.#owner = owner
    this.#listener = listener
    this.#start = this.#clock.monotonic()
    this.phases = owner.recordsTimings ? new PhaseClock(this.#clock, this.#start) : undefined
    const deadline = UserInput.get(controls, 'deadline')
    const endsAt = deadline === undefined ? NO_TIMEOUT : performance.now() + deadline - this.#start
    this.#timer = new AttemptTimer(owner.timeout, this, endsAt)
  }

  get isOver(): boolean {
    return this.#phase === 'Over'
  }

  /** Starts the deadline and listens to the signal. Returns whether the request is still to be sent. */
  begin(): boolean {
    const signal = this.#signal
    if (signal?.aborted === true) this.abort(signal.reason)
    if (this.isOver) return false
    if (signal !== undefined) this.#subscription = Abort.subscribe(signal, this)
    this.#timer.update()
    if (this.#timer.isLate) this.onDeadline()
    return !this.isOver
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  abort(reason: unknown): void {
    this.fail(Fault.ofAbort(reason))
  }

  fail(fault: Fault.Fault): void {
    if (this.isOver) return
    const isUnsent = this.#phase === 'Queued' || this.#phase === 'Connecting'
    const [body, controller] = [this.#body, this.#controller]
    this.#release()
    if (body !== undefined) body.fail(fault)
    else this.#listener.onReply(E.left(withPlan(this.plan, isUnsent ? Fault.unsent(fault) : fault)))
    this.#connecting?.cancel()
    controller?.abort(new Failure.FaultError(fault))
  }

  #succeed(body: ResponseBody): void {
    this.#release()
    body.end()
  }

  #release(): void {
    this.#phase = 'Over'
    this.#timer.stop()
    if (this.#subscription !== undefined) Abort.unsubscribe(this.#subscription)
    this.upload?.stop()
    // Before the end is reported: undici may use the connection for another request at once.
    this.#resumeReading?.()
    this.#resumeReading = undefined
    this.socket = undefined
    // An attempt that became old while it waited would keep them until old memory is collected.
    this.#body = undefined
    this.#controller = undefined
    this.pooled?.cancel()
    this.#owner.onOver(this)
  }

  // --- timeouts ----------------------------------------------------------------------------------------------------

  silenceLimit(): number {
    const { timeouts } = this.plan.route
    if (this.#phase === 'Connecting') return timeouts.connect ?? NO_TIMEOUT
    // The source of the request body, or the reader of the response, makes the server wait.
    const isHeldBack = this.#phase === 'Sent' ? this.upload?.isWaiting === true : this.#resumeReading !== undefined
    if (this.#phase === 'Queued' || isHeldBack) return NO_TIMEOUT
    return Math.min(timeouts.read ?? NO_TIMEOUT, this.#isDraining ? DRAIN_TIMEOUT_MS : NO_TIMEOUT)
  }

  /** Whether a part of a head arrived, which undici does not report. Silence after it is noticed up to one `read` late. */
  hasUnseenActivity(): boolean {
    const { socket } = this
    // An HTTP/2 connection receives other frames too.
    if (this.#phase !== 'Sent' || socket === undefined || isHttp2(socket) || socket.bytesRead === this.#bytesSeen)
      return false
    this.#bytesSeen = socket.bytesRead
    return true
  }

  onDeadline(): void {
    this.fail(Deadline.exceeded(this.plan))
  }

  onSilence(): void {
    const waitingFor = this.#connecting?.waitingFor
    this.fail(Failure.silence(this.#phase, Failure.peerOf(this.plan), this.silenceLimit(), waitingFor))
  }

  onActivity(): void {
    if (!this.#isDraining) this.#timer.touch()
  }

  // --- progress ----------------------------------------------------------------------------------------------------

  get wantsProgress(): boolean {
    return this.#progress !== undefined
  }

  onUploaded(bytes: number, total: number | undefined): void {
    this.#progress?.notify('up', bytes, total)
  }

  onUploadEnd(): void {
    this.phases?.mark('sent')
  }

  // --- connecting --------------------------------------------------------------------------------------------------

  get userAgent(): string | undefined {
    return Head.plainUserAgent(this.plan)
  }

  onConnecting(connecting: Connecting): void {
    this.#phase = 'Connecting'
    this.#connecting = connecting
    this.phases?.mark('connecting')
    this.#timer.restart()
  }

  onConnectSettled(): void {
    this.#connecting = undefined
  }

  onQueued(): void {
    this.#connecting = undefined
    this.#phase = 'Queued'
    this.phases?.restart()
    this.#timer.restart()
  }

  // --- undici's handler --------------------------------------------------------------------------------------------

  onRequestStart(controller: Controller): void {
    if (this.isOver) {
      // If a request is aborted here, undici writes nothing.
      controller.abort(new Failure.FaultError(clientClosed()))
      return
    }
    this.#controller = controller
    this.#phase = 'Sent'
    this.#bytesSeen = this.socket?.bytesRead ?? 0
    this.phases?.mark('started')
    if (this.upload === undefined) this.phases?.mark('sent')
    this.#timer.restart()
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, reason: string | undefined): void {
    if (this.#phase !== 'Sent') return
    this.onActivity()
    if (status < 200) this.onInterim()
    else this.#onHead(status, reason ?? '', Head.fields(controller.rawHeaders))
  }

  onInterim(): void {
    if (this.#phase !== 'Sent') return
    this.onActivity()
    this.#interimResponses += 1
    if (this.#interimResponses <= MAX_INTERIM_RESPONSES) return
    this.fail(Failure.tooManyInterim(Failure.peerOf(this.plan), MAX_INTERIM_RESPONSES))
  }

  #onHead(status: number, reason: string, received: ReadonlyArray<Head.Pair>): void {
    const framing = Head.framingOf(received)
    if (framing === 'Foreign') {
      this.fail(Failure.foreignTransferEncoding(Failure.peerOf(this.plan)))
      return
    }
    const headers = Reply.receivedHeaders(received)
    const hasBody = Status.hasBody(this.plan.method, status)
    const version = this.socket !== undefined && isHttp2(this.socket) ? 'HTTP/2' : undefined
    const isFramed = !hasBody || version !== undefined || framing === 'Framed'
    const body = new ResponseBody(this, isFramed ? 'Framing' : 'Close')
    const elapsed = this.#clock.monotonic() - this.#start // first, because a clock of the caller may throw
    this.#phase = 'Receiving'
    this.#body = body
    const timings = this.phases?.timings(elapsed, this.socket, this.isReused)
    if (hasBody) this.#progress?.onHead(Reply.lengthOf(headers), timings)
    // A dispatcher that the caller made does not report its connection.
    const connection = this.socket === undefined ? undefined : Head.connection(this.isReused)
    const source = body.source(hasBody ? headers : Headers.empty)
    const reply = Head.reply({ status, reason, headers, elapsed }, source, connection, version)
    this.#listener.onReply(E.right(timings === undefined ? reply : { ...reply, timings }))
    // undici 7 expects a body after a 304 with a Content-Length, and fails because none comes.
    if (hasBody || this.isOver) return
    const controller = this.#controller
    this.#succeed(body)
    controller?.finish?.()
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#phase !== 'Receiving') return
    this.onActivity()
    this.#progress?.onReceived(chunk.length)
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.pooled?.releaseConnection()
    if (this.#phase !== 'Receiving' || this.#body === undefined) return
    // Without a length the body ends with the connection, but not if Node reports an error of the connection.
    const socketError = this.socket?.errored
    if (socketError) this.fail(Failure.classify(socketError, this.#phase, Failure.peerOf(this.plan)))
    else this.#succeed(this.#body)
  }

  onResponseError(_controller: Controller | undefined, error: unknown): void {
    // If the phase is still `Queued`, an idle connection was lost before anything was written. A streamed body may be consumed.
    const mayResend = this.#phase === 'Sent' && this.upload?.isRepeatable !== false && Failure.isUnprocessed(error)
    if ((this.#phase === 'Queued' || mayResend) && this.pooled?.mayRetry === true) {
      this.#controller = undefined
      this.onQueued()
      this.pooled.retry()
      return
    }
    this.pooled?.releaseConnection()
    this.fail(Failure.classify(error, this.#phase, Failure.peerOf(this.plan)))
  }

  /** A response to a CONNECT request of the user: tunnels are not supported. */
  onRequestUpgrade(_controller: Controller, status: number, _headers: unknown, socket: { destroy(): unknown }): void {
    socket.destroy()
    this.fail(Failure.unexpectedUpgrade(Failure.peerOf(this.plan), status))
  }

  // --- backpressure ------------------------------------------------------------------------------------------------

  pause(): void {
    const { socket } = this
    const controller = this.#controller
    if (socket !== undefined && !isHttp2(socket)) this.#resumeReading = stopReading(socket)
    else {
      controller?.pause()
      this.#resumeReading = () => controller?.resume()
    }
    // A body that is not read must not keep the process alive.
    this.#timer.unref()
  }

  resume(): void {
    if (this.isOver) return
    const resumeReading = this.#resumeReading
    this.#resumeReading = undefined
    this.onActivity()
    this.#timer.ref()
    this.#timer.update()
    resumeReading?.()
  }

  drain(): void {
    if (this.isOver) return
    this.#isDraining = true
    this.#timer.restart()
  }
}
