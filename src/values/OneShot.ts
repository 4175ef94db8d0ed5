/**
 * Request bodies that can be read once. Remembers which sources were read, so that none is sent again as an empty body.
 *
 * | state of a source             | opening it                 | `isConsumed` |
 * |-------------------------------|----------------------------|--------------|
 * | new                           | yields its content         | no           |
 * | claimed by a send             | yields its content         | yes          |
 * | released without being opened | yields its content         | no           |
 * | opened                        | the first `next()` rejects | yes          |
 *
 * The state belongs to the source itself, so two requests with the same source share it. A Node stream that fails before
 * it is read fails the request and not the process, because its guard listens for errors.
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
/** The source that a derived one reads. Both have one state. */
const bases = new WeakMap<Source, Source>()
const derivations = new WeakMap<Source, Map<string, Source>>()
const claimed = new WeakSet<Source>()
const opened = new WeakSet<Source>()

const refused: AsyncIterator<Uint8Array> = {
  next: () => Promise.reject(new Error('it can be read only once, and was read before; use withStream')),
}

/** The methods by which different kinds of streams and iterators are cancelled. */
type Closable = Readonly<Partial<Record<'on' | 'destroy' | 'return' | 'cancel', unknown>>>

const ignore = (): void => {}

/** A Node stream that fails without a listener ends the process. Its reader still gets the error. */
const listen = (source: Source & Closable): void => {
  try {
    if (typeof source.on === 'function' && typeof source.destroy === 'function') source.on('error', ignore)
  } catch {
    // An object of the user that only looks like a stream.
  }
}

/** Cancels a source, opened or not. Never throws. */
export const cancel = (source: Source & Closable): void => {
  listen(source)
  try {
    // One at a time, because a getter of a later one may throw.
    for (const name of ['destroy', 'return', 'cancel'] as const) {
      const method = source[name]
      if (typeof method === 'function') return void Promise.resolve(method.call(source)).catch(ignore)
    }
  } catch {
    // A source of the user whose own method failed.
  }
}

const isObject = (u: unknown): u is object => (typeof u === 'object' && u !== null) || typeof u === 'function'

/** Returns an iterator whose `return` cancels the source at once, even while it waits for data. */
const iterate = (source: Source): AsyncIterator<Uint8Array> => {
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

/** Wraps a source so that it opens once. The same source has the same guard, and a value that is not iterable stays. */
export const guard = (source: Source): Source => {
  if (!isObject(source) || !(Symbol.asyncIterator in source)) return source
  const known = guards.get(source)
  if (known !== undefined) return known
  const guarded: Source = {
    [Symbol.asyncIterator]: () => {
      if (opened.has(guarded)) return refused
      opened.add(guarded)
      return iterate(source)
    },
  }
  listen(source)
  sources.set(guarded, source)
  guards.set(guarded, guarded)
  guards.set(source, guarded)
  return guarded
}

/**
 * Returns a source that reads another one, such as its compression. It is opened, claimed and closed together with that one. The
 * same key and source have the same result.
 */
export const derive =
  (key: string, read: (guarded: Source) => Source) =>
  (guarded: Source): Source => {
    const known = derivations.get(guarded) ?? new Map<string, Source>()
    const found = known.get(key)
    if (found !== undefined) return found
    const derived: Source = { [Symbol.asyncIterator]: () => read(guarded)[Symbol.asyncIterator]() }
    bases.set(derived, baseOf(guarded))
    derivations.set(guarded, known.set(key, derived))
    return derived
  }

const baseOf = (source: Source): Source => bases.get(source) ?? source

export const isConsumed = (source: Source): boolean => opened.has(baseOf(source)) || claimed.has(baseOf(source))

/** Reserves a source for one send. */
export const claim = (guarded: Source): void => {
  if (isObject(guarded)) claimed.add(baseOf(guarded))
}

/** Releases a source after a send that failed. A source that was opened stays consumed. */
export const release = (guarded: Source): void => {
  claimed.delete(baseOf(guarded))
}

/** A generator that was not started holds no resources. */
const isGenerator = (source: unknown): boolean => Object.prototype.toString.call(source) === '[object AsyncGenerator]'

/** Cancels a source after its exchange. It then counts as consumed, unless it is a generator that was not started. */
export const close = (source: Source): void => {
  if (!isObject(source)) return
  closeBase(baseOf(source))
}

const closeBase = (guarded: Source): void => {
  const source = sources.get(guarded)
  if (!opened.has(guarded) && isGenerator(source)) return
  opened.add(guarded)
  cancel(source ?? guarded)
}
