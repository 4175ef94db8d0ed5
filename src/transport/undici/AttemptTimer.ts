/**
 * The timer of one attempt: it enforces the deadline and the longest silence of the current phase.
 *
 * Activity only stores a time stamp. The timer is set for the earliest limit; when it fires, it compares the time stamp
 * and sets itself again if nothing is due. So a moving body never creates a timer.
 *
 * All times are `performance.now()`, in milliseconds.
 */
import { MAX_DELAY_MS } from '../../wire/Clock.js'

export const NO_TIMEOUT = Number.POSITIVE_INFINITY

export interface TimerListener {
  /** Returns how long nothing may happen in the current phase, in milliseconds. */
  silenceLimit(): number
  /** Returns whether something happened that did not call `touch`. Called when the silence seems too long. */
  hasUnseenActivity(): boolean
  onDeadline(): void
  onSilence(): void
}

const fire = (timer: AttemptTimer): void => timer.fire()

export class AttemptTimer {
  readonly #listener: TimerListener
  readonly #deadline: number
  #lastActivity = 0
  #timeout: NodeJS.Timeout | undefined
  #firesAt = NO_TIMEOUT
  #keepsProcess = true

  constructor(listener: TimerListener, deadline: number) {
    this.#listener = listener
    this.#deadline = deadline
  }

  get isLate(): boolean {
    return performance.now() >= this.#deadline
  }

  touch(): void {
    this.#lastActivity = performance.now()
  }

  /** Makes the timer fire no later than the earliest limit. Called when `silenceLimit` may have become shorter. */
  update(): void {
    const due = Math.min(this.#lastActivity + this.#listener.silenceLimit(), this.#deadline)
    // Negated, so that NaN is never due.
    if (!(due < this.#firesAt)) return
    clearTimeout(this.#timeout)
    const delay = Math.min(Math.max(0, due - performance.now()), MAX_DELAY_MS)
    this.#firesAt = due
    this.#timeout = setTimeout(fire, delay, this)
    if (!this.#keepsProcess) this.#timeout.unref()
  }

  fire(): void {
    this.#firesAt = NO_TIMEOUT
    // Node may fire up to a millisecond early.
    const now = performance.now() + 1
    const isSilent = now >= this.#lastActivity + this.#listener.silenceLimit()
    if (now >= this.#deadline) this.#listener.onDeadline()
    else if (isSilent && !this.#listener.hasUnseenActivity()) this.#listener.onSilence()
    else {
      if (isSilent) this.touch()
      this.update()
    }
  }

  /** Records that something happened, and applies the limits of a phase that begins now. */
  restart(): void {
    this.touch()
    this.update()
  }

  /** Lets the process end while the timer runs. */
  unref(): void {
    this.#keepsProcess = false
    this.#timeout?.unref()
  }

  ref(): void {
    this.#keepsProcess = true
    this.#timeout?.ref()
  }

  stop(): void {
    clearTimeout(this.#timeout)
  }
}
