/**
 * The connections to one origin, each for one request at a time.
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
import { openConnection } from './Connector.js'
import { LinkedList } from './LinkedList.js'
import { Connection, type PooledRequest, type PoolOwner, type RequestPool } from './PooledRequest.js'

// Shared functions: a closure for each call would cost an allocation for each request.
const onRested = (pool: Pool): void => pool.onRested()
const onLost = (pool: Pool): void => pool.onLost()

export class Pool implements RequestPool {
  readonly #agent: PoolOwner
  readonly #origin: string
  readonly #destination: URL
  /** The number of connections that are opening or open. */
  #count = 0
  readonly #idle = new LinkedList<Connection>()
  #resting: Connection[] = []
  readonly #waiting = new LinkedList<PooledRequest>()

  constructor(agent: PoolOwner, origin: string) {
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

  /** Takes over a connection that was opened for a request. */
  adopt(socket: Socket, generation: number, pooled: PooledRequest): void {
    this.#count += 1
    this.#onOpen(socket, generation, pooled)
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
