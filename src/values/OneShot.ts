/**
 * Iterables that can be read once: who has been opened, or is on its way, so that none is sent again as if it were empty.
 *
 * | a source                        | opening it                | `isSpent` |
 * |---------------------------------|---------------------------|-----------|
 * | that nobody has opened          | gives what it holds       | no        |
 * | that is taken by a send         | gives what it holds       | yes       |
 * | that was given back unopened    | gives what it holds       | no        |
 * | that was opened                 | its first piece fails     | yes       |
 *
 * What is remembered is the source itself, so two requests made from the same one share its end.
 *
 * @example
 * import { Body } from 'requests-ts'
 *
 * async function* content() { yield Buffer.from('a') }
 * const { source } = Body.once(content())
 * const read = async () => { for await (const _ of source); }
 * await read()
 * await assert.rejects(read(), /can be read only once/)
 */

type Source = AsyncIterable<Uint8Array>

const guards = new WeakMap<Source, Source>()
const taken = new WeakSet<Source>()
const opened = new WeakSet<Source>()

const refused: AsyncIterator<Uint8Array> = {
  next: () => Promise.reject(new Error('it can be read only once, and was read before; use withStream')),
}

const isObject = (u: unknown): u is object => (typeof u === 'object' && u !== null) || typeof u === 'function'

/** The same source, which opens once: the same guard for the same source. What is no iterable stays what it is. */
export const guard = (source: Source): Source => {
  if (!isObject(source) || !(Symbol.asyncIterator in source)) return source
  const known = guards.get(source)
  if (known !== undefined) return known
  const guarded: Source = {
    [Symbol.asyncIterator]: () => {
      if (opened.has(guarded)) return refused
      opened.add(guarded)
      return source[Symbol.asyncIterator]()
    },
  }
  guards.set(guarded, guarded)
  guards.set(source, guarded)
  return guarded
}

/** Whether it cannot be sent any more. */
export const isSpent = (guarded: Source): boolean => opened.has(guarded) || taken.has(guarded)

/** Takes it for one send. */
export const take = (guarded: Source): void => {
  if (isObject(guarded)) taken.add(guarded)
}

/** Gives it back after a send that failed. What was opened meanwhile stays spent. */
export const giveBack = (guarded: Source): void => {
  taken.delete(guarded)
}
