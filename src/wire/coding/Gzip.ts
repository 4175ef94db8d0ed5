/**
 * gzip member by member (RFC 1952): several members are one body, and what follows the last one is ignored, as every
 * browser and urllib3 do.
 *
 * | after a member        | what it is                                    |
 * |-----------------------|-----------------------------------------------|
 * | nothing               | the end                                       |
 * | `1f 8b 08`            | another member: whole, or `DecodingFailed`     |
 * | anything else         | padding or garbage, ignored                   |
 *
 * Node's own gunzip refuses garbage and gives nothing of what came before it, hence this.
 */
import * as zlib from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import * as Fault from '../Fault.js'
import { concat, tooLarge } from '../Reply.js'
import * as Inflater from './Inflater.js'

const FIXED = 10
const TRAILER = 8
/** A header has text fields without a length; none needs more than this. */
const LONGEST_HEADER = 16_384

/** What stands at the start: the length of a header, the start of one, or no header. */
type Header = number | 'Short' | 'Foreign'

const MAGIC = [0x1f, 0x8b, 8]
const isMember = (bytes: Uint8Array): boolean =>
  MAGIC.every((octet, i) => bytes[i] === undefined || bytes[i] === octet) && ((bytes[3] ?? 0) & 0xe0) === 0

const afterText = (bytes: Uint8Array, from: number): number => {
  const end = bytes.indexOf(0, from)
  return end < 0 ? Number.POSITIVE_INFINITY : end + 1
}

const header = (bytes: Uint8Array): Header => {
  if (!isMember(bytes)) return 'Foreign'
  if (bytes.length < FIXED) return 'Short'
  const [, , , flags = 0] = bytes
  let at = FIXED
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  if (flags & 8) at = afterText(bytes, at)
  if (flags & 16) at = afterText(bytes, at)
  if (flags & 2) at += 2
  return at > bytes.length ? 'Short' : at
}

const read32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0

/** Whether what is left after a member is no more than the first octets of another: too little to call it cut. */
const isStub = (bytes: Uint8Array): boolean => bytes.length < MAGIC.length

const damaged = (why: string): Fault.Fault => Fault.make('DecodingFailed', `The body is not valid gzip: ${why}`)

const checked = (trailer: Uint8Array, crc: number, size: number): Fault.Fault | undefined => {
  if (read32(trailer, 0) !== crc) return damaged('incorrect data check')
  return read32(trailer, 4) === size >>> 0 ? undefined : damaged('incorrect length check')
}

// --- members at hand ------------------------------------------------------------------------------------------------

/** Deflate streams of no octets, with the trailer of no octets: a final block with fixed codes, and a stored one. */
const EMPTY_MEMBERS: ReadonlyArray<Uint8Array> = [
  Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
]

/** The length of an empty member without its header; 0 for another one. */
const emptyLength = (bytes: Uint8Array): number =>
  EMPTY_MEMBERS.find((empty) => empty.every((octet, i) => bytes[i] === octet))?.length ?? 0

const NOTHING = new Uint8Array(0)
const SMALLEST_CHUNK = 1024
const LARGEST_CHUNK = 65_536

/**
 * Reads one member, without its header, from bytes at hand. The cost of a small member is that of its output buffer, so
 * `chunk` is to be about the size of what comes out. An empty member needs no inflater. Throws as zlib does.
 */
const readMember = (bytes: Uint8Array, limit: number, chunk: number): Inflater.Whole | Fault.Fault => {
  const empty = emptyLength(bytes)
  if (empty > 0) return { buffer: NOTHING, length: empty }
  const chunkSize = Math.min(Math.max(chunk, SMALLEST_CHUNK), LARGEST_CHUNK)
  const options: Inflater.InfoOptions = { info: true, chunkSize, ...Inflater.atMost(limit) }
  // The cast: Node's types say Buffer whatever `info` says.
  const { buffer, engine } = zlib.inflateRawSync(bytes, options) as unknown as Inflater.Info
  const trailer = bytes.subarray(engine.bytesWritten, engine.bytesWritten + TRAILER)
  if (trailer.length < TRAILER) return Inflater.truncated('gzip')
  return checked(trailer, zlib.crc32(buffer), buffer.length) ?? { buffer, length: engine.bytesWritten + TRAILER }
}

/** Undoes gzip of bytes at hand, as long as no more than `limit` octets come out. */
export const decode = (content: Uint8Array, limit: number): E.Either<Fault.Fault, Uint8Array> => {
  const pieces: Uint8Array[] = []
  let room = limit
  let rest = content
  let chunk = LARGEST_CHUNK
  for (let isFirst = true; rest.length > 0; isFirst = false) {
    const length = header(rest)
    if (length === 'Foreign') return isFirst ? E.left(damaged('incorrect header check')) : E.right(concat(pieces))
    if (length === 'Short') {
      return !isFirst && isStub(rest) ? E.right(concat(pieces)) : E.left(Inflater.truncated('gzip'))
    }
    try {
      const read = readMember(rest.subarray(length), room, chunk)
      if (Fault.is(read)) return E.left(read)
      if (read.buffer.length > room) return E.left(tooLarge(limit))
      if (read.buffer.length > 0) pieces.push(read.buffer)
      chunk = read.buffer.length
      room -= read.buffer.length
      rest = rest.subarray(length + read.length)
    } catch (error) {
      if (error instanceof RangeError) return E.left(tooLarge(limit))
      return E.left(Inflater.failed('gzip', error))
    }
  }
  return E.right(concat(pieces))
}

// --- members while reading ------------------------------------------------------------------------------------------

/** The length of the header that comes next; 0 where there is no further member. */
const nextHeader = async (input: Inflater.Input, isFirst: boolean): Promise<number> => {
  for (let wanted = FIXED; ; ) {
    const bytes = await input.peek(wanted)
    if (bytes.length === 0) return 0
    const length = header(bytes)
    if (typeof length === 'number') return length
    if (length === 'Foreign') {
      if (isFirst) throw damaged('incorrect header check')
      return 0
    }
    if (bytes.length < wanted) {
      if (!isFirst && isStub(bytes)) return 0
      throw Inflater.truncated('gzip')
    }
    if (bytes.length > LONGEST_HEADER) throw damaged('the header does not end')
    wanted = bytes.length + 1
  }
}

async function* member(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater.Inflater('gzip', zlib.createInflateRaw(Inflater.OPTIONS))
  let crc = 0
  let size = 0
  try {
    for (let isInside = true; isInside; ) {
      const piece = await input.take()
      if (piece === undefined) throw Inflater.truncated('gzip')
      const output = inflater.feed(piece)
      let next = await output.next()
      for (; next.done !== true; next = await output.next()) {
        crc = zlib.crc32(next.value, crc)
        size += next.value.length
        yield next.value
      }
      if (next.value < piece.length) {
        input.giveBack(piece.subarray(next.value))
        isInside = false
      }
    }
  } finally {
    inflater.close()
  }
  const trailer = await input.peek(TRAILER)
  if (trailer.length < TRAILER) throw Inflater.truncated('gzip')
  const wrong = checked(trailer, crc, size)
  if (wrong !== undefined) throw wrong
  input.skip(TRAILER)
}

/** A member that is wholly at hand and small. Nothing for another one, which also says what is wrong with it. */
const smallMember = (bytes: Uint8Array): Inflater.Whole | undefined => {
  try {
    const read = readMember(bytes, Inflater.SMALL, SMALLEST_CHUNK)
    return Fault.is(read) ? undefined : read
  } catch {
    return undefined
  }
}

/** Undoes gzip while reading. Throws a `Fault`. */
export async function* decodeStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count += 1) {
    const length = await nextHeader(input, count === 1)
    if (length === 0) return
    input.skip(length)
    // Most bodies have one member: it is read as a stream. Further ones are tried at once, and large ones decoded again.
    const small = count === 1 ? undefined : smallMember(await input.peek(1))
    if (small === undefined) yield* member(input)
    else {
      if (small.buffer.length > 0) yield small.buffer
      input.skip(small.length)
      if (count % Inflater.BATCH === 0) await new Promise(setImmediate)
    }
  }
}
