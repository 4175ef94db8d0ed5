/**
 * One request and its response on an HTTP/2 stream of a Node session.
 *
 * | event                                         | result                                                    |
 * |-----------------------------------------------|-----------------------------------------------------------|
 * | END_STREAM                                    | the end of the response                                   |
 * | RST_STREAM before it, with any code           | a fault; `BodyCut` after the head (RFC 9113 8.1)          |
 * | REFUSED_STREAM; GOAWAY below the stream's id   | an `unsent` fault (RFC 9113 6.8, 8.7)                     |
 * | GOAWAY at or above the stream's id            | the stream continues; the connection is not used again    |
 * | the response ends before the request does     | the rest of the request is not sent                       |
 */
import * as http2 from 'node:http2'
import type { ChannelRequest, Controller, Handler } from './Channel.js'
import * as Failure from './Failure.js'

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_FLAG_END_STREAM } = http2.constants

/** The session of a stream, and what it knows about its own end. */
export interface StreamOwner {
  readonly origin: string
  /** The last stream that the server will process, once it has sent a GOAWAY. */
  readonly lastStream: number | undefined
  readonly error: unknown
  /** Called before the handler gets the error of a stream. */
  onStreamFailed(): void
}

/** Returns the fields of a response without its pseudo-header fields. */
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

export class Http2Stream implements Controller {
  readonly #stream: http2.ClientHttp2Stream
  readonly #session: StreamOwner
  readonly #request: ChannelRequest
  readonly #handler: Handler
  /** Read while the stream is open; Node forgets it afterwards. */
  #id: number | undefined
  #hasHead = false
  /** Whether the server has sent END_STREAM. */
  #isComplete = false
  #isUploading = false
  #isOver = false
  #error: unknown
  rawHeaders: ReadonlyArray<string> = []

  constructor(stream: http2.ClientHttp2Stream, session: StreamOwner, request: ChannelRequest, handler: Handler) {
    this.#stream = stream
    this.#session = session
    this.#request = request
    this.#handler = handler
    stream.on('ready', () => this.#readId())
    stream.on('headers', (headers, flags, raw?: unknown) => this.#onHead(headers, flags, raw))
    stream.on('response', (headers, flags, raw?: unknown) => this.#onHead(headers, flags, raw))
    stream.on('data', (chunk: Uint8Array) => this.#onData(chunk))
    stream.on('end', () => this.#onEnd())
    stream.on('error', (error) => {
      this.#error ??= error
    })
    stream.on('close', () => this.#onClose())
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

  /** Sends the request body. */
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
    this.#handler.onResponseStart(this, status, undefined, '')
  }

  #onData(chunk: Uint8Array): void {
    if (!this.#isOver) this.#handler.onResponseData(this, chunk)
  }

  #onEnd(): void {
    if (this.#isOver || !this.#isComplete || !this.#hasHead) return
    this.#isOver = true
    // The server responded without reading the whole request, so it needs no more of it (RFC 9113 8.1).
    if (this.#isUploading) this.#stream.close(NGHTTP2_CANCEL)
    this.#handler.onResponseEnd()
  }

  #onClose(): void {
    if (!this.#isOver) this.#fail(this.#closeReason())
  }

  #closeReason(): unknown {
    const { rstCode } = this.#stream
    const { lastStream, origin, error } = this.#session
    const isBeyondLast = lastStream !== undefined && this.#id !== undefined && this.#id > lastStream
    if (!this.#hasHead && (rstCode === NGHTTP2_REFUSED_STREAM || isBeyondLast || this.#id === undefined)) {
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
    this.#session.onStreamFailed()
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
