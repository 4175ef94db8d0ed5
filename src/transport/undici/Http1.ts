/**
 * HTTP/1.1 on one socket, with an undici client.
 *
 * | option                            | why                                                                        |
 * |-----------------------------------|----------------------------------------------------------------------------|
 * | `headersTimeout`, `bodyTimeout` 0 | undici's fire up to a second late; an attempt has its own timer            |
 * | `pipelining` 1                    | one request at a time, so that a connection serves one attempt             |
 * | `allowH2` false                   | the default differs between undici 7 and 8; HTTP/2 is done in `Http2`      |
 * | `connect`                         | passes the socket once; undici would open a new one after a close          |
 */
import type { Socket } from 'node:net'
import type * as Undici from 'undici'
import type { Channel, ChannelRequest, RequestListener } from './Channel.js'
import * as Failure from './Failure.js'
import { Undici7Handler } from './Undici7Handler.js'

export type Library = typeof Undici

export interface ChannelOptions {
  /** The most requests that an HTTP/2 connection serves at the same time. */
  readonly streams: number
  /** The longest response head, in bytes. */
  readonly maxHeaderSize: number
  /** How long an idle connection is kept, in milliseconds. */
  readonly keepAlive: number
}

/**
 * Keeps undici from reading a socket, and returns how to resume. undici's own `pause` throws an uncaught assertion if a
 * connection that is to be closed is reset while it is paused (7.30 and 8.12).
 */
export const stopReading = (socket: Socket): (() => void) => {
  // The cast: EventEmitter types a listener only as a function.
  const listeners = socket.listeners('readable') as unknown as ReadonlyArray<() => void>
  for (const listener of listeners) socket.off('readable', listener)
  return () => {
    for (const listener of listeners) socket.on('readable', listener)
  }
}

/** The libraries that throw for a handler of undici 7, before they send anything: undici 8. */
const isNewer = new WeakSet<Library>()

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'UND_ERR_INVALID_ARG'

export class Http1 implements Channel {
  readonly capacity = 1
  readonly isSettled = true
  readonly isLate = false
  readonly isSuspect = false
  onCapacity: undefined
  readonly #library: Library
  readonly #client: Undici.Client
  readonly #socket: Socket
  readonly #interim: InterimFilter

  constructor(library: Library, socket: Socket, origin: string, { maxHeaderSize, keepAlive }: ChannelOptions) {
    this.#library = library
    this.#socket = socket
    this.#interim = new InterimFilter(socket, maxHeaderSize)
    let isPassed = false
    const connect: Undici.buildConnector.connector = (_, callback) => {
      const isFirst = !isPassed
      isPassed = true
      // If undici were called back inside its own call, it would not send the request.
      queueMicrotask(() => {
        if (isFirst && !socket.destroyed) callback(null, socket)
        else callback(new Failure.FaultError(Failure.connectionClosed(origin)), null)
      })
    }
    this.#client = new library.Client(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      maxHeaderSize,
      keepAliveTimeout: keepAlive,
      connect,
    })
  }

  get isUsable(): boolean {
    return !this.#socket.destroyed
  }

  dispatch(request: ChannelRequest): void {
    this.#interim.expectHead(request.listener)
    if (!isNewer.has(this.#library)) {
      const handler = new Undici7Handler(request.listener)
      try {
        this.#dispatchTo(request, handler)
        return
      } catch (error) {
        if (handler.isCalled || !isRefusal(error)) throw error
        isNewer.add(this.#library)
      }
    }
    this.#dispatchTo(request, request.listener)
  }

  /** The casts: undici's types lack `servername`, iterables and our own members. */
  #dispatchTo(request: ChannelRequest, handler: Undici7Handler | RequestListener): void {
    const options = request as unknown as Undici.Dispatcher.DispatchOptions
    this.#client.dispatch(options, handler as unknown as Undici.Dispatcher.DispatchHandler)
  }

  /** Nothing to do: undici calls `unref` on an idle socket, and closes it after `keepAliveTimeout`. */
  onIdle(): void {}

  destroy(): void {
    this.#socket.destroy()
  }
}

const STATUS_LINE_START = 'HTTP/1.'
/** The length of `HTTP/1.1 100`. */
const STATUS_LENGTH = 12
const EMPTY = Buffer.alloc(0)

/** The index of the first digit of the status. */
const STATUS_INDEX = 9
const DIGIT_ONE = 0x31

/** Returns what kind of head starts with these bytes. 101 ends HTTP/1.1 on the connection, so it is final here. */
const kindOf = (bytes: Buffer): 'Continue' | 'OtherInterim' | 'Unknown' | 'Final' => {
  // Nearly every head: its status does not start with 1.
  if (bytes.length > STATUS_INDEX && bytes[STATUS_INDEX] !== DIGIT_ONE) return 'Final'
  const start = bytes.toString('latin1', 0, STATUS_LENGTH)
  if (start.length < STATUS_LENGTH) {
    const isPossible = start.startsWith(STATUS_LINE_START) || STATUS_LINE_START.startsWith(start)
    return isPossible ? 'Unknown' : 'Final'
  }
  if (!/^HTTP\/1\.[01] 1\d\d$/.test(start) || start.endsWith('101')) return 'Final'
  return start.endsWith('100') ? 'Continue' : 'OtherInterim'
}

/**
 * Removes each `100 Continue` from what a connection receives before the head of a response.
 *
 * A client must be able to parse interim responses that it does not expect (RFC 9110 15.2). undici 7.30 and 8.12 close
 * the connection on a 100 (nodejs/undici#197), so their parser must not see it.
 *
 * | bytes at the start of a head | result                                                         |
 * |------------------------------|----------------------------------------------------------------|
 * | a whole 100                  | removed, and reported                                          |
 * | a part that may become a 100 | held back until more arrives                                   |
 * | another interim head         | passed to undici; the next head is checked                     |
 * | anything else                | passed to undici; nothing is checked before the next request   |
 */
export class InterimFilter {
  readonly #read: () => Buffer | null
  readonly #maxHeld: number
  #held: Buffer = EMPTY
  #listener: Pick<RequestListener, 'onInterim'> | undefined

  /** @param maxHeld - the longest head that is held back, in bytes; undici rejects a longer one */
  constructor(socket: Socket, maxHeld: number) {
    // The cast: our sockets have no encoding, so that they return buffers.
    const read = socket.read
    this.#read = () => read.call(socket) as Buffer | null
    this.#maxHeld = maxHeld
    socket.read = (size?: number) => (size === undefined ? this.#next() : read.call(socket, size))
  }

  /** Starts filtering: from now on the head of a response may arrive. */
  expectHead(listener: Pick<RequestListener, 'onInterim'>): void {
    this.#listener = listener
  }

  #next(): Buffer | null {
    for (;;) {
      const chunk = this.#read()
      if (this.#listener === undefined || chunk === null) return chunk
      const passed = this.#filter(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]))
      if (passed.length > 0) return passed
    }
  }

  #filter(bytes: Buffer): Buffer {
    const passed: Buffer[] = []
    let rest = bytes
    this.#held = EMPTY
    while (this.#listener !== undefined && rest.length > 0) {
      const kind = kindOf(rest)
      const end = kind === 'Final' ? -1 : rest.indexOf('\r\n\r\n')
      if (kind === 'Final' || (end < 0 && rest.length > this.#maxHeld)) {
        this.#listener = undefined
        break
      }
      if (end < 0) {
        this.#held = rest
        rest = EMPTY
        break
      }
      if (kind === 'Continue') this.#listener.onInterim()
      else passed.push(rest.subarray(0, end + 4))
      rest = rest.subarray(end + 4)
    }
    // Usually there is one response, which is not copied.
    return passed.length === 0 ? rest : Buffer.concat([...passed, rest])
  }
}
