/**
 * Runs a zlib transform over an async iterable, one chunk at a time.
 *
 * `Input` reads no more chunks than its caller requests and accepts unused bytes back, because the end of a compressed
 * member is known only after it was inflated. `Inflater` feeds a transform only after its output was consumed, so memory
 * stays constant for any ratio of compression.
 */
import * as Octets from '../../values/Octets.js'
import { NOTHING } from '../BodySource.js'
import * as Fault from '../Fault.js'
import { EXTRA_BYTE, isBrotliChecked, MAX_OUTPUT_LENGTH, type SyncOptions, type Transform } from './Zlib.js'

const MIN_CHUNK_SIZE = 1024
const MAX_CHUNK_SIZE = 65_536

/** The options of a streaming transform: it emits chunks of this size. */
export const STREAM_OPTIONS = { chunkSize: MAX_CHUNK_SIZE } as const

export interface OutputLimit {
  readonly maxOutputLength: number
}

/** Returns the limit as zlib accepts it: at least 1, at most the size of the largest buffer. */
export const outputLimit = (limit: number): OutputLimit => ({
  maxOutputLength: Math.min(Math.max(1, Math.floor(limit)), MAX_OUTPUT_LENGTH),
})

/** Returns options to decode one member or frame. The right `expected` size saves most of the cost of a small one. */
export const syncOptions = (limit: number, expected = MAX_CHUNK_SIZE): SyncOptions => ({
  info: true,
  chunkSize: Math.min(Math.max(expected, MIN_CHUNK_SIZE), MAX_CHUNK_SIZE),
  ...outputLimit(limit),
})

/** A decoded gzip member or zstd frame, and how many bytes of the input it used. */
export interface Decoded {
  readonly buffer: Uint8Array
  readonly inputLength: number
}

/** A buffered member or frame of at most this size is decoded synchronously, with the smallest buffer. */
export const MAX_SYNC_SIZE = 16_384
export const SMALL_SYNC_OPTIONS = syncOptions(MAX_SYNC_SIZE, MIN_CHUNK_SIZE)

/** After this many members or frames, decoding yields to the event loop. */
export const YIELD_INTERVAL = 256

/** Returns the little-endian number in four bytes. */
export const uint32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true)

/** Returns `DecodingFailed` for an error that zlib threw. */
export const decodingFailed = (coding: string, error: unknown): Fault.Fault => {
  const { code, message } = Fault.causeOf(error)
  if (code === 'Z_BUF_ERROR') return truncated(coding, error)
  return Fault.make('DecodingFailed', `The body is not valid ${coding}: ${message}`, error)
}

export const truncated = (coding: string, error?: unknown): Fault.Fault =>
  Fault.make('DecodingFailed', `The ${coding} body is truncated`, error)

/** Returns the error of zlib for content that ends too early. */
export const endError = (): Error => Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR' })

/** Reads an async iterable with lookahead. */
export class Input {
  readonly #iterator: AsyncIterator<Uint8Array>
  #buffered: Uint8Array = NOTHING
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  async #readMore(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#iterator.next()
    if (next.done === true) {
      this.#ended = true
      return false
    }
    this.#buffered = this.#buffered.length === 0 ? next.value : Octets.concat([this.#buffered, next.value])
    return true
  }

  /** Returns at least `count` bytes, or fewer at the end, without consuming them. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#buffered.length < count && (await this.#readMore())) {}
    return this.#buffered
  }

  /** Consumes and returns the next chunk, or `undefined` at the end. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#buffered.length === 0) if (!(await this.#readMore())) return undefined
    const chunk = this.#buffered
    this.#buffered = NOTHING
    return chunk
  }

  /** Consumes bytes that `peek` has returned. */
  skip(count: number): void {
    this.#buffered = this.#buffered.subarray(count)
  }

  /** Returns unused bytes to the start of the input. */
  giveBack(bytes: Uint8Array): void {
    this.#buffered = this.#buffered.length === 0 ? bytes : Octets.concat([bytes, this.#buffered])
  }

  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#iterator.return?.()
  }
}

/** Feeds a transform and reads its output. */
export class Inflater {
  readonly #transform: Transform
  readonly #coding: string
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(coding: string, transform: Transform) {
    this.#coding = coding
    this.#transform = transform
    const notify = (): void => this.#wake?.()
    transform.on('readable', notify).on('end', notify)
    transform.on('error', (error) => {
      this.#failure = error
      notify()
    })
  }

  /** Yields output until `isDone` returns true and nothing is left. */
  async *#output(isDone: () => boolean): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const done = isDone()
      const chunk: unknown = this.#transform.read()
      if (chunk instanceof Uint8Array) yield chunk
      else if (this.#failure !== undefined) throw decodingFailed(this.#coding, this.#failure)
      else if (done) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Inflates a chunk. Returns how many of its bytes were used: fewer than all if the compressed data has ended. */
  async *feed(chunk: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const before = this.#transform.bytesWritten
    let written = false
    this.#transform.write(chunk, () => {
      written = true
      this.#wake?.()
    })
    yield* this.#output(() => written)
    return this.#transform.bytesWritten - before
  }

  /** Yields the remaining output, or throws if the compressed data is truncated. */
  async *finish(): AsyncGenerator<Uint8Array, void> {
    this.#transform.end()
    yield* this.#output(() => this.#transform.readableEnded)
  }

  close(): void {
    this.#transform.destroy()
  }
}

/** Inflates one compressed stream. The bytes after its end stay in the input. */
export async function* inflateAll(coding: string, transform: Transform, input: Input): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater(coding, transform)
  try {
    for (let chunk = await input.take(); chunk !== undefined; chunk = await input.take()) {
      const used = yield* inflater.feed(chunk)
      if (used < chunk.length) {
        input.giveBack(chunk.subarray(used))
        return
      }
    }
    if (coding === 'br' && !isBrotliChecked && (yield* inflater.feed(EXTRA_BYTE)) > 0)
      throw truncated(coding, endError())
    yield* inflater.finish()
  } finally {
    inflater.close()
  }
}
