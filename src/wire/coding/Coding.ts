/**
 * Content codings (RFC 9110 8.4): reading which were applied, and undoing them, last first.
 *
 * | coding           | what is accepted                                                              |
 * |------------------|-------------------------------------------------------------------------------|
 * | `gzip`, `x-gzip` | RFC 1952, several members; what follows the last one and is none is ignored    |
 * | `deflate`        | RFC 1950, or the raw RFC 1951 that some servers send in its place              |
 * | `br`             | RFC 7932                                                                      |
 * | `zstd`           | RFC 8878, several frames, where this Node has it                              |
 * | `identity`, none | skipped                                                                       |
 * | another          | nothing is undone, whatever stands beside it                                  |
 *
 * Laws: an empty body is empty under every coding. Cut short or damaged is `DecodingFailed`, never a short success.
 * What is too large is `BodyTooLarge` before it is in memory. `decodeStream` and `decode` give the same octets.
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
import * as zlib from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Fault from '../Fault.js'
import { tooLarge } from '../Reply.js'
import * as Gzip from './Gzip.js'
import * as Inflater from './Inflater.js'
import * as Zstd from './Zstd.js'

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

type Decompress = (content: Uint8Array, options: Inflater.Options) => Uint8Array

const NAMES: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ...(Zstd.isSupported ? ([['zstd', 'zstd']] as const) : []),
])

/** The value of Accept-Encoding that says what can be undone here. */
export const supported: string = [...NAMES.keys()].filter((name) => name !== 'x-gzip').join(', ')

/** The longest chain that is undone: each link multiplies what a few octets can blow up to. */
const MOST = 5

const NONE: E.Either<Fault.Fault, ReadonlyArray<Coding>> = E.right([])

/** The codings of a body in the order they were applied. Longer than five: `DecodingFailed`. */
export const codings = (headers: Headers.Headers): E.Either<Fault.Fault, ReadonlyArray<Coding>> => {
  if (Headers.find(headers, 'content-encoding') === undefined) return NONE
  const names = Headers.valuesOf(headers, 'content-encoding')
    .flatMap((value) => Secret.reveal(value).split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > MOST) {
    return E.left(
      Fault.make('DecodingFailed', `The body has ${names.length} content codings; at most ${MOST} are undone`),
    )
  }
  const known = names.flatMap((name) => NAMES.get(name) ?? [])
  return known.length === names.length ? E.right(known) : NONE
}

/** RFC 1950 2.2: method 8, and a check that the first two octets are a multiple of 31. Raw deflate never has it. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0

const decompressor = (coding: Coding, start: Uint8Array): Decompress => {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync
    case 'deflate':
      return hasZlibHeader(start) ? zlib.inflateSync : zlib.inflateRawSync
    case 'br':
      return zlib.brotliDecompressSync
    case 'zstd':
      return Zstd.decode
  }
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'

const undo = (coding: Coding, content: Uint8Array, limit: number): E.Either<Fault.Fault, Uint8Array> => {
  if (content.length === 0) return E.right(content)
  try {
    const plain = decompressor(coding, content)(content, Inflater.atMost(limit))
    return plain.length > limit ? E.left(tooLarge(limit)) : E.right(plain)
  } catch (error) {
    if (isTooLarge(error)) return E.left(tooLarge(limit))
    // Node's gunzip refuses what follows the last member; reading member by member finds where that begins.
    return coding === 'gzip' ? Gzip.decode(content, limit) : E.left(Inflater.failed(coding, error))
  }
}

const isSingle = (coding: Coding, content: Uint8Array): boolean => coding !== 'zstd' || Zstd.isOneFrame(content)

/**
 * Undoes one coding of bytes at hand where zlib does that in one go. Nothing for a chain, for many frames of zstd, and
 * for what is faulty or gives more than `limit` octets: `decodeStream` takes turns with others there, or says what is
 * wrong. A few octets can hold a hundred thousand members, each with a cost of its own.
 */
export const decodeAtOnce = (
  applied: ReadonlyArray<Coding>,
  content: Uint8Array,
  limit: number,
): Uint8Array | undefined => {
  const [coding] = applied
  if (content.length === 0) return content
  if (coding === undefined || applied.length > 1 || !isSingle(coding, content)) return undefined
  try {
    const plain = decompressor(coding, content)(content, Inflater.atMost(limit))
    return plain.length > limit ? undefined : plain
  } catch {
    return undefined
  }
}

/** A link of the chain may be a little longer than what comes out at the end: what cannot be compressed grows. */
const between = (limit: number): number => limit * 1.125 + 65_536

/** Undoes codings of bytes at hand, as long as no more than `limit` octets come out. */
export const decode = (
  applied: ReadonlyArray<Coding>,
  content: Uint8Array,
  limit: number,
): E.Either<Fault.Fault, Uint8Array> => {
  let plain: E.Either<Fault.Fault, Uint8Array> = E.right(content)
  for (let i = applied.length - 1; i >= 0; i--) {
    const coding = applied[i]
    if (E.isLeft(plain) || coding === undefined) return plain
    plain = undo(coding, plain.right, i === 0 ? limit : between(limit))
  }
  if (E.isLeft(plain)) return plain.left._tag === 'BodyTooLarge' ? E.left(tooLarge(limit)) : plain
  return plain.right.length > limit ? E.left(tooLarge(limit)) : plain
}

const transform = (coding: 'deflate' | 'br', start: Uint8Array): Inflater.Transform => {
  if (coding === 'br') return zlib.createBrotliDecompress(Inflater.OPTIONS)
  return hasZlibHeader(start) ? zlib.createInflate(Inflater.OPTIONS) : zlib.createInflateRaw(Inflater.OPTIONS)
}

async function* undoing(coding: Coding, input: Inflater.Input): AsyncGenerator<Uint8Array> {
  if (coding === 'gzip') return yield* Gzip.decodeStream(input)
  if (coding === 'zstd') return yield* Zstd.decodeStream(input)
  // Two octets tell the two kinds of `deflate` apart.
  const start = await input.peek(2)
  if (start.length > 0) yield* Inflater.inflateAll(coding, transform(coding, start), input)
}

async function* stage(coding: Coding, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new Inflater.Input(source)
  try {
    yield* undoing(coding, input)
  } finally {
    await input.close()
  }
}

/**
 * Undoes codings while reading, in constant memory: it inflates no further than one piece ahead of its reader, and
 * closes the source when the reader stops. Throws a `Fault`.
 */
export const decodeStream = (
  applied: ReadonlyArray<Coding>,
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> => applied.reduceRight((inner, coding) => stage(coding, inner), source)
