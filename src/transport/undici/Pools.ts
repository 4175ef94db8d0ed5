/**
 * The connections of one agent: for each origin a pool, kept as long as it has a connection or a request.
 *
 * undici has pools too. They forget a connection whose request was given up while others wait, so that their limit does
 * not hold, and they search all connections for each request. Here a pool counts a connection from the moment that it
 * is opened until its socket is closed, however its requests end.
 *
 * | a connection | when                                           | a new request                              |
 * |--------------|------------------------------------------------|--------------------------------------------|
 * | opens        | for one request, whose abort calls it off       | opens another, or waits at the limit       |
 * | serves       | until its channel says that the request is over | opens another, or waits at the limit       |
 * | rests        | for one turn, in which a close would be noticed | waits for it                               |
 * | is idle      | until it is closed                             | uses it, the last used first               |
 *
 * Requests wait in order. One that an idle connection lost before it was written is sent on a new connection, once.
 */
import type { Socket } from 'node:net'
import { Chain, type Link } from './Chain.js'
import type { Channel, Dispatch, Handler } from './Channel.js'
import type { ConnectionOptions, ConnectListener } from './Connector.js'
import { dial } from './Connector.js'
import type { Library } from './Http1.js'
import { Http1 } from './Http1.js'
import { Http2, isHttp2 } from './Http2.js'

/** What is the same for all connections of a transport. */
export interface Settings {
  readonly connections: number
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly http2: boolean
  readonly maxHeaderSize: number
  readonly keepAlive: number
}

/** A caller that knows its turn in the pool. */
export interface Passenger extends ConnectListener {
  turn: Turn | undefined
}

/** One request in a pool, from its dispatch to its end. */
export class Turn implements Link<Turn> {
  previous: Turn | undefined
  next: Turn | undefined
  chain: object | undefined
  readonly passenger: Passenger
  readonly request: Dispatch
  readonly handler: Handler
  readonly #pool: Pool
  #connection: Connection | undefined
  #isSecond = false

  constructor(pool: Pool, passenger: Passenger, request: Dispatch, handler: Handler) {
    this.#pool = pool
    this.passenger = passenger
    this.request = request
    this.handler = handler
  }

  /** It travels on this connection from now on. */
  board(connection: Connection): void {
    this.#connection = connection
    this.passenger.carrier = connection.socket
    connection.channel.dispatch(this.request, this.handler)
  }

  /** Its attempt is over: it waits no longer. */
  leave(): void {
    this.#pool.leave(this)
  }

  /** The channel is done with it. */
  done(): void {
    const connection = this.#connection
    this.#connection = undefined
    if (connection !== undefined) this.#pool.release(connection)
  }

  /** Sends it on a new connection, if its own was closed before anything was written. Returns whether it does. */
  again(): boolean {
    const connection = this.#connection
    if (connection === undefined || connection.channel.isUsable || this.#isSecond) return false
    this.#isSecond = true
    this.#connection = undefined
    this.#pool.replace(connection, this)
    return true
  }
}

class Connection implements Link<Connection> {
  previous: Connection | undefined
  next: Connection | undefined
  chain: object | undefined
  readonly socket: Socket
  readonly channel: Channel
  /** Whether the pool counts it. */
  isCounted = true

  constructor(socket: Socket, channel: Channel) {
    this.socket = socket
    this.channel = channel
  }
}

const rested = (pool: Pool): void => pool.rested()
const lost = (pool: Pool): void => pool.lose()

class Pool {
  readonly #pools: Pools
  readonly #origin: string
  readonly #destination: URL
  /** Connections that are opening or open. */
  #count = 0
  readonly #idle = new Chain<Connection>()
  #resting: Connection[] = []
  readonly #waiting = new Chain<Turn>()

  constructor(pools: Pools, origin: string) {
    this.#pools = pools
    this.#origin = origin
    this.#destination = new URL(origin)
  }

  dispatch(passenger: Passenger, request: Dispatch, handler: Handler): void {
    const turn = new Turn(this, passenger, request, handler)
    passenger.turn = turn
    // A connection that rests was used last, and is about to serve one of those who wait.
    const spare = this.#resting.length - this.#waiting.size
    const isServedSoon = spare > 0
    // Below 0 some wait at the limit: they come first.
    const connection = spare === 0 ? this.#takeIdle() : undefined
    if (connection !== undefined) turn.board(connection)
    else if (!isServedSoon && this.#mayOpen()) this.#open(turn)
    else this.#waiting.push(turn)
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
    return this.#count < this.#pools.settings.connections
  }

  #open(turn: Turn): void {
    this.#count += 1
    this.#dial(turn)
  }

  #dial(turn: Turn): void {
    dial(this.#pools.line, turn.passenger, this.#destination, (socket) => {
      if (socket === undefined) setImmediate(lost, this)
      else this.#opened(socket, turn)
    })
  }

  #opened(socket: Socket, turn: Turn): void {
    const channel = this.#pools.channel(socket, this.#origin)
    const connection = new Connection(socket, channel)
    this.#pools.channels.add(channel)
    socket.once('close', () => this.#closed(connection))
    if (this.#pools.isEnded) channel.destroy()
    turn.board(connection)
  }

  #closed(connection: Connection): void {
    this.#idle.remove(connection)
    this.#pools.channels.delete(connection.channel)
    if (!connection.isCounted) return
    connection.isCounted = false
    setImmediate(lost, this)
  }

  /** A connection is no more. Called one turn later, so that the server sees it go before it sees another come. */
  lose(): void {
    this.#count -= 1
    this.#serveWaiting()
    if (this.#count === 0 && this.#waiting.size === 0) this.#pools.forget(this.#origin, this)
  }

  leave(turn: Turn): void {
    this.#waiting.remove(turn)
  }

  release(connection: Connection): void {
    this.#resting.push(connection)
    if (this.#resting.length === 1) setImmediate(rested, this)
  }

  rested(): void {
    const all = this.#resting
    this.#resting = []
    for (const connection of all) this.#serve(connection)
    this.#serveWaiting()
  }

  /** Serves those who wait and whom no resting connection will serve, as far as the limit allows. */
  #serveWaiting(): void {
    while (this.#waiting.size > this.#resting.length) {
      const connection = this.#takeIdle()
      if (connection === undefined && !this.#mayOpen()) return
      const turn = this.#waiting.shift()
      if (turn === undefined) return
      if (connection === undefined) this.#open(turn)
      else turn.board(connection)
    }
  }

  #serve(connection: Connection): void {
    if (!connection.channel.isUsable) {
      connection.channel.destroy()
      return
    }
    const turn = this.#waiting.shift()
    if (turn !== undefined) {
      turn.board(connection)
      return
    }
    connection.channel.rest()
    this.#idle.push(connection)
  }

  /** Opens a connection in the place of one that is closed already. */
  replace(connection: Connection, turn: Turn): void {
    connection.channel.destroy()
    if (!connection.isCounted) {
      // Its place may have been given to another.
      if (this.#mayOpen()) this.#open(turn)
      else this.#waiting.unshift(turn)
      return
    }
    connection.isCounted = false
    this.#dial(turn)
  }
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) {
      resolve()
      return
    }
    socket.once('close', () => resolve())
    socket.destroy()
  })

export class Pools {
  readonly settings: Settings
  readonly line: ConnectionOptions
  readonly #library: Library
  readonly #byOrigin = new Map<string, Pool>()
  /** Those that are open. */
  readonly channels = new Set<Channel>()
  isEnded = false

  constructor(library: Library, settings: Settings, line: ConnectionOptions) {
    this.#library = library
    this.settings = settings
    this.line = line
  }

  dispatch(passenger: Passenger, request: Dispatch, handler: Handler): void {
    const { origin } = request
    let pool = this.#byOrigin.get(origin)
    if (pool === undefined) {
      pool = new Pool(this, origin)
      this.#byOrigin.set(origin, pool)
    }
    pool.dispatch(passenger, request, handler)
  }

  /** What speaks on a socket that was opened. */
  channel(socket: Socket, origin: string): Channel {
    return isHttp2(socket)
      ? new Http2(socket, origin, this.settings)
      : new Http1(this.#library, socket, origin, this.settings)
  }

  forget(origin: string, pool: Pool): void {
    if (this.#byOrigin.get(origin) === pool) this.#byOrigin.delete(origin)
  }

  /** The number of origins with a connection or a request. */
  get size(): number {
    return this.#byOrigin.size
  }

  /** Ends all connections. Attempts were told before. */
  async destroy(): Promise<void> {
    this.isEnded = true
    this.#byOrigin.clear()
    // First the sessions of HTTP/2, which let go of their sockets in a later turn.
    for (const channel of [...this.channels]) channel.destroy()
    await new Promise<void>((resolve) => setImmediate(resolve))
    await Promise.all([...this.line.sockets].map(closed))
  }
}
