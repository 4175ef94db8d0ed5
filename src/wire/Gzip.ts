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
import * as Fault from './Fault.js'
import * as Inflater from './Inflater.js'
import { concat, tooLarge } from './Reply.js'

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

const inflateMember = (content: Uint8Array, limit: number): Inflater.Info => {
  const options: Inflater.InfoOptions = { info: true, ...Inflater.atMost(limit) }
  // The cast: Node's types say Buffer whatever `info` says.
  return zlib.inflateRawSync(content, options) as unknown as Inflater.Info
}

/** Undoes gzip of bytes at hand, as long as no more than `limit` octets come out. */
export const decode = (content: Uint8Array, limit: number): E.Either<Fault.Fault, Uint8Array> => {
  const pieces: Uint8Array[] = []
  let room = limit
  let rest = content
  while (rest.length > 0) {
    const length = header(rest)
    const isFirst = pieces.length === 0
    if (length === 'Foreign') return isFirst ? E.left(damaged('incorrect header check')) : E.right(concat(pieces))
    if (length === 'Short') {
      return !isFirst && isStub(rest) ? E.right(concat(pieces)) : E.left(Inflater.truncated('gzip'))
    }
    try {
      const { buffer, engine } = inflateMember(rest.subarray(length), room)
      const trailer = rest.subarray(length + engine.bytesWritten)
      if (buffer.length > room) return E.left(tooLarge(limit))
      if (trailer.length < TRAILER) return E.left(Inflater.truncated('gzip'))
      const wrong = checked(trailer, zlib.crc32(buffer), buffer.length)
      if (wrong !== undefined) return E.left(wrong)
      pieces.push(buffer)
      room -= buffer.length
      rest = trailer.subarray(TRAILER)
    } catch (error) {
      if (error instanceof RangeError) return E.left(tooLarge(limit))
      return E.left(Inflater.failed('gzip', error))
    }
  }
  return E.right(concat(pieces))
}

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

/** Undoes gzip while reading. Throws a `Fault`. */
export async function* decodeStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let isFirst = true; ; isFirst = false) {
    const length = await nextHeader(input, isFirst)
    if (length === 0) return
    input.skip(length)
    yield* member(input)
  }
}
