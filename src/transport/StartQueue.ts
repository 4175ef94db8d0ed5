/**
 * Requests that wait until a queue starts them, in the order of their arrival.
 *
 * | end of a wait                 | result                                                          |
 * |-------------------------------|-----------------------------------------------------------------|
 * | the queue starts the request  | it is sent; after a second or more, it is signed again          |
 * | the queue fails it            | the fault of the queue                                          |
 * | its signal aborts, or `close` | `Aborted` or `ClientClosed`, at once                            |
 * | its deadline passes           | `DeadlineExceeded`, which names what the request waited for     |
 *
 * A request that does not wait any more is removed from its queue, and leaves no timer and no listener.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Clock from '../wire/Clock.js'
import * as Deadline from '../wire/Deadline.js'
import type * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { SendControls, TransportError } from '../wire/Transport.js'
import { cancelFault, deadlineFault, onAbort, sleepUntil } from './Cancellation.js'

/** A request that waits. */
export interface Waiter {
  readonly plan: Plan
  readonly clock: Clock.Clock
  /** Aborts when the request no longer waits. */
  readonly done: AbortSignal
  readonly start: () => void
  readonly fail: (fault: Fault.Fault) => void
}

/** Starts or fails its waiters, each once. It may start a waiter before `enqueue` returns. */
export interface StartQueue {
  readonly enqueue: (waiter: Waiter) => void
  /** Called for a waiter that has ended by itself. Does nothing if the queue has ended it. */
  readonly remove: (waiter: Waiter) => void
}

const UNLIMITED = Number.POSITIVE_INFINITY

/** Returns the fault that ended the wait, if any. `name` is that of the combinator. */
export const waitForStart = async (
  queue: StartQueue,
  plan: Plan,
  controls: SendControls,
  closing: AbortSignal,
  name: string,
): Promise<Fault.Fault | undefined> => {
  const { clock = Clock.system, signal, deadline = UNLIMITED } = controls
  const early = cancelFault(controls, closing) ?? deadlineFault(plan, clock, deadline)
  if (early !== undefined) return early
  const controller = new AbortController()
  const ended: { isStarted: boolean; fault?: Fault.Fault } = { isStarted: false }
  await new Promise<void>((resolve) => {
    const end = (): void => {
      removeListeners()
      resolve()
      if (!ended.isStarted) queue.remove(waiter)
      controller.abort()
    }
    const start = (): void => {
      ended.isStarted = true
      end()
    }
    const fail = (fault: Fault.Fault): void => {
      ended.fault = fault
      end()
    }
    const waiter: Waiter = { plan, clock, done: controller.signal, start, fail }
    const removeListeners = onAbort([signal, closing], end)
    queue.enqueue(waiter)
    // A clock whose sleep fails cannot end the wait.
    if (!ended.isStarted && deadline !== UNLIMITED)
      sleepUntil(clock, deadline, controller.signal).then(
        (hasPassed) => (hasPassed ? end() : undefined),
        () => {},
      )
  })
  if (ended.isStarted) return undefined
  return ended.fault ?? cancelFault(controls, closing) ?? Deadline.exceeded(plan, `it waited for ${name}`)
}

/** A signature has a time in seconds: one that waited for a second, in milliseconds, is made again. */
const SIGNED_AGAIN_AFTER = 1_000

/** Returns the plan to send after a wait: signed again, if at least a second has passed since a moment of the clock. */
export const signAfterWait = async (
  plan: Plan,
  { clock = Clock.system, signAgain }: SendControls,
  since: number,
): Promise<E.Either<TransportError, Plan>> =>
  signAgain !== undefined && clock.monotonic() - since >= SIGNED_AGAIN_AFTER ? signAgain(plan)() : E.right(plan)
