/**
 * The limits of an attempt in time: its deadline, and the longest silence of its current phase.
 *
 * Activity only stores a time stamp. All attempts of a transport share one timeout of Node, because setting and clearing
 * one for each of them costs as much as planning a request. It is set for the earliest limit. When it fires, it checks
 * every running timer and is set again for the earliest limit that is left. So it may fire without effect: the attempt
 * that it was set for has ended, or was active in the meantime.
 *
 * The timeout keeps the process alive while an attempt has a limit and its reader reads (`ref`).
 *
 * All times are `performance.now()`, in milliseconds.
 */
import { MAX_DELAY_MS } from '../../wire/Clock.js'
import { LinkedList, LinkedListNode } from './LinkedList.js'

export const NO_TIMEOUT = Number.POSITIVE_INFINITY

export interface TimerListener {
  /** Returns how long nothing may happen in the current phase, in milliseconds. */
  silenceLimit(): number
  /** Returns whether something happened that did not call `touch`. Called when the silence seems too long. */
  hasUnseenActivity(): boolean
  onDeadline(): void
  onSilence(): void
}

/** A timeout is this late only if the event loop was blocked. */
const LATE_MS = 1_000

const fire = (timeout: SharedTimeout): void => timeout.fire()

/** The timeout of all attempts of one transport. */
export class SharedTimeout {
  readonly #running = new LinkedList<AttemptTimer>()
  #timeout: NodeJS.Timeout | undefined
  #firesAt = NO_TIMEOUT
  /** The number of timers that keep the process alive. */
  #references = 0

  start(timer: AttemptTimer): void {
    this.#running.push(timer)
  }

  stop(timer: AttemptTimer): void {
    this.#running.remove(timer)
  }

  /** Makes it fire no later than at a time. */
  fireBy(due: number, now: number): void {
    // One that should have fired long ago is late, or lost: it was one of fake timers, which a test has removed.
    const isOverdue = this.#firesAt < now - LATE_MS
    // Negated, so that NaN is never due.
    if (!isOverdue && !(due < this.#firesAt)) return
    const firesAt = isOverdue ? now : due
    clearTimeout(this.#timeout)
    this.#firesAt = firesAt
    this.#timeout = setTimeout(fire, Math.min(Math.max(0, firesAt - performance.now()), MAX_DELAY_MS), this)
    if (this.#references === 0) this.#timeout.unref()
  }

  fire(): void {
    this.#firesAt = NO_TIMEOUT
    // Node may fire up to a millisecond early.
    const now = performance.now() + 1
    // A copy, because an attempt that ends removes its timer, and may start others.
    for (const timer of this.#running.toArray()) timer.check(now)
  }

  ref(): void {
    this.#references += 1
    if (this.#references === 1) this.#timeout?.ref()
  }

  unref(): void {
    this.#references -= 1
    if (this.#references === 0) this.#timeout?.unref()
  }
}

export class AttemptTimer extends LinkedListNode<AttemptTimer> {
  readonly #shared: SharedTimeout
  readonly #listener: TimerListener
  readonly #deadline: number
  #lastActivity = 0
  #keepsProcess = true

  constructor(shared: SharedTimeout, listener: TimerListener, deadline: number) {
    super()
    this.#shared = shared
    this.#listener = listener
    this.#deadline = deadline
  }

  get isLate(): boolean {
    return performance.now() >= this.#deadline
  }

  get #isRunning(): boolean {
    return this.list !== undefined
  }

  touch(): void {
    this.#lastActivity = performance.now()
  }

  /** Observes the earliest limit. Called when `silenceLimit` may have become shorter. */
  update(): void {
    const due = Math.min(this.#lastActivity + this.#listener.silenceLimit(), this.#deadline)
    if (due === NO_TIMEOUT) return
    if (!this.#isRunning) {
      this.#shared.start(this)
      if (this.#keepsProcess) this.#shared.ref()
    }
    this.#shared.fireBy(due, this.#lastActivity)
  }

  /** Ends the attempt if a limit has passed. */
  check(now: number): void {
    // An attempt that was checked before may have ended this one.
    if (!this.#isRunning) return
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
    if (!this.#keepsProcess) return
    this.#keepsProcess = false
    if (this.#isRunning) this.#shared.unref()
  }

  ref(): void {
    if (this.#keepsProcess) return
    this.#keepsProcess = true
    if (this.#isRunning) this.#shared.ref()
  }

  stop(): void {
    if (!this.#isRunning) return
    this.#shared.stop(this)
    if (this.#keepsProcess) this.#shared.unref()
  }
}
