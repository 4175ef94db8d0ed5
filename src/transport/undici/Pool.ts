/**
 * The connections to one origin.
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
import type { Channel, ChannelRequest, Handler } from './Channel.js'
import type { ConnectionOptions, ConnectListener } from './Connector.js'
import { openConnection } from './Connector.js'
import { LinkedList, type LinkedListNode } from './LinkedList.js'

/** What the pools of one agent share. */
export interface PoolOwner {
  /** The most connections of one pool. */
  readonly maxConnections: number
  readonly connectionOptions: ConnectionOptions
  /** All open channels, so that they can be destroyed. */
  readonly channels: Set<Channel>
  readonly isDestroyed: boolean
  createChannel(socket: Socket, origin: string): Channel
  /** Called when a pool has neither connections nor requests. */
  forget(origin: string, pool: Pool): void
}

/** An attempt that uses a pool. */
export interface PoolListener extends ConnectListener {
  /** Set by the pool when the request enters it. */
  pooled: PooledRequest | undefined
}

/** One request in a pool, from its dispatch to its end. */
export class PooledRequest implements LinkedListNode<PooledRequest> {
  previous: PooledRequest | undefined
  next: PooledRequest | undefined
  list: object | undefined
  readonly listener: PoolListener
  readonly #request: ChannelRequest
  readonly #handler: Handler
  readonly #pool: Pool
  #connection: Connection | undefined
  #isRetry = false

  constructor(pool: Pool, listener: PoolListener, request: ChannelRequest, handler: Handler) {
    this.#pool = pool
    this.listener = listener
    this.#request = request
    this.#handler = handler
  }

  sendOn(connection: Connection): void {
    this.#connection = connection
    this.listener.socket = connection.socket
    connection.channel.dispatch(this.#request, this.#handler)
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

class Connection implements LinkedListNode<Connection> {
  previous: Connection | undefined
  next: Connection | undefined
  list: object | undefined
  readonly socket: Socket
  readonly channel: Channel
  /** Whether the pool still counts it. */
  isCounted = true

  constructor(socket: Socket, channel: Channel) {
    this.socket = socket
    this.channel = channel
  }
}

// Shared functions: a closure for each call would cost an allocation for each request.
const onRested = (pool: Pool): void => pool.onRested()
const onLost = (pool: Pool): void => pool.onLost()

export class Pool {
  readonly #owner: PoolOwner
  readonly #origin: string
  readonly #destination: URL
  /** The number of connections that are opening or open. */
  #count = 0
  readonly #idle = new LinkedList<Connection>()
  #resting: Connection[] = []
  readonly #waiting = new LinkedList<PooledRequest>()

  constructor(owner: PoolOwner, origin: string) {
    this.#owner = owner
    this.#origin = origin
    this.#destination = new URL(origin)
  }

  dispatch(listener: PoolListener, request: ChannelRequest, handler: Handler): void {
    const pooled = new PooledRequest(this, listener, request, handler)
    listener.pooled = pooled
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
    while (connection !== undefined && !connection.channel.isUsable) {
      connection.channel.destroy()
      connection = this.#idle.pop()
    }
    return connection
  }

  #mayOpen(): boolean {
    return this.#count < this.#owner.maxConnections
  }

  #open(pooled: PooledRequest): void {
    this.#count += 1
    this.#connect(pooled)
  }

  #connect(pooled: PooledRequest): void {
    openConnection(this.#owner.connectionOptions, pooled.listener, this.#destination, (socket) => {
      if (socket === undefined) setImmediate(onLost, this)
      else this.#onOpen(socket, pooled)
    })
  }

  #onOpen(socket: Socket, pooled: PooledRequest): void {
    const channel = this.#owner.createChannel(socket, this.#origin)
    const connection = new Connection(socket, channel)
    this.#owner.channels.add(channel)
    socket.once('close', () => this.#onClose(connection))
    if (this.#owner.isDestroyed) channel.destroy()
    pooled.sendOn(connection)
  }

  #onClose(connection: Connection): void {
    this.#idle.remove(connection)
    this.#owner.channels.delete(connection.channel)
    if (!connection.isCounted) return
    connection.isCounted = false
    setImmediate(onLost, this)
  }

  /** A connection was closed. Called one turn later, so that the server sees it end before a new one begins. */
  onLost(): void {
    this.#count -= 1
    this.#serveWaiting()
    if (this.#count === 0 && this.#waiting.size === 0) this.#owner.forget(this.#origin, this)
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

  /** Serves a waiting request, or keeps the connection as idle. */
  #reuse(connection: Connection): void {
    if (!connection.channel.isUsable) {
      connection.channel.destroy()
      return
    }
    const pooled = this.#waiting.shift()
    if (pooled !== undefined) {
      pooled.sendOn(connection)
      return
    }
    connection.channel.onIdle()
    this.#idle.push(connection)
  }

  /** Opens a new connection for a request whose connection is already closed. */
  replace(connection: Connection, pooled: PooledRequest): void {
    connection.channel.destroy()
    if (!connection.isCounted) {
      // Another connection may have been opened in the meantime.
      if (this.#mayOpen()) this.#open(pooled)
      else this.#waiting.unshift(pooled)
      return
    }
    connection.isCounted = false
    this.#connect(pooled)
  }
}
