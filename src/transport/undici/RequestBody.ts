/**
 * The body of a request, as undici takes it: bytes that are small, or an iterable that it pulls from.
 *
 * | what the source does                     | becomes                                        |
 * |------------------------------------------|------------------------------------------------|
 * | throws, now or later                     | `RequestBodyFailed`, its error as the cause    |
 * | gives something that is no `Uint8Array`  | `RequestBodyFailed`                            |
 * | gives more or less than its length says  | `RequestBodyFailed`, the connection is closed  |
 * | never gives again, and we stop           | it is told to return; nobody waits for it      |
 *
 * The source is opened when undici asks for the first piece, so not at all where no connection came about. A piece is
 * asked for when the one before it was taken by the socket: that is how the time of silence is told from slow sending.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Payload } from '../../values/Body.js'
import * as OneShot from '../../values/OneShot.js'
import * as Secret from '../../values/Secret.js'
import * as Fault from '../../wire/Fault.js'
import * as Failure from './Failure.js'

/** Larger pieces are cut, so that a slow line shows that it moves. */
const PIECE = 256 * 1024

const failed = (message: string, cause?: unknown): Failure.FaultError =>
  new Failure.FaultError(Fault.make('RequestBodyFailed', message, cause))

const over = (): Failure.FaultError => failed('The request is over')

async function* slices(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE)
}

/** Whoever wants to know that the body moves: the clock of the attempt, and a progress callback where there is one. */
export interface Watcher {
  readonly isWatched: boolean
  touch(): void
  sent(bytes: number, total: number | undefined): void
}

/** A source that is pulled from, counted and, if need be, left alone. */
export class Upload implements AsyncIterableIterator<Uint8Array> {
  readonly #open: () => AsyncIterable<Uint8Array>
  readonly #length: number | undefined
  readonly #watcher: Watcher
  #opened: AsyncIterable<Uint8Array> | undefined
  #source: AsyncIterator<Uint8Array> | undefined
  #rest: AsyncIterator<Uint8Array> | undefined
  #sent = 0
  /** What undici was given; all of it is on its way when it asks again. */
  #given = 0
  #told = 0
  #stop: ((reason: Failure.FaultError) => void) | undefined
  #isOver = false

  constructor(open: () => AsyncIterable<Uint8Array>, length: number | undefined, watcher: Watcher) {
    this.#open = open
    this.#length = length
    this.#watcher = watcher
  }

  /** Whether it is the source that everyone waits for. */
  get isWaiting(): boolean {
    return this.#stop !== undefined
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#watcher.touch()
    if (this.#watcher.isWatched) this.#tell()
    if (this.#rest !== undefined) {
      const slice = await this.#rest.next()
      if (slice.done !== true) return this.#giving(slice)
      this.#rest = undefined
    }
    const step = await this.#pull()
    if (step.done === true) return this.#finished()
    const piece = this.#counted(step.value)
    if (piece.length <= PIECE) return this.#giving({ done: false, value: piece })
    this.#rest = slices(piece)
    return this.#giving(await this.#rest.next())
  }

  #giving(step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> {
    if (step.done !== true) this.#given += step.value.length
    return step
  }

  #tell(): void {
    if (this.#given === this.#told) return
    this.#told = this.#given
    this.#watcher.sent(this.#given, this.#length)
  }

  /** The next piece of the source, or the word to stop, whichever comes first. */
  #pull(): Promise<IteratorResult<Uint8Array>> {
    if (this.#isOver) return Promise.reject(over())
    return new Promise((resolve, reject) => {
      const settle = <A>(use: (value: A) => void, value: A): void => {
        this.#stop = undefined
        this.#watcher.touch()
        use(value)
      }
      this.#stop = (reason) => settle(reject, reason)
      try {
        this.#opened ??= this.#open()
        this.#source ??= this.#opened[Symbol.asyncIterator]()
        this.#source.next().then(
          (step) => settle(resolve, step),
          (cause: unknown) => settle(reject, this.#broken(cause)),
        )
      } catch (cause) {
        settle(reject, this.#broken(cause))
      }
    })
  }

  #broken(cause: unknown): Failure.FaultError {
    this.#isOver = true
    return failed(`The request body could not be read: ${Failure.messageOf(cause)}`, cause)
  }

  #counted(piece: unknown): Uint8Array {
    if (!(piece instanceof Uint8Array)) {
      throw failed(`The request body gave ${piece === null ? 'null' : typeof piece} in place of a Uint8Array`)
    }
    this.#sent += piece.length
    if (this.#length !== undefined && this.#sent > this.#length) {
      throw failed(`The request body is longer than the ${this.#length} octets it was said to have`)
    }
    return piece
  }

  #finished(): IteratorResult<Uint8Array> {
    this.#isOver = true
    if (this.#length !== undefined && this.#sent < this.#length) {
      throw failed(`The request body has ${this.#sent} octets, not the ${this.#length} it was said to have`)
    }
    return { done: true, value: undefined }
  }

  /** undici's word that it wants no more. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.stop()
    return { done: true, value: undefined }
  }

  /** Leaves the source alone, even one that will never give again. */
  stop(): void {
    this.#stop?.(over())
    if (this.#isOver) return
    this.#isOver = true
    try {
      this.#source?.return?.()?.catch(() => undefined)
      // The iterator of a silent Node stream does not return before the next piece has come.
      if (this.#opened !== undefined && 'destroy' in this.#opened) OneShot.cancel(this.#opened)
    } catch {
      // A source of the user's own that cannot be closed is not worth more than this.
    }
  }
}

/** What undici sends for a payload. */
export const make = (payload: Payload, watcher: Watcher): Uint8Array | Upload | null => {
  switch (payload._tag) {
    case 'Empty':
      return null
    case 'Bytes': {
      const content = Secret.open(payload.bytes)
      const isWhole = content.length <= PIECE && !watcher.isWatched
      return isWhole ? content : new Upload(() => slices(content), content.length, watcher)
    }
    case 'Stream':
      return new Upload(payload.open, O.toUndefined(payload.length), watcher)
    case 'Once':
      return new Upload(() => payload.source, O.toUndefined(payload.length), watcher)
  }
}
