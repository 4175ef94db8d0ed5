/**
 * The connections of one agent, in one pool for each origin.
 *
 * undici has pools too. If a request is aborted while others wait, they lose track of its connection, so that their
 * limit does not hold; and they search all connections for each request. This pool counts a connection from the moment
 * that it starts to open until its socket is closed, however its requests end.
 *
 * | a connection | how long                                                | a new request                        |
 * |--------------|---------------------------------------------------------|--------------------------------------|
 * | opens        | for one request; aborting the request cancels it        | opens another, or waits at the limit |
 * | serves       | until its channel reports the end of the request        | opens another, or waits at the limit |
 * | rests        | one turn of the event loop, so that a close is noticed  | waits for it                         |
 * | is idle      | until it is closed                                      | uses it, most recently used first    |
 *
 * Requests wait in order. If an idle connection is lost before the request was written, the request is sent on a new
 * connection, once.
 */
import type { Socket } from 'node:net'
import type { Resolve } from '../Lookup.js'
import type { AddressGuard } from './AddressGuard.js'
import type { Channel, ChannelRequest } from './Channel.js'
import { type ConnectionOptions, openConnection } from './Connector.js'
import { type ChannelOptions, Http1, type Library } from './Http1.js'
import { Http2, isHttp2 } from './Http2.js'
import { LinkedList, LinkedListNode } from './LinkedList.js'

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

export class PooledRequest extends LinkedListNode<PooledRequest> {
  readonly #pool: Pool
  #connection: Connection | undefined
  #isRetry = false

  constructor(
    pool: Pool,
    readonly request: ChannelRequest,
  ) {
    super()
    this.#pool = pool
  }

  dispatch(): void {
    this.#pool.dispatch(this)
  }

  sendOn(connection: Connection): void {
    this.#connection = connection
    this.request.listener.socket = connection.socket
    this.request.listener.isReused = connection.isUsed
    connection.isUsed = true
    connection.channel.dispatch(this.request)
  }

  /** The attempt is over: the request no longer waits for a connection. */
  cancel(): void {
    this.#pool.cancel(this)
  }

  /** The channel has reported the end of the request. */
  releaseConnection(): void {
    const connection = this.#connection
    this.#connection = undefined
    if (connection !== undefined) this.#pool.release(connection)
  }

  /** Sends the request on a new connection if its connection was closed. Returns whether it does; it does so once. */
  retryOnNewConnection(): boolean {
    const connection = this.#connection
    if (connection === undefined || connection.channel.isUsable || this.#isRetry) return false
    this.#isRetry = true
    this.#connection = undefined
    this.#pool.replace(connection, this)
    return true
  }
}

class Connection extends LinkedListNode<Connection> {
  isCounted = true
  /** Whether it has served a request. */
  isUsed = false

  constructor(
    readonly socket: Socket,
    readonly channel: Channel,
    /** Which reading of the certificate files it was opened with. */
    readonly generation: number,
  ) {
    super()
  }
}

// Shared functions: a closure for each call would cost an allocation for each request.
const onRested = (pool: Pool): void => pool.onRested()
const onLost = (pool: Pool): void => pool.onLost()

class Pool {
  readonly #agent: Agent
  readonly #origin: string
  readonly #destination: URL
  /** The number of connections that are opening or open. */
  #count = 0
  readonly #idle = new LinkedList<Connection>()
  #resting: Connection[] = []
  readonly #waiting = new LinkedList<PooledRequest>()

  constructor(agent: Agent, origin: string) {
    this.#agent = agent
    this.#origin = origin
    this.#destination = new URL(origin)
  }

  dispatch(pooled: PooledRequest): void {
    // Resting connections are the most recently used ones, and will serve the waiting requests first.
    const spare = this.#resting.length - this.#waiting.size
    // If `spare` is negative, some requests wait at the limit and come first.
    const connection = spare === 0 ? this.#takeIdle() : undefined
    if (connection !== undefined) pooled.sendOn(connection)
    else if (spare <= 0 && this.#mayOpen()) this.#open(pooled)
    else this.#waiting.push(pooled)
  }

  #takeIdle(): Connection | undefined {
    let connection = this.#idle.pop()
    while (connection !== undefined && !this.#mayReuse(connection)) {
      connection.channel.destroy()
      connection = this.#idle.pop()
    }
    return connection
  }

  #mayReuse({ channel, generation }: Connection): boolean {
    return channel.isUsable && generation === this.#agent.generation
  }

  #mayOpen(): boolean {
    return this.#count < this.#agent.maxConnections
  }

  #open(pooled: PooledRequest): void {
    this.#count += 1
    this.#connect(pooled)
  }

  #connect(pooled: PooledRequest): void {
    const generation = this.#agent.readChangedFiles()
    openConnection(this.#agent.connectionOptions, pooled.request.listener, this.#destination, (socket) => {
      if (socket === undefined) setImmediate(onLost, this)
      else this.#onOpen(socket, generation, pooled)
    })
  }

  #onOpen(socket: Socket, generation: number, pooled: PooledRequest): void {
    const channel = this.#agent.createChannel(socket, this.#origin)
    const connection = new Connection(socket, channel, generation)
    socket.once('close', () => this.#onClose(connection))
    if (this.#agent.isDestroyed) channel.destroy()
    pooled.sendOn(connection)
  }

  #onClose(connection: Connection): void {
    this.#idle.remove(connection)
    this.#agent.channels.delete(connection.channel)
    if (!connection.isCounted) return
    connection.isCounted = false
    setImmediate(onLost, this)
  }

  /** A connection was closed. Called one turn later, so that the server sees it end before a new one begins. */
  onLost(): void {
    this.#count -= 1
    this.#serveWaiting()
    if (this.#count === 0 && this.#waiting.size === 0) this.#agent.forget(this.#origin, this)
  }

  cancel(pooled: PooledRequest): void {
    this.#waiting.remove(pooled)
  }

  release(connection: Connection): void {
    this.#resting.push(connection)
    if (this.#resting.length === 1) setImmediate(onRested, this)
  }

  onRested(): void {
    const connections = this.#resting
    this.#resting = []
    for (const connection of connections) this.#reuse(connection)
    this.#serveWaiting()
  }

  /** Serves the waiting requests that no resting connection will serve, as far as the limit allows. */
  #serveWaiting(): void {
    while (this.#waiting.size > this.#resting.length) {
      const connection = this.#takeIdle()
      if (connection === undefined && !this.#mayOpen()) return
      const pooled = this.#waiting.shift()
      if (pooled === undefined) return
      if (connection === undefined) this.#open(pooled)
      else pooled.sendOn(connection)
    }
  }

  #reuse(connection: Connection): void {
    const { channel } = connection
    if (!this.#mayReuse(connection)) {
      channel.destroy()
      return
    }
    const pooled = this.#waiting.shift()
    if (pooled !== undefined) {
      pooled.sendOn(connection)
      return
    }
    channel.onIdle()
    this.#idle.push(connection)
  }

  replace(connection: Connection, pooled: PooledRequest): void {
    connection.channel.destroy()
    if (connection.isCounted) {
      connection.isCounted = false
      this.#connect(pooled)
      return
    }
    // Another connection may have been opened in the meantime.
    if (this.#mayOpen()) this.#open(pooled)
    else this.#waiting.unshift(pooled)
  }
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
export class Agent {
  /** All open channels, so that they can be destroyed. */
  readonly channels = new Set<Channel>()
  isDestroyed = false
  /** The number of attempts that use it. An agent in use is not evicted. */
  active = 0
  /** The number of the request that used it last. */
  lastUse = 0
  readonly #library: Library
  readonly #settings: Settings
  readonly #byOrigin = new Map<string, Pool>()
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
      pool = new Pool(this, origin)
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
