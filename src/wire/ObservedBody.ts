/**
 * Records the fault of a body while a user's function reads it, so that a truncated body is reported even if that function
 * swallows the error.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { bodyCut, discard, readAll, type Source } from './BodySource.js'
import type * as Fault from './Fault.js'

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
