/**
 * One open connection as a pool uses it, whatever the protocol.
 *
 * | protocol | channel                                    |
 * |----------|--------------------------------------------|
 * | HTTP/1.1 | `Http1`: an undici client on our socket    |
 * | HTTP/2   | `Http2`: a Node session on our socket      |
 *
 * A channel reports the end of a request exactly once: `onResponseEnd` or `onResponseError`.
 */
import type { Socket } from 'node:net'
import type { ConnectListener } from './Connector.js'
import type { PhaseClock } from './PhaseClock.js'

export interface Controller {
  abort(reason: Error): void
  pause(): void
  resume(): void
  /** The response is complete for its reader, whether or not the server ends it. */
  finish?(): void
  readonly rawHeaders?: unknown
}

/** The part of undici's handler interface that is the same in undici 7 and 8. */
export interface Handler {
  onRequestStart(controller: Controller): void
  onResponseStart(controller: Controller, status: number, headers: unknown, reason: string | undefined): void
  onResponseData(controller: Controller, chunk: Uint8Array): void
  onResponseEnd(): void
  onResponseError(controller: Controller | undefined, error: unknown): void
}

/** The attempt that sends a request: it waits for a connection and handles the response. */
export interface RequestListener extends ConnectListener, Handler {
  readonly phases: PhaseClock | undefined
  /** The connection that serves the attempt. Set by the pool. */
  socket: Socket | undefined
  isReused: boolean
  /** A `100 Continue` arrived, which undici does not see. */
  onInterim(): void
  onRequestUpgrade(controller: Controller, status: number, headers: unknown, socket: { destroy(): unknown }): void
}

/**
 * A request and the attempt that sends it: undici's dispatch options plus `listener`, which undici ignores.
 *
 * A class, because V8 moves an object literal that often waits long to old memory. There it would keep the attempt and its
 * response until the next collection of old memory, after the request has ended.
 */
export class ChannelRequest {
  /** By default undici closes the connection after HEAD, and after GET with a body. `Connection: close` still does. */
  readonly reset = false

  constructor(
    readonly listener: RequestListener,
    readonly origin: string,
    readonly method: string,
    readonly path: string,
    readonly headers: string[],
    readonly body: Uint8Array | AsyncIterable<Uint8Array> | null,
    /** The name that the certificate must have. undici would use the Host header. */
    readonly servername: string,
  ) {}
}

export interface Channel {
  readonly isUsable: boolean
  /** How many requests it can serve at the same time. */
  readonly capacity: number
  /** Whether the capacity is known. It is not before an HTTP/2 server has sent its settings. */
  readonly isSettled: boolean
  /** Whether the server has not sent its settings for so long that another connection should be opened. */
  readonly isLate: boolean
  /** Whether it may be dead. Its capacity is 0 until its server answers. */
  readonly isSuspect: boolean
  /** Called when the capacity changes, or when it gets no new requests. */
  onCapacity: (() => void) | undefined
  dispatch(request: ChannelRequest): void
  /** Called when no request uses the channel. An idle channel must not keep the process alive. */
  onIdle(): void
  destroy(): void
}
