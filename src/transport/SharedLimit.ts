/**
 * Keeps a rate limit that many processes share, over a port to the place where it is counted.
 *
 * | the port returns                       | then                                                                    |
 * |----------------------------------------|-------------------------------------------------------------------------|
 * | `waitMs` of 0                          | the request is sent                                                     |
 * | a larger `waitMs`                      | the request waits that long, and the port is called again               |
 * | a `Left`; it rejects or throws         | `ConnectFailed`; nothing is sent                                        |
 * | nothing within `timeout`               | `ConnectFailed`; nothing is sent                                        |
 * | anything else                          | `ProtocolError`; nothing is sent                                        |
 *
 * Requests with the same key start in the order in which they arrive, and only the first of them calls the port. Requests
 * with different keys do not wait for each other. A waiting request fails at once if its signal aborts, its deadline passes or the
 * client is closed; the next one then continues with what the port returns. After a wait of a second or more, a request is
 * signed again.
 *
 * Place `withRetry` outside `withSharedLimit`: each attempt then counts against the limit, and a port that failed is called again.
 *
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Transport } from 'requests-ts'
 *
 * // At most one request in 100 ms for each origin. A real port counts in a database.
 * const free = new Map<string, number>()
 * const port: Transport.SharedLimit = {
 *   take: (key, now) => TE.fromIO(() => {
 *     const waitMs = Math.max(0, (free.get(key) ?? 0) - now.getTime())
 *     if (waitMs === 0) free.set(key, now.getTime() + 100)
 *     return { waitMs }
 *   }),
 * }
 * const { transport, sent } = Transport.mock(() => ({ status: 204 }))
 * const program = Http.parallel()([Http.get('http://h.test/a'), Http.get('http://h.test/b')])
 * const options = { transport, wrapTransport: Transport.withSharedLimit(port) }
 * const start = Date.now()
 * await pipe(program, Client.runWith(options))()
 * assert.deepEqual([sent().length, Date.now() - start >= 90], [2, true])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Reply } from '../wire/Reply.js'
import { around, type SendControls, type Transport, type TransportError, withPlan } from '../wire/Transport.js'
import { CloseSignal } from './Cancellation.js'
import * as Port from './SharedLimitPort.js'
import { type StartQueue, signAfterWait, type Waiter, waitForStart } from './StartQueue.js'

/**
 * Options of `withSharedLimit`.
 *
 * @since 0.2.0
 * @category model
 */
export interface Options {
  /** Returns the key under which a plan is counted: by default the origin of its URL, such as `https://api.example.com`. */
  readonly key?: (plan: Plan) => string
  /** How many milliseconds a call of the port may take: 10,000 by default. */
  readonly timeout?: number
}

const DEFAULT_TIMEOUT_MS = 10_000

// --- what users pass -------------------------------------------------------------------------------------------------

const keyOf =
  ({ key }: Options) =>
  (plan: Plan): E.Either<Port.Refusal, string> => {
    if (key === undefined) return E.right(plan.url.origin)
    try {
      const returned: unknown = key(plan)
      if (typeof returned === 'string') return E.right(returned)
      Fault.ignoreRejection(returned)
      return E.left(Port.invalid(`the option key must return text, but it returned ${Fault.kindOf(returned)}`))
    } catch (cause) {
      return E.left(Port.invalid(`the option key failed: ${Fault.messageOf(cause)}`, cause))
    }
  }

const timeoutOf = ({ timeout = DEFAULT_TIMEOUT_MS }: Options): E.Either<Port.Refusal, number> =>
  typeof timeout === 'number' && timeout > 0
    ? E.right(timeout)
    : E.left(Port.invalid('the option timeout must be a positive number of milliseconds'))

// --- the queues ------------------------------------------------------------------------------------------------------

/** The requests of one key. It calls the port on behalf of the first one, until none waits. */
class KeyQueue {
  readonly #port: Port.SharedLimit
  readonly #key: string
  readonly #timeout: number
  readonly #waiting: Waiter[] = []
  /** Ends a call or a sleep if no request waits for it any more. */
  readonly #stop = new AbortController()
  /** How many milliseconds requests have slept without a change of their clock, which stands still. They count as time. */
  #unshown = 0

  constructor(port: Port.SharedLimit, key: string, timeout: number) {
    this.#port = port
    this.#key = key
    this.#timeout = timeout
  }

  add(waiter: Waiter): void {
    this.#waiting.push(waiter)
  }

  /** Returns whether no request waits any more. */
  remove(waiter: Waiter): boolean {
    const index = this.#waiting.indexOf(waiter)
    if (index < 0) return false
    this.#waiting.splice(index, 1)
    const isEmpty = this.#waiting.length === 0
    if (isEmpty) this.#stop.abort()
    return isEmpty
  }

  async run(onEmpty: () => void): Promise<void> {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const isPermitted = await this.#callPort(first.clock)
      if (E.isRight(isPermitted) && !isPermitted.right) continue
      // The request that is the first one now: the one before may have ended while the port was called.
      const next = this.#waiting.shift()
      if (next === undefined) return
      if (this.#waiting.length === 0) onEmpty()
      if (E.isRight(isPermitted)) next.start()
      else next.fail(isPermitted.left(next.plan))
    }
  }

  /** Calls the port once. If it does not permit a request, waits as long as the port requires, and returns false. */
  async #callPort(clock: Clock.Clock): Promise<E.Either<Port.Refusal, boolean>> {
    try {
      const now = new Date(clock.now().getTime() + this.#unshown)
      const limits = { clock, signal: this.#stop.signal, timeout: this.#timeout }
      const wait = await Port.take(this.#port, this.#key, now, limits)
      if (E.isLeft(wait)) return wait
      if (wait.right > 0) await this.#sleep(clock, wait.right)
      return E.right(wait.right === 0)
    } catch (cause) {
      return E.left(Port.failed(cause))
    }
  }

  async #sleep(clock: Clock.Clock, ms: number): Promise<void> {
    const [before, delay] = [clock.monotonic(), Math.min(ms, Clock.MAX_DELAY_MS)]
    await clock.sleep(delay, this.#stop.signal)()
    const slept = clock.monotonic() - before
    if (slept >= delay / 2) return
    // A clock that stands still, or does not wait. The pause lets the process do other work, such as to abort the request.
    if (slept <= 0) this.#unshown += ms
    await Clock.system.sleep(0, this.#stop.signal)()
  }
}

/** Returns the queue of a key. It exists as long as it has requests. */
const makeQueues = (port: Port.SharedLimit, timeout: number): ((key: string) => StartQueue) => {
  const byKey = new Map<string, KeyQueue>()
  return (key) => ({
    enqueue: (waiter) => {
      const known = byKey.get(key)
      if (known !== undefined) return known.add(waiter)
      const queue = new KeyQueue(port, key, timeout)
      byKey.set(key, queue)
      queue.add(waiter)
      queue.run(() => byKey.delete(key))
    },
    remove: (waiter) => {
      if (byKey.get(key)?.remove(waiter)) byKey.delete(key)
    },
  })
}

// --- sending ---------------------------------------------------------------------------------------------------------

/**
 * Returns a transport that sends a request only when the port permits it. Faults before that are `unsent`. Closing it ends waiting
 * requests with `ClientClosed`, and does not close the port.
 *
 * @since 0.2.0
 * @category combinators
 */
export const withSharedLimit = (port: Port.SharedLimit, options: Options = {}): ((inner: Transport) => Transport) => {
  const given = UserInput.own(Object(options))
  const timeout = timeoutOf(given)
  const keyOfPlan = keyOf(given)

  return (inner) => {
    const closing = new CloseSignal()
    const queueOf = makeQueues(port, E.getOrElse(() => DEFAULT_TIMEOUT_MS)(timeout))

    const waitFor = async (plan: Plan, controls: SendControls): Promise<Fault.Fault | undefined> => {
      const key = E.isLeft(timeout) ? timeout : keyOfPlan(plan)
      if (E.isLeft(key)) return key.left(plan)
      return waitForStart(queueOf(key.right), plan, controls, closing.signal, 'withSharedLimit')
    }

    const sendShared = async (plan: Plan, controls: SendControls): Promise<E.Either<TransportError, Reply>> => {
      const { clock = Clock.system } = controls
      const arrived = clock.monotonic()
      const fault = await waitFor(plan, controls)
      if (fault !== undefined) return E.left(withPlan(plan, Fault.unsent(fault)))
      const signed = await signAfterWait(plan, controls, arrived)
      return E.isLeft(signed) ? signed : inner(signed.right, controls)()
    }

    const send = around(inner, () => closing.close())
    return send((plan, controls) => () => sendShared(plan, UserInput.own(controls)))
  }
}
