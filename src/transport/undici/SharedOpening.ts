/**
 * A connection that opens for several requests. Each of them has its own connect timeout and may be aborted; the connection is
 * cancelled with the last of them. If it fails, they all fail.
 *
 * A request also waits here while the connection is open and the server has not sent its settings yet, so that its connect timeout
 * covers this wait. If the connection is lost meanwhile, the requests that are left wait for the next one, and their timeouts go on.
 *
 * Each request records the phases of the connection with its own clock, and the one that is sent first on it keeps them. A request
 * that comes later records phases that have ended as 0.
 */
import type * as Fault from '../../wire/Fault.js'
import type { Connecting, ConnectListener } from './Connector.js'
import type { Mark, Marks } from './PhaseClock.js'
import type { PooledRequest } from './PooledRequest.js'

export class SharedOpening implements ConnectListener, Marks {
  readonly #members = new Set<PooledRequest>()
  /** What has been recorded so far. */
  #passed: Mark[] = []
  #connecting: Connecting | undefined
  /** The connection was lost. The next one has not begun to open. */
  isLost = false
  waitingFor = ''

  /** All requests that waited have ended. */
  get isOver(): boolean {
    return this.#members.size === 0
  }

  get userAgent(): string | undefined {
    const [first] = this.#members
    return first?.request.listener.userAgent
  }

  get phases(): Marks {
    return this
  }

  mark(name: Mark): void {
    this.#passed.push(name)
    for (const { request } of this.#members) request.listener.phases?.mark(name)
  }

  join(pooled: PooledRequest): void {
    if (this.isLost || this.#members.has(pooled)) return
    this.#members.add(pooled)
    const opening = this
    const { listener } = pooled.request
    listener.onConnecting({
      get waitingFor() {
        return opening.#connecting?.waitingFor ?? opening.waitingFor
      },
      cancel: () => {
        this.leave(pooled)
      },
    })
    for (const name of this.#passed) listener.phases?.mark(name)
  }

  /** A request has ended. Returns whether it was the last one. */
  leave(pooled: PooledRequest): boolean {
    if (!this.#members.delete(pooled) || !this.isOver) return false
    this.#connecting?.cancel()
    return true
  }

  /** A request is sent first on the connection that has opened. */
  settle(pooled: PooledRequest): void {
    if (this.#members.delete(pooled)) pooled.request.listener.onConnectSettled()
  }

  /** A request is sent on another connection, where there is a free stream. */
  release(pooled: PooledRequest): void {
    if (this.#members.delete(pooled)) pooled.request.listener.onQueued()
  }

  /** The requests wait for the next connection, because this one was lost before the settings of its server, or these are late. */
  lose(): void {
    this.isLost = true
  }

  /** A connection begins to open: the first one, or the next one. */
  begin(): void {
    this.isLost = false
    this.#passed = []
    for (const { request } of this.#members) {
      request.listener.phases?.restart()
      request.listener.phases?.mark('connecting')
    }
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
