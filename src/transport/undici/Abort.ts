/**
 * Hearing an abort signal: one listener for each signal, however many attempts it may end.
 *
 * A listener of its own for each would make Node warn of a leak from the eleventh on, and costs more than all else
 * that an attempt sets up. The last one to leave removes it.
 */

/** What an abort ends. */
export interface Abortable {
  abort(reason: unknown): void
}

class Audience {
  readonly members = new Set<Abortable>()
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  handleEvent(): void {
    for (const member of [...this.members]) member.abort(this.#signal.reason)
  }
}

const audiences = new WeakMap<AbortSignal, Audience>()

/** Ends it when the signal aborts, unless it leaves before. */
export const join = (signal: AbortSignal, member: Abortable): void => {
  let audience = audiences.get(signal)
  if (audience === undefined) {
    audience = new Audience(signal)
    audiences.set(signal, audience)
  }
  if (audience.members.size === 0) signal.addEventListener('abort', audience)
  audience.members.add(member)
}

export const leave = (signal: AbortSignal, member: Abortable): void => {
  const audience = audiences.get(signal)
  if (audience === undefined) return
  audience.members.delete(member)
  if (audience.members.size === 0) signal.removeEventListener('abort', audience)
}
