/**
 * The connections to one origin if HTTP/2 may serve several requests on each: the option `http2: { streams }`.
 *
 * | a new request finds                                    | so                                                           |
 * |--------------------------------------------------------|--------------------------------------------------------------|
 * | a connection with a free stream                        | it is sent there; the oldest connection comes first          |
 * | a connection that opens, or waits for the settings of its server | it waits for it, at most for its connect timeout   |
 * | the same, and it is lost, or its server is late        | it waits for the next one, with the same connect timeout     |
 * | only full connections, and the limit is not reached    | a connection is opened, one at a time                        |
 * | the limit                                              | it waits, in order                                           |
 *
 * The server limits the streams of a connection (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 5.1.2), and may end it (GOAWAY): its
 * streams finish, and it gets no new ones. Such a connection does not count under the limit. If it serves no request, it is
 * closed. An origin that does not speak HTTP/2 is served by a `Pool`.
 */
import type { Socket } from 'node:net'
import { openConnection } from './Connector.js'
import { isHttp2 } from './Http2.js'
import { LinkedList } from './LinkedList.js'
import { Pool } from './Pool.js'
import { Connection, type PooledRequest, type PoolOwner, type RequestPool } from './PooledRequest.js'
import { SharedOpening } from './SharedOpening.js'

export class StreamPool implements RequestPool {
  readonly #agent: PoolOwner
  readonly #origin: string
  readonly #destination: URL
  /** The open connections, in the order in which they were opened. */
  readonly #open: Connection[] = []
  /** The number of connections that are opening, or open and in use for new requests. */
  #count = 0
  #opening: SharedOpening | undefined
  /** Opened by the opening that still has members, while its server has not sent its settings. */
  #unsettled: Connection | undefined
  readonly #waiting = new LinkedList<PooledRequest>()
  /** Requests whose connection was lost before they were processed: they come first, in their order. */
  #returned: PooledRequest[] = []

  constructor(agent: PoolOwner, origin: string) {
    this.#agent = agent
    this.#origin = origin
    this.#destination = new URL(origin)
  }

  dispatch(pooled: PooledRequest): void {
    this.#waiting.push(pooled)
    this.serve()
    if (pooled.list === this.#waiting) this.#opening?.join(pooled)
  }

  cancel(pooled: PooledRequest): void {
    this.#waiting.remove(pooled)
    if (this.#returned.length > 0) this.#returned = this.#returned.filter((one) => one !== pooled)
    const isLast = this.#opening?.leave(pooled) === true
    // It was cancelled with its last request.
    if (isLast && this.#unsettled === undefined) this.#opening = undefined
  }

  release(connection: Connection): void {
    connection.requests -= 1
    // One turn later, as in `Pool`: not in the call that reports the end of a request.
    setImmediate(serve, this)
    if (connection.requests === 0 && this.#mayReuse(connection)) connection.channel.onIdle()
  }

  replace(connection: Connection, pooled: PooledRequest): void {
    connection.requests -= 1
    this.#returned.push(pooled)
    setImmediate(serve, this)
  }

  /** Sends what can be sent, and opens a connection if that is not enough. */
  serve(): void {
    for (const pooled of this.#returned.splice(0).reverse()) {
      this.#waiting.unshift(pooled)
      this.#opening?.join(pooled)
    }
    for (const connection of [...this.#open]) this.#retireIfUnusable(connection)
    this.#settle()
    while (this.#waiting.size > 0) {
      const connection = this.#open.find((one) => this.#mayReuse(one) && one.requests < one.channel.capacity)
      if (connection === undefined) break
      const pooled = this.#waiting.shift()
      if (pooled === undefined) return
      this.#send(connection, pooled)
    }
    const isOpening = this.#opening !== undefined && !this.#opening.isLost
    if (this.#waiting.size > 0 && !isOpening && this.#mayOpen()) this.#connect()
  }

  #mayOpen(): boolean {
    return this.#count < this.#agent.maxConnections
  }

  #send(connection: Connection, pooled: PooledRequest): void {
    this.#opening?.release(pooled)
    connection.requests += 1
    pooled.sendOn(connection)
  }

  #mayReuse({ channel, generation }: Connection): boolean {
    return channel.isUsable && generation === this.#agent.generation
  }

  /** A connection that gets no new requests does not count, and is closed after the last one. */
  #retireIfUnusable(connection: Connection): void {
    const { channel, requests } = connection
    const allowsNone = channel.capacity === 0 && channel.isSettled && !channel.isSuspect
    if (this.#mayReuse(connection) && !(allowsNone && requests === 0)) return
    this.#uncount(connection)
    if (requests === 0) channel.destroy()
  }

  #uncount(connection: Connection): void {
    if (!connection.isCounted) return
    connection.isCounted = false
    this.#count -= 1
  }

  /** The server has sent its settings, or is late with them, or the connection was lost before. */
  #settle(): void {
    const connection = this.#unsettled
    if (connection === undefined) return
    const { isSettled, isLate } = connection.channel
    const isLost = !this.#mayReuse(connection)
    if (!isSettled && !isLate && !isLost) return
    this.#unsettled = undefined
    if (!isSettled && (isLost || this.#mayOpen())) this.#opening?.lose()
    else this.#endOpening()
  }

  #endOpening(): void {
    this.#opening?.end()
    this.#opening = undefined
  }

  #connect(): void {
    const opening = this.#opening ?? new SharedOpening()
    this.#opening = opening
    opening.begin()
    this.#count += 1
    // Before it opens, so that each of them hears of a failure.
    for (const pooled of this.#waiting.toArray()) opening.join(pooled)
    const generation = this.#agent.readChangedFiles()
    openConnection(this.#agent.connectionOptions, opening, this.#destination, (socket) => {
      if (socket === undefined) this.#onFailed(opening)
      else if (isHttp2(socket)) this.#onOpen(opening, socket, generation)
      else this.#fallBack(opening, socket, generation)
    })
  }

  /** One turn later, as in `Pool`: requests that come meanwhile do not wait for this connection. */
  #onFailed(opening: SharedOpening): void {
    if (this.#opening === opening) this.#opening = undefined
    setImmediate(onLost, this)
  }

  #onOpen(opening: SharedOpening, socket: Socket, generation: number): void {
    const channel = this.#agent.createChannel(socket, this.#origin)
    const connection = new Connection(socket, channel, generation)
    channel.onCapacity = () => this.serve()
    socket.once('close', () => this.#onClose(connection))
    if (this.#agent.isDestroyed) channel.destroy()
    this.#open.push(connection)
    this.#unsettled = connection
    // The first request is sent before the settings of the server arrive.
    const first = this.#waiting.shift()
    if (first === undefined) channel.onIdle()
    else {
      opening.settle(first)
      this.#send(connection, first)
    }
    this.serve()
  }

  /** The origin has chosen HTTP/1.1, where a connection serves one request at a time. */
  #fallBack(opening: SharedOpening, socket: Socket, generation: number): void {
    const first = this.#waiting.shift()
    if (first === undefined) {
      socket.destroy()
      this.#onFailed(opening)
      return
    }
    const plain = new Pool(this.#agent, this.#origin)
    this.#agent.replacePool(this.#origin, plain)
    opening.settle(first)
    this.#endOpening()
    first.moveTo(plain, () => plain.adopt(socket, generation, first))
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.moveTo(plain)
  }

  #onClose(connection: Connection): void {
    const index = this.#open.indexOf(connection)
    if (index >= 0) this.#open.splice(index, 1)
    this.#agent.channels.delete(connection.channel)
    setImmediate(connection.isCounted ? onLost : onGone, this)
    connection.isCounted = false
  }

  /** A connection was closed, or could not be opened. */
  onLost(): void {
    this.#count -= 1
    this.onGone()
  }

  /** A connection was closed that did not count any more. */
  onGone(): void {
    this.serve()
    if (this.#count === 0 && this.#open.length === 0 && this.#waiting.size === 0) this.#agent.forget(this.#origin, this)
  }
}

const serve = (pool: StreamPool): void => pool.serve()
const onGone = (pool: StreamPool): void => pool.onGone()
const onLost = (pool: StreamPool): void => pool.onLost()
