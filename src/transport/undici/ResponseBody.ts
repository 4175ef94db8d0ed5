/**
 * The body of a response: buffers what has arrived and not been read, and serves one reader.
 *
 * | state      | a chunk arrives                                | the end arrives   | a fault arrives            |
 * |------------|------------------------------------------------|-------------------|----------------------------|
 * | unread     | buffered; from 256 KiB on the connection pauses | remembered        | remembered                 |
 * | collecting | buffered, up to the limit of the reader        | returned whole    | returned                   |
 * | iterating  | yielded, or buffered as unread                 | reader is done    | thrown after the buffer    |
 * | discarding | dropped; after 64 KiB the connection is cut    | reader is done    | reader is done             |
 *
 * A body is read once. A small one is decoded at once when it is complete, a large one as a stream. So a server cannot
 * block the event loop or exhaust memory.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import { DISCARDED } from '../../wire/BodySource.js'
import * as Coding from '../../wire/coding/Coding.js'
import { type ContentListener, type DirectBody, DirectSource } from '../../wire/DirectSource.js'
import * as Fault from '../../wire/Fault.js'
import { BATCH, joinChunks } from '../../wire/Parts.js'
import * as Reply from '../../wire/Reply.js'

export interface Backpressure {
  pause(): void
  resume(): void
  /** The rest is not wanted: it must arrive soon, or the connection is cut. */
  drain(): void
  fail(fault: Fault.Fault): void
}

const HIGH_WATER_BYTES = 256 * 1024
/** The longest rest that is read to keep the connection. Reading it costs less than a new connection. */
const MAX_DISCARDED_BYTES = 64 * 1024
/** The longest silence while a rest that is not wanted is read. */
export const DRAIN_TIMEOUT_MS = 1_000
/** How long a reader waits for the rest of a body that it discards. Afterwards the rest is read in the background. */
const DISCARD_WAIT_MS = 50
/** The longest result of decoding at once. Longer bodies are decoded as a stream. */
const MAX_DECODED_AT_ONCE_BYTES = 4 * 1024 * 1024

/** What marks the end of a body: its framing (length, chunks, stream), or the end of its connection (RFC 9112 6.3). */
export type Delimiter = 'Framing' | 'Close'

type State = 'Unread' | 'Collecting' | 'Iterating' | 'Discarding'
type Content = E.Either<Fault.Fault, Uint8Array>

const stoppedReading = (): Fault.Fault => Fault.make('Aborted', 'The reader of the body stopped before its end')

export class ResponseBody implements DirectBody {
  readonly #connection: Backpressure
  readonly #delimiter: Delimiter
  #chunks: Uint8Array[] = []
  /** How many chunks are not joined again, in the state `Collecting`. */
  #joined = 0
  /** Bytes in `#chunks`; in the state `Discarding`, bytes that were dropped too. */
  #size = 0
  #received = 0
  #limit = Number.POSITIVE_INFINITY
  #state: State = 'Unread'
  #isPaused = false
  #isEnded = false
  /** Whether the reader has stopped: a chunk that it still waits for is then the end, not a failure. */
  #hasStopped = false
  #fault: Fault.Fault | undefined
  #wake: (() => void) | undefined
  /** The reader of the whole body. */
  #collector: ContentListener | undefined
  #headers = Headers.empty

  constructor(connection: Backpressure, delimiter: Delimiter) {
    this.#connection = connection
    this.#delimiter = delimiter
  }

  // --- events of the connection ------------------------------------------------------------------------------------

  push(chunk: Uint8Array): void {
    this.#received += chunk.length
    this.#size += chunk.length
    if (this.#state === 'Discarding') {
      if (this.#size > MAX_DISCARDED_BYTES) this.#connection.fail(stoppedReading())
      return
    }
    this.#chunks.push(chunk)
    if (this.#state === 'Collecting') {
      if (this.#chunks.length - this.#joined >= BATCH) this.#joined = joinChunks(this.#chunks, this.#joined)
      if (this.#size > this.#limit) this.#connection.fail(Reply.tooLarge(this.#limit))
      return
    }
    if (this.#size >= HIGH_WATER_BYTES && !this.#isPaused) {
      this.#isPaused = true
      this.#connection.pause()
    }
    this.#notify()
  }

  end(): void {
    this.#isEnded = true
    this.#notify()
  }

  fail(fault: Fault.Fault): void {
    this.#fault = fault
    this.#notify()
  }

  get #isSettled(): boolean {
    return this.#isEnded || this.#fault !== undefined
  }

  #notify(): void {
    const collector = this.#collector
    if (collector !== undefined && this.#isSettled) {
      this.#collector = undefined
      collector.onContent(this.#collected())
    }
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#connection.resume()
  }

  // --- reading the whole body --------------------------------------------------------------------------------------

  gatherTo(limit: number, listener: ContentListener): void {
    if (this.#state !== 'Unread') {
      listener.onContent(E.left(Reply.readAlready()))
      return
    }
    const codings = Coding.codings(this.#headers)
    if (E.isLeft(codings)) {
      this.#connection.fail(codings.left)
      listener.onContent(codings)
    } else if (codings.right.length === 0) this.#collectRaw(limit, listener)
    else {
      this.#collectDecoded(codings.right, limit).then(
        (content) => listener.onContent(content),
        (cause) => listener.onContentError(cause),
      )
    }
  }

  #collectRaw(limit: number, listener: ContentListener): void {
    this.#limit = limit
    this.#state = 'Collecting'
    if (this.#size > limit) this.#connection.fail(Reply.tooLarge(limit))
    this.#resume()
    if (this.#isSettled) listener.onContent(this.#collected())
    else this.#collector = listener
  }

  #collected(): Content {
    if (this.#size > this.#limit) return E.left(Reply.tooLarge(this.#limit))
    return this.#fault === undefined ? E.right(this.#takeChunks()) : E.left(this.#fault)
  }

  #takeChunks(): Uint8Array {
    const chunks = this.#chunks
    this.#chunks = []
    return Reply.concat(chunks)
  }

  async #collectDecoded(codings: ReadonlyArray<Coding.Coding>, limit: number): Promise<Content> {
    this.#state = 'Iterating'
    while (!this.#isSettled && !this.#isPaused) await this.#nextEvent()
    if (this.#isPaused || this.#fault !== undefined) return this.#decodeStream(codings, limit, this.#raw())
    const content = this.#takeChunks()
    const decoded = Coding.decodeAtOnce(codings, content, Math.min(limit, MAX_DECODED_AT_ONCE_BYTES))
    if (decoded !== undefined) return E.right(decoded)
    return this.#decodeStream(codings, limit, Reply.fromBytes(content))
  }

  async #decodeStream(
    codings: ReadonlyArray<Coding.Coding>,
    limit: number,
    source: AsyncIterable<Uint8Array>,
  ): Promise<Content> {
    const chunks: Uint8Array[] = []
    let joined = 0
    let size = 0
    try {
      for await (const chunk of Coding.decodeStream(codings, source)) {
        size += chunk.length
        if (size > limit) {
          this.#connection.fail(Reply.tooLarge(limit))
          return E.left(Reply.tooLarge(limit))
        }
        chunks.push(chunk)
        joined = joinChunks(chunks, joined)
      }
      await this.#drain()
      return E.right(Reply.concat(chunks))
    } catch (error) {
      const fault = Fault.is(error) ? error : Fault.make('DecodingFailed', String(error))
      this.#connection.fail(fault)
      return E.left(fault)
    }
  }

  // --- iterating ---------------------------------------------------------------------------------------------------

  /** Yields the chunks without decoding. Throws a fault after the chunks that arrived before it. */
  async *#raw(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#size -= chunk.length
        if (this.#size < HIGH_WATER_BYTES) this.#resume()
        yield chunk
      } else if (this.#fault !== undefined) throw this.#fault
      else if (this.#isEnded) return
      else await this.#nextEvent()
    }
  }

  async *#decoded(): AsyncGenerator<Uint8Array> {
    const codings = Coding.codings(this.#headers)
    try {
      if (E.isLeft(codings)) throw codings.left
      yield* codings.right.length === 0 ? this.#raw() : Coding.decodeStream(codings.right, this.#raw())
      // More bytes may follow the compressed content.
      await this.#drain()
    } catch (error) {
      this.#connection.fail(Fault.is(error) ? error : stoppedReading())
      throw error
    }
  }

  iterate(): AsyncIterator<Uint8Array> {
    const isFirst = this.#state === 'Unread'
    if (isFirst) this.#state = 'Iterating'
    const chunks = this.#decoded()
    return {
      next: async () => {
        if (!isFirst) throw Reply.readAlready()
        try {
          return await chunks.next()
        } catch (error) {
          // A reader that stopped while it waited for a chunk does not see the fault of its own stop.
          if (this.#hasStopped) return { done: true, value: undefined }
          throw error
        }
      },
      return: async () => {
        this.#hasStopped = true
        // Before `return` of the generator, which waits for a pending chunk.
        if (isFirst) this.#connection.fail(stoppedReading())
        await chunks.return(undefined).catch(() => undefined)
        return { done: true, value: undefined }
      },
    }
  }

  // --- discarding --------------------------------------------------------------------------------------------------

  /** Reads the rest if it is short, so that the connection can be used again. If a reader is active, cuts the connection. */
  discard(): Promise<void> {
    if (this.#state === 'Unread') return this.#drain()
    this.#hasStopped = true
    this.#connection.fail(stoppedReading())
    return DISCARDED
  }

  /** Not async: the short body of a redirect has mostly arrived. */
  #drain(): Promise<void> {
    this.#state = 'Discarding'
    this.#chunks = []
    return this.#isSettled ? DISCARDED : this.#drainRest()
  }

  async #drainRest(): Promise<void> {
    if (this.#size > MAX_DISCARDED_BYTES || !this.#isReusable()) this.#connection.fail(stoppedReading())
    this.#connection.drain()
    this.#resume()
    if (this.#isSettled) return
    const timer = setTimeout(() => this.#notify(), DISCARD_WAIT_MS)
    await this.#nextEvent()
    clearTimeout(timer)
  }

  /** Whether it is worth reading the rest: it is short, and the connection stays open afterwards. */
  #isReusable(): boolean {
    if (this.#delimiter === 'Close') return false
    const length = Reply.lengthOf(this.#headers)
    if (length !== undefined && length - this.#received > MAX_DISCARDED_BYTES) return false
    const tokens = Headers.combined(this.#headers, 'Connection')?.toLowerCase().split(',') ?? []
    return !tokens.some((token) => token.trim() === 'close')
  }

  /** Returns the body as part of a reply, decoded as these header fields say. */
  source(headers: Headers.Headers): Reply.Source {
    this.#headers = headers
    return new DirectSource(this)
  }
}
