/**
 * A request and the connection that serves it, as a pool keeps them, and what a pool and an agent need of each other.
 */
import type { Socket } from 'node:net'
import type { Channel, ChannelRequest } from './Channel.js'
import type { ConnectionOptions } from './Connector.js'
import { LinkedListNode } from './LinkedList.js'

/** The connections to one origin. */
export interface RequestPool {
  /** Sends a request as soon as a connection is free. */
  dispatch(pooled: PooledRequest): void
  /** A request no longer waits for a connection. */
  cancel(pooled: PooledRequest): void
  /** A request no longer uses a connection. */
  release(connection: Connection): void
  /** Sends a request on a new connection instead of one that was closed. */
  replace(connection: Connection, pooled: PooledRequest): void
}

/** What a pool needs of its agent. */
export interface PoolOwner {
  readonly connectionOptions: ConnectionOptions
  readonly maxConnections: number
  readonly isDestroyed: boolean
  /** All open channels. */
  readonly channels: Set<Channel>
  /** Which reading of the certificate files new connections use. Connections of an earlier one serve their request and are closed. */
  readonly generation: number
  /** Reads the certificate files that have changed. Called before a connection is opened. Returns the generation. */
  readChangedFiles(): number
  createChannel(socket: Socket, origin: string): Channel
  /** Later requests to an origin are for another pool. */
  replacePool(origin: string, pool: RequestPool): void
  /** A pool has no connection and no request. */
  forget(origin: string, pool: RequestPool): void
}

export class PooledRequest extends LinkedListNode<PooledRequest> {
  #pool: RequestPool
  #connection: Connection | undefined
  #isRetry = false

  constructor(
    pool: RequestPool,
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

  /** Another pool serves the request. `dispatch` passes it to that pool. */
  moveTo(pool: RequestPool, dispatch = () => pool.dispatch(this)): void {
    this.#pool = pool
    dispatch()
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

  /** Whether the request can be sent on a new connection: its connection was closed. It can once. */
  get mayRetry(): boolean {
    return this.#connection !== undefined && !this.#connection.channel.isUsable && !this.#isRetry
  }

  /** Sends the request on a new connection. */
  retry(): void {
    const connection = this.#connection
    if (connection === undefined) return
    this.#isRetry = true
    this.#connection = undefined
    this.#pool.replace(connection, this)
  }
}

export class Connection extends LinkedListNode<Connection> {
  isCounted = true
  /** Whether it has served a request. */
  isUsed = false
  /** The number of requests that it serves. Only a `StreamPool` counts them. */
  requests = 0

  constructor(
    readonly socket: Socket,
    readonly channel: Channel,
    /** Which reading of the certificate files it was opened with. */
    readonly generation: number,
  ) {
    super()
  }
}
