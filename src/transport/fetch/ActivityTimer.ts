/**
 * The limits of one attempt in time: its deadline, and the longest silence. Uses one timeout, which is set again when it fires
 * too early, because setting one for each chunk would cost more than reading the chunk.
 *
 * All times are `performance.now()`, in milliseconds.
 */
import { MAX_DELAY_MS } from '../../wire/Clock.js'

export const NO_TIMEOUT = Number.POSITIVE_INFINITY

export interface TimerListener {
  /** Returns how long nothing may happen in the current phase, in milliseconds. */
  silenceLimit(): number
  onDeadline(): void
  onSilence(): void
}

export class ActivityTimer {
  readonly #listener: TimerListener
  readonly #deadline: number
  #lastActivity = performance.now()
  #timeout: ReturnType<typeof setTimeout> | undefined
  #firesAt = NO_TIMEOUT
  #isStopped = false

  constructor(listener: TimerListener, deadline: number) {
    this.#listener = listener
    this.#deadline = deadline
  }

  get isLate(): boolean {
    return performance.now() >= this.#deadline
  }

  /** Starts the silence again. */
  touch(): void {
    this.#lastActivity = performance.now()
  }

  /** Observes the earliest limit. Called when `silenceLimit` may have changed. */
  update(): void {
    const due = Math.min(this.#lastActivity + this.#listener.silenceLimit(), this.#deadline)
    const isEarlyEnough = due !== NO_TIMEOUT && this.#firesAt <= due
    if (this.#isStopped || isEarlyEnough) return
    clearTimeout(this.#timeout)
    this.#firesAt = due
    // A timeout without a limit would keep the process alive.
    if (due === NO_TIMEOUT) return
    this.#timeout = setTimeout(() => this.#fire(), Math.min(Math.max(0, due - performance.now()), MAX_DELAY_MS))
  }

  #fire(): void {
    this.#firesAt = NO_TIMEOUT
    // A runtime may fire up to a millisecond early.
    const now = performance.now() + 1
    if (now >= this.#deadline) this.#listener.onDeadline()
    else if (now >= this.#lastActivity + this.#listener.silenceLimit()) this.#listener.onSilence()
    else this.update()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timeout)
  }
}
