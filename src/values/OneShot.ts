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
 * A Node stream has an error listener from the beginning, so that one which fails before it is read fails the request
 * and not the process. `close` ends a source that nobody reads any more; it is spent from then on.
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
const sources = new WeakMap<Source, Source>()
const taken = new WeakSet<Source>()
const opened = new WeakSet<Source>()

const refused: AsyncIterator<Uint8Array> = {
  next: () => Promise.reject(new Error('it can be read only once, and was read before; use withStream')),
}

/** The ways in which a stream or an iterator is told that nobody reads it any more. */
interface Closable {
  readonly on?: unknown
  readonly destroy?: unknown
  readonly return?: unknown
  readonly cancel?: unknown
}

const ignore = (): void => {}

/** A Node stream throws at the process when it fails and nobody listens. Its reader still gets the error. */
const listen = (source: Source & Closable): void => {
  try {
    if (typeof source.on === 'function' && typeof source.destroy === 'function') source.on('error', ignore)
  } catch {
    // A foreign object that only looks like a stream.
  }
}

/** Tells an opened or unopened source that nobody reads it any more. Never throws. */
export const cancel = (source: Source & Closable): void => {
  try {
    if (typeof source.destroy === 'function') {
      listen(source)
      source.destroy()
      return
    }
    const done: unknown =
      typeof source.return === 'function'
        ? source.return()
        : typeof source.cancel === 'function'
          ? source.cancel()
          : undefined
    Promise.resolve(done).catch(ignore)
  } catch {
    // A source of the user's own that cannot be closed.
  }
}

const isObject = (u: unknown): u is object => (typeof u === 'object' && u !== null) || typeof u === 'function'

/** The iterator of a source. Leaving it ends the source at once, also one that is silent. */
const closing = (source: Source): AsyncIterator<Uint8Array> => {
  const iterator = source[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    return: async () => {
      cancel(source)
      await iterator.return?.()
      return { done: true, value: undefined }
    },
  }
}

/** The same source, which opens once: the same guard for the same source. What is no iterable stays what it is. */
export const guard = (source: Source): Source => {
  if (!isObject(source) || !(Symbol.asyncIterator in source)) return source
  const known = guards.get(source)
  if (known !== undefined) return known
  const guarded: Source = {
    [Symbol.asyncIterator]: () => {
      if (opened.has(guarded)) return refused
      opened.add(guarded)
      return closing(source)
    },
  }
  listen(source)
  sources.set(guarded, source)
  guards.set(guarded, guarded)
  guards.set(source, guarded)
  return guarded
}

/** Whether it cannot be sent any more. */
export const isConsumed = (guarded: Source): boolean => opened.has(guarded) || taken.has(guarded)

/** Takes it for one send. */
export const claim = (guarded: Source): void => {
  if (isObject(guarded)) taken.add(guarded)
}

/** Gives it back after a send that failed. What was opened meanwhile stays spent. */
export const release = (guarded: Source): void => {
  taken.delete(guarded)
}

/** A generator that has not begun holds nothing open. */
const isGenerator = (source: object): boolean => Object.prototype.toString.call(source) === '[object AsyncGenerator]'

/**
 * Ends a source whose exchange is over, read or not. It is spent from then on; only a generator that has not begun can
 * still be sent.
 */
export const close = (guarded: Source): void => {
  if (!isObject(guarded)) return
  const source = sources.get(guarded)
  if (!opened.has(guarded) && source !== undefined && isGenerator(source)) return
  opened.add(guarded)
  cancel(source ?? guarded)
}
