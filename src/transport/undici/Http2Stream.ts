/** One request and its response on a stream of an HTTP/2 session. `Http2` has the table of what ends it. */
import * as http2 from 'node:http2'
import type { ChannelRequest, Controller } from './Channel.js'
import * as Failure from './Failure.js'
import { receivedFields } from './Http2Head.js'

/** What a stream needs of its session. */
export interface StreamOwner {
  readonly origin: string
  /** The last stream that the server will process, once it has sent a GOAWAY. */
  readonly lastStream: number | undefined
  readonly error: unknown
  onStreamEnd(): void
  /** Called before the listener gets the error of a stream. */
  onStreamFailed(stream: http2.ClientHttp2Stream): void
  /** The connection gets no new streams. */
  retire(): void
  /** The number of bytes that have arrived, to notice that nothing arrives any more. */
  readonly received: number
  /** The connection may be dead: it gets no new streams before it answers a PING. */
  suspect(): void
  /** The reader of a stream is slow. */
  onPaused(): void
  onResumed(): void
}

/** How long a stream may stay open after a head without a body. */
const FINISH_WAIT_MS = 1000

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_FLAG_END_STREAM } =
  http2.constants

export class Http2Stream implements Controller {
  readonly #stream: http2.ClientHttp2Stream
  readonly #session: StreamOwner
  readonly #request: ChannelRequest
  /** Read while the stream is open; Node forgets it afterwards. */
  #id: number | undefined
  #hasHead = false
  /** Whether the server has sent END_STREAM. */
  #isComplete = false
  #isUploading = false
  #isOver = false
  #isPaused = false
  #finishing: NodeJS.Timeout | undefined
  #error: unknown
  readonly #receivedBefore: number
  rawHeaders: ReadonlyArray<string> = []

  constructor(stream: http2.ClientHttp2Stream, session: StreamOwner, request: ChannelRequest) {
    this.#stream = stream
    this.#session = session
    this.#request = request
    this.#receivedBefore = session.received
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

  async #upload(body: AsyncIterable<Uint8Array>): Promise<void> {
    this.#isUploading = true
    const chunks = body[Symbol.asyncIterator]()
    try {
      for (let step = await chunks.next(); step.done !== true; step = await chunks.next()) {
        if (this.#isClosed) return
        if (!this.#stream.write(step.value)) await this.#drained()
        // Before the next chunk, which would mean that the connection has accepted this one.
        if (this.#isClosed) return
      }
      this.#isUploading = false
      this.#stream.end()
    } catch (error) {
      this.#isUploading = false
      this.#fail(error)
    }
  }

  get #isClosed(): boolean {
    return this.#stream.closed || this.#stream.destroyed
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
    this.#complete()
  }

  #complete(): void {
    this.#end()
    this.#session.onStreamEnd()
    // The server responded without reading the whole request, so it needs no more of it (RFC 9113 8.1).
    if (!this.#isComplete || this.#isUploading || !this.#stream.writableFinished) this.#stream.close(NGHTTP2_CANCEL)
    this.#request.listener.onResponseEnd()
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#finishing)
    if (this.#isPaused) this.#session.onResumed()
    this.#isPaused = false
  }

  /** A server may end a stream without a body late, or never. */
  finish(): void {
    if (this.#isOver) return
    this.#finishing = setTimeout(() => {
      if (!this.#isOver) this.#complete()
    }, FINISH_WAIT_MS)
  }

  #closeReason(): unknown {
    const { rstCode } = this.#stream
    // All ids of streams are used, and this one was not made. Or the memory of the session is full.
    if (this.#id === undefined || rstCode === NGHTTP2_ENHANCE_YOUR_CALM) this.#session.retire()
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
    this.#end()
    this.#stream.close(NGHTTP2_CANCEL)
    this.#session.onStreamFailed(this.#stream)
    this.#request.listener.onResponseError(this, error)
  }

  abort(reason: Error): void {
    if (!this.#hasHead && this.#session.received === this.#receivedBefore) this.#session.suspect()
    this.#fail(reason)
  }

  pause(): void {
    if (this.#isOver || this.#isPaused) return
    this.#isPaused = true
    this.#stream.pause()
    this.#session.onPaused()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#session.onResumed()
    this.#stream.resume()
  }
}
