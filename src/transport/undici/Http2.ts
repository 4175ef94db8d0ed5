/**
 * HTTP/2 on one socket, by a session of Node's: one stream at a time, so that a connection serves one attempt.
 *
 * undici speaks HTTP/2 too, but versions 7.30 and 8.12 throw at the process when a header is not allowed or a session
 * ends at the wrong moment, take a reset stream for the end of a body, and cut streams that a GOAWAY lets finish.
 *
 * | event                                                    | becomes                                              |
 * |----------------------------------------------------------|------------------------------------------------------|
 * | END_STREAM                                               | the end of the reply                                 |
 * | RST_STREAM before it, with any code                      | a fault: `BodyCut` once there is a head (RFC 9113 8.1) |
 * | REFUSED_STREAM; GOAWAY below the stream's id              | an `unsent` fault (RFC 9113 6.8, 8.7)                 |
 * | GOAWAY at or above the stream's id                       | the stream goes on, the connection is used no more    |
 * | the reply ends before the request does                   | the rest of the request is not sent                  |
 *
 * Fields that speak of one HTTP/1.1 connection are not sent (RFC 9113 8.2.2); `Connection: close` ends the connection.
 * An attempt that is given up ends its connection, as with HTTP/1.1.
 */
import * as http2 from 'node:http2'
import type { Socket } from 'node:net'
import * as Headers from '../../values/Headers.js'
import * as Fault from '../../wire/Fault.js'
import type { Channel, Controller, Dispatch, Handler } from './Channel.js'
import * as Failure from './Failure.js'
import type { Http1Options } from './Http1.js'

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR } = http2.constants

/** As large as undici's: Node's own make a fast line wait. */
const STREAM_WINDOW = 262_144
const CONNECTION_WINDOW = 524_288
/** Node's own limit of 128 is below what a head of 64 KiB can hold. */
const MAX_HEADER_PAIRS = 8_192

const NOT_SENT: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

const isSent = (name: string, value: string): boolean =>
  !NOT_SENT.has(name) && (name !== 'te' || value.trim().toLowerCase() === 'trailers')

/** The value of a field in a flat list of names and values. */
const valueIn = (list: ReadonlyArray<string>, name: string): string | undefined => {
  for (let i = 0; i + 1 < list.length; i += 2) {
    const [key = '', value] = [list[i], list[i + 1]]
    if (key.length === name.length && Headers.sameName(key, name)) return value
  }
  return undefined
}

/** The fields of a request as Node takes them: in lower case, each name once. */
const headersOf = (request: Dispatch, authority: string): http2.OutgoingHttpHeaders => {
  const { headers, method, path, body } = request
  const known = new Map<string, string[]>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase()
    const given = headers[i + 1] ?? ''
    if (!isSent(name, given)) continue
    // Node refuses it in other cases of letters.
    const value = name === 'te' ? 'trailers' : given
    const values = known.get(name)
    if (values === undefined) known.set(name, [value])
    else values.push(value)
  }
  if (body === null && EXPECTS_BODY.has(method) && !known.has('content-length')) known.set('content-length', ['0'])
  const sent: http2.OutgoingHttpHeaders = Object.create(null)
  sent[':method'] = method
  sent[':path'] = path
  sent[':scheme'] = 'https'
  sent[':authority'] = valueIn(headers, 'host') ?? authority
  for (const [name, values] of known) sent[name] = values.length === 1 ? values[0] : values
  return sent
}

/** The fields of a reply, without what begins with a colon. */
const receivedOf = (raw: unknown, headers: http2.IncomingHttpHeaders): ReadonlyArray<string> => {
  // Node passes the list of what came as a third argument; its types do not say so.
  const list: ReadonlyArray<unknown> = Array.isArray(raw) ? raw : Object.entries(headers).flat(2)
  const kept: string[] = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = String(list[i])
    if (!name.startsWith(':')) kept.push(name, String(list[i + 1]))
  }
  return kept
}

const isEndOfStream = (flags: number): boolean => (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0

/** What a session knows of its end. */
interface Session {
  readonly origin: string
  /** The last stream that the server has processed or will, once it has said so. */
  lastStream: number | undefined
  error: unknown
}

class Exchange implements Controller {
  readonly #stream: http2.ClientHttp2Stream
  readonly #session: Session
  readonly #request: Dispatch
  readonly #handler: Handler
  /** Known while the stream is open. */
  #id: number | undefined
  #hasHead = false
  #isComplete = false
  #isUploading = false
  #isOver = false
  #error: unknown
  rawHeaders: ReadonlyArray<string> = []

  constructor(stream: http2.ClientHttp2Stream, session: Session, request: Dispatch, handler: Handler) {
    this.#stream = stream
    this.#session = session
    this.#request = request
    this.#handler = handler
    stream.on('ready', () => this.#learnId())
    stream.on('headers', (headers, flags, raw?: unknown) => this.#onHead(headers, flags, raw))
    stream.on('response', (headers, flags, raw?: unknown) => this.#onHead(headers, flags, raw))
    stream.on('data', (chunk: Uint8Array) => this.#onData(chunk))
    stream.on('end', () => this.#onEnd())
    stream.on('error', (error) => {
      this.#error ??= error
    })
    stream.on('close', () => this.#onClose())
    this.#watchEnd()
  }

  #learnId(): void {
    this.#id ??= this.#stream.id
  }

  /**
   * Tells the end that the server sent from the one that Node makes of a reset: both end the stream, but a stream that
   * was reset is closed before.
   */
  #watchEnd(): void {
    const stream = this.#stream
    const push = stream.push
    stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk === null && !stream.closed) this.#isComplete = true
      return push.call(stream, chunk, encoding)
    }
  }

  start(): void {
    this.#learnId()
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
    this.rawHeaders = receivedOf(raw, headers)
    if (status >= 200) {
      this.#hasHead = true
      if (isEndOfStream(flags)) this.#isComplete = true
    }
    this.#handler.onResponseStart(this, status, undefined, '')
  }

  #onData(chunk: Uint8Array): void {
    if (!this.#isOver) this.#handler.onResponseData(this, chunk)
  }

  #onEnd(): void {
    if (this.#isOver || !this.#isComplete || !this.#hasHead) return
    this.#isOver = true
    // The server has answered without reading all: the rest is of no use to it (RFC 9113 8.1).
    if (this.#isUploading) this.#stream.close(NGHTTP2_CANCEL)
    this.#handler.onResponseEnd()
  }

  #onClose(): void {
    if (!this.#isOver) this.#fail(this.#reason())
  }

  #reason(): unknown {
    const { rstCode } = this.#stream
    const { lastStream, origin, error } = this.#session
    const isBeyond = lastStream !== undefined && this.#id !== undefined && this.#id > lastStream
    if (!this.#hasHead && (rstCode === NGHTTP2_REFUSED_STREAM || isBeyond || this.#id === undefined)) {
      return new Failure.FaultError(Failure.refusedStream(origin))
    }
    if (this.#error !== undefined) return this.#error
    if (error !== undefined) return error
    const code = rstCode === NGHTTP2_NO_ERROR ? '' : `, code ${rstCode}`
    return new Error(`the stream was reset before its end${code}`)
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream.close(NGHTTP2_CANCEL)
    this.#handler.onResponseError(this, error)
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

/** Whether a socket negotiated HTTP/2. Its type does not tell TLS sockets apart. */
export const isHttp2 = (socket: Socket): boolean => 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'

export class Http2 implements Channel {
  readonly #session: http2.ClientHttp2Session
  readonly #socket: Socket
  readonly #state: Session
  readonly #keepAlive: number
  #isUsed = false
  #isSpent = false
  #idle: NodeJS.Timeout | undefined

  constructor(socket: Socket, origin: string, { maxHeaderSize, keepAlive }: Http1Options) {
    this.#socket = socket
    this.#keepAlive = keepAlive
    this.#state = { origin, lastStream: undefined, error: undefined }
    this.#session = http2.connect(origin, {
      createConnection: () => socket,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: maxHeaderSize },
    })
    this.#session.on('connect', () => this.#widen())
    this.#session.on('error', (error) => {
      this.#state.error = error
    })
    this.#session.on('goaway', (_code, lastStream) => {
      this.#isSpent = true
      this.#state.lastStream = lastStream
    })
    this.#session.on('close', () => clearTimeout(this.#idle))
  }

  #widen(): void {
    if (!this.#session.destroyed) this.#session.setLocalWindowSize(CONNECTION_WINDOW)
  }

  get isUsable(): boolean {
    return !this.#isSpent && !this.#socket.destroyed && !this.#session.closed && !this.#session.destroyed
  }

  dispatch(request: Dispatch, handler: Handler): void {
    clearTimeout(this.#idle)
    this.#session.ref()
    if (!this.#isUsed) {
      this.#isUsed = true
      this.#send(request, handler)
      return
    }
    // One turn, in which a close that is waiting to be read is noticed before anything is written.
    setImmediate(() => {
      if (this.isUsable) this.#send(request, handler)
      else handler.onResponseError(undefined, new Failure.FaultError(Failure.connectionClosed(request.origin)))
    })
  }

  #send(request: Dispatch, handler: Handler): void {
    if (/^\s*close\s*$/i.test(valueIn(request.headers, 'connection') ?? '')) this.#isSpent = true
    let exchange: Exchange
    try {
      exchange = this.#open(request, handler)
    } catch (error) {
      this.#isSpent = true
      const { message } = Failure.causeOf(error)
      const fault = Fault.make('ProtocolError', `The request cannot be sent over HTTP/2: ${message}`, error)
      handler.onResponseError(undefined, new Failure.FaultError(fault))
      return
    }
    handler.onRequestStart(exchange)
    exchange.start()
  }

  #open(request: Dispatch, handler: Handler): Exchange {
    if (request.caller.isOver) throw new Error('it was given up')
    const headers = headersOf(request, new URL(request.origin).host)
    const stream = this.#session.request(headers, { endStream: request.body === null })
    const told: Handler = {
      onRequestStart: (controller) => handler.onRequestStart(controller),
      onResponseStart: (...head) => handler.onResponseStart(...head),
      onResponseData: (controller, chunk) => handler.onResponseData(controller, chunk),
      onResponseEnd: () => handler.onResponseEnd(),
      onResponseError: (controller, error) => {
        this.#isSpent = true
        // Not within a call of Node's parser, which may be what tells of it.
        setImmediate(() => this.destroy())
        handler.onResponseError(controller, error)
      },
    }
    return new Exchange(stream, this.#state, request, told)
  }

  rest(): void {
    this.#session.unref()
    this.#idle = setTimeout(() => this.destroy(), this.#keepAlive)
    this.#idle.unref()
  }

  destroy(): void {
    clearTimeout(this.#idle)
    // Which destroys the socket: Node 20 can crash where the socket of a session is destroyed before the session.
    this.#session.destroy()
  }
}
