/**
 * One attempt: from the plan to the end of the reply's body, as undici's dispatch handler.
 *
 * | phase        | begins with                        | bounded by              |
 * |--------------|------------------------------------|-------------------------|
 * | `Queued`     | dispatch; a connection may be free  | deadline                |
 * | `Connecting` | a connection is opened for it       | connect, deadline       |
 * | `Sent`       | onRequestStart                     | read, deadline          |
 * | `Receiving`  | onResponseStart, but for 1xx       | read, deadline          |
 * | `Over`       | the end of the body, or a fault    |                         |
 *
 * The abort signal and the closing of the client end it in every phase, at once: nothing waits for undici, which can
 * abort nothing before onRequestStart. `connect` does not run while the attempt waits for one of the connections that
 * are allowed to an origin. `read` is the longest silence: it does not run while the reader of the reply holds it up, or
 * the source of the request lets us wait.
 *
 * There is one timer, set for what comes first and looked at again when it fires: that a body moves costs a time stamp.
 */
import type { Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../../values/Headers.js'
import * as Proxy from '../../values/Proxy.js'
import * as Status from '../../values/Status.js'
import * as Clock from '../../wire/Clock.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import * as Reply from '../../wire/Reply.js'
import { at, notifyProgress, type SendControls, type TransportError } from '../../wire/Transport.js'
import * as Abort from './Abort.js'
import type { Agent } from './Agents.js'
import type { Controller, Handler } from './Channel.js'
import type { ConnectAttempt } from './Connector.js'
import * as Failure from './Failure.js'
import type { Pair } from './Head.js'
import { fields, hasForeignTransferEncoding, hasFraming } from './Head.js'
import { isHttp2 } from './Http2.js'
import type { Member } from './InFlight.js'
import type { Passenger, Turn } from './Pools.js'
import type { Upload } from './RequestBody.js'
import { type Backpressure, ResponseBody } from './ResponseBody.js'

/** Who is told when an attempt is over. */
export interface Owner {
  over(attempt: RequestAttempt): void
}

export type Answered = (result: E.Either<TransportError, Reply.Reply>) => void

const MOST_INTERIM = 100
/** What may be left of a body that nobody wants has to come within this. */
const HURRY_MS = 1_000
const FOR_EVER = Number.POSITIVE_INFINITY

const expire = (attempt: RequestAttempt): void => attempt.expire()

export class RequestAttempt implements Passenger, Handler, Backpressure, Abort.Abortable, Member {
  readonly plan: Plan
  upload: Upload | undefined
  carrier: Socket | undefined
  turn: Turn | undefined
  /** The agent that it travels with. */
  agent: Agent | undefined
  place = -1
  readonly #limits: SendControls
  readonly #clock: Clock.Clock
  readonly #owner: Owner
  readonly #answer: Answered
  readonly #start: number
  /** On the machine's own clock, as everything below that is a time. */
  readonly #deadline: number
  #phase: Failure.Phase = 'Queued'
  #controller: Controller | undefined
  #dial: ConnectAttempt | undefined
  #body: ResponseBody | undefined
  #interim = 0
  /** Octets of the reply's body, counted where someone watches. */
  #received = 0
  #expected: number | undefined
  /** When something last moved. */
  #moved = 0
  /** Octets that its connection had received before the head, or when the timer last fired. */
  #seen = 0
  /** Lets the connection go on, while it is held back. */
  #letGo: (() => void) | undefined
  #isHurried = false
  #timer: NodeJS.Timeout | undefined
  #wakeAt = FOR_EVER

  constructor(plan: Plan, limits: SendControls, clock: Clock.Clock, owner: Owner, answer: Answered) {
    this.plan = plan
    this.#limits = limits
    this.#clock = clock
    this.#owner = owner
    this.#answer = answer
    this.#start = clock.monotonic()
    this.#deadline = limits.deadline === undefined ? FOR_EVER : performance.now() + limits.deadline - this.#start
  }

  get isOver(): boolean {
    return this.#phase === 'Over'
  }

  /** Starts what bounds it; whether there is still something to send. */
  begin(): boolean {
    const { signal } = this.#limits
    if (signal?.aborted === true) this.abort(signal.reason)
    else if (signal !== undefined) Abort.join(signal, this)
    if (this.#deadline !== FOR_EVER) this.#arm()
    if (performance.now() >= this.#deadline) this.fail(this.#late())
    return !this.isOver
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** The user's signal. */
  abort(reason: unknown): void {
    this.fail(Fault.make('Aborted', `The request was aborted: ${Failure.messageOf(reason)}`, reason))
  }

  #release(): void {
    this.#phase = 'Over'
    clearTimeout(this.#timer)
    const { signal } = this.#limits
    if (signal !== undefined) Abort.leave(signal, this)
    this.upload?.stop()
    // undici may give the connection to another at once.
    this.#letGo?.()
    this.#letGo = undefined
    this.carrier = undefined
    this.turn?.leave()
    this.#owner.over(this)
  }

  fail(fault: Fault.Fault): void {
    if (this.isOver) return
    const isUnsent = this.#phase === 'Queued' || this.#phase === 'Connecting'
    this.#release()
    if (this.#body === undefined) this.#answer(E.left(at(this.plan, isUnsent ? Fault.unsent(fault) : fault)))
    else this.#body.fail(fault)
    this.#dial?.cancel()
    this.#controller?.abort(new Failure.FaultError(fault))
  }

  /** The whole reply is there. */
  #succeed(body: ResponseBody): void {
    this.#release()
    body.end()
  }

  /** Whom a message blames: of a request that is forwarded we see the proxy alone. */
  #peer(): string {
    const { url, route } = this.plan
    const { proxy } = route
    return O.isSome(proxy) && Proxy.forwards(proxy.value, url.protocol)
      ? `${Proxy.show(proxy.value)}, asked for ${url.origin},`
      : url.origin
  }

  // --- time --------------------------------------------------------------------------------------------------------

  #patience(): number {
    const { connect = FOR_EVER, read = FOR_EVER } = this.plan.route.timeouts
    switch (this.#phase) {
      case 'Connecting':
        return connect
      case 'Sent':
        return this.upload?.isWaiting === true ? FOR_EVER : read
      case 'Receiving':
        return this.#letGo !== undefined ? FOR_EVER : this.#isHurried ? Math.min(read, HURRY_MS) : read
      default:
        return FOR_EVER
    }
  }

  /** Sees to it that the timer fires no later than the first of what is due. */
  #arm(): void {
    const due = Math.min(this.#moved + this.#patience(), this.#deadline)
    // Said so that what is no number is never due.
    if (!(due < this.#wakeAt)) return
    clearTimeout(this.#timer)
    const wait = Math.min(Math.max(0, due - performance.now()), Clock.MAX_DELAY_MS)
    this.#wakeAt = due
    this.#timer = setTimeout(expire, wait, this)
    if (this.#letGo !== undefined) this.#timer.unref()
  }

  expire(): void {
    this.#wakeAt = FOR_EVER
    // Node may fire up to a millisecond early.
    const now = performance.now() + 1
    if (now >= this.#deadline) this.fail(this.#late())
    else if (now >= this.#moved + this.#patience() && !this.#hasHeard()) this.fail(this.#timeout())
    else this.#arm()
  }

  /**
   * Whether octets of a head came since undici last told of anything: a head may arrive in parts. Read when the timer
   * fires, so that it costs nothing; silence after such a part is noticed up to one `read` late.
   */
  #hasHeard(): boolean {
    const { carrier } = this
    // A connection of HTTP/2 carries other replies too.
    if (this.#phase !== 'Sent' || carrier === undefined || isHttp2(carrier)) return false
    if (carrier.bytesRead === this.#seen) return false
    this.#moved = performance.now()
    this.#seen = carrier.bytesRead
    return true
  }

  #late(): Fault.Fault {
    return Failure.late(this.plan.method, this.#peer())
  }

  #timeout(): Fault.Fault {
    const { connect, read } = this.plan.route.timeouts
    return this.#phase === 'Connecting'
      ? Failure.notConnected(this.#peer(), connect, this.#dial?.waitingFor)
      : Failure.silent(this.#peer(), read)
  }

  /** Something moved. */
  touch(): void {
    if (!this.#isHurried) this.#moved = performance.now()
  }

  // --- progress ----------------------------------------------------------------------------------------------------

  get isWatched(): boolean {
    return this.#limits.progress !== undefined
  }

  /** So much of the request's body was taken by the connection. */
  sent(bytes: number, total: number | undefined): void {
    notifyProgress(this.#limits.progress, { direction: 'up', bytes, ...(total === undefined ? {} : { total }) })
  }

  #got(octets: number): void {
    this.#received += octets
    const total = this.#expected
    notifyProgress(this.#limits.progress, {
      direction: 'down',
      bytes: this.#received,
      ...(total === undefined ? {} : { total }),
    })
  }

  // --- connecting --------------------------------------------------------------------------------------------------

  /** The session's or the request's; one that is secret is for the origin alone. */
  get userAgent(): string | undefined {
    const [value] = Headers.valuesOf(this.plan.headers, 'User-Agent')
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  dialling(dial: ConnectAttempt): void {
    this.#phase = 'Connecting'
    this.#dial = dial
    this.#moved = performance.now()
    this.#arm()
  }

  dialled(): void {
    this.#dial = undefined
  }

  // --- undici's handler --------------------------------------------------------------------------------------------

  onRequestStart(controller: Controller): void {
    if (this.isOver) {
      // Aborting here makes undici write nothing.
      controller.abort(new Failure.FaultError(Failure.clientClosed()))
      return
    }
    this.#controller = controller
    this.#phase = 'Sent'
    this.#moved = performance.now()
    this.#seen = this.carrier?.bytesRead ?? 0
    this.#arm()
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, reason: string | undefined): void {
    if (this.#phase !== 'Sent') return
    this.touch()
    if (status < 200) this.onInterim()
    else this.#reply(status, reason ?? '', fields(controller.rawHeaders))
  }

  /** An interim reply, or a `100 Continue` that undici does not see. */
  onInterim(): void {
    if (this.#phase !== 'Sent') return
    this.touch()
    this.#interim += 1
    if (this.#interim > MOST_INTERIM) this.fail(Failure.tooManyInterim(this.#peer(), MOST_INTERIM))
  }

  #reply(status: number, reason: string, received: ReadonlyArray<Pair>): void {
    if (hasForeignTransferEncoding(received)) {
      this.fail(Fault.make('ProtocolError', `${this.#peer()} used a transfer coding that was not asked for`))
      return
    }
    const headers = Reply.receivedHeaders(received)
    const hasBody = Status.hasBody(this.plan.method, status)
    const { carrier } = this
    const isOverHttp2 = carrier !== undefined && isHttp2(carrier)
    const isFramed = !hasBody || isOverHttp2 || hasFraming(received)
    const body = new ResponseBody(this, isFramed ? 'Framing' : 'Close')
    this.#phase = 'Receiving'
    this.#body = body
    if (hasBody && this.isWatched) this.#expected = Reply.lengthOf(headers)
    const elapsed = this.#clock.monotonic() - this.#start
    const source = body.source(hasBody ? headers : Headers.empty)
    const version = isOverHttp2 ? ({ httpVersion: 'HTTP/2' } as const) : undefined
    this.#answer(E.right({ status, reason, headers, elapsed, body: source, ...version }))
    // undici 7 takes the Content-Length of a 304 for the length of a body and fails when none comes.
    if (!hasBody) this.#succeed(body)
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#phase !== 'Receiving') return
    this.touch()
    if (this.isWatched) this.#got(chunk.length)
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.turn?.done()
    if (this.#phase !== 'Receiving' || this.#body === undefined) return
    // Without a length the end of the connection ends the body, but not where Node saw that it was torn.
    const torn = this.carrier?.errored
    if (torn) this.#failed(torn)
    else this.#succeed(this.#body)
  }

  onResponseError(_controller: Controller | undefined, error: unknown): void {
    // Nothing was written on a connection that was idle: the phase would be `Sent`.
    if (this.#phase === 'Queued' && this.turn?.again() === true) return
    this.turn?.done()
    this.#failed(error)
  }

  #failed(error: unknown): void {
    this.fail(Failure.classify(error, this.#phase, this.#peer()))
  }

  /** A tunnel of the user's own making (CONNECT) is no reply. */
  onRequestUpgrade(_controller: Controller, status: number, _headers: unknown, socket: { destroy(): unknown }): void {
    socket.destroy()
    this.fail(Fault.make('ProtocolError', `${this.#peer()} switched to another protocol (${status})`))
  }

  // --- the flow of the reply's body --------------------------------------------------------------------------------

  pause(): void {
    this.#letGo = this.#hold()
    // A body that nobody reads does not keep the process.
    this.#timer?.unref()
  }

  /**
   * Keeps undici from reading. Its own `pause` throws an assertion at the process when a connection that was to be
   * closed is reset while it is paused.
   */
  #hold(): () => void {
    const { carrier } = this
    if (carrier === undefined || isHttp2(carrier)) {
      this.#controller?.pause()
      return () => this.#controller?.resume()
    }
    // The cast: EventEmitter's types know no more of a listener than that it is a function.
    const listeners = carrier.listeners('readable') as unknown as ReadonlyArray<() => void>
    for (const listener of listeners) carrier.off('readable', listener)
    return () => {
      for (const listener of listeners) carrier.on('readable', listener)
    }
  }

  resume(): void {
    if (this.isOver) return
    const letGo = this.#letGo
    this.#letGo = undefined
    this.touch()
    this.#timer?.ref()
    this.#arm()
    letGo?.()
  }

  hurry(): void {
    if (this.isOver) return
    this.#moved = performance.now()
    this.#isHurried = true
    this.#arm()
  }

  cut(fault: Fault.Fault): void {
    this.fail(fault)
  }
}
