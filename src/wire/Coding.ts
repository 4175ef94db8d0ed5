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
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import * as Fault from './Fault.js'
import * as Gzip from './Gzip.js'
import * as Inflater from './Inflater.js'
import { concat, tooLarge } from './Reply.js'
import * as Zstd from './Zstd.js'

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

type Decompress = (content: Uint8Array, options: Inflater.Options) => Uint8Array

/** What Node has from 22.15 on. */
interface Library {
  readonly zstdDecompressSync: (content: Uint8Array, options: Inflater.InfoOptions) => Inflater.Info
  readonly createZstdDecompress: (options: zlib.ZlibOptions) => Inflater.Transform
}

// The cast: the types of Node 20 do not know it.
const builtin = 'createZstdDecompress' in zlib ? (zlib as unknown as Library) : undefined

/** A frame of one octet without that octet (RFC 8878 3.1.1). */
const CUT = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00)

/** Node 22 takes a frame that is cut short for a whole one; there zstd is not offered, for a cut must be a fault (D9). */
const noticesCuts = ({ zstdDecompressSync }: Library): boolean => {
  try {
    zstdDecompressSync(CUT, { info: true, ...Inflater.atMost(1024) })
    return false
  } catch {
    return true
  }
}

const zstd = builtin !== undefined && noticesCuts(builtin) ? builtin : undefined

const NAMES: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ...(zstd === undefined ? [] : ([['zstd', 'zstd']] as const)),
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

/** Node stops after the first frame. */
const decompressFrames: Decompress = (content, { maxOutputLength }) => {
  const frames: Uint8Array[] = []
  let room = maxOutputLength
  for (let rest = content; zstd !== undefined && (frames.length === 0 || Zstd.isFrame(rest)); ) {
    const { buffer, engine } = zstd.zstdDecompressSync(rest, { info: true, ...Inflater.atMost(room) })
    frames.push(buffer)
    room -= buffer.length
    rest = rest.subarray(engine.bytesWritten)
  }
  return concat(frames)
}

const decompressor = (coding: Coding, start: Uint8Array): Decompress => {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync
    case 'deflate':
      return hasZlibHeader(start) ? zlib.inflateSync : zlib.inflateRawSync
    case 'br':
      return zlib.brotliDecompressSync
    case 'zstd':
      return decompressFrames
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

const skipZstdFrame = async (input: Inflater.Input): Promise<void> => {
  const header = await input.peek(Zstd.SKIPPABLE_HEADER)
  if (header.length < Zstd.SKIPPABLE_HEADER) throw Inflater.truncated('zstd')
  input.skip(Zstd.SKIPPABLE_HEADER)
  for (let left = Zstd.skippableSize(header); left > 0; ) {
    const piece = await input.take()
    if (piece === undefined) throw Inflater.truncated('zstd')
    if (piece.length > left) input.giveBack(piece.subarray(left))
    left -= Math.min(left, piece.length)
  }
}

async function* zstdFrame(input: Inflater.Input, transform: Inflater.Transform): AsyncGenerator<Uint8Array> {
  const scanner = Zstd.frameScanner()
  const inflater = new Inflater.Inflater('zstd', transform)
  try {
    while (!scanner.isOver()) {
      const piece = await input.take()
      if (piece === undefined) break
      const length = scanner.take(piece)
      if (length < piece.length) input.giveBack(piece.subarray(length))
      yield* inflater.feed(piece.subarray(0, length))
    }
    yield* inflater.finish()
  } finally {
    inflater.close()
  }
}

/** A frame that is wholly at hand and small, decoded. Nothing for another one, which also says what is wrong with it. */
const smallZstdFrame = (bytes: Uint8Array, { zstdDecompressSync }: Library): Inflater.Whole | undefined => {
  const scanner = Zstd.frameScanner()
  const length = scanner.take(bytes.subarray(0, Inflater.SMALL))
  if (!scanner.isOver()) return undefined
  try {
    const options: Inflater.InfoOptions = { info: true, chunkSize: 1024, ...Inflater.atMost(Inflater.SMALL) }
    return { buffer: zstdDecompressSync(bytes.subarray(0, length), options).buffer, length }
  } catch {
    return undefined
  }
}

async function* zstdStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count += 1) {
    const start = await input.peek(4)
    if (zstd === undefined || start.length === 0 || !(count === 1 || Zstd.isFrame(start))) return
    if (count % Inflater.BATCH === 0) await new Promise(setImmediate)
    if (Zstd.isSkippable(start)) {
      await skipZstdFrame(input)
      continue
    }
    // As for gzip: a body of one frame is read as a stream.
    const small = count === 1 ? undefined : smallZstdFrame(start, zstd)
    if (small === undefined) yield* zstdFrame(input, zstd.createZstdDecompress(Inflater.OPTIONS))
    else {
      if (small.buffer.length > 0) yield small.buffer
      input.skip(small.length)
    }
  }
}

async function* undoing(coding: Coding, input: Inflater.Input): AsyncGenerator<Uint8Array> {
  if (coding === 'gzip') return yield* Gzip.decodeStream(input)
  if (coding === 'zstd') return yield* zstdStream(input)
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
