/**
 * How much at a time: no more than so many requests under way, no more than so many begun in a span of time.
 *
 * | option        | is                                                                                              |
 * |---------------|-------------------------------------------------------------------------------------------------|
 * | `concurrency` | the most under way; one is under way until its reply's body was read, left or discarded, or it failed |
 * | `rate`        | the most that begin in any span of `per` milliseconds, however it is laid                          |
 *
 * Whoever comes first goes first. Waiting ends at once with an abort, the deadline or the closing of the client, and
 * such a request takes no place. What is left out is not limited; a limit below 1 counts as 1.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Transport } from 'requests-ts'
 *
 * const polite = pipe(
 *   Transport.undici(),
 *   Transport.withLimit({ concurrency: 4, rate: { requests: 10, per: 1000 } }),
 *   Transport.withRetry({ attempts: 5 }))          // each attempt takes its turn; waiting for one holds no place
 * assert.equal(typeof polite, 'function')
 */
import * as E from 'fp-ts/lib/Either.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Clock from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Reply, Source } from '../wire/Reply.js'
import { around, at, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import { CloseSignal, late, onStop, stopped } from './Cancellation.js'

export interface Limit {
  readonly concurrency?: number
  readonly rate?: { readonly requests: number; readonly per: number }
}

/** One who waits for its turn. */
interface Waiter {
  readonly clock: Clock.Clock
  /** Aborts when it waits no more. */
  readonly done: AbortSignal
  readonly go: () => void
}

const FOR_EVER = Number.POSITIVE_INFINITY

/** The line before the limit, and what went through. */
class Gate {
  readonly #concurrency: number
  readonly #requests: number
  readonly #per: number
  readonly #line: Waiter[] = []
  /** When the last of them began, no more than `requests`. */
  readonly #begun: number[] = []
  #underWay = 0
  #isTimed = false
  /** What was slept through: a clock that stands still, or is a little behind its timers, is taken at its word. */
  #slept = Number.NEGATIVE_INFINITY

  constructor(limit: Limit) {
    const { concurrency = FOR_EVER, rate = { requests: FOR_EVER, per: 0 } } = OwnProperty.of(limit)
    this.#concurrency = concurrency >= 1 ? concurrency : 1
    this.#requests = rate.requests >= 1 ? Math.floor(rate.requests) : 1
    this.#per = rate.per > 0 ? rate.per : 0
  }

  enter(waiter: Waiter): void {
    this.#line.push(waiter)
    this.#pump()
  }

  leave(waiter: Waiter): void {
    const place = this.#line.indexOf(waiter)
    if (place >= 0) this.#line.splice(place, 1)
  }

  /** One that was under way is over. */
  release(): void {
    this.#underWay -= 1
    this.#pump()
  }

  #now(clock: Clock.Clock): number {
    return Math.max(clock.monotonic(), this.#slept)
  }

  /** Milliseconds until the next may begin. */
  #wait({ clock }: Waiter): number {
    const [first] = this.#begun
    if (first === undefined || this.#begun.length < this.#requests) return 0
    return Math.max(0, first + this.#per - this.#now(clock))
  }

  #pump(): void {
    for (let [head] = this.#line; head !== undefined && this.#underWay < this.#concurrency; [head] = this.#line) {
      const wait = this.#wait(head)
      if (wait > 0) {
        this.#later(head, wait)
        return
      }
      this.#line.shift()
      this.#underWay += 1
      this.#note(this.#now(head.clock))
      head.go()
    }
  }

  #note(now: number): void {
    if (this.#requests === FOR_EVER) return
    this.#begun.push(now)
    if (this.#begun.length > this.#requests) this.#begun.shift()
  }

  /** There is one timer, and it is the first one's: it ends with its waiting. */
  #later({ clock, done }: Waiter, ms: number): void {
    if (this.#isTimed) return
    this.#isTimed = true
    const due = this.#now(clock) + ms
    clock
      .sleep(ms, done)()
      .then(() => {
        this.#isTimed = false
        if (!done.aborted) this.#slept = due
        this.#pump()
      })
  }
}

/** Waits for a turn; why there will be none, if so. */
const turn = async (gate: Gate, limits: SendControls, closing: AbortSignal): Promise<Fault.Fault | undefined> => {
  const { clock = Clock.system, signal, deadline = FOR_EVER } = limits
  const already = stopped(limits, closing) ?? late(clock, deadline)
  if (already !== undefined) return already
  const controller = new AbortController()
  let isMine = false
  await new Promise<void>((resolve) => {
    const end = (): void => {
      leave()
      resolve()
      if (!isMine) gate.leave(waiter)
      controller.abort()
    }
    const waiter: Waiter = {
      clock,
      done: controller.signal,
      go: () => {
        isMine = true
        end()
      },
    }
    const leave = onStop([signal, closing], () => end())
    gate.enter(waiter)
    if (!isMine && deadline !== FOR_EVER)
      clock
        .sleep(deadline - clock.monotonic(), controller.signal)()
        .then(end)
  })
  return isMine
    ? undefined
    : (stopped(limits, closing) ?? Fault.make('DeadlineExceeded', 'Its turn did not come in time'))
}

/** A body that tells when nobody reads it any more. */
const ending = (body: Source, over: () => void): Source => ({
  gather: (limit) => async () => {
    try {
      return await body.gather(limit)()
    } finally {
      over()
    }
  },
  discard: async () => {
    try {
      await body.discard()
    } finally {
      over()
    }
  },
  [Symbol.asyncIterator]: () => {
    const iterator = body[Symbol.asyncIterator]()
    const step = async (next: Promise<IteratorResult<Uint8Array>>): Promise<IteratorResult<Uint8Array>> => {
      try {
        const result = await next
        if (result.done === true) over()
        return result
      } catch (cause) {
        over()
        throw cause
      }
    }
    return {
      next: () => step(iterator.next()),
      return: () => step(iterator.return?.() ?? Promise.resolve({ done: true, value: undefined })),
    }
  },
})

const once = (act: () => void): (() => void) => {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    act()
  }
}

const passThrough = async (
  gate: Gate,
  inner: Transport,
  plan: Plan,
  limits: SendControls,
  closing: AbortSignal,
): Promise<E.Either<TransportError, Reply>> => {
  const fault = await turn(gate, limits, closing)
  if (fault !== undefined) return E.left(at(plan, Fault.unsent(fault)))
  const over = once(() => gate.release())
  try {
    const outcome = await inner(plan, limits)()
    if (E.isRight(outcome)) return E.right({ ...outcome.right, body: ending(outcome.right.body, over) })
    over()
    return outcome
  } catch (cause) {
    over()
    throw cause // a transport that throws is judged by whoever sends
  }
}

/** Lets no more through than the limit allows. */
export const withLimit =
  (limit: Limit) =>
  (inner: Transport): Transport => {
    // Whoever is still under way when it is closed goes on in the old one.
    let gate = new Gate(limit)
    const closing = new CloseSignal()
    const send = around(inner, () => {
      gate = new Gate(limit)
      closing.close()
    })
    return send((plan, limits) => () => passThrough(gate, inner, plan, OwnProperty.of(limits), closing.signal))
  }
