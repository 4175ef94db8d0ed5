/**
 * Limits how many requests run at the same time, and how many start within a period.
 *
 * | option        | limits                                                                                            |
 * |---------------|---------------------------------------------------------------------------------------------------|
 * | `concurrency` | requests in flight: until they fail, or their response body is read, left or discarded            |
 * | `rate`        | requests that start within any period of `per` milliseconds                                       |
 *
 * Requests start in the order in which they arrive. A waiting request fails at once if its signal aborts, its deadline
 * passes or the client is closed; it then uses no slot. An absent option does not limit; a limit below 1 counts as 1.
 *
 * Place `withRetry` outside `withLimit`, so that a waiting retry does not occupy a slot.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Transport } from 'requests-ts'
 *
 * const polite = pipe(
 *   Transport.undici(),
 *   Transport.withLimit({ concurrency: 4, rate: { requests: 10, per: 1000 } }),
 *   Transport.withRetry({ attempts: 5 })) // each attempt counts against the limit; the wait between attempts does not
 * assert.equal(typeof polite, 'function')
 */
import * as E from 'fp-ts/lib/Either.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Reply } from '../wire/Reply.js'
import { around, type SendControls, type Transport, type TransportError, withPlan } from '../wire/Transport.js'
import { observeBody } from './BodyObserver.js'
import { CloseSignal } from './Cancellation.js'
import { type StartQueue, signAfterWait, type Waiter, waitForStart } from './StartQueue.js'

/** How many requests `withLimit` lets run. Without a field there is no such limit. */
export interface Limit {
  /** The maximum number of requests in flight. */
  readonly concurrency?: number
  /** At most `requests` start within any period of `per` milliseconds. */
  readonly rate?: { readonly requests: number; readonly per: number }
}

const UNLIMITED = Number.POSITIVE_INFINITY

class LimitQueue implements StartQueue {
  readonly #concurrency: number
  readonly #requests: number
  readonly #per: number
  readonly #waiting: Waiter[] = []
  /** When the last requests started; at most `requests` entries. */
  readonly #starts: number[] = []
  #inFlight = 0
  #hasTimer = false
  /** The end of the last sleep. Counts as the time if a clock stands still, or is slightly behind its timers. */
  #sleptUntil = Number.NEGATIVE_INFINITY

  constructor(limit: Limit) {
    const { concurrency = UNLIMITED, rate = { requests: UNLIMITED, per: 0 } } = UserInput.own(limit)
    this.#concurrency = concurrency >= 1 ? concurrency : 1
    this.#requests = rate.requests >= 1 ? Math.floor(rate.requests) : 1
    this.#per = rate.per > 0 ? rate.per : 0
  }

  enqueue(waiter: Waiter): void {
    this.#waiting.push(waiter)
    this.#startNext()
  }

  remove(waiter: Waiter): void {
    const index = this.#waiting.indexOf(waiter)
    if (index >= 0) this.#waiting.splice(index, 1)
  }

  /** Frees the slot of a request that has ended. */
  release(): void {
    this.#inFlight -= 1
    this.#startNext()
  }

  #now(clock: Clock.Clock): number {
    return Math.max(clock.monotonic(), this.#sleptUntil)
  }

  /** Milliseconds until the rate permits another start. */
  #delay({ clock }: Waiter): number {
    const [first] = this.#starts
    if (first === undefined || this.#starts.length < this.#requests) return 0
    return Math.max(0, first + this.#per - this.#now(clock))
  }

  #startNext(): void {
    for (let [next] = this.#waiting; next !== undefined && this.#inFlight < this.#concurrency; [next] = this.#waiting) {
      const delay = this.#delay(next)
      if (delay > 0) {
        this.#startLater(next, delay)
        return
      }
      this.#waiting.shift()
      this.#inFlight += 1
      if (this.#requests !== UNLIMITED) this.#starts.push(this.#now(next.clock))
      if (this.#starts.length > this.#requests) this.#starts.shift()
      next.start()
    }
  }

  /** Sets the only timer, on behalf of the first waiter. It ends early if that waiter stops waiting. */
  #startLater({ clock, done }: Waiter, ms: number): void {
    if (this.#hasTimer) return
    this.#hasTimer = true
    const end = this.#now(clock) + ms
    clock
      .sleep(ms, done)()
      .then(() => {
        this.#hasTimer = false
        if (!done.aborted) this.#sleptUntil = end
        this.#startNext()
      })
  }
}

const sendLimited = async (
  queue: LimitQueue,
  inner: Transport,
  plan: Plan,
  controls: SendControls,
  closing: AbortSignal,
): Promise<E.Either<TransportError, Reply>> => {
  const { clock = Clock.system } = controls
  const arrived = clock.monotonic()
  const fault = await waitForStart(queue, plan, controls, closing, 'withLimit')
  if (fault !== undefined) return E.left(withPlan(plan, Fault.unsent(fault)))
  let isOpen = false
  try {
    const signed = await signAfterWait(plan, controls, arrived)
    if (E.isLeft(signed)) return signed
    const outcome = await inner(signed.right, controls)()
    if (E.isLeft(outcome)) return outcome
    const body = observeBody(outcome.right.body, { onEnd: () => queue.release() })
    const reply = { ...outcome.right, body }
    isOpen = true
    return E.right(reply)
  } finally {
    // Otherwise the slot is free when the reading of the body ends.
    if (!isOpen) queue.release()
  }
}

/** Returns a transport that sends no more requests than the limit permits. Waiting requests fail with `ClientClosed` on close. */
export const withLimit =
  (limit: Limit) =>
  (inner: Transport): Transport => {
    // Requests in flight at the time of `close` release their slots in the old queue.
    let queue = new LimitQueue(limit)
    const closing = new CloseSignal()
    const send = around(inner, () => {
      queue = new LimitQueue(limit)
      closing.close()
    })
    return send((plan, controls) => () => sendLimited(queue, inner, plan, UserInput.own(controls), closing.signal))
  }
