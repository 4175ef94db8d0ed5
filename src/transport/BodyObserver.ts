/** Observes a response body: its chunks, and how its reading ends. */
import * as E from 'fp-ts/lib/Either.js'
import { NOTHING } from '../wire/BodySource.js'
import * as Fault from '../wire/Fault.js'
import type { Source } from '../wire/Reply.js'
import type { End } from './TapeEntry.js'

export interface BodyObserver {
  readonly onChunk?: (chunk: Uint8Array) => void
  /** Called once. `bytes` is the whole body if it was read by `gather`. */
  readonly onEnd: (end: End, bytes?: Uint8Array) => void
}

/** Returns a body that notifies the observer, and otherwise behaves as `body`. */
export const observeBody = (body: Source, { onChunk, onEnd }: BodyObserver): Source => {
  let isEnded = false
  // Set before the body is released: a pending `next` then ends the iteration, but the chunks are not the whole body.
  let isLeft = false
  const end = (how: End, bytes?: Uint8Array): void => {
    if (isEnded) return
    isEnded = true
    onEnd(isLeft ? 'Left' : how, bytes)
  }
  const read = async <A>(step: () => PromiseLike<A>): Promise<A> => {
    try {
      return await step()
    } catch (cause) {
      end(Fault.is(cause) ? cause : Fault.make('BodyCut', String(cause)))
      throw cause // the reader of a body receives its fault as an exception
    }
  }
  const leave = async <A>(release: () => PromiseLike<A> | undefined): Promise<A | undefined> => {
    isLeft = true
    try {
      return await release()
    } finally {
      end('Left')
    }
  }
  return {
    gather: (limit) => async () => {
      const bytes = await read(body.gather(limit))
      if (E.isRight(bytes)) end('Whole', bytes.right)
      else end(bytes.left, NOTHING)
      return bytes
    },
    discard: () => leave(() => body.discard()),
    [Symbol.asyncIterator]: () => {
      const iterator = body[Symbol.asyncIterator]()
      return {
        next: async () => {
          const step = await read(() => iterator.next())
          if (step.done === true) end('Whole')
          else onChunk?.(step.value)
          return step
        },
        return: async () => (await leave(() => iterator.return?.())) ?? { done: true, value: undefined },
      }
    },
  }
}
