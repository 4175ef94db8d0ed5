/** The connections with the same properties, in one pool for each origin. */
import type { Socket } from 'node:net'
import type { Resolve } from '../Lookup.js'
import type { AddressGuard } from './AddressGuard.js'
import type { Channel, ChannelRequest } from './Channel.js'
import type { ConnectionOptions } from './Connector.js'
import { type ChannelOptions, Http1, type Library } from './Http1.js'
import { Http2, isHttp2 } from './Http2.js'
import { Pool } from './Pool.js'
import { PooledRequest, type PoolOwner, type RequestPool } from './PooledRequest.js'
import { StreamPool } from './StreamPool.js'

/** What all connections of a transport share; see `Options`. */
export interface Settings extends ChannelOptions {
  readonly connections: number
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly http2: boolean
  readonly resolve: Resolve
  /** Absent: every address may be connected to. */
  readonly guard: AddressGuard | undefined
}

/** How often certificate files are checked while no connection is opened, in milliseconds. */
const FILE_CHECK_MS = 1000

const closeSocket = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) return resolve()
    socket.once('close', () => resolve())
    socket.destroy()
  })

/** The pools of the connections with the same properties. A pool is kept while it has a connection or a request. */
export class Agent implements PoolOwner {
  /** All open channels, so that they can be destroyed. */
  readonly channels = new Set<Channel>()
  isDestroyed = false
  /** The number of attempts that use it. An agent in use is not evicted. */
  active = 0
  /** The number of the request that used it last. */
  lastUse = 0
  readonly #library: Library
  readonly #settings: Settings
  readonly #byOrigin = new Map<string, RequestPool>()
  #checked = 0

  constructor(
    library: Library,
    settings: Settings,
    readonly connectionOptions: ConnectionOptions,
  ) {
    this.#library = library
    this.#settings = settings
  }

  get maxConnections(): number {
    return this.#settings.connections
  }

  /** Which reading of the certificate files new connections use. Connections of an earlier one serve their request and are closed. */
  get generation(): number {
    const { security, proxySecurity } = this.connectionOptions
    return (security?.generation ?? 0) + (proxySecurity?.generation ?? 0)
  }

  /** Whether a certificate or a CA is a file, which may change. */
  get rotates(): boolean {
    return this.connectionOptions.security?.rotates === true
  }

  /** Notices now and then that a file has changed, also while no connection is opened. */
  checkFiles(): void {
    const now = performance.now()
    if (now - this.#checked < FILE_CHECK_MS) return
    this.#checked = now
    this.readChangedFiles()
  }

  /** Reads the certificate files that have changed. Called before a connection is opened. Returns the generation. */
  readChangedFiles(): number {
    const { security, proxySecurity } = this.connectionOptions
    security?.refresh()
    proxySecurity?.refresh()
    return this.generation
  }

  pooled(request: ChannelRequest): PooledRequest {
    const { origin } = request
    let pool = this.#byOrigin.get(origin)
    if (pool === undefined) {
      const isShared = this.#settings.streams > 1 && origin.startsWith('https:')
      pool = isShared ? new StreamPool(this, origin) : new Pool(this, origin)
      this.#byOrigin.set(origin, pool)
    }
    return new PooledRequest(pool, request)
  }

  createChannel(socket: Socket, origin: string): Channel {
    const channel = isHttp2(socket)
      ? new Http2(socket, origin, this.#settings)
      : new Http1(this.#library, socket, origin, this.#settings)
    this.channels.add(channel)
    return channel
  }

  replacePool(origin: string, pool: RequestPool): void {
    if (!this.isDestroyed) this.#byOrigin.set(origin, pool)
  }

  forget(origin: string, pool: RequestPool): void {
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
