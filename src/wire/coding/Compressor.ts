/**
 * Compresses request bodies with zlib: bytes at once, so that a plan knows what is sent, and streams while they are sent.
 *
 * | coding | level              | 930 kB of JSON, Node 20 and 24          |
 * |--------|--------------------|-----------------------------------------|
 * | `gzip` | 6, that of zlib    | 240 kB in 15 ms                         |
 * | `br`   | quality 5          | 158 kB in 18 ms; quality 11 takes 1,160 ms for 119 kB |
 * | `zstd` | 3, that of libzstd | 192 kB in 3 ms                          |
 *
 * A stream is read only when its compressed bytes were taken, so that memory stays constant. It is closed together with its
 * compressor: at its end, at a failure, and when the reader stops. The output has the same bytes each time.
 */
import type * as Builtin from 'node:zlib'
import * as OneShot from '../../values/OneShot.js'
import * as Fault from '../Fault.js'
import { isAvailable, type ZstdCompress, zlib, zstdCompress } from './Zlib.js'

type Coding = 'gzip' | 'br' | 'zstd'

const BROTLI_QUALITY = 5

const HINT = 'compress the body yourself, and set Content-Encoding with withHeader'

/** Returns why the runtime cannot compress with a coding; `undefined` if it can. */
export const missing = (coding: Coding): string | undefined => {
  if (!isAvailable) return `this runtime cannot compress with ${coding}; ${HINT}`
  if (coding === 'zstd' && zstdCompress === undefined)
    return `this runtime cannot compress with zstd; use 'gzip' or 'br', or Node 22.15 or later`
  return undefined
}

const brotliOptions = (size?: number): Builtin.BrotliOptions => {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }
  return { params: size === undefined ? params : { ...params, [BROTLI_PARAM_SIZE_HINT]: size } }
}

/** The cast: it is there, because callers ask `missing` first. */
const zstd = (): ZstdCompress => zstdCompress as ZstdCompress

/** Returns the compressed content. Callers ask `missing` first. */
export const compress = (coding: Coding, content: Uint8Array): Uint8Array => {
  switch (coding) {
    case 'gzip':
      return zlib.gzipSync(content)
    case 'br':
      return zlib.brotliCompressSync(content, brotliOptions(content.length))
    case 'zstd':
      return zstd().zstdCompressSync(content)
  }
}

type Transform = Builtin.Gzip | Builtin.BrotliCompress

const transformOf = (coding: Coding): Transform => {
  switch (coding) {
    case 'gzip':
      return zlib.createGzip()
    case 'br':
      return zlib.createBrotliCompress(brotliOptions())
    case 'zstd':
      return zstd().createZstdCompress()
  }
}

const DONE: IteratorResult<Uint8Array, undefined> = { done: true, value: undefined }

/** Reads a source through a compressor. */
class CompressedStream implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #coding: Coding
  readonly #opened: AsyncIterable<Uint8Array>
  readonly #length: number | undefined
  #source: AsyncIterator<unknown> | undefined
  #transform: Transform | undefined
  #failure: Error | undefined
  /** `Idle`: the compressor has taken everything that was read. */
  #state: 'Idle' | 'Writing' | 'Ending' | 'Closed' = 'Idle'
  #read = 0
  #wake: (() => void) | undefined

  constructor(coding: Coding, source: AsyncIterable<Uint8Array>, length: number | undefined) {
    this.#coding = coding
    this.#opened = source
    this.#length = length
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      for (;;) {
        if (this.#state === 'Closed') return DONE
        this.#transform ??= this.#start()
        const transform = this.#transform
        const chunk: unknown = transform.read()
        if (chunk instanceof Uint8Array) return { done: false, value: chunk }
        if (this.#failure !== undefined) throw this.#failure
        if (transform.readableEnded) this.#close()
        else if (this.#state === 'Idle') await this.#feed(transform)
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } catch (cause) {
      this.#close()
      throw cause
    }
  }

  #start(): Transform {
    this.#source = this.#opened[Symbol.asyncIterator]()
    const transform = transformOf(this.#coding)
    const notify = (): void => this.#wake?.()
    transform.on('readable', notify).on('end', notify)
    transform.on('error', (error) => {
      this.#failure = error
      notify()
    })
    return transform
  }

  /** Passes the next chunk of the source to the compressor. */
  async #feed(transform: Transform): Promise<void> {
    const step = await this.#source?.next()
    if (this.#state === 'Closed') return
    if (step === undefined || step.done === true) {
      this.#checkLength(this.#read)
      this.#state = 'Ending'
      transform.end()
      return
    }
    const chunk = step.value
    if (!(chunk instanceof Uint8Array)) throw new Error(`it must yield Uint8Array chunks, not ${Fault.kindOf(chunk)}`)
    this.#read += chunk.length
    if (this.#length !== undefined && this.#read > this.#length) this.#checkLength(this.#read)
    if (chunk.length === 0) return
    this.#state = 'Writing'
    transform.write(chunk, () => {
      if (this.#state === 'Writing') this.#state = 'Idle'
      this.#wake?.()
    })
  }

  /** The connection sees only the compressed bytes, so that the length of the source is checked here. */
  #checkLength(read: number): void {
    if (this.#length === undefined || read === this.#length) return
    const size = read > this.#length ? `more than ${this.#length} bytes` : `${read} bytes`
    throw new Error(`it has ${size}, but its declared length is ${this.#length}`)
  }

  /** Does not wait for the source, which may never yield again. */
  #close(): void {
    if (this.#state === 'Closed') return
    const isAtEnd = this.#state === 'Ending'
    this.#state = 'Closed'
    this.#transform?.destroy()
    this.#wake?.()
    if (isAtEnd) return
    try {
      const returned: unknown = this.#source?.return?.()
      Fault.ignoreRejection(returned)
      // The iterator of a Node stream returns only after the next chunk, which may never arrive.
      if (this.#source !== undefined && 'destroy' in this.#opened) OneShot.cancel(this.#opened)
    } catch {
      // The source of the user could not be closed. The request has ended anyway.
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#close()
    return DONE
  }
}

/**
 * Returns the compressed bytes of a source, which is read while they are. A source that yields more or less than `length` bytes
 * fails. Callers ask `missing` first.
 */
export const compressStream = (
  coding: Coding,
  source: AsyncIterable<Uint8Array>,
  length: number | undefined,
): AsyncIterable<Uint8Array> => new CompressedStream(coding, source, length)
