/**
 * The body of a reply under way: what has arrived and was not yet asked for, and the one reader that asks.
 *
 * | state       | a piece arrives                        | the end arrives  | a fault arrives          |
 * |-------------|----------------------------------------|------------------|--------------------------|
 * | unread      | held; from 256 KiB on the flow pauses  | remembered       | remembered               |
 * | gathering   | held, up to the limit of the reader    | reader gets all  | reader gets the fault    |
 * | iterating   | reader gets it, else held as unread    | reader is done   | after what is held       |
 * | discarding  | dropped; after 64 KiB the flow is cut  | reader is done   | reader is done           |
 *
 * It is read once. A small body is decoded at once when all of it is there, a large one as it comes, so that neither
 * the event loop nor memory is at the mercy of the sender.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import * as Coding from '../../wire/coding/Coding.js'
import * as Fault from '../../wire/Fault.js'
import * as Reply from '../../wire/Reply.js'

/** The connection that the body comes from. */
export interface Backpressure {
  pause(): void
  resume(): void
  /** From now on the rest must come soon. */
  hurry(): void
  cut(fault: Fault.Fault): void
}

const HIGH_WATER = 256 * 1024
/** Reading so much costs less than another connection. */
const MOST_DISCARDED = 64 * 1024
/** Whoever lets go of a body waits so long for what is left of it, in milliseconds; the rest is read beside. */
const GRACE_MS = 50
/** What is decoded at once may grow to this; beyond, it is decoded as a stream. */
const MOST_AT_ONCE = 4 * 1024 * 1024

/** What marks the end of a body: its length, its chunks or its stream; or the close of its connection (RFC 9112 6.3). */
export type Delimiter = 'Framing' | 'Close'

type Mode = 'Unread' | 'Gathering' | 'Iterating' | 'Discarding'
type Gathered = E.Either<Fault.Fault, Uint8Array>

const dropped = (): Fault.Fault => Fault.make('Aborted', 'The reader of the body stopped before its end')

export class ResponseBody {
  readonly #flow: Backpressure
  readonly #delimiter: Delimiter
  #chunks: Uint8Array[] = []
  #size = 0
  /** Octets that have come, also those that a reader has taken. */
  #received = 0
  #limit = Number.POSITIVE_INFINITY
  #mode: Mode = 'Unread'
  #isPaused = false
  #isEnded = false
  /** Whether its reader has left: a piece that it still waits for is the end, and no failure. */
  #isLeft = false
  #fault: Fault.Fault | undefined
  #wake: (() => void) | undefined

  constructor(flow: Backpressure, delimiter: Delimiter) {
    this.#flow = flow
    this.#delimiter = delimiter
  }

  // --- what the connection says ------------------------------------------------------------------------------------

  push(chunk: Uint8Array): void {
    this.#received += chunk.length
    this.#size += chunk.length
    if (this.#mode === 'Discarding') {
      if (this.#size > MOST_DISCARDED) this.#flow.cut(dropped())
      return
    }
    this.#chunks.push(chunk)
    if (this.#mode === 'Gathering') {
      if (this.#size > this.#limit) this.#flow.cut(Reply.tooLarge(this.#limit))
      return
    }
    if (this.#size >= HIGH_WATER && !this.#isPaused) {
      this.#isPaused = true
      this.#flow.pause()
    }
    this.#ring()
  }

  end(): void {
    this.#isEnded = true
    this.#ring()
  }

  fail(fault: Fault.Fault): void {
    this.#fault = fault
    this.#ring()
  }

  #ring(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#flow.resume()
  }

  // --- what a reader asks ------------------------------------------------------------------------------------------

  /** All of it as it was sent. */
  #whole(limit: number): Promise<Gathered> {
    this.#limit = limit
    this.#mode = 'Gathering'
    if (this.#size > limit) this.#flow.cut(Reply.tooLarge(limit))
    this.#resume()
    return new Promise((resolve) => {
      const done = (): void => resolve(this.#outcome(limit))
      if (this.#isEnded || this.#fault !== undefined) done()
      else this.#wake = done
    })
  }

  #outcome(limit: number): Gathered {
    if (this.#size > limit) return E.left(Reply.tooLarge(limit))
    if (this.#fault !== undefined) return E.left(this.#fault)
    const chunks = this.#chunks
    this.#chunks = []
    return E.right(Reply.concat(chunks))
  }

  async #decoded(codings: ReadonlyArray<Coding.Coding>, headers: Headers.Headers, limit: number): Promise<Gathered> {
    this.#mode = 'Iterating'
    while (!this.#isEnded && !this.#isPaused && this.#fault === undefined) await this.#event()
    if (this.#isPaused || this.#fault !== undefined) return this.#collected(codings, headers, limit, this.#raw())
    const content = Reply.concat(this.#chunks)
    this.#chunks = []
    const plain = Coding.decodeAtOnce(codings, content, Math.min(limit, MOST_AT_ONCE))
    if (plain !== undefined) return E.right(plain)
    return this.#collected(codings, headers, limit, Reply.fromBytes(content))
  }

  async #collected(
    codings: ReadonlyArray<Coding.Coding>,
    headers: Headers.Headers,
    limit: number,
    source: AsyncIterable<Uint8Array>,
  ): Promise<Gathered> {
    const chunks: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of Coding.decodeStream(codings, source)) {
        size += chunk.length
        if (size > limit) {
          this.#flow.cut(Reply.tooLarge(limit))
          return E.left(Reply.tooLarge(limit))
        }
        chunks.push(chunk)
      }
      await this.#drain(headers)
      return E.right(Reply.concat(chunks))
    } catch (error) {
      const fault = Fault.is(error) ? error : Fault.make('DecodingFailed', String(error))
      this.#flow.cut(fault)
      return E.left(fault)
    }
  }

  gather(headers: Headers.Headers, limit: number): Promise<Gathered> {
    if (this.#mode !== 'Unread') return Promise.resolve(E.left(Reply.readAlready()))
    const codings = Coding.codings(headers)
    if (E.isLeft(codings)) {
      this.#flow.cut(codings.left)
      return Promise.resolve(codings)
    }
    return codings.right.length === 0 ? this.#whole(limit) : this.#decoded(codings.right, headers, limit)
  }

  /** Piece by piece as it was sent; what has arrived is given before a fault is thrown. */
  async *#raw(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#size -= chunk.length
        if (this.#size < HIGH_WATER) this.#resume()
        yield chunk
      } else if (this.#fault !== undefined) throw this.#fault
      else if (this.#isEnded) return
      else await this.#event()
    }
  }

  async *#plain(headers: Headers.Headers): AsyncGenerator<Uint8Array> {
    const codings = Coding.codings(headers)
    try {
      if (E.isLeft(codings)) throw codings.left
      yield* codings.right.length === 0 ? this.#raw() : Coding.decodeStream(codings.right, this.#raw())
      // Octets may follow what was compressed.
      await this.#drain(headers)
    } catch (error) {
      this.#flow.cut(Fault.is(error) ? error : dropped())
      throw error
    }
  }

  iterate(headers: Headers.Headers): AsyncIterator<Uint8Array> {
    const isSecond = this.#mode !== 'Unread'
    if (!isSecond) this.#mode = 'Iterating'
    const pieces = this.#plain(headers)
    return {
      next: async () => {
        if (isSecond) throw Reply.readAlready()
        try {
          return await pieces.next()
        } catch (error) {
          // A reader that left early with a piece still on its way met no fault.
          if (this.#isLeft) return { done: true, value: undefined }
          throw error
        }
      },
      return: async () => {
        this.#isLeft = true
        // First the connection: a piece that is being waited for would hold up everything behind it.
        if (!isSecond) this.#flow.cut(dropped())
        await pieces.return(undefined).catch(() => undefined)
        return { done: true, value: undefined }
      },
    }
  }

  /**
   * Reads what may be left, unless it is long, or ends with its connection, which then serves nobody any more. Waits
   * for no more than what comes at once.
   */
  async #drain(headers: Headers.Headers): Promise<void> {
    this.#mode = 'Discarding'
    this.#chunks = []
    if (this.#isEnded || this.#fault !== undefined) return
    if (this.#size > MOST_DISCARDED || this.#isWorthless(headers)) this.#flow.cut(dropped())
    this.#flow.hurry()
    this.#resume()
    if (this.#isEnded || this.#fault !== undefined) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS)
    })
    await Promise.race([this.#event(), late])
    clearTimeout(timer)
  }

  /** Whether the connection is cheaper to close than to read on: what is left is long, or it closes anyway. */
  #isWorthless(headers: Headers.Headers): boolean {
    if (this.#delimiter === 'Close') return true
    const length = Reply.lengthOf(headers)
    if (length !== undefined && length - this.#received > MOST_DISCARDED) return true
    const isClosing = Headers.combined(headers, 'Connection')
      ?.toLowerCase()
      .split(',')
      .some((token) => token.trim() === 'close')
    return isClosing === true
  }

  /** Under a reader that is still at it, the connection is cut. */
  async discard(headers: Headers.Headers): Promise<void> {
    if (this.#mode === 'Unread') return this.#drain(headers)
    this.#isLeft = true
    this.#flow.cut(dropped())
  }

  /** The face of it: functions that can be handed on by themselves. */
  source(headers: Headers.Headers): Reply.Source {
    return {
      gather: (limit) => () => this.gather(headers, limit),
      discard: () => this.discard(headers),
      [Symbol.asyncIterator]: () => this.iterate(headers),
    }
  }
}
