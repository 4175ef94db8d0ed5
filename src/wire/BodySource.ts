/** The body of a reply: a source that is read once, by iterating or as a whole. `Reply` exports most of this module. */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Octets from '../values/Octets.js'
import * as Fault from './Fault.js'
import { joinChunks } from './Parts.js'

/** A decoded body that can be read once; reading it again is `BodyCut` (D40). Iterating it throws a `Fault`. */
export interface Source extends AsyncIterable<Uint8Array> {
  /** Reads the whole body. More than `limit` bytes are `BodyTooLarge`. */
  readonly gather: (limit: number) => TaskEither<Fault.Fault, Uint8Array>
  /** Releases the connection. Reads the rest of the body first if that is quick, so that the connection can be reused. */
  readonly discard: Task<void>
}

/** Makes a `BodyTooLarge` for a limit in octets. */
export const tooLarge = (limit: number): Fault.Fault =>
  Fault.make('BodyTooLarge', `The body is larger than ${limit} octets; raise limits.body or use Http.stream`)

/** Returns what was thrown while a body was read as a fault. */
export const bodyCut = (cause: unknown): Fault.Fault =>
  Fault.is(cause) ? cause : Fault.make('BodyCut', `The body ended too early: ${Fault.messageOf(cause)}`, cause)

/** The fault of reading a body again. */
export const readAlready = (): Fault.Fault =>
  Fault.make('BodyCut', 'The body was already read or discarded; it can be read only once')

/** Whether a value has the shape of a source. A custom transport may return anything. */
export const isSource = (u: unknown): u is Source => {
  if (typeof u !== 'object' || u === null) return false
  const { gather, discard, [Symbol.asyncIterator]: iterate }: Partial<Record<keyof Source, unknown>> = u
  return typeof gather === 'function' && typeof discard === 'function' && typeof iterate === 'function'
}

const isResult = (u: unknown): u is E.Either<Fault.Fault, Uint8Array> => {
  if (typeof u !== 'object' || u === null || !('_tag' in u)) return false
  if (u._tag === 'Right') return 'right' in u && u.right instanceof Uint8Array
  return u._tag === 'Left' && 'left' in u && Fault.is(u.left)
}

type Whole = Promise<E.Either<Fault.Fault, Uint8Array>>

/**
 * Reads the whole body of any transport. A rejection is `BodyCut`, a result of another type `ProtocolError`, and a body of
 * more octets than the limit `BodyTooLarge`.
 * @since 0.2.0
 * @category destructors
 */
export function readAll(limit: number): (body: Source) => Whole
/** @deprecated Use `readAll(limit)(body)`. */
export function readAll(body: Source, limit: number): Whole
export function readAll(first: Source | number, limit = Number.POSITIVE_INFINITY): Whole | ((body: Source) => Whole) {
  return typeof first === 'number' ? (body) => readWhole(body, first) : readWhole(first, limit)
}

const readWhole = async (body: Source, limit: number): Whole => {
  try {
    return toWhole(await body.gather(limit)())
  } catch (cause) {
    return E.left(bodyCut(cause))
  }
}

/** Returns what a body returned when it was read as a whole; a result of another type is a `ProtocolError`. */
export const toWhole = (result: unknown): E.Either<Fault.Fault, Uint8Array> =>
  isResult(result)
    ? result
    : E.left(Fault.make('ProtocolError', `The transport returned ${Fault.kindOf(result)} instead of a body`))

/** @deprecated Use `readAll`. */
export const gather = readAll

/** What `discard` of an own body returns if the body has ended: then nothing has to be awaited. */
export const DISCARDED: Promise<void> = Promise.resolve()

const ignore = (): void => {}

/** Discards the body of any transport. A failure is ignored: the exchange does not depend on it. */
export const discard = async (body: Source): Promise<void> => startDiscarding(body)

/** `discard` that returns `DISCARDED` as it is. */
export const startDiscarding = (body: Source): Promise<void> => {
  try {
    const discarding: PromiseLike<void> = body.discard()
    // A custom transport may return another kind of promise, or none.
    return discarding === DISCARDED ? DISCARDED : Promise.resolve(discarding).catch(ignore)
  } catch {
    return DISCARDED // the body is not needed any more
  }
}

export const NOTHING: Uint8Array = new Uint8Array(0)

/** Concatenates chunks. A single chunk is returned without copying. */
export const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [first = NOTHING] = chunks
  return chunks.length < 2 ? first : Octets.concat(chunks)
}

const rejecting: AsyncIterator<Uint8Array> = { next: () => Promise.reject(readAlready()) }

/** Returns a source that can be read only once, in one way or the other (D40). */
export const once = (source: Source): Source => {
  let isRead = false
  const isFirstRead = (): boolean => {
    const isFirst = !isRead
    isRead = true
    return isFirst
  }
  return {
    gather: (limit) => async () => (isFirstRead() ? source.gather(limit)() : E.left(readAlready())),
    discard: () => {
      isRead = true
      return source.discard()
    },
    [Symbol.asyncIterator]: () => (isFirstRead() ? source[Symbol.asyncIterator]() : rejecting),
  }
}

/** Returns a source of bytes in memory. */
export const fromBytes = (content: Uint8Array): Source =>
  once({
    gather: (limit) => async () => (content.length > limit ? E.left(tooLarge(limit)) : E.right(content)),
    discard: async () => {},
    async *[Symbol.asyncIterator]() {
      if (content.length > 0) yield content
    },
  })

/** Returns a source of an iterable. What it throws becomes `BodyCut`, unless it is a fault. */
export const fromIterable = (content: AsyncIterable<Uint8Array>): Source => {
  const iterator = content[Symbol.asyncIterator]()
  const close = async (): Promise<void> => {
    await iterator.return?.().catch(() => undefined)
  }
  const collect = async (limit: number): Promise<E.Either<Fault.Fault, Uint8Array>> => {
    const chunks: Uint8Array[] = []
    let joined = 0
    let size = 0
    try {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        size += next.value.length
        if (size > limit) {
          await close()
          return E.left(tooLarge(limit))
        }
        chunks.push(next.value)
        joined = joinChunks(chunks, joined)
      }
      return E.right(concat(chunks))
    } catch (cause) {
      return E.left(bodyCut(cause))
    }
  }
  return once({
    gather: (limit) => () => collect(limit),
    discard: close,
    [Symbol.asyncIterator]: () => ({
      next: () => iterator.next().catch((cause) => Promise.reject(bodyCut(cause))),
      return: async () => {
        await close()
        return { done: true, value: undefined }
      },
    }),
  })
}

/** A body and the fault that reading it has met so far. */
export interface ObservedBody {
  readonly source: Source
  readonly fault: IO<Fault.Fault | undefined>
  /** Ends the observation: a pending read then returns the end, and its failure is not recorded. */
  readonly leave: IO<void>
}

/** Returns a source that records the fault of `body`. */
export const observed = (body: Source): ObservedBody => {
  let fault: Fault.Fault | undefined
  let isEnded = false
  let isDiscarded = false
  const source: Source = {
    gather: (limit) => async () => {
      const bytes = await readWhole(body, limit)
      if (E.isLeft(bytes)) fault = bytes.left
      return bytes
    },
    discard: () => {
      isDiscarded = true
      return discard(body)
    },
    [Symbol.asyncIterator]: () => {
      let iterator: AsyncIterator<Uint8Array> | undefined
      let isLeft = false
      const wasDiscarded = isDiscarded
      return {
        next: async () => {
          try {
            iterator ??= body[Symbol.asyncIterator]()
            return await iterator.next()
          } catch (cause) {
            // A reader that stopped early, with a read still pending, has not seen this fault.
            if (isLeft || isEnded || (isDiscarded && !wasDiscarded)) return { done: true, value: undefined }
            fault = bodyCut(cause)
            return Promise.reject(fault)
          }
        },
        return: async () => {
          isLeft = true
          try {
            await iterator?.return?.()
          } catch {
            // The reader has stopped and needs nothing more.
          }
          return { done: true, value: undefined }
        },
      }
    },
  }
  const leave = (): void => {
    isEnded = true
  }
  return { source, fault: () => fault, leave }
}
