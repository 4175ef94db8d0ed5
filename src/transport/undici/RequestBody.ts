/**
 * The body of a request for a channel: the bytes themselves if they are few, or an iterable that the channel pulls from. Bytes can be
 * sent again from their start.
 *
 * | the source                                | result                                            |
 * |-------------------------------------------|---------------------------------------------------|
 * | throws, now or later                      | `RequestBodyFailed` with the error as its cause   |
 * | yields a value that is not a `Uint8Array` | `RequestBodyFailed`                               |
 * | yields more or less than its length       | `RequestBodyFailed`, the connection is closed     |
 * | never yields again, and we stop           | its `return` is called, without waiting for it    |
 *
 * The source is opened when the channel asks for the first chunk, so not at all without a connection. The channel asks
 * for a chunk when the socket has accepted the one before. So a slow source is distinguished from a slow connection.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Payload } from '../../values/Body.js'
import * as OneShot from '../../values/OneShot.js'
import * as Secret from '../../values/Secret.js'
import * as Fault from '../../wire/Fault.js'
import { FaultError } from '../FaultError.js'

/** Larger chunks are split, so that a slow connection still shows activity. */
const MAX_CHUNK_BYTES = 256 * 1024

const failed = (message: string, cause?: unknown): FaultError =>
  new FaultError(Fault.make('RequestBodyFailed', message, cause))
const stopped = (): FaultError => failed('The request ended before its body was sent')

export interface UploadListener {
  readonly wantsProgress: boolean
  onActivity(): void
  /** The connection has accepted so many bytes in total. */
  onUploaded(bytes: number, total: number | undefined): void
  /** The connection has accepted the whole body. */
  onUploadEnd?(): void
}

/** What an attempt needs of a body that the channel pulls. */
export interface Upload extends AsyncIterable<Uint8Array> {
  readonly isRepeatable: boolean
  /** Whether the connection waits for the source. */
  readonly isWaiting: boolean
  /** The attempt is over. */
  stop(): void
}

/** Many bytes, in chunks. Each iteration begins at their start. */
class Chunks implements Upload {
  readonly isRepeatable = true
  readonly isWaiting = false
  readonly #content: Uint8Array
  readonly #listener: UploadListener
  #isOver = false

  constructor(content: Uint8Array, listener: UploadListener) {
    this.#content = content
    this.#listener = listener
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { length } = this.#content
    for (let end = 0; end < length; ) {
      const start = end
      end = Math.min(length, start + MAX_CHUNK_BYTES)
      yield this.#content.subarray(start, end)
      if (this.#isOver) return
      this.#listener.onActivity()
      if (this.#listener.wantsProgress) this.#listener.onUploaded(end, length)
    }
    this.#listener.onUploadEnd?.()
  }

  stop(): void {
    this.#isOver = true
  }
}

/** A request body that is pulled from its source, checked and counted. */
export class BodyStream implements AsyncIterableIterator<Uint8Array>, Upload {
  readonly isRepeatable = false
  readonly #open: () => AsyncIterable<Uint8Array>
  readonly #length: number | undefined
  readonly #listener: UploadListener
  #opened: AsyncIterable<Uint8Array> | undefined
  #source: AsyncIterator<Uint8Array> | undefined
  #rest: Uint8Array | undefined
  #read = 0
  /** Bytes passed to the channel. The connection has accepted them when the channel asks for more. */
  #passed = 0
  #reported = 0
  /** Set while a chunk of the source is awaited. */
  #stop: ((reason: FaultError) => void) | undefined
  #isOver = false

  constructor(open: () => AsyncIterable<Uint8Array>, length: number | undefined, listener: UploadListener) {
    this.#open = open
    this.#length = length
    this.#listener = listener
  }

  get isWaiting(): boolean {
    return this.#stop !== undefined
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#listener.onActivity()
    if (this.#listener.wantsProgress) this.#reportProgress()
    const chunk = this.#rest ?? (await this.#nextChunk())
    if (chunk === undefined) {
      this.#listener.onUploadEnd?.()
      return { done: true, value: undefined }
    }
    const isLong = chunk.length > MAX_CHUNK_BYTES
    this.#rest = isLong ? chunk.subarray(MAX_CHUNK_BYTES) : undefined
    const value = isLong ? chunk.subarray(0, MAX_CHUNK_BYTES) : chunk
    this.#passed += value.length
    return { done: false, value }
  }

  #reportProgress(): void {
    if (this.#passed === this.#reported) return
    this.#reported = this.#passed
    this.#listener.onUploaded(this.#passed, this.#length)
  }

  /** Resolves with the next chunk of the source, or rejects if `stop` is called first. */
  #pull(): Promise<IteratorResult<Uint8Array>> {
    if (this.#isOver) return Promise.reject(stopped())
    return new Promise((resolve, reject) => {
      const settle = <A>(use: (value: A) => void, value: A): void => {
        this.#stop = undefined
        this.#listener.onActivity()
        use(value)
      }
      this.#stop = (reason) => settle(reject, reason)
      try {
        this.#opened ??= this.#open()
        this.#source ??= this.#opened[Symbol.asyncIterator]()
        this.#source.next().then(
          (step) => settle(resolve, step),
          (cause: unknown) => settle(reject, this.#sourceFailed(cause)),
        )
      } catch (cause) {
        settle(reject, this.#sourceFailed(cause))
      }
    })
  }

  #sourceFailed(cause: unknown): FaultError {
    this.#isOver = true
    return failed(`The request body could not be read: ${Fault.messageOf(cause)}`, cause)
  }

  async #nextChunk(): Promise<Uint8Array | undefined> {
    const { done, value: chunk }: IteratorResult<unknown> = await this.#pull()
    if (done === true) return this.#finish()
    if (!(chunk instanceof Uint8Array)) {
      throw failed(`The request body must yield Uint8Array chunks, not ${chunk === null ? 'null' : typeof chunk}`)
    }
    this.#read += chunk.length
    if (this.#length !== undefined && this.#read > this.#length) {
      throw failed(`The request body is longer than its declared length of ${this.#length} bytes`)
    }
    return chunk
  }

  #finish(): undefined {
    this.#isOver = true
    if (this.#length !== undefined && this.#read < this.#length) {
      throw failed(`The request body has ${this.#read} bytes, but its declared length is ${this.#length}`)
    }
  }

  /** Called by undici if it needs no more chunks. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.stop()
    return { done: true, value: undefined }
  }

  /** Closes the source without waiting for it: it may never yield again. */
  stop(): void {
    this.#stop?.(stopped())
    if (this.#isOver) return
    this.#isOver = true
    try {
      this.#source?.return?.()?.catch(() => undefined)
      // The iterator of a Node stream returns only after the next chunk, which may never arrive.
      if (this.#opened !== undefined && 'destroy' in this.#opened) OneShot.cancel(this.#opened)
    } catch {
      // The user's source could not be closed. The request has ended anyway.
    }
  }
}

export const make = (payload: Payload, listener: UploadListener): Uint8Array | Upload | null => {
  switch (payload._tag) {
    case 'Empty':
      return null
    case 'Bytes': {
      const content = Secret.open(payload.bytes)
      const isWhole = content.length <= MAX_CHUNK_BYTES && !listener.wantsProgress
      return isWhole ? content : new Chunks(content, listener)
    }
    case 'Stream':
      return new BodyStream(payload.open, O.toUndefined(payload.length), listener)
    case 'Once':
      return new BodyStream(() => payload.source, O.toUndefined(payload.length), listener)
  }
}
