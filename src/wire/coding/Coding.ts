/**
 * Content codings (RFC 9110 8.4): reads which codings were applied to a body, and decodes them in reverse order.
 *
 * | coding           | accepted content                                                          |
 * |------------------|---------------------------------------------------------------------------|
 * | `gzip`, `x-gzip` | RFC 1952, several members; anything else after the last member is ignored |
 * | `deflate`        | RFC 1950, or raw RFC 1951, which some servers send instead                |
 * | `br`             | RFC 7932                                                                  |
 * | `zstd`           | RFC 8878, several frames, if this version of Node supports it             |
 * | `identity`, none | ignored                                                                   |
 * | any other        | then nothing is decoded, not even the known codings of the same body      |
 *
 * Laws: an empty body is empty under every coding. A truncated or damaged body is always `DecodingFailed`. A body that is too
 * large is `BodyTooLarge` before it is in memory. `decodeStream` and `decode` return the same bytes.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { deflateRawSync, gzipSync } from 'node:zlib'
 * import { Coding, Headers } from 'requests-ts'
 *
 * const headers = Headers.fromPairs([['Content-Encoding', 'identity, GZIP'], ['content-encoding', 'deflate']])
 * const codings = Coding.codings(headers)
 * assert.deepEqual(codings, E.right(['gzip', 'deflate']))
 * const body = Coding.decode(['gzip', 'deflate'], deflateRawSync(gzipSync('hello')), 1000)
 * assert.deepEqual(E.map((bytes: Uint8Array) => Buffer.from(bytes).toString())(body), E.right('hello'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Octets from '../../values/Octets.js'
import { tooLarge } from '../BodySource.js'
import * as Fault from '../Fault.js'
import type { Coding } from './ContentEncoding.js'
import * as Gzip from './Gzip.js'
import * as Inflater from './Inflater.js'
import { EXTRA_BYTE, isAvailable, isBrotliChecked, type SyncResult, type Transform, zlib } from './Zlib.js'
import * as Zstd from './Zstd.js'

export { type Coding, codings, supported } from './ContentEncoding.js'

type Codings = ReadonlyArray<Coding>

type Decompress = (content: Uint8Array, options: Inflater.OutputLimit) => Uint8Array

const unavailable = (coding: Coding): Fault.Fault =>
  Fault.make('DecodingFailed', `The body cannot be decoded: this runtime has no decoder for ${coding}`)

/** RFC 1950 2.2: method 8, and the first two bytes are a multiple of 31. Raw deflate never starts like this. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0

/** Throws what Node's decoder throws: see `isBrotliChecked`. */
const decodeUncheckedBrotli: Decompress = (content, options) => {
  const withExtra = Octets.concat([content, EXTRA_BYTE])
  // The casts: Node's types do not have `info` for Brotli.
  const withInfo = { ...options, info: true } as Inflater.OutputLimit
  const { buffer, engine } = zlib.brotliDecompressSync(withExtra, withInfo) as unknown as SyncResult
  if (engine.bytesWritten > content.length) throw Inflater.endError()
  if (engine.bytesWritten < content.length) throw new Error('not all of it is Brotli')
  return buffer
}

const decompressor = (coding: Coding, start: Uint8Array): Decompress => {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync
    case 'deflate':
      return hasZlibHeader(start) ? zlib.inflateSync : zlib.inflateRawSync
    case 'br':
      return isBrotliChecked ? zlib.brotliDecompressSync : decodeUncheckedBrotli
    case 'zstd':
      return Zstd.decode
  }
}

const decodeOne = (coding: Coding, content: Uint8Array, limit: number): E.Either<Fault.Fault, Uint8Array> => {
  if (content.length === 0) return E.right(content)
  if (!isAvailable) return E.left(unavailable(coding))
  try {
    const plain = decompressor(coding, content)(content, Inflater.outputLimit(limit))
    return plain.length > limit ? E.left(tooLarge(limit)) : E.right(plain)
  } catch (error) {
    if (Fault.causeOf(error).code === 'ERR_BUFFER_TOO_LARGE') return E.left(tooLarge(limit))
    // Node's gunzip rejects bytes after the last member, which must be ignored; `Gzip.decode` finds where they start.
    return coding === 'gzip' ? Gzip.decode(content, limit) : E.left(Inflater.decodingFailed(coding, error))
  }
}

/**
 * Decodes a buffered body with one call of zlib. Returns `undefined` for several codings or zstd frames, and if the
 * content is invalid or too large. Use `decodeStream` then: it yields to the event loop between many members.
 */
export const decodeAtOnce = (applied: Codings, content: Uint8Array, limit: number): Uint8Array | undefined => {
  const [coding] = applied
  if (content.length === 0) return content
  if (!isAvailable || coding === undefined || applied.length > 1) return undefined
  if (coding === 'zstd' && !Zstd.isOneFrame(content)) return undefined
  try {
    const plain = decompressor(coding, content)(content, Inflater.outputLimit(limit))
    return plain.length > limit ? undefined : plain
  } catch {
    return undefined
  }
}

/** An intermediate result may be a little larger than the final one: content that cannot be compressed grows. */
const intermediateLimit = (limit: number): number => limit * 1.125 + 65_536

/** Decodes a buffered body. Errors: `DecodingFailed`; `BodyTooLarge` if the result has more than `limit` bytes. */
export const decode = (applied: Codings, content: Uint8Array, limit: number): E.Either<Fault.Fault, Uint8Array> => {
  let plain: E.Either<Fault.Fault, Uint8Array> = E.right(content)
  for (let i = applied.length - 1; i >= 0; i--) {
    const coding = applied[i]
    if (E.isLeft(plain) || coding === undefined) return plain
    plain = decodeOne(coding, plain.right, i === 0 ? limit : intermediateLimit(limit))
  }
  if (E.isLeft(plain)) return plain.left._tag === 'BodyTooLarge' ? E.left(tooLarge(limit)) : plain
  return plain.right.length > limit ? E.left(tooLarge(limit)) : plain
}

const transform = (coding: 'deflate' | 'br', start: Uint8Array): Transform => {
  if (coding === 'br') return zlib.createBrotliDecompress(Inflater.STREAM_OPTIONS)
  const create = hasZlibHeader(start) ? zlib.createInflate : zlib.createInflateRaw
  return create(Inflater.STREAM_OPTIONS)
}

async function* decodeInput(coding: Coding, input: Inflater.Input): AsyncGenerator<Uint8Array> {
  if (coding === 'gzip') return yield* Gzip.decodeStream(input)
  if (coding === 'zstd') return yield* Zstd.decodeStream(input)
  // The first two bytes distinguish the two forms of `deflate`.
  const start = await input.peek(2)
  if (start.length > 0) yield* Inflater.inflateAll(coding, transform(coding, start), input)
}

async function* decodeSource(coding: Coding, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new Inflater.Input(source)
  try {
    if (!isAvailable && (await input.peek(1)).length > 0) throw unavailable(coding)
    yield* decodeInput(coding, input)
  } finally {
    await input.close()
  }
}

/** Decodes a stream at most one chunk ahead of its reader. Closes the source when that stops. Throws a `Fault`. */
export const decodeStream = (applied: Codings, source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  applied.reduceRight((inner, coding) => decodeSource(coding, inner), source)
