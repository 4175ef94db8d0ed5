/**
 * Waiting on behalf of a caller: over when the time is, and at once when the caller's signal aborts or the transport is
 * closed.
 */
import type { Clock } from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Limits } from '../wire/Transport.js'
import * as Abort from './undici/Abort.js'

/** Tells all who wait when a transport is closed; whoever comes later waits for the next time. */
export class Closing {
  #controller = new AbortController()

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  close(): void {
    this.#controller.abort()
    this.#controller = new AbortController()
  }
}

/** Why someone who waited is not to go on, if so. */
export const stopped = ({ signal }: Limits, closing: AbortSignal): Fault.Fault | undefined => {
  if (signal?.aborted) {
    const { reason } = signal
    return Fault.make('Aborted', `The request was aborted: ${Fault.messageOf(reason)}`, reason)
  }
  return closing.aborted ? Fault.make('ClientClosed', 'The client was closed') : undefined
}

/** Why it is too late to go on, if it is. */
export const late = (clock: Clock, deadline: number): Fault.Fault | undefined =>
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
    for (const signal of heard) Abort.leave(signal, member)
  }
  if (heard.some(({ aborted }) => aborted)) member.abort(undefined)
  else for (const signal of heard) Abort.join(signal, member)
  return leave
}

/** Waits for something that heeds a signal, no longer than until the caller or the transport stops it. */
export const during = async (
  { signal }: Limits,
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
