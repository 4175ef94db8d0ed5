/**
 * HTTP/2 on one socket, with a Node session: one stream at a time, so that a connection serves one attempt.
 *
 * undici has HTTP/2 too, but versions 7.30 and 8.12 throw an uncaught error if a header is not allowed or a session ends
 * at the wrong moment, treat a reset stream as the end of a body, and cut streams that a GOAWAY allows to finish.
 *
 * Connection-specific fields are not sent (RFC 9113 8.2.2). `Connection: close` ends the connection after the response.
 * An attempt that is aborted ends its connection, as with HTTP/1.1.
 *
 * | event                                         | result                                                    |
 * |-----------------------------------------------|-----------------------------------------------------------|
 * | END_STREAM                                    | the end of the response                                   |
 * | RST_STREAM before it, with any code           | a fault; `BodyCut` after the head (RFC 9113 8.1)          |
 * | REFUSED_STREAM; GOAWAY below the stream's id  | an `unsent` fault (RFC 9113 6.8, 8.7)                     |
 * | GOAWAY at or above the stream's id            | the stream continues; the connection is not used again    |
 * | the response ends before the request does     | the rest of the request is not sent                       |
 */
import * as http2 from 'node:http2'
import type { Socket } from 'node:net'
import * as Headers from '../../values/Headers.js'
import * as Fault from '../../wire/Fault.js'
import type { Channel, ChannelRequest, Controller } from './Channel.js'
import * as Failure from './Failure.js'
import type { ChannelOptions } from './Http1.js'

/** undici's window sizes. Node's defaults are too small for a fast connection. */
const STREAM_WINDOW_BYTES = 262_144
const CONNECTION_WINDOW_BYTES = 524_288
/** A head of 64 KiB can hold more fields than Node allows by default (128). */
const MAX_HEADER_PAIRS = 8_192

const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY'])
const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_FLAG_END_STREAM } = http2.constants

const isSent = (name: string, value: string): boolean =>
  !CONNECTION_SPECIFIC.has(name) && (name !== 'te' || value.trim().toLowerCase() === 'trailers')

/** Returns the first value of a field in a flat list of names and values. */
const valueIn = (list: ReadonlyArray<string>, name: string): string | undefined =>
  list.find((_, i) => i % 2 === 1 && Headers.sameName(list[i - 1] ?? '', name))

/** Returns the fields of a request as Node expects them: lower-case names, each name once. */
const headersOf = ({ headers, method, path, body, origin }: ChannelRequest): http2.OutgoingHttpHeaders => {
  const fields = new Map<string, string[]>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase()
    const original = headers[i + 1] ?? ''
    if (!isSent(name, original)) continue
    // Node accepts TE only in lower case.
    const value = name === 'te' ? 'trailers' : original
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  if (body === null && EXPECTS_BODY.has(method) && !fields.has('content-length')) fields.set('content-length', ['0'])
  const sent: http2.OutgoingHttpHeaders = Object.create(null)
  sent[':method'] = method
  sent[':path'] = path
  sent[':scheme'] = 'https'
  sent[':authority'] = valueIn(headers, 'host') ?? new URL(origin).host
  for (const [name, values] of fields) sent[name] = values.length === 1 ? values[0] : values
  return sent
}

const receivedFields = (raw: unknown, headers: http2.IncomingHttpHeaders): ReadonlyArray<string> => {
  // Node passes the raw list as a third argument, which its types omit.
  const list: ReadonlyArray<unknown> = Array.isArray(raw) ? raw : Object.entries(headers).flat(2)
  const kept: string[] = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = String(list[i])
    if (!name.startsWith(':')) kept.push(name, String(list[i + 1]))
  }
  return kept
}

/** Whether a socket negotiated HTTP/2. The type of the socket does not distinguish TLS sockets. */
export const isHttp2 = (socket: Socket): boolean => 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'

const reject = ({ listener }: ChannelRequest, fault: Fault.Fault): void =>
  listener.onResponseError(undefined, new Failure.FaultError(fault))

export class Http2 implements Channel {
  readonly origin: string
  /** The last stream that the server will process, once it has sent a GOAWAY. */
  lastStream: number | undefined
  error: unknown
  readonly #session: http2.ClientHttp2Session
  readonly #socket: Socket
  readonly #keepAlive: number
  #isUsed = false
  /** Set if the connection must not be used for another request. */
  #isClosing = false
  #idleTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, origin: string, { maxHeaderSize, keepAlive }: ChannelOptions) {
    this.#socket = socket
    this.#keepAlive = keepAlive
    this.origin = origin
    this.#session = http2.connect(origin, {
      createConnection: () => socket,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: maxHeaderSize },
    })
    this.#session.on('connect', (session) => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    })
    this.#session.on('error', (error) => {
      this.error = error
    })
    this.#session.on('goaway', (_code, lastStream) => {
      this.#isClosing = true
      this.lastStream = lastStream
    })
    this.#session.on('close', () => clearTimeout(this.#idleTimer))
  }

  get isUsable(): boolean {
    return !this.#isClosing && !this.#socket.destroyed && !this.#session.closed && !this.#session.destroyed
  }

  dispatch(request: ChannelRequest): void {
    clearTimeout(this.#idleTimer)
    this.#session.ref()
    if (!this.#isUsed) {
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
    if (/^\s*close\s*$/i.test(valueIn(request.headers, 'connection') ?? '')) this.#isClosing = true
    let stream: Http2Stream
    try {
      stream = this.#open(request)
    } catch (error) {
      this.#isClosing = true
      const message = `The request cannot be sent over HTTP/2: ${Fault.messageOf(error)}`
      reject(request, Fault.make('ProtocolError', message, error))
      return
    }
    request.listener.onRequestStart(stream)
    stream.start()
  }

  #open(request: ChannelRequest): Http2Stream {
    if (request.listener.isOver) throw new Error('it was aborted')
    const stream = this.#session.request(headersOf(request), { endStream: request.body === null })
    return new Http2Stream(stream, this, request)
  }

  /** Called before the listener gets the error of a stream. */
  onStreamFailed(): void {
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
    // This destroys the socket too. Node 20 can crash if the socket is destroyed before its session.
    this.#session.destroy()
  }
}

class Http2Stream implements Controller {
  readonly #stream: http2.ClientHttp2Stream
  readonly #session: Http2
  readonly #request: ChannelRequest
  /** Read while the stream is open; Node forgets it afterwards. */
  #id: number | undefined
  #hasHead = false
  /** Whether the server has sent END_STREAM. */
  #isComplete = false
  #isUploading = false
  #isOver = false
  #error: unknown
  rawHeaders: ReadonlyArray<string> = []

  constructor(stream: http2.ClientHttp2Stream, session: Http2, request: ChannelRequest) {
    this.#stream = stream
    this.#session = session
    this.#request = request
    stream.on('ready', () => this.#readId())
    stream.on('headers', (headers, flags, raw?: unknown) => this.#onHead(headers, flags, raw))
    stream.on('response', (headers, flags, raw?: unknown) => this.#onHead(headers, flags, raw))
    stream.on('data', (chunk: Uint8Array) => {
      if (!this.#isOver) request.listener.onResponseData(this, chunk)
    })
    stream.on('end', () => this.#onEnd())
    stream.on('error', (error) => {
      this.#error ??= error
    })
    stream.on('close', () => {
      if (!this.#isOver) this.#fail(this.#closeReason())
    })
    this.#detectEndOfStream()
  }

  #readId(): void {
    this.#id ??= this.#stream.id
  }

  /** Node emits `end` for END_STREAM and for a reset. Only a reset closes the stream before it pushes the end. */
  #detectEndOfStream(): void {
    const stream = this.#stream
    const push = stream.push
    stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk === null && !stream.closed) this.#isComplete = true
      return push.call(stream, chunk, encoding)
    }
  }

  start(): void {
    this.#readId()
    const { body } = this.#request
    if (body === null) return
    if (body instanceof Uint8Array) this.#stream.end(body)
    else void this.#upload(body)
  }

  async #upload(body: AsyncIterableIterator<Uint8Array>): Promise<void> {
    this.#isUploading = true
    try {
      for (let step = await body.next(); step.done !== true; step = await body.next()) {
        if (this.#stream.closed || this.#stream.destroyed) return
        if (!this.#stream.write(step.value)) await this.#drained()
      }
      this.#isUploading = false
      this.#stream.end()
    } catch (error) {
      this.#isUploading = false
      this.#fail(error)
    }
  }

  #drained(): Promise<void> {
    const stream = this.#stream
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off('drain', done).off('close', done)
        resolve()
      }
      stream.on('drain', done).on('close', done)
    })
  }

  #onHead(headers: http2.IncomingHttpHeaders, flags: number, raw: unknown): void {
    if (this.#isOver) return
    const status = Number(headers[':status'])
    this.rawHeaders = receivedFields(raw, headers)
    if (status >= 200) {
      this.#hasHead = true
      if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) this.#isComplete = true
    }
    this.#request.listener.onResponseStart(this, status, undefined, '')
  }

  #onEnd(): void {
    if (this.#isOver || !this.#isComplete || !this.#hasHead) return
    this.#isOver = true
    // The server responded without reading the whole request, so it needs no more of it (RFC 9113 8.1).
    if (this.#isUploading) this.#stream.close(NGHTTP2_CANCEL)
    this.#request.listener.onResponseEnd()
  }

  #closeReason(): unknown {
    const { rstCode } = this.#stream
    const { lastStream, origin, error } = this.#session
    const isBeyondLast = lastStream !== undefined && this.#id !== undefined && this.#id > lastStream
    if (!this.#hasHead && (rstCode === NGHTTP2_REFUSED_STREAM || isBeyondLast || this.#id === undefined)) {
      return new Failure.FaultError(Failure.refusedStream(origin))
    }
    const code = rstCode === NGHTTP2_NO_ERROR ? '' : `, code ${rstCode}`
    return this.#error ?? error ?? new Error(`the stream was reset before its end${code}`)
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream.close(NGHTTP2_CANCEL)
    this.#session.onStreamFailed()
    this.#request.listener.onResponseError(this, error)
  }

  abort(reason: Error): void {
    this.#fail(reason)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }
}
