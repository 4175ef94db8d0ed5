/**
 * Running one of zlib's transforms over an iterable, one piece at a time: how a coding is undone while reading.
 *
 * `Input` reads ahead no more than it is asked for and can be told to give octets back, since where one compressed
 * piece ends is known only after it was inflated. A transform is fed only when its output has been taken, so memory
 * stays the same however much comes out.
 */
import { constants } from 'node:buffer'
import type * as zlib from 'node:zlib'
import * as Fault from '../Fault.js'

export type Transform = zlib.InflateRaw | zlib.BrotliDecompress

/** Pieces of this size come out. */
export const OPTIONS = { chunkSize: 65_536 } as const

export interface Options {
  readonly maxOutputLength: number
}

export interface InfoOptions extends Options {
  readonly info: true
  /** Octets of the buffers that the output is written to. */
  readonly chunkSize?: number
}

/** What `{ info: true }` gives: the output, and how much of the input it took. */
export interface Info {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

/** zlib takes no limit of zero, and none beyond the longest buffer. */
export const atMost = (limit: number): Options => ({
  maxOutputLength: Math.min(Math.max(1, Math.floor(limit)), constants.MAX_LENGTH),
})

/** What was decoded at once: its octets, and how many octets it took. */
export interface Whole {
  readonly buffer: Uint8Array
  readonly length: number
}

/** A member or frame that gives no more octets than this is decoded at once if it is at hand. */
export const SMALL = 16_384

/** How many of them are decoded before the event loop continues. */
export const BATCH = 256

const EMPTY = new Uint8Array(0)

/** A coding that could not be undone, and why. */
export const failed = (coding: string, error: unknown): Fault.Fault => {
  const { name, code, message } = described(error)
  const why =
    code === 'Z_BUF_ERROR' ? `The ${coding} body ends too early` : `The body is not valid ${coding}: ${message}`
  return Fault.make('DecodingFailed', why, { name, code, message })
}

const described = (error: unknown): { readonly name: string; readonly code: string; readonly message: string } => {
  if (!(error instanceof Error)) return { name: 'Error', code: '', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return { name: error.name, code, message: error.message }
}

export const truncated = (coding: string): Fault.Fault =>
  Fault.make('DecodingFailed', `The ${coding} body ends too early`)

/** An iterable read by hand. */
export class Input {
  readonly #iterator: AsyncIterator<Uint8Array>
  #held: Uint8Array = EMPTY
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#iterator.next()
    if (next.done === true) {
      this.#ended = true
      return false
    }
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
    return true
  }

  /** At least `count` octets, unless there are no more; they stay. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#held.length < count && (await this.#more())) {}
    return this.#held
  }

  /** The next piece, or nothing at the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#held.length === 0) if (!(await this.#more())) return undefined
    const piece = this.#held
    this.#held = EMPTY
    return piece
  }

  /** Drops octets that were peeked at. */
  skip(count: number): void {
    this.#held = this.#held.subarray(count)
  }

  giveBack(piece: Uint8Array): void {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([piece, this.#held])
  }

  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#iterator.return?.()
  }
}

/** A transform fed by hand. */
export class Inflater {
  readonly #transform: Transform
  readonly #coding: string
  #failure: Error | undefined
  #ring: (() => void) | undefined

  constructor(coding: string, transform: Transform) {
    this.#coding = coding
    this.#transform = transform
    const wake = (): void => this.#ring?.()
    transform.on('readable', wake).on('end', wake)
    transform.on('error', (error) => {
      this.#failure = error
      wake()
    })
  }

  /** What comes out until `isOver` says that no more will. */
  async *#output(isOver: () => boolean): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const over = isOver()
      const piece: unknown = this.#transform.read()
      if (piece instanceof Uint8Array) yield piece
      else if (this.#failure !== undefined) throw failed(this.#coding, this.#failure)
      else if (over) return
      else await this.#event()
    }
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve
    })
  }

  /** Inflates one piece; returns how much of it was used: less than all where the compressed data has ended. */
  async *feed(piece: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const before = this.#transform.bytesWritten
    let written = false
    this.#transform.write(piece, () => {
      written = true
      this.#ring?.()
    })
    yield* this.#output(() => written)
    return this.#transform.bytesWritten - before
  }

  /** No more will be fed: what is still inside, or a failure where it is not whole. */
  async *finish(): AsyncGenerator<Uint8Array, void> {
    this.#transform.end()
    yield* this.#output(() => this.#transform.readableEnded)
  }

  close(): void {
    this.#transform.destroy()
  }
}

/** Inflates one compressed piece of an input; what follows it stays there. */
export async function* inflateAll(coding: string, transform: Transform, input: Input): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater(coding, transform)
  try {
    for (let piece = await input.take(); piece !== undefined; piece = await input.take()) {
      const used = yield* inflater.feed(piece)
      if (used < piece.length) {
        input.giveBack(piece.subarray(used))
        return
      }
    }
    yield* inflater.finish()
  } finally {
    inflater.close()
  }
}
