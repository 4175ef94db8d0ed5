/**
 * HTTP/2 on one socket, with a Node session: one stream at a time, so that a connection serves one attempt.
 *
 * undici has HTTP/2 too, but versions 7.30 and 8.12 throw an uncaught error if a header is not allowed or a session ends
 * at the wrong moment, treat a reset stream as the end of a body, and cut streams that a GOAWAY allows to finish.
 *
 * Connection-specific fields are not sent (RFC 9113 8.2.2). `Connection: close` ends the connection after the response.
 * An attempt that is aborted ends its connection, as with HTTP/1.1.
 */
import * as http2 from 'node:http2'
import type { Socket } from 'node:net'
import * as Headers from '../../values/Headers.js'
import * as Fault from '../../wire/Fault.js'
import type { Channel, ChannelRequest, Handler } from './Channel.js'
import * as Failure from './Failure.js'
import type { ChannelOptions } from './Http1.js'
import { Http2Stream, type StreamOwner } from './Http2Stream.js'

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

const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

const isSent = (name: string, value: string): boolean =>
  !CONNECTION_SPECIFIC.has(name) && (name !== 'te' || value.trim().toLowerCase() === 'trailers')

/** Returns the first value of a field in a flat list of names and values. */
const valueIn = (list: ReadonlyArray<string>, name: string): string | undefined => {
  for (let i = 0; i + 1 < list.length; i += 2) {
    const [key = '', value] = [list[i], list[i + 1]]
    if (key.length === name.length && Headers.sameName(key, name)) return value
  }
  return undefined
}

/** Returns the fields of a request as Node expects them: lower-case names, each name once. */
const headersOf = (request: ChannelRequest, authority: string): http2.OutgoingHttpHeaders => {
  const { headers, method, path, body } = request
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
  sent[':authority'] = valueIn(headers, 'host') ?? authority
  for (const [name, values] of fields) sent[name] = values.length === 1 ? values[0] : values
  return sent
}

/** Whether a socket negotiated HTTP/2. The type of the socket does not distinguish TLS sockets. */
export const isHttp2 = (socket: Socket): boolean => 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'

export class Http2 implements Channel, StreamOwner {
  readonly origin: string
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
    this.#session.on('connect', () => this.#widenWindow())
    this.#session.on('error', (error) => {
      this.error = error
    })
    this.#session.on('goaway', (_code, lastStream) => {
      this.#isClosing = true
      this.lastStream = lastStream
    })
    this.#session.on('close', () => clearTimeout(this.#idleTimer))
  }

  #widenWindow(): void {
    if (!this.#session.destroyed) this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
  }

  get isUsable(): boolean {
    return !this.#isClosing && !this.#socket.destroyed && !this.#session.closed && !this.#session.destroyed
  }

  dispatch(request: ChannelRequest, handler: Handler): void {
    clearTimeout(this.#idleTimer)
    this.#session.ref()
    if (!this.#isUsed) {
      this.#isUsed = true
      this.#send(request, handler)
      return
    }
    // Waits one turn of the event loop, so that a pending close is noticed before anything is written.
    setImmediate(() => {
      if (this.isUsable) this.#send(request, handler)
      else handler.onResponseError(undefined, new Failure.FaultError(Failure.connectionClosed(request.origin)))
    })
  }

  #send(request: ChannelRequest, handler: Handler): void {
    if (/^\s*close\s*$/i.test(valueIn(request.headers, 'connection') ?? '')) this.#isClosing = true
    let stream: Http2Stream
    try {
      stream = this.#open(request, handler)
    } catch (error) {
      this.#isClosing = true
      const message = `The request cannot be sent over HTTP/2: ${Fault.messageOf(error)}`
      handler.onResponseError(undefined, new Failure.FaultError(Fault.make('ProtocolError', message, error)))
      return
    }
    handler.onRequestStart(stream)
    stream.start()
  }

  #open(request: ChannelRequest, handler: Handler): Http2Stream {
    if (request.listener.isOver) throw new Error('it was aborted')
    const headers = headersOf(request, new URL(request.origin).host)
    const stream = this.#session.request(headers, { endStream: request.body === null })
    return new Http2Stream(stream, this, request, handler)
  }

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
