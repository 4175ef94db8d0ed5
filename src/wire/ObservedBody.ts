/**
 * A source that remembers how it failed, so that a body that was cut cannot be taken for a whole one, whatever its reader
 * makes of the failure.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type * as Fault from './Fault.js'
import { bodyCut, discard, readAll, type Source } from './Reply.js'

/** A body and the fault that it has met so far, if any. */
export interface ObservedBody {
  readonly source: Source
  readonly fault: IO<Fault.Fault | undefined>
  /** The reader is done: a piece that it still waits for is the end, and no failure. */
  readonly leave: IO<void>
}

/** Watches a body on its way to a reader. */
export const observed = (body: Source): ObservedBody => {
  let fault: Fault.Fault | undefined
  let isOver = false
  let isDiscarded = false
  const source: Source = {
    gather: (limit) => async () => {
      const bytes = await readAll(body, limit)
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
      const isLate = isDiscarded
      return {
        next: async () => {
          try {
            iterator ??= body[Symbol.asyncIterator]()
            return await iterator.next()
          } catch (cause) {
            // Whoever leaves early, with a piece still on its way, met no fault.
            if (isLeft || isOver || (isDiscarded && !isLate)) return { done: true, value: undefined }
            fault = bodyCut(cause)
            return Promise.reject(fault)
          }
        },
        return: async () => {
          isLeft = true
          try {
            await iterator?.return?.()
          } catch {
            // The reader has what it wanted.
          }
          return { done: true, value: undefined }
        },
      }
    },
  }
  const leave = (): void => {
    isOver = true
  }
  return { source, fault: () => fault, leave }
}
