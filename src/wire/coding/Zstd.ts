/**
 * zstd frame by frame (RFC 8878): several frames are one body, skippable ones hold nothing, and what follows the last
 * frame is ignored.
 *
 * | Node         | zstd                                                             |
 * |--------------|------------------------------------------------------------------|
 * | 20           | is missing                                                       |
 * | 22.15        | takes a frame that is cut short for a whole one: it is not used  |
 * | 24           | is used                                                          |
 */
import * as zlib from 'node:zlib'
import { concat } from '../Reply.js'
import * as Inflater from './Inflater.js'
import * as ZstdFrame from './ZstdFrame.js'

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

/** Whether this Node can undo zstd, and notices a frame that is cut short. */
export const isSupported = zstd !== undefined

const SMALLEST_CHUNK = 1024
const LARGEST_CHUNK = 65_536

/** Whether the first frame is the only one. */
export const isOneFrame = (content: Uint8Array): boolean => {
  const length = ZstdFrame.frameScanner().take(content)
  return !ZstdFrame.isSkippable(content) && !ZstdFrame.isFrame(content.subarray(length))
}

/** Undoes zstd of bytes at hand. Node stops after the first frame, so each is decoded by itself. Throws as zlib does. */
export const decode = (content: Uint8Array, { maxOutputLength }: Inflater.Options): Uint8Array => {
  const frames: Uint8Array[] = []
  let room = maxOutputLength
  // The cost of a small frame is that of its output buffer: each is about as large as the one before.
  let chunkSize = LARGEST_CHUNK
  for (
    let rest = content, isFirst = true;
    zstd !== undefined && (isFirst || ZstdFrame.isFrame(rest));
    isFirst = false
  ) {
    const options: Inflater.InfoOptions = { info: true, chunkSize, ...Inflater.atMost(room) }
    const { buffer, engine } = zstd.zstdDecompressSync(rest, options)
    if (buffer.length > 0) frames.push(buffer)
    chunkSize = Math.min(Math.max(buffer.length, SMALLEST_CHUNK), LARGEST_CHUNK)
    room -= buffer.length
    rest = rest.subarray(engine.bytesWritten)
  }
  return concat(frames)
}

const skip = async (input: Inflater.Input): Promise<void> => {
  const header = await input.peek(ZstdFrame.SKIPPABLE_HEADER)
  if (header.length < ZstdFrame.SKIPPABLE_HEADER) throw Inflater.truncated('zstd')
  input.skip(ZstdFrame.SKIPPABLE_HEADER)
  for (let left = ZstdFrame.skippableSize(header); left > 0; ) {
    const piece = await input.take()
    if (piece === undefined) throw Inflater.truncated('zstd')
    if (piece.length > left) input.giveBack(piece.subarray(left))
    left -= Math.min(left, piece.length)
  }
}

async function* frame(input: Inflater.Input, transform: Inflater.Transform): AsyncGenerator<Uint8Array> {
  const scanner = ZstdFrame.frameScanner()
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
const smallFrame = (bytes: Uint8Array, { zstdDecompressSync }: Library): Inflater.Whole | undefined => {
  const scanner = ZstdFrame.frameScanner()
  const length = scanner.take(bytes.subarray(0, Inflater.SMALL))
  if (!scanner.isOver()) return undefined
  try {
    const options: Inflater.InfoOptions = { info: true, chunkSize: SMALLEST_CHUNK, ...Inflater.atMost(Inflater.SMALL) }
    return { buffer: zstdDecompressSync(bytes.subarray(0, length), options).buffer, length }
  } catch {
    return undefined
  }
}

/** Undoes zstd while reading. Throws a `Fault`. */
export async function* decodeStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count += 1) {
    const start = await input.peek(4)
    if (zstd === undefined || start.length === 0 || !(count === 1 || ZstdFrame.isFrame(start))) return
    if (count % Inflater.BATCH === 0) await new Promise(setImmediate)
    if (ZstdFrame.isSkippable(start)) {
      await skip(input)
      continue
    }
    // As for gzip: the first frame, mostly the only one, is read as a stream.
    const small = count === 1 ? undefined : smallFrame(start, zstd)
    if (small === undefined) yield* frame(input, zstd.createZstdDecompress(Inflater.OPTIONS))
    else {
      if (small.buffer.length > 0) yield small.buffer
      input.skip(small.length)
    }
  }
}
