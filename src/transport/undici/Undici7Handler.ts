/**
 * The handler interface of undici 7, which undici 8 does not have.
 *
 * undici 7 has the newer interface too, but then makes for each request a wrapper, a controller, and a record of the header
 * fields that is not used. The controller also keeps the raw header fields.
 */
import { channel } from 'node:diagnostics_channel'
import type { Controller, RequestListener } from './Channel.js'

const headersChannel = channel('undici:request:headers')

export class Undici7Handler implements Controller {
  readonly #listener: RequestListener
  #abort: ((reason: Error) => void) | undefined
  #resume: (() => void) | undefined
  #isPaused = false
  /** Whether undici has called it. Otherwise nothing was sent. */
  isCalled = false
  /** Set while the head is reported. */
  rawHeaders: unknown

  constructor(listener: RequestListener) {
    this.#listener = listener
  }

  // --- called by the attempt ---------------------------------------------------------------------------------------

  abort(reason: Error): void {
    const abort = this.#abort
    this.#abort = undefined
    abort?.(reason)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#resume?.()
  }

  // --- called by undici --------------------------------------------------------------------------------------------

  onConnect(abort: (reason: Error) => void): void {
    this.isCalled = true
    this.#abort = abort
    this.#listener.onRequestStart(this)
  }

  /** @returns whether undici goes on reading */
  onHeaders(status: number, rawHeaders: unknown[], resume: () => void, reason: string): boolean {
    this.#resume = resume
    this.rawHeaders = rawHeaders
    this.#listener.onResponseStart(this, status, undefined, reason)
    this.rawHeaders = undefined
    // The list is older than the response. It would keep what it contains until old memory is collected. A tracer that
    // subscribes to the channel has it too.
    if (!headersChannel.hasSubscribers) rawHeaders.length = 0
    return !this.#isPaused
  }

  /** @returns whether undici goes on reading */
  onData(chunk: Uint8Array): boolean {
    this.#listener.onResponseData(this, chunk)
    return !this.#isPaused
  }

  onComplete(): void {
    this.#listener.onResponseEnd()
  }

  onError(error: unknown): void {
    this.isCalled = true
    this.#listener.onResponseError(this, error)
  }

  onUpgrade(status: number, rawHeaders: unknown, socket: { destroy(): unknown }): void {
    this.#listener.onRequestUpgrade(this, status, rawHeaders, socket)
  }
}
