/**
 * gzip (RFC 1952). A body may have several members. Bytes after the last member are ignored, as browsers and urllib3 do.
 *
 * | after a member        | treated as                                    |
 * |-----------------------|-----------------------------------------------|
 * | nothing               | the end                                       |
 * | `1f 8b 08`            | another member: complete, or `DecodingFailed` |
 * | anything else         | padding or garbage, ignored                   |
 *
 * Members are decoded one by one, because Node's gunzip rejects the whole body if garbage follows the last member.
 */
import * as E from 'fp-ts/lib/Either.js'
import { concat, NOTHING, tooLarge } from '../BodySource.js'
import * as Fault from '../Fault.js'
import { joinChunks } from '../Parts.js'
import * as Inflater from './Inflater.js'
import { type SyncOptions, type SyncResult, zlib } from './Zlib.js'

const FIXED_HEADER_LENGTH = 10
const TRAILER_LENGTH = 8
/** The text fields of a header have no length of their own, so a limit is necessary. */
const MAX_HEADER_LENGTH = 16_384

/** The length of a member header, or why there is none: more bytes are needed, or something else follows. */
type HeaderLength = number | 'Incomplete' | 'NotGzip'

const MAGIC = [0x1f, 0x8b, 8]
const isMember = (bytes: Uint8Array): boolean =>
  MAGIC.every((octet, i) => bytes[i] === undefined || bytes[i] === octet) && ((bytes[3] ?? 0) & 0xe0) === 0

const afterZero = (bytes: Uint8Array, from: number): number => {
  const end = bytes.indexOf(0, from)
  return end < 0 ? Number.POSITIVE_INFINITY : end + 1
}

const headerLength = (bytes: Uint8Array): HeaderLength => {
  if (!isMember(bytes)) return 'NotGzip'
  if (bytes.length < FIXED_HEADER_LENGTH) return 'Incomplete'
  const [, , , flags = 0] = bytes
  let at = FIXED_HEADER_LENGTH
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  if (flags & 8) at = afterZero(bytes, at)
  if (flags & 16) at = afterZero(bytes, at)
  if (flags & 2) at += 2
  return at > bytes.length ? 'Incomplete' : at
}

/** Whether so few bytes follow a member that they are ignored, even if they could start another one. */
const isNegligible = (bytes: Uint8Array): boolean => bytes.length < MAGIC.length

const invalid = (problem: string): Fault.Fault => Fault.make('DecodingFailed', `The body is not valid gzip: ${problem}`)

/** Checks the trailer of a member: CRC-32 and length of the content. */
const trailerFault = (trailer: Uint8Array, crc: number, size: number): Fault.Fault | undefined => {
  if (trailer.length < TRAILER_LENGTH) return Inflater.truncated('gzip')
  if (Inflater.uint32(trailer, 0) !== crc) return invalid('incorrect data check')
  return Inflater.uint32(trailer, 4) === size >>> 0 ? undefined : invalid('incorrect length check')
}

/** Empty deflate streams with their trailers: one final block with fixed codes, or one stored block. */
const EMPTY_MEMBERS: ReadonlyArray<Uint8Array> = [
  Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
]

/** Returns the length of an empty member without its header, or 0 if the member is not empty. */
const emptyLength = (bytes: Uint8Array): number =>
  EMPTY_MEMBERS.find((empty) => empty.every((octet, i) => bytes[i] === octet))?.length ?? 0

/** Decodes one member without its header. Throws the errors of zlib. */
const decodeMember = (bytes: Uint8Array, options: SyncOptions): Inflater.Decoded | Fault.Fault => {
  const empty = emptyLength(bytes)
  if (empty > 0) return { buffer: NOTHING, inputLength: empty }
  // The cast: Node's types return a Buffer even if `info` is set.
  const { buffer, engine } = zlib.inflateRawSync(bytes, options) as unknown as SyncResult
  const trailer = bytes.subarray(engine.bytesWritten)
  const member = { buffer, inputLength: engine.bytesWritten + TRAILER_LENGTH }
  return trailerFault(trailer, zlib.crc32(buffer), buffer.length) ?? member
}

/** Decodes buffered gzip content. More than `limit` bytes of output are `BodyTooLarge`. */
export const decode = (content: Uint8Array, limit: number): E.Either<Fault.Fault, Uint8Array> => {
  const output: Uint8Array[] = []
  let joined = 0
  let remaining = limit
  let rest = content
  let previousSize: number | undefined
  for (let isFirst = true; rest.length > 0; isFirst = false) {
    const length = headerLength(rest)
    if (length === 'NotGzip') return isFirst ? E.left(invalid('incorrect header check')) : E.right(concat(output))
    if (length === 'Incomplete') {
      return !isFirst && isNegligible(rest) ? E.right(concat(output)) : E.left(Inflater.truncated('gzip'))
    }
    try {
      const member = decodeMember(rest.subarray(length), Inflater.syncOptions(remaining, previousSize))
      if (Fault.is(member)) return E.left(member)
      if (member.buffer.length > remaining) return E.left(tooLarge(limit))
      if (member.buffer.length > 0) output.push(member.buffer)
      joined = joinChunks(output, joined)
      previousSize = member.buffer.length
      remaining -= member.buffer.length
      rest = rest.subarray(length + member.inputLength)
    } catch (error) {
      return E.left(error instanceof RangeError ? tooLarge(limit) : Inflater.decodingFailed('gzip', error))
    }
  }
  return E.right(concat(output))
}

/** Returns the length of the next member header, or 0 if there are no more members. */
const nextHeader = async (input: Inflater.Input, isFirst: boolean): Promise<number> => {
  for (let wanted = FIXED_HEADER_LENGTH; ; ) {
    const bytes = await input.peek(wanted)
    if (bytes.length === 0) return 0
    const length = headerLength(bytes)
    if (typeof length === 'number') return length
    if (length === 'NotGzip') {
      if (isFirst) throw invalid('incorrect header check')
      return 0
    }
    if (bytes.length < wanted) {
      if (!isFirst && isNegligible(bytes)) return 0
      throw Inflater.truncated('gzip')
    }
    if (bytes.length > MAX_HEADER_LENGTH) throw invalid('the header is longer than 16 KiB')
    wanted = bytes.length + 1
  }
}

async function* streamMember(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater.Inflater('gzip', zlib.createInflateRaw(Inflater.STREAM_OPTIONS))
  let crc = 0
  let size = 0
  try {
    for (let isOpen = true; isOpen; ) {
      const chunk = await input.take()
      if (chunk === undefined) throw Inflater.truncated('gzip')
      const output = inflater.feed(chunk)
      let next = await output.next()
      for (; next.done !== true; next = await output.next()) {
        crc = zlib.crc32(next.value, crc)
        size += next.value.length
        yield next.value
      }
      if (next.value < chunk.length) {
        input.giveBack(chunk.subarray(next.value))
        isOpen = false
      }
    }
  } finally {
    inflater.close()
  }
  const fault = trailerFault(await input.peek(TRAILER_LENGTH), crc, size)
  if (fault !== undefined) throw fault
  input.skip(TRAILER_LENGTH)
}

/** Decodes a small member that is buffered completely. Any other member, valid or not, is left to `streamMember`. */
const decodeSmallMember = (bytes: Uint8Array): Inflater.Decoded | undefined => {
  try {
    const member = decodeMember(bytes, Inflater.SMALL_SYNC_OPTIONS)
    return Fault.is(member) ? undefined : member
  } catch {
    return undefined
  }
}

/** Decodes a stream of gzip content. Throws a `Fault`. */
export async function* decodeStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count += 1) {
    const length = await nextHeader(input, count === 1)
    if (length === 0) return
    input.skip(length)
    // Most bodies have a single member, which is streamed. Starting a transform for each of many small ones is slow.
    const small = count === 1 ? undefined : decodeSmallMember(await input.peek(1))
    if (small === undefined) yield* streamMember(input)
    else {
      if (small.buffer.length > 0) yield small.buffer
      input.skip(small.inputLength)
      if (count % Inflater.YIELD_INTERVAL === 0) await new Promise(setImmediate)
    }
  }
}
