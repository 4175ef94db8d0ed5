/**
 * HTTP/2 on one socket, with a Node session: by default one stream at a time, so that a connection serves one attempt.
 *
 * undici has HTTP/2 too, but versions 7.30 and 8.12 throw an uncaught error if a header is not allowed or a session ends
 * at the wrong moment, treat a reset stream as the end of a body, and cut streams that a GOAWAY allows to finish.
 *
 * Connection-specific fields are not sent (RFC 9113 8.2.2). `Connection: close` ends the connection after the response.
 * An attempt that is aborted ends its connection, as with HTTP/1.1. With several streams it ends only its stream. If nothing has
 * arrived since it was sent, the connection gets no new ones before it answers a PING.
 *
 * | event                                         | result                                                    |
 * |-----------------------------------------------|-----------------------------------------------------------|
 * | END_STREAM                                    | the end of the response                                   |
 * | RST_STREAM before it, with any code           | a fault; `BodyCut` after the head (RFC 9113 8.1)          |
 * | REFUSED_STREAM; GOAWAY below the stream's id  | an `unsent` fault (RFC 9113 6.8, 8.7)                     |
 * | GOAWAY at or above the stream's id            | the stream continues, unless the GOAWAY has an error code; the connection is not used again |
 * | the response ends before the request does     | the rest of the request is not sent                       |
 */
import * as http2 from 'node:http2'
import type { Socket } from 'node:net'
import * as Fault from '../../wire/Fault.js'
import type { Channel, ChannelRequest } from './Channel.js'
import * as Failure from './Failure.js'
import type { ChannelOptions } from './Http1.js'
import { headersOf, valueIn } from './Http2Head.js'
import { Http2Stream, type StreamOwner } from './Http2Stream.js'

/** undici's window sizes. Node's defaults are too small for a fast connection. */
const STREAM_WINDOW_BYTES = 262_144
const CONNECTION_WINDOW_BYTES = 524_288
/** The most megabytes that the streams of a session may have queued. */
const MAX_SESSION_MB = 1000
/** How long the answer to a PING is awaited. Then the connection gets no new streams. */
const PING_WAIT_MS = 1000
/** How long a server may wait with its settings before another connection is opened. They are the first frame that it sends. */
const SETTINGS_WAIT_MS = 1000
/** A head of 64 KiB can hold more fields than Node allows by default (128). */
const MAX_HEADER_PAIRS = 8_192

/** Whether a socket negotiated HTTP/2. The type of the socket does not distinguish TLS sockets. */
export const isHttp2 = (socket: Socket): boolean => 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'

const reject = ({ listener }: ChannelRequest, fault: Fault.Fault): void =>
  listener.onResponseError(undefined, new Failure.FaultError(fault))

export class Http2 implements Channel, StreamOwner {
  readonly origin: string
  lastStream: number | undefined
  error: unknown
  readonly #session: http2.ClientHttp2Session
  readonly #socket: Socket
  readonly #keepAlive: number
  readonly #streams: number
  /** The streams that the server allows; `undefined` before its settings. */
  #allowed: number | undefined
  #active = 0
  /** The streams that are held back because their readers are slow. */
  #paused = 0
  #isUsed = false
  isLate = false
  /** Nothing has arrived, and the answer to a PING is awaited. */
  isSuspect = false
  onCapacity: (() => void) | undefined
  /** Set if the connection must not be used for another request. */
  #isClosing = false
  #idleTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, origin: string, { maxHeaderSize, keepAlive, streams }: ChannelOptions) {
    this.#streams = streams
    this.#socket = socket
    this.#keepAlive = keepAlive
    this.origin = origin
    this.#session = http2.connect(origin, {
      createConnection: () => socket,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      // In megabytes. Node counts what all streams have queued, and its default of 10 is for one of them.
      maxSessionMemory: 10 + Math.min(streams, MAX_SESSION_MB),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: maxHeaderSize },
    })
    this.#session.on('connect', (session) => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    })
    this.#session.on('error', (error) => {
      this.error = error
    })
    this.#session.on('goaway', (_code, lastStream) => {
      this.lastStream = lastStream
      this.retire()
    })
    this.#session.on('close', () => clearTimeout(this.#idleTimer))
    if (streams === 1) return
    const waiting = setTimeout(() => {
      this.isLate = true
      this.#onChange()
    }, SETTINGS_WAIT_MS)
    this.#session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      clearTimeout(waiting)
      this.#onSettings(maxConcurrentStreams)
    })
    this.#session.on('close', () => clearTimeout(waiting))
  }

  #onSettings(allowed = Number.POSITIVE_INFINITY): void {
    this.#allowed = allowed
    this.#onChange()
  }

  /** Later: this may be a call of Node's parser, or of the pool. */
  #onChange(): void {
    if (this.onCapacity !== undefined) setImmediate(this.onCapacity)
  }

  get isSettled(): boolean {
    return this.#streams === 1 || this.#allowed !== undefined
  }

  get capacity(): number {
    if (this.isSuspect) return 0
    return this.#allowed === undefined ? 1 : Math.min(this.#streams, this.#allowed)
  }

  get isUsable(): boolean {
    return !this.#isClosing && !this.#socket.destroyed && !this.#session.closed && !this.#session.destroyed
  }

  dispatch(request: ChannelRequest): void {
    clearTimeout(this.#idleTimer)
    this.#session.ref()
    if (!this.#isUsed || this.#active > 0) {
      this.#isUsed = true
      this.#send(request)
      return
    }
    // Waits one turn of the event loop, so that a pending close is noticed before anything is written.
    setImmediate(() => {
      if (this.isUsable) this.#send(request)
      else reject(request, Failure.connectionClosed(request.origin))
    })
  }

  #send(request: ChannelRequest): void {
    if (/^\s*close\s*$/i.test(valueIn(request.headers, 'connection') ?? '')) this.retire()
    let stream: Http2Stream
    try {
      stream = this.#open(request)
    } catch (error) {
      if (this.#streams === 1) this.#isClosing = true
      const message = `The request cannot be sent over HTTP/2: ${Fault.messageOf(error)}`
      reject(request, Fault.make('ProtocolError', message, error))
      return
    }
    this.#active += 1
    request.listener.onRequestStart(stream)
    stream.start()
  }

  onStreamEnd(): void {
    this.#active -= 1
    this.#unrefIfUnread()
  }

  /** Bodies that are not read must not keep the process alive. */
  #unrefIfUnread(): void {
    if (this.#active > 0 && this.#paused === this.#active) this.#session.unref()
  }

  retire(): void {
    this.#isClosing = true
    this.#onChange()
  }

  get received(): number {
    return this.#socket.bytesRead
  }

  suspect(): void {
    if (this.isSuspect || this.#session.destroyed) return
    this.isSuspect = true
    const timer = setTimeout(() => this.retire(), PING_WAIT_MS)
    this.#session.once('close', () => clearTimeout(timer))
    const isSent = this.#session.ping((error) => {
      clearTimeout(timer)
      this.isSuspect = error !== null
      this.#onChange()
    })
    if (!isSent) this.retire()
  }

  onPaused(): void {
    this.#paused += 1
    this.#unrefIfUnread()
  }

  onResumed(): void {
    this.#paused -= 1
    this.#session.ref()
  }

  #open(request: ChannelRequest): Http2Stream {
    if (request.listener.isOver) throw new Error('it was aborted')
    const stream = this.#session.request(headersOf(request), { endStream: request.body === null })
    return new Http2Stream(stream, this, request)
  }

  onStreamFailed(stream: http2.ClientHttp2Stream): void {
    this.#active -= 1
    this.#unrefIfUnread()
    if (this.#streams > 1) {
      // Otherwise data that arrived and was not read would keep the stream.
      setImmediate(() => stream.destroy())
      return
    }
    this.#isClosing = true
    // Later: this may be a call of Node's parser, which must not lose its session.
    setImmediate(() => this.destroy())
  }

  onIdle(): void {
    this.#session.unref()
    this.#idleTimer = setTimeout(() => this.destroy(), this.#keepAlive)
    this.#idleTimer.unref()
  }

  destroy(): void {
    clearTimeout(this.#idleTimer)
    // Node 20 can crash if the socket is destroyed before its session.
    this.#session.destroy()
    // After a GOAWAY, Node only ends the socket, and waits until the server closes it, which may never happen.
    setImmediate(() => this.#socket.destroy())
  }
}
