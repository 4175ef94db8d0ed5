/**
 * zstd (RFC 8878). A body may have several frames; bytes after the last are ignored. Skippable frames have no content.
 */
import { concat } from '../BodySource.js'
import { joinChunks } from '../Parts.js'
import * as Inflater from './Inflater.js'
import { type Transform, type Zstd, zstd } from './Zlib.js'

const MAGIC_LENGTH = 4
const HEADER_START_LENGTH = MAGIC_LENGTH + 1
const BLOCK_HEADER_LENGTH = 3
const CHECKSUM_LENGTH = 4

/** The length of the dictionary id, by the two lowest bits of the descriptor. */
const DICTIONARY_SIZES = [0, 1, 2, 4] as const
/** The length of the content size, by the two highest bits of the descriptor. */
const CONTENT_SIZES = [0, 2, 4, 8] as const
/** The type of a block with a single byte that is repeated. */
const RLE_BLOCK = 1

/** Returns the number of bytes between the descriptor and the first block (RFC 8878 3.1.1.1). */
const restOfHeader = (descriptor: number): number => {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSize = CONTENT_SIZES[(descriptor >> 6) & 3] ?? 0
  const dictionarySize = DICTIONARY_SIZES[descriptor & 3] ?? 0
  return dictionarySize + (isSingleSegment ? Math.max(contentSize, 1) : contentSize + 1)
}

/** Returns whether bytes start with the magic number of a skippable frame (RFC 8878 3.1.2). */
const isSkippable = ([a = 0, b, c, d]: Uint8Array): boolean => a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18

/** Returns whether bytes start with the magic number of a zstd frame or a skippable frame. */
const isFrame = (start: Uint8Array): boolean => {
  const [a, b, c, d] = start
  return (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) || isSkippable(start)
}

/** The length of magic number and size of a skippable frame. */
const SKIPPABLE_HEADER_LENGTH = 8

/** Tracks one zstd frame, which must not be skippable, through the chunks of a body. */
interface FrameScanner {
  /** Returns how many bytes of the next chunk belong to the frame. */
  readonly take: (chunk: Uint8Array) => number
  readonly isComplete: () => boolean
}

const frameScanner = (): FrameScanner => {
  // The bytes of the current field: magic number and descriptor, or the header of a block.
  let field: number[] = []
  let fieldSize = HEADER_START_LENGTH
  let skip = 0
  let checksum = 0
  let isLast = false

  const readDescriptor = (descriptor: number): void => {
    checksum = (descriptor & 4) === 0 ? 0 : CHECKSUM_LENGTH
    skip = restOfHeader(descriptor)
    fieldSize = BLOCK_HEADER_LENGTH
  }
  const readBlock = ([low = 0, middle = 0, high = 0]: ReadonlyArray<number>): void => {
    const block = low | (middle << 8) | (high << 16)
    isLast = (block & 1) === 1
    skip = (((block >> 1) & 3) === RLE_BLOCK ? 1 : block >> 3) + (isLast ? checksum : 0)
  }
  const readField = (): void => {
    if (fieldSize === HEADER_START_LENGTH) readDescriptor(field[MAGIC_LENGTH] ?? 0)
    else readBlock(field)
    field = []
  }
  const isComplete = (): boolean => isLast && skip === 0
  const take = (chunk: Uint8Array): number => {
    let at = 0
    while (at < chunk.length && !isComplete()) {
      const skipped = Math.min(skip, chunk.length - at)
      skip -= skipped
      at += skipped
      const byte = chunk[at]
      if (skipped > 0 || byte === undefined) continue
      at += 1
      field.push(byte)
      if (field.length === fieldSize) readField()
    }
    return at
  }
  return { take, isComplete }
}

export const isOneFrame = (content: Uint8Array): boolean => {
  const length = frameScanner().take(content)
  return !isSkippable(content) && !isFrame(content.subarray(length))
}

/** Decodes buffered zstd content, frame by frame because Node stops after the first. Throws the errors of zlib. */
export const decode = (content: Uint8Array, { maxOutputLength }: Inflater.OutputLimit): Uint8Array => {
  if (zstd === undefined) return concat([])
  const output: Uint8Array[] = []
  let joined = 0
  let remaining = maxOutputLength
  let previousSize: number | undefined
  let rest = content
  do {
    const { buffer, engine } = zstd.zstdDecompressSync(rest, Inflater.syncOptions(remaining, previousSize))
    if (buffer.length > 0) output.push(buffer)
    joined = joinChunks(output, joined)
    previousSize = buffer.length
    remaining -= buffer.length
    rest = rest.subarray(engine.bytesWritten)
  } while (isFrame(rest))
  return concat(output)
}

const skipFrame = async (input: Inflater.Input): Promise<void> => {
  const header = await input.peek(SKIPPABLE_HEADER_LENGTH)
  if (header.length < SKIPPABLE_HEADER_LENGTH) throw Inflater.truncated('zstd')
  input.skip(SKIPPABLE_HEADER_LENGTH)
  for (let left = Inflater.uint32(header, MAGIC_LENGTH); left > 0; ) {
    const chunk = await input.take()
    if (chunk === undefined) throw Inflater.truncated('zstd')
    if (chunk.length > left) input.giveBack(chunk.subarray(left))
    left -= Math.min(left, chunk.length)
  }
}

async function* streamFrame(input: Inflater.Input, transform: Transform): AsyncGenerator<Uint8Array> {
  const scanner = frameScanner()
  const inflater = new Inflater.Inflater('zstd', transform)
  try {
    while (!scanner.isComplete()) {
      const chunk = await input.take()
      if (chunk === undefined) break
      const length = scanner.take(chunk)
      if (length < chunk.length) input.giveBack(chunk.subarray(length))
      yield* inflater.feed(chunk.subarray(0, length))
    }
    yield* inflater.finish()
  } finally {
    inflater.close()
  }
}

/** Decodes a small frame that is buffered completely. Any other frame, valid or not, is left to `streamFrame`. */
const decodeSmallFrame = (bytes: Uint8Array, { zstdDecompressSync }: Zstd): Inflater.Decoded | undefined => {
  const scanner = frameScanner()
  const inputLength = scanner.take(bytes.subarray(0, Inflater.MAX_SYNC_SIZE))
  if (!scanner.isComplete()) return undefined
  try {
    const { buffer } = zstdDecompressSync(bytes.subarray(0, inputLength), Inflater.SMALL_SYNC_OPTIONS)
    return { buffer, inputLength }
  } catch {
    return undefined
  }
}

/** Decodes a stream of zstd content. Throws a `Fault`. */
export async function* decodeStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count += 1) {
    const start = await input.peek(4)
    if (zstd === undefined || start.length === 0 || !(count === 1 || isFrame(start))) return
    if (count % Inflater.YIELD_INTERVAL === 0) await new Promise(setImmediate)
    if (isSkippable(start)) {
      await skipFrame(input)
      continue
    }
    // As for gzip, only the frames after the first are tried synchronously.
    const small = count === 1 ? undefined : decodeSmallFrame(start, zstd)
    if (small === undefined) yield* streamFrame(input, zstd.createZstdDecompress(Inflater.STREAM_OPTIONS))
    else {
      if (small.buffer.length > 0) yield small.buffer
      input.skip(small.inputLength)
    }
  }
}
