/**
 * The connections to one origin if HTTP/2 may serve several requests on each: the option `http2: { streams }`.
 *
 * | a new request finds                             | so                                                                |
 * |-------------------------------------------------|-------------------------------------------------------------------|
 * | a connection with a free stream                 | it is sent there; the connection that was opened first comes first |
 * | a connection that opens, or a new one whose server has not sent its settings | it waits: they decide how many streams there are |
 * | only full connections, and the limit is not reached | a connection is opened for it, one at a time                  |
 * | the limit                                       | it waits, in order                                                |
 *
 * The server limits the streams of a connection (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 5.1.2), and may end it (GOAWAY): its
 * streams finish, and it gets no new ones. An origin that does not speak HTTP/2 is served by a `Pool`.
 */
import type { Socket } from 'node:net'
import { openConnection } from './Connector.js'
import { isHttp2 } from './Http2.js'
import { LinkedList } from './LinkedList.js'
import { Pool } from './Pool.js'
import { Connection, type PooledRequest, type PoolOwner, type RequestPool } from './PooledRequest.js'

export class StreamPool implements RequestPool {
  readonly #agent: PoolOwner
  readonly #origin: string
  readonly #destination: URL
  /** The open connections, in the order in which they were opened. */
  readonly #open: Connection[] = []
  /** The number of connections that are opening or open. */
  #count = 0
  #isOpening = false
  readonly #waiting = new LinkedList<PooledRequest>()

  constructor(agent: PoolOwner, origin: string) {
    this.#agent = agent
    this.#origin = origin
    this.#destination = new URL(origin)
  }

  dispatch(pooled: PooledRequest): void {
    this.#waiting.push(pooled)
    this.#serve()
  }

  cancel(pooled: PooledRequest): void {
    this.#waiting.remove(pooled)
  }

  release(connection: Connection): void {
    connection.requests -= 1
    this.#rest(connection)
    // One turn later, as in `Pool`: not in the call that reports the end of a request.
    if (this.#waiting.size > 0) setImmediate(serve, this)
  }

  replace(connection: Connection, pooled: PooledRequest): void {
    connection.requests -= 1
    this.#rest(connection)
    this.#waiting.unshift(pooled)
    setImmediate(serve, this)
  }

  /** Sends what can be sent, and opens a connection if that is not enough. */
  serve(): void {
    this.#serve()
  }

  #serve(): void {
    while (this.#waiting.size > 0) {
      const connection = this.#open.find((one) => this.#isFree(one))
      if (connection === undefined) break
      const pooled = this.#waiting.shift()
      if (pooled === undefined) return
      connection.requests += 1
      pooled.sendOn(connection)
    }
    if (this.#waiting.size === 0 || this.#isOpening || this.#count >= this.#agent.maxConnections) return
    if (this.#open.some(({ channel }) => channel.isUsable && !channel.isSettled)) return
    const first = this.#waiting.shift()
    if (first !== undefined) this.#connect(first)
  }

  #isFree({ channel, generation, requests }: Connection): boolean {
    return channel.isUsable && generation === this.#agent.generation && requests < channel.capacity
  }

  /** Opens a connection with the timeouts of a request, which is sent on it. */
  #connect(pooled: PooledRequest): void {
    this.#isOpening = true
    this.#count += 1
    const generation = this.#agent.readChangedFiles()
    openConnection(this.#agent.connectionOptions, pooled.request.listener, this.#destination, (socket) => {
      this.#isOpening = false
      if (socket === undefined) setImmediate(onLost, this)
      else if (isHttp2(socket)) this.#onOpen(socket, generation, pooled)
      else this.#fallBack(socket, generation, pooled)
    })
  }

  #onOpen(socket: Socket, generation: number, pooled: PooledRequest): void {
    const channel = this.#agent.createChannel(socket, this.#origin)
    const connection = new Connection(socket, channel, generation)
    channel.onCapacity = () => this.#serve()
    socket.once('close', () => this.#onClose(connection))
    if (this.#agent.isDestroyed) channel.destroy()
    this.#open.push(connection)
    connection.requests = 1
    pooled.sendOn(connection)
    this.#serve()
  }

  /** The origin has chosen HTTP/1.1, where a connection serves one request at a time. */
  #fallBack(socket: Socket, generation: number, pooled: PooledRequest): void {
    const plain = new Pool(this.#agent, this.#origin)
    this.#agent.replacePool(this.#origin, plain)
    pooled.moveTo(plain, () => plain.adopt(socket, generation, pooled))
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.moveTo(plain)
  }

  #rest(connection: Connection): void {
    const { channel, generation, requests } = connection
    if (requests > 0) return
    if (channel.isUsable && generation === this.#agent.generation) channel.onIdle()
    else channel.destroy()
  }

  #onClose(connection: Connection): void {
    this.#open.splice(this.#open.indexOf(connection), 1)
    this.#agent.channels.delete(connection.channel)
    setImmediate(onLost, this)
  }

  /** A connection was closed, or could not be opened. */
  onLost(): void {
    this.#count -= 1
    this.#serve()
    if (this.#count === 0 && this.#waiting.size === 0) this.#agent.forget(this.#origin, this)
  }
}

const serve = (pool: StreamPool): void => pool.serve()
const onLost = (pool: StreamPool): void => pool.onLost()
