/**
 * Abort listeners: each signal has one, shared by all attempts that the signal can end.
 *
 * With a listener for each attempt, Node would warn of a leak from the eleventh on. Adding the listener would also be
 * the most expensive step of starting an attempt. The listener is removed together with the last subscriber.
 */

export interface Abortable {
  abort(reason: unknown): void
}

class AbortListeners {
  readonly members = new Set<Abortable>()

  constructor(readonly signal: AbortSignal) {}

  handleEvent(): void {
    for (const member of [...this.members]) member.abort(this.signal.reason)
  }
}

const bySignal = new WeakMap<AbortSignal, AbortListeners>()

/** Aborts the member when the signal aborts, unless it unsubscribes before. */
export const subscribe = (signal: AbortSignal, member: Abortable): void => {
  let listeners = bySignal.get(signal)
  if (listeners === undefined) {
    listeners = new AbortListeners(signal)
    bySignal.set(signal, listeners)
  }
  if (listeners.members.size === 0) signal.addEventListener('abort', listeners)
  listeners.members.add(member)
}

export const unsubscribe = (signal: AbortSignal, member: Abortable): void => {
  const listeners = bySignal.get(signal)
  if (listeners === undefined) return
  listeners.members.delete(member)
  if (listeners.members.size === 0) signal.removeEventListener('abort', listeners)
}
