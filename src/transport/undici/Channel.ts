/**
 * One open connection as the pool uses it: a request at a time, whatever the protocol.
 *
 * | protocol | channel                                       |
 * |----------|-----------------------------------------------|
 * | HTTP/1.1 | `Http1`: a client of undici's on our socket    |
 * | HTTP/2   | `Http2`: a session of Node's on our socket     |
 *
 * A channel tells its handler exactly once that a request is over: `onResponseEnd` or `onResponseError`.
 */
import type { ConnectListener } from './Connector.js'

/** What a handler can do about the reply that it receives. */
export interface Controller {
  abort(reason: Error): void
  pause(): void
  resume(): void
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

/** A request, and who sends it. undici ignores members that it does not know. */
export interface Dispatch {
  readonly caller: ConnectListener
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: string[]
  readonly body: Uint8Array | AsyncIterableIterator<Uint8Array> | null
  readonly servername: string
  readonly reset: boolean
}

export interface Channel {
  /** Whether another request may be sent on it. */
  readonly isUsable: boolean
  dispatch(request: Dispatch, handler: Handler): void
  /** No request uses it: it must not keep the process alive. */
  rest(): void
  destroy(): void
}
