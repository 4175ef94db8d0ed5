/** The pools of one agent: one for each origin, kept as long as it has a connection or a request. */
import type { Socket } from 'node:net'
import type { Channel, ChannelRequest, Handler } from './Channel.js'
import type { ConnectionOptions } from './Connector.js'
import type { Library } from './Http1.js'
import { Http1 } from './Http1.js'
import { Http2, isHttp2 } from './Http2.js'
import { Pool, type PoolListener, type PoolOwner } from './Pool.js'

/** The settings that all connections of a transport share; see `Options`. */
export interface Settings {
  readonly connections: number
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly http2: boolean
  readonly maxHeaderSize: number
  readonly keepAlive: number
}

const closeSocket = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) {
      resolve()
      return
    }
    socket.once('close', () => resolve())
    socket.destroy()
  })

export class Pools implements PoolOwner {
  readonly connectionOptions: ConnectionOptions
  readonly channels = new Set<Channel>()
  isDestroyed = false
  readonly #library: Library
  readonly #settings: Settings
  readonly #byOrigin = new Map<string, Pool>()

  constructor(library: Library, settings: Settings, connectionOptions: ConnectionOptions) {
    this.#library = library
    this.#settings = settings
    this.connectionOptions = connectionOptions
  }

  get maxConnections(): number {
    return this.#settings.connections
  }

  dispatch(listener: PoolListener, request: ChannelRequest, handler: Handler): void {
    const { origin } = request
    let pool = this.#byOrigin.get(origin)
    if (pool === undefined) {
      pool = new Pool(this, origin)
      this.#byOrigin.set(origin, pool)
    }
    pool.dispatch(listener, request, handler)
  }

  createChannel(socket: Socket, origin: string): Channel {
    return isHttp2(socket)
      ? new Http2(socket, origin, this.#settings)
      : new Http1(this.#library, socket, origin, this.#settings)
  }

  forget(origin: string, pool: Pool): void {
    if (this.#byOrigin.get(origin) === pool) this.#byOrigin.delete(origin)
  }

  /** Closes all connections. The attempts have been ended before. */
  async destroy(): Promise<void> {
    this.isDestroyed = true
    this.#byOrigin.clear()
    // HTTP/2 sessions first: they release their sockets in a later turn of the event loop.
    for (const channel of [...this.channels]) channel.destroy()
    await new Promise<void>((resolve) => setImmediate(resolve))
    await Promise.all([...this.connectionOptions.sockets].map(closeSocket))
  }
}
