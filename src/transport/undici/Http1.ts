/**
 * HTTP/1.1 on one socket, by a client of undici's.
 *
 * | option                        | because                                                            |
 * |-------------------------------|--------------------------------------------------------------------|
 * | `headersTimeout`, `bodyTimeout` 0 | undici's are late by up to a second; an attempt has its own      |
 * | `pipelining` 1                | one request at a time, so that a connection serves one attempt     |
 * | `allowH2` false               | its default differs between 7 and 8; HTTP/2 is not undici's here    |
 * | `connect`                     | gives the socket once: undici would connect again after a close     |
 */
import type { Socket } from 'node:net'
import type * as Undici from 'undici'
import type { Channel, Dispatch, Handler } from './Channel.js'
import * as Failure from './Failure.js'
import { Interim } from './Interim.js'

export type Library = typeof Undici

export interface Http1Options {
  readonly maxHeaderSize: number
  readonly keepAlive: number
}

export class Http1 implements Channel {
  readonly #client: Undici.Client
  readonly #socket: Socket
  readonly #interim: Interim

  constructor(library: Library, socket: Socket, origin: string, { maxHeaderSize, keepAlive }: Http1Options) {
    this.#socket = socket
    this.#interim = new Interim(socket, maxHeaderSize)
    let isGiven = false
    const connect: Undici.buildConnector.connector = (_, callback) => {
      const isFirst = !isGiven
      isGiven = true
      // undici would not send the request if it were called back within its own call.
      queueMicrotask(() => {
        if (isFirst && !socket.destroyed) callback(null, socket)
        else callback(new Failure.FaultError(Failure.connectionClosed(origin)), null)
      })
    }
    this.#client = new library.Client(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      maxHeaderSize,
      keepAliveTimeout: keepAlive,
      connect,
    })
  }

  get isUsable(): boolean {
    return !this.#socket.destroyed
  }

  dispatch(request: Dispatch, handler: Handler): void {
    this.#interim.expect(request.caller)
    // The casts: undici's types know neither `servername`, nor iterables, nor the members that are ours.
    const options = request as unknown as Undici.Dispatcher.DispatchOptions
    this.#client.dispatch(options, handler as unknown as Undici.Dispatcher.DispatchHandler)
  }

  /** undici itself unrefs an idle socket, and closes it after `keepAliveTimeout`. */
  rest(): void {}

  destroy(): void {
    this.#socket.destroy()
  }
}
