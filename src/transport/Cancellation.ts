/**
 * Waiting that ends at the deadline, and at once if the caller's signal aborts or the transport is closed.
 *
 * | function         | waits for                                        | ends early by                        |
 * |------------------|--------------------------------------------------|--------------------------------------|
 * | `raceDeadline`   | work that cannot be cancelled                    | signal, deadline                     |
 * | `untilCancelled` | work that takes a signal                         | signal, closing of the transport     |
 * | `faultSignal`    | (a signal for work that takes one)               | signal, deadline                     |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Clock from '../wire/Clock.js'
import * as Deadline from '../wire/Deadline.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import * as Abort from './undici/Abort.js'

export { keepListening } from './undici/Abort.js'

/** Aborts the current signal when a transport is closed. Later calls get a new signal, because a transport can be reused. */
export class CloseSignal {
  #controller = new AbortController()

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  close(): void {
    this.#controller.abort()
    this.#controller = new AbortController()
  }
}

const abortFault = ({ signal }: SendControls): Fault.Fault | undefined =>
  signal?.aborted ? Fault.ofAbort(signal.reason) : undefined

/** Returns the error of a request that is not sent, because its signal has aborted. */
export const abortedBeforeSend = (plan: Plan, { reason }: AbortSignal): TransportError => {
  const fault = Fault.ofAbort(reason)
  const early = Fault.make('Aborted', 'The request was aborted before it was sent')
  return withPlan(plan, Fault.unsent(fault._tag === 'Aborted' ? early : fault))
}

/** The fault of a request that was in flight when its transport was closed. */
export const clientClosed = (): Fault.Fault => Fault.make('ClientClosed', Fault.CLIENT_CLOSED)

/** Returns `Aborted` or `ClientClosed` if a wait must end. */
export const cancelFault = (controls: SendControls, closing: AbortSignal): Fault.Fault | undefined =>
  abortFault(controls) ?? (closing.aborted ? clientClosed() : undefined)

/** Returns `DeadlineExceeded` if the deadline of an exchange has passed. */
export const deadlineFault = (plan: Plan, clock: Clock.Clock, deadline: number): Fault.Fault | undefined =>
  clock.monotonic() < deadline ? undefined : Deadline.exceeded(plan)

/** Returns `Aborted` or `DeadlineExceeded` if an exchange must end. `withPlan` completes its message. */
export const exchangeFault = (controls: SendControls): Fault.Fault | undefined => {
  const { clock = Clock.system, deadline = Number.POSITIVE_INFINITY } = controls
  return abortFault(controls) ?? (clock.monotonic() < deadline ? undefined : Deadline.unnamed())
}

/** Runs `act` once, when the first of the signals aborts. Returns a function that removes the listeners. */
export const onAbort = (signals: ReadonlyArray<AbortSignal | undefined>, act: () => void): (() => void) => {
  const present = signals.flatMap((signal) => (signal === undefined ? [] : [signal]))
  let subscriptions: ReadonlyArray<Abort.Subscription> = []
  const member: Abort.Abortable = {
    abort: () => {
      removeListeners()
      act()
    },
  }
  const removeListeners = (): void => {
    for (const subscription of subscriptions) Abort.unsubscribe(subscription)
  }
  if (present.some(({ aborted }) => aborted)) member.abort(undefined)
  else subscriptions = present.map((signal) => Abort.subscribe(signal, member))
  return removeListeners
}

/** A signal that aborts with the first of several. `release` removes the listeners. */
export interface JoinedSignal {
  readonly signal: AbortSignal
  readonly release: IO<void>
}

/**
 * Joins signals until they are released. Not by `AbortSignal.any`: a signal that lives long keeps a reference to each
 * joined one (Node 20).
 */
export const joinSignals = (...signals: ReadonlyArray<AbortSignal>): JoinedSignal => {
  const controller = new AbortController()
  const release = onAbort(signals, () => controller.abort(signals.find(({ aborted }) => aborted)?.reason))
  return { signal: controller.signal, release }
}

/** Sleeps until a moment. Returns false if it was stopped, or if the clock does not advance while it sleeps. */
export const sleepUntil = async (clock: Clock.Clock, moment: number, stop: AbortSignal): Promise<boolean> => {
  let before = Number.NEGATIVE_INFINITY
  for (let now = clock.monotonic(); now < moment; now = clock.monotonic()) {
    if (stop.aborted || now <= before) return false
    before = now
    await clock.sleep(moment - now, stop)()
  }
  return true
}

/** The reason of a sleep that is not needed any more. With its own reason, `abort` makes no exception with a stack. */
const NOT_NEEDED = 'the wait is over'

/** Most work that is waited for is done already, and then no sleep is started. */
const TURNS_BEFORE_SLEEP = 4

/** Waits for work until the signal aborts or the deadline passes. The work then continues, and its result is ignored. */
export const raceDeadline = <A>(controls: SendControls, running: PromiseLike<A>): Promise<E.Either<Fault.Fault, A>> => {
  const { clock = Clock.system, signal, deadline } = controls
  return new Promise((resolve, reject) => {
    let isOver = false
    let sleeping: AbortController | undefined
    let removeListeners = (): void => {}
    const end = (settle: () => void): void => {
      if (isOver) return
      isOver = true
      removeListeners()
      sleeping?.abort(NOT_NEEDED)
      try {
        settle()
      } catch (cause) {
        reject(cause) // of a clock of the user
      }
    }
    const stop = (): void =>
      end(() => resolve(E.left(exchangeFault(controls) ?? Fault.make('Aborted', 'The request was aborted'))))
    const done = (value: A): void =>
      end(() => {
        const fault = exchangeFault(controls)
        resolve(fault === undefined ? E.right(value) : E.left(fault))
      })
    const sleep = async (moment: number): Promise<void> => {
      for (let turn = 0; turn < TURNS_BEFORE_SLEEP && !isOver; turn += 1) await undefined
      if (isOver) return
      sleeping = new AbortController()
      if (await sleepUntil(clock, moment, sleeping.signal)) stop()
    }
    // In plain JavaScript the work may be a value.
    Promise.resolve(running).then(done, (cause) => end(() => reject(cause)))
    if (signal !== undefined) removeListeners = onAbort([signal], stop)
    // A clock whose sleep fails cannot end the wait.
    if (deadline !== undefined) sleep(deadline).catch(() => {})
  })
}

/** Returns a signal that aborts with a fault as its reason, when the caller's signal aborts or the deadline passes. */
export const faultSignal = (controls: SendControls): { readonly signal: AbortSignal; readonly release: IO<void> } => {
  const controller = new AbortController()
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  raceDeadline(controls, released).then((passed) => (E.isLeft(passed) ? controller.abort(passed.left) : undefined))
  return { signal: controller.signal, release: () => release() }
}

export const untilCancelled = async (
  { signal }: SendControls,
  closing: AbortSignal,
  run: (stop: AbortSignal) => Promise<unknown>,
): Promise<void> => {
  const controller = new AbortController()
  await new Promise<void>((resolve, reject) => {
    const removeListeners = onAbort([signal, closing], () => {
      controller.abort()
      resolve()
    })
    run(controller.signal)
      .then(() => resolve(), reject)
      .finally(removeListeners)
  })
}
