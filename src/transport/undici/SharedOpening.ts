/**
 * A connection that opens for several requests. Each of them has its own connect timeout and may be aborted; the connection is
 * cancelled with the last of them. If it fails, they all fail.
 *
 * A request also waits here while the connection is open and the server has not sent its settings yet, so that its connect timeout
 * covers this wait.
 */
import type * as Fault from '../../wire/Fault.js'
import type { Connecting, ConnectListener } from './Connector.js'
import type { PhaseClock } from './PhaseClock.js'
import type { PooledRequest } from './PooledRequest.js'

export class SharedOpening implements ConnectListener {
  readonly #members = new Set<PooledRequest>()
  #connecting: Connecting | undefined
  waitingFor = ''

  /** All requests that waited have ended. */
  get isOver(): boolean {
    return this.#members.size === 0
  }

  get #first(): ConnectListener | undefined {
    const [first] = this.#members
    return first?.request.listener
  }

  get userAgent(): string | undefined {
    return this.#first?.userAgent
  }

  get phases(): PhaseClock | undefined {
    return this.#first?.phases
  }

  join(pooled: PooledRequest): void {
    if (this.#members.has(pooled)) return
    this.#members.add(pooled)
    const opening = this
    pooled.request.listener.onConnecting({
      get waitingFor() {
        return opening.#connecting?.waitingFor ?? opening.waitingFor
      },
      cancel: () => this.leave(pooled),
    })
  }

  /** A request has ended, or is sent on another connection. */
  leave(pooled: PooledRequest): void {
    if (this.#members.delete(pooled) && this.isOver) this.#connecting?.cancel()
  }

  /** A request is sent: the first one on the connection that it has opened, others where there is a free stream. */
  release(pooled: PooledRequest): void {
    const { listener } = pooled.request
    const isFirst = this.#first === listener
    if (!this.#members.delete(pooled)) return
    if (isFirst) listener.onConnectSettled()
    else listener.onQueued()
  }

  /** The server has sent its settings. The requests that are left wait for a free stream, without a connect timeout. */
  end(): void {
    for (const pooled of this.#members) pooled.request.listener.onQueued()
    this.#members.clear()
  }

  onConnecting(connecting: Connecting): void {
    this.#connecting = connecting
  }

  onConnectSettled(): void {
    this.#connecting = undefined
    this.waitingFor = 'the settings of the HTTP/2 connection'
  }

  fail(fault: Fault.Fault): void {
    const members = [...this.#members]
    this.#members.clear()
    for (const { request } of members) request.listener.fail(fault)
  }

  onQueued(): void {}
}
