/**
 * Abort listeners: each signal has one, shared by all attempts that the signal can end.
 *
 * With a listener for each attempt, Node would warn of a leak from the eleventh on. Adding the listener would also be
 * the most expensive step of starting an attempt. The listener is removed together with the last subscription, except from
 * a signal that lives as long as its client (`keepListening`).
 */
import { LinkedList, LinkedListNode } from './LinkedList.js'

export interface Abortable {
  abort(reason: unknown): void
}

/** The subscriptions of one signal. A `Set` would keep attempts from being collected: see `LinkedList`. */
class AbortListeners {
  readonly #subscriptions = new LinkedList<Subscription>()
  #isKept = false

  constructor(readonly signal: AbortSignal) {}

  keep(): void {
    this.signal.addEventListener('abort', this)
    this.#isKept = true
  }

  add(subscription: Subscription): void {
    if (!this.#isKept && this.#subscriptions.size === 0) this.signal.addEventListener('abort', this)
    this.#subscriptions.push(subscription)
  }

  remove(subscription: Subscription): void {
    this.#subscriptions.remove(subscription)
    if (!this.#isKept && this.#subscriptions.size === 0) this.signal.removeEventListener('abort', this)
  }

  handleEvent(): void {
    for (let next = this.#subscriptions.shift(); next !== undefined; next = this.#subscriptions.shift())
      next.member.abort(this.signal.reason)
  }
}

/** What `unsubscribe` ends. */
export class Subscription extends LinkedListNode<Subscription> {
  constructor(
    readonly member: Abortable,
    readonly listeners: AbortListeners,
  ) {
    super()
  }
}

const bySignal = new WeakMap<AbortSignal, AbortListeners>()

const listenersOf = (signal: AbortSignal): AbortListeners => {
  const known = bySignal.get(signal)
  if (known !== undefined) return known
  const listeners = new AbortListeners(signal)
  bySignal.set(signal, listeners)
  return listeners
}

/** Listens to a signal until it is collected. For the signal of a client, which lives as long as the client. */
export const keepListening = (signal: AbortSignal): void => listenersOf(signal).keep()

/** Aborts the member when the signal aborts, unless it unsubscribes before. */
export const subscribe = (signal: AbortSignal, member: Abortable): Subscription => {
  const listeners = listenersOf(signal)
  const subscription = new Subscription(member, listeners)
  listeners.add(subscription)
  return subscription
}

/** Ends a subscription. Does nothing if it has ended. */
export const unsubscribe = (subscription: Subscription): void => subscription.listeners.remove(subscription)
