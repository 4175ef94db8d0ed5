/**
 * Reads the value that a fetch returned. It may be of another realm or of a library, such as node-fetch, so its fields are
 * checked and no class is expected.
 *
 * | from the response                   | in the reply                                                              |
 * |-------------------------------------|---------------------------------------------------------------------------|
 * | `headers`                           | as fetch lists them: names in lower case, sorted, equal names joined       |
 * | `headers.getSetCookie()`            | one field for each Set-Cookie                                              |
 * | `body`, a `ReadableStream`          | its chunks                                                                |
 * | `body`, another async iterable      | its chunks, for node-fetch                                                |
 * | `arrayBuffer()`, without a `body`   | one chunk, for React Native                                               |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Fault from '../../wire/Fault.js'

export type Pair = readonly [name: string, value: string]

/** Reads the chunks of a body, one at a time. */
export interface ChunkReader {
  readonly next: () => PromiseLike<{ readonly done?: boolean | undefined; readonly value?: unknown }>
  /** Ends the body, read or not. May reject. */
  readonly cancel: () => unknown
}

/** What a fetch returned, checked. */
export interface Received {
  readonly status: number
  readonly reason: string
  readonly fields: ReadonlyArray<Pair>
  /** `basic`, `cors`, `opaque`, `opaqueredirect`, …; empty if the type is missing. */
  readonly type: string
  /** The URL after the redirects that fetch followed, or `undefined` if it followed none. */
  readonly redirectedTo: string | undefined
  /** `undefined` without a body, as after HEAD. */
  readonly body: ChunkReader | undefined
}

const isObject = (u: unknown): u is object => (typeof u === 'object' && u !== null) || typeof u === 'function'

/** Returns the result of a method, or `undefined` if the method is missing. */
const call = (target: object, name: string | symbol): unknown => {
  const method: unknown = Reflect.get(target, name)
  return typeof method === 'function' ? Reflect.apply(method, target, []) : undefined
}

const isIterable = (u: unknown): u is Iterable<unknown> => isObject(u) && Symbol.iterator in u

/** Returns header fields, or `undefined` if the value is not a `Headers`. */
const fieldsOf = (headers: unknown): ReadonlyArray<Pair> | undefined => {
  if (!isIterable(headers)) return undefined
  const pairs: Pair[] = []
  const cookies: unknown = call(headers, 'getSetCookie')
  for (const entry of headers) {
    if (!Array.isArray(entry)) return undefined
    const [name, value]: ReadonlyArray<unknown> = entry
    if (typeof name !== 'string' || typeof value !== 'string') return undefined
    if (Array.isArray(cookies) && name.toLowerCase() === 'set-cookie') continue
    pairs.push([name, value])
  }
  if (!Array.isArray(cookies)) return pairs
  return [...pairs, ...cookies.map((line: unknown): Pair => ['set-cookie', String(line)])]
}

/** The two calls that are used of a reader or an iterator. The cast: its methods are called, and their results checked. */
const readerOf = (body: object): ChunkReader | undefined => {
  if (typeof Reflect.get(body, 'getReader') === 'function') {
    const reader = call(body, 'getReader') as ReadableStreamDefaultReader<unknown>
    return { next: () => reader.read(), cancel: () => reader.cancel() }
  }
  if (typeof Reflect.get(body, Symbol.asyncIterator) !== 'function') return undefined
  const iterator = call(body, Symbol.asyncIterator) as AsyncIterator<unknown>
  return { next: () => iterator.next(), cancel: () => iterator.return?.() }
}

const textOf = (u: unknown): string => (typeof u === 'string' ? u : '')

/** Reads a body at once, where a response lacks a stream. */
const wholeOf = (response: object): ChunkReader | undefined => {
  if (typeof Reflect.get(response, 'arrayBuffer') !== 'function') return undefined
  let isRead = false
  return {
    next: async () => {
      if (isRead) return { done: true }
      isRead = true
      const buffer: unknown = await call(response, 'arrayBuffer')
      return { done: false, value: buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : buffer }
    },
    cancel: () => undefined,
  }
}

/** Returns what a fetch returned, or what is wrong with it. Locks its body. */
export const read = (response: unknown): E.Either<string, Received> => {
  if (!isObject(response)) return E.left(`fetch returned ${Fault.kindOf(response)} instead of a Response`)
  try {
    const status: unknown = Reflect.get(response, 'status')
    const type = textOf(Reflect.get(response, 'type'))
    const fields = fieldsOf(Reflect.get(response, 'headers'))
    if (typeof status !== 'number' || !Number.isInteger(status)) return E.left('fetch did not return a Response')
    if (fields === undefined) return E.left('the headers of the Response are not a list of pairs')
    const given: unknown = Reflect.get(response, 'body')
    const body = isObject(given) ? readerOf(given) : given === undefined ? wholeOf(response) : undefined
    if (isObject(given) && body === undefined) return E.left('the body of the Response is not a stream')
    const isRedirected = Reflect.get(response, 'redirected') === true
    const redirectedTo = isRedirected ? textOf(Reflect.get(response, 'url')) : undefined
    return E.right({ status, reason: textOf(Reflect.get(response, 'statusText')), fields, type, redirectedTo, body })
  } catch (error) {
    return E.left(`the Response cannot be read: ${Fault.messageOf(error)}`)
  }
}

/** Ends a body that is not needed. A failure is ignored. */
export const cancel = (body: ChunkReader | undefined): void => {
  try {
    Fault.ignoreRejection(body?.cancel())
  } catch {
    // It has ended.
  }
}

/** Returns a chunk as octets, also of another realm, or `undefined`. */
export const octetsOf = (chunk: unknown): Uint8Array | undefined => {
  if (chunk instanceof Uint8Array) return chunk
  return ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined
}
