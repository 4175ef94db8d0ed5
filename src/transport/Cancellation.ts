/**
 * Waiting on behalf of a caller: over when the time is, and at once when the caller's signal aborts or the transport is
 * closed.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Clock from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { SendControls } from '../wire/Transport.js'
import * as Abort from './undici/Abort.js'

/** Tells all who wait when a transport is closed; whoever comes later waits for the next time. */
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

const aborted = ({ signal }: SendControls): Fault.Fault | undefined =>
  signal?.aborted
    ? Fault.make('Aborted', `The request was aborted: ${Fault.messageOf(signal.reason)}`, signal.reason)
    : undefined

/** Why someone who waited is not to go on, if so. */
export const stopped = (limits: SendControls, closing: AbortSignal): Fault.Fault | undefined =>
  aborted(limits) ?? (closing.aborted ? Fault.make('ClientClosed', 'The client was closed') : undefined)

/** Why it is too late to go on, if it is. */
export const late = (clock: Clock.Clock, deadline: number): Fault.Fault | undefined =>
  clock.monotonic() < deadline ? undefined : Fault.make('DeadlineExceeded', 'The time was over before it was sent')

/** Runs `act` once, when the first of the signals aborts; what it gives takes the listeners away. */
export const onStop = (signals: ReadonlyArray<AbortSignal | undefined>, act: () => void): (() => void) => {
  const heard = signals.flatMap((signal) => (signal === undefined ? [] : [signal]))
  const member: Abort.Abortable = {
    abort: () => {
      leave()
      act()
    },
  }
  const leave = (): void => {
    for (const signal of heard) Abort.unsubscribe(signal, member)
  }
  if (heard.some(({ aborted }) => aborted)) member.abort(undefined)
  else for (const signal of heard) Abort.subscribe(signal, member)
  return leave
}

/** Why an exchange is not to go on, if so. */
export const ended = (limits: SendControls): Fault.Fault | undefined => {
  const { clock = Clock.system, deadline } = limits
  if (deadline === undefined || clock.monotonic() < deadline) return aborted(limits)
  return aborted(limits) ?? Fault.make('DeadlineExceeded', 'The time was over before the exchange was')
}

/** Whether that moment came. A clock that stands still does not get there by sleeping. */
const comes = async (clock: Clock.Clock, moment: number, stop: AbortSignal): Promise<boolean> => {
  let before = Number.NEGATIVE_INFINITY
  for (let now = clock.monotonic(); now < moment; now = clock.monotonic()) {
    if (stop.aborted || now <= before) return false
    before = now
    await clock.sleep(moment - now, stop)()
  }
  return true
}

/**
 * Waits for something that heeds nothing, no longer than signal and deadline let: it goes on by itself then, and what comes
 * of it nobody sees. What it throws before that is thrown here.
 */
export const within = async <A>(limits: SendControls, running: PromiseLike<A>): Promise<E.Either<Fault.Fault, A>> => {
  const { clock = Clock.system, signal, deadline } = limits
  if (signal === undefined && deadline === undefined) return E.right(await running)
  const controller = new AbortController()
  let leave = (): void => {}
  const stop = new Promise<void>((resolve) => {
    leave = onStop([signal], resolve)
    const isDue = deadline === undefined ? Promise.resolve(false) : comes(clock, deadline, controller.signal)
    isDue.then(
      (isOver) => (isOver ? resolve() : undefined),
      () => {}, // A clock that cannot sleep measures nothing.
    )
  })
  try {
    const first = await Promise.race([Promise.resolve(running).then(E.right), stop])
    const fault = ended(limits)
    // What won without a fault is the value: only a signal or the deadline stops it.
    return fault === undefined && first !== undefined ? first : E.left(fault ?? Fault.make('Aborted', 'It was stopped'))
  } finally {
    leave()
    controller.abort()
  }
}

/** A signal whose reason is a fault: it aborts when the caller's does, or when the time is over, until it is released. */
export const stopSignal = (limits: SendControls): { readonly signal: AbortSignal; readonly release: IO<void> } => {
  const controller = new AbortController()
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  within(limits, released).then((passed) => (E.isLeft(passed) ? controller.abort(passed.left) : undefined))
  return { signal: controller.signal, release: () => release() }
}

/** Waits for something that heeds a signal, no longer than until the caller or the transport stops it. */
export const during = async (
  { signal }: SendControls,
  closing: AbortSignal,
  run: (stop: AbortSignal) => Promise<unknown>,
): Promise<void> => {
  const controller = new AbortController()
  await new Promise<void>((resolve, reject) => {
    const leave = onStop([signal, closing], () => {
      controller.abort()
      resolve()
    })
    run(controller.signal)
      .then(() => resolve(), reject)
      .finally(leave)
  })
}
