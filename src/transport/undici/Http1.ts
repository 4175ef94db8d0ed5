/**
 * HTTP/1.1 on one socket, with an undici client.
 *
 * | option                            | why                                                                        |
 * |-----------------------------------|----------------------------------------------------------------------------|
 * | `headersTimeout`, `bodyTimeout` 0 | undici's fire up to a second late; an attempt has its own timer            |
 * | `pipelining` 1                    | one request at a time, so that a connection serves one attempt             |
 * | `allowH2` false                   | the default differs between undici 7 and 8; HTTP/2 is done in `Http2`      |
 * | `connect`                         | passes the socket once; undici would open a new one after a close          |
 */
import type { Socket } from 'node:net'
import type * as Undici from 'undici'
import type { Channel, ChannelRequest, Handler } from './Channel.js'
import * as Failure from './Failure.js'
import { InterimFilter } from './InterimFilter.js'

export type Library = typeof Undici

export interface ChannelOptions {
  /** The longest response head, in bytes. */
  readonly maxHeaderSize: number
  /** How long an idle connection is kept, in milliseconds. */
  readonly keepAlive: number
}

/**
 * Keeps undici from reading a socket, and returns how to resume. undici's own `pause` throws an uncaught assertion if a
 * connection that is to be closed is reset while it is paused (7.30 and 8.12).
 */
export const stopReading = (socket: Socket): (() => void) => {
  // The cast: EventEmitter types a listener only as a function.
  const listeners = socket.listeners('readable') as unknown as ReadonlyArray<() => void>
  for (const listener of listeners) socket.off('readable', listener)
  return () => {
    for (const listener of listeners) socket.on('readable', listener)
  }
}

export class Http1 implements Channel {
  readonly #client: Undici.Client
  readonly #socket: Socket
  readonly #interim: InterimFilter

  constructor(library: Library, socket: Socket, origin: string, { maxHeaderSize, keepAlive }: ChannelOptions) {
    this.#socket = socket
    this.#interim = new InterimFilter(socket, maxHeaderSize)
    let isPassed = false
    const connect: Undici.buildConnector.connector = (_, callback) => {
      const isFirst = !isPassed
      isPassed = true
      // If undici were called back inside its own call, it would not send the request.
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

  dispatch(request: ChannelRequest, handler: Handler): void {
    this.#interim.expectHead(request.listener)
    // The casts: undici's types lack `servername`, iterables and our own members.
    const options = request as unknown as Undici.Dispatcher.DispatchOptions
    this.#client.dispatch(options, handler as unknown as Undici.Dispatcher.DispatchHandler)
  }

  /** Nothing to do: undici calls `unref` on an idle socket, and closes it after `keepAliveTimeout`. */
  onIdle(): void {}

  destroy(): void {
    this.#socket.destroy()
  }
}
