/**
 * What to do with the items that a reader yields: lines, JSON values, events. A function that starts to read an iterable also
 * closes it, even if it stops early, so that the connection is released.
 *
 * A `Fault` that the iterable throws is a `Left`. An exception of your own code is not hidden: the task rejects with it.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Fault from './Fault.js'

/**
 * Yields at most `count` items, and then stops reading. With less than 1, it does not start to read.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Stream } from 'requests-ts'
 *
 * async function* body() { yield Buffer.from('a\nb\nc\n') }
 * const first = pipe(body(), Stream.lines(), Stream.take(2), Stream.toArray)
 * assert.deepEqual(await first(), { _tag: 'Right', right: ['a', 'b'] })
 */
export const take = (count: number) =>
  async function* <A>(items: AsyncIterable<A>): AsyncGenerator<A> {
    if (!(count >= 1)) {
      await items[Symbol.asyncIterator]().return?.()
      return
    }
    const most = Math.floor(count)
    let taken = 0
    for await (const item of items) {
      yield item
      taken += 1
      if (taken >= most) return
    }
  }

/**
 * Runs a task for each item, one after the other. Stops at the first `Left`. Errors: those of `f`, and a `Fault` if the
 * body failed, which `Http.stream` completes.
 *
 * @since 0.2.0
 * @category combinators
 */
export const forEach =
  <A, E>(f: (item: A) => TaskEither<E, unknown>) =>
  (items: AsyncIterable<A>): TaskEither<E | Fault.Fault, void> =>
  async () => {
    try {
      for await (const item of items) {
        const outcome = await f(item)()
        if (E.isLeft(outcome)) return outcome
      }
      return E.right(undefined)
    } catch (cause) {
      if (Fault.is(cause)) return E.left(cause)
      throw cause
    }
  }

/**
 * Collects the items. Errors: a `Fault` if the body failed, which `Http.stream` completes.
 *
 * @since 0.2.0
 * @category destructors
 */
export const toArray =
  <A>(items: AsyncIterable<A>): TaskEither<Fault.Fault, ReadonlyArray<A>> =>
  async () => {
    const all: A[] = []
    const collected = await forEach((item: A) => async () => E.right(all.push(item)))(items)()
    return E.isLeft(collected) ? collected : E.right(all)
  }
