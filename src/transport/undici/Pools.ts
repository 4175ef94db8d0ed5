/**
 * The connections of one agent: a pool of undici's for each origin, kept as long as it has a connection or a request.
 *
 * undici has an Agent for this, which drops a pool whenever its last connection closes, though a request waits in it: so
 * its limit does not hold against a server that closes.
 *
 * | option                         | because                                                                    |
 * |--------------------------------|----------------------------------------------------------------------------|
 * | headersTimeout, bodyTimeout 0  | undici's are late by up to a second; an attempt has its own                |
 * | pipelining 1                   | one request at a time, so that one connection serves one attempt           |
 * | allowH2                        | said, since its default differs between 7 and 8                            |
 * | connect                        | our own, and told for whom, which nothing else tells once requests queue   |
 */
import type { Socket } from 'node:net'
import type * as Undici from 'undici'
import type { Caller, Line } from './Connector.js'
import { dial } from './Connector.js'

export type Library = typeof Undici

/** What is the same for all connections of a transport. */
export interface Settings {
  readonly connections: number
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly http2: boolean
  readonly maxHeaderSize: number
  readonly keepAlive: number
}

/** What is dispatched, and for whom: undici hands on untouched what it does not know. */
export interface Dispatch {
  readonly caller: Caller
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: string[]
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
  readonly servername: string
  readonly reset: boolean
}

export type Handler = Undici.Dispatcher.DispatchHandler

/** A client is one connection at a time: what it dispatches next goes over the last one that it opened. */
const clientOf = (library: Library, line: Line, origin: URL, options: object): Undici.Dispatcher => {
  let caller: Caller | undefined
  let carrier: Socket | undefined
  const connect: Undici.buildConnector.connector = (where, callback) => {
    if (caller === undefined) return
    dial(line, caller, where, (...result) => {
      carrier = result[1] ?? undefined
      callback(...result)
    })
  }
  const client = new library.Client(origin, { ...options, connect })
  const dispatch = client.dispatch.bind(client)
  client.dispatch = (request, handler) => {
    // The cast: all that is dispatched here is a `Dispatch`.
    caller = (request as unknown as Dispatch).caller
    // One that was given up while it queued makes way for the next.
    if (caller.isOver) return true
    caller.carrier = carrier
    return dispatch(request, handler)
  }
  return client
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
  readonly #library: Library
  readonly #settings: Settings
  readonly #line: Line
  readonly #byOrigin = new Map<string, Undici.Pool>()

  constructor(library: Library, settings: Settings, line: Line) {
    this.#library = library
    this.#settings = settings
    this.#line = line
  }

  dispatch(request: Dispatch, handler: Handler): void {
    const pool = this.#byOrigin.get(request.origin) ?? this.#open(request.origin)
    // The cast: undici's types know neither `servername`, nor iterables, nor what is ours.
    pool.dispatch(request as unknown as Undici.Dispatcher.DispatchOptions, handler)
  }

  #open(origin: string): Undici.Pool {
    const { connections, http2, maxHeaderSize, keepAlive } = this.#settings
    const pool = new this.#library.Pool(origin, {
      connections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: http2,
      maxHeaderSize,
      keepAliveTimeout: keepAlive,
      factory: (url, options) => clientOf(this.#library, this.#line, url, options),
    })
    const look = (): void => this.#dropIfUnused(origin, pool)
    pool.on('disconnect', look).on('connectionError', look)
    this.#byOrigin.set(origin, pool)
    return pool
  }

  #dropIfUnused(origin: string, pool: Undici.Pool): void {
    const { connected, size } = pool.stats
    if (connected > 0 || size > 0 || this.#byOrigin.get(origin) !== pool) return
    this.#byOrigin.delete(origin)
    void pool.close()
  }

  /** Ends all of it. undici forgets a connection whose pool has failed once; the line knows them all. */
  async destroy(): Promise<void> {
    const pools = [...this.#byOrigin.values()]
    this.#byOrigin.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
    await Promise.all([...this.#line.sockets].map(closed))
  }
}
