/**
 * zstd (RFC 8878). A body may have several frames. Skippable frames have no content, and bytes after the last frame are
 * ignored.
 *
 * | Node         | zstd                                                                  |
 * |--------------|-----------------------------------------------------------------------|
 * | 20           | is not available                                                      |
 * | 22.15        | does not report a truncated frame as an error, so it is not used (D9) |
 * | 24           | is used                                                               |
 */
import * as zlib from 'node:zlib'
import { concat } from '../BodySource.js'
import * as Inflater from './Inflater.js'
import * as ZstdFrame from './ZstdFrame.js'

/** The zstd functions of Node 22.15 and later. */
interface Library {
  readonly zstdDecompressSync: (content: Uint8Array, options: Inflater.SyncOptions) => Inflater.SyncResult
  readonly createZstdDecompress: (options: zlib.ZlibOptions) => Inflater.Transform
}

// The cast: the types of Node 20 do not have these functions.
const builtin = 'createZstdDecompress' in zlib ? (zlib as unknown as Library) : undefined

/** The header of a frame with one byte of content, which is missing (RFC 8878 3.1.1). */
const TRUNCATED_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00)

const detectsTruncation = ({ zstdDecompressSync }: Library): boolean => {
  try {
    zstdDecompressSync(TRUNCATED_FRAME, Inflater.SMALL_SYNC_OPTIONS)
    return false
  } catch {
    return true
  }
}

const zstd = builtin !== undefined && detectsTruncation(builtin) ? builtin : undefined

/** Whether this version of Node decodes zstd and detects truncated frames. */
export const isSupported = zstd !== undefined

/** Returns whether the content has a single frame. */
export const isOneFrame = (content: Uint8Array): boolean => {
  const length = ZstdFrame.frameScanner().take(content)
  return !ZstdFrame.isSkippable(content) && !ZstdFrame.isFrame(content.subarray(length))
}

/** Decodes buffered zstd content, frame by frame because Node stops after the first. Throws the errors of zlib. */
export const decode = (content: Uint8Array, { maxOutputLength }: Inflater.OutputLimit): Uint8Array => {
  if (zstd === undefined) return concat([])
  const output: Uint8Array[] = []
  let remaining = maxOutputLength
  let previousSize: number | undefined
  let rest = content
  do {
    const { buffer, engine } = zstd.zstdDecompressSync(rest, Inflater.syncOptions(remaining, previousSize))
    if (buffer.length > 0) output.push(buffer)
    previousSize = buffer.length
    remaining -= buffer.length
    rest = rest.subarray(engine.bytesWritten)
  } while (ZstdFrame.isFrame(rest))
  return concat(output)
}

const skipFrame = async (input: Inflater.Input): Promise<void> => {
  const header = await input.peek(ZstdFrame.SKIPPABLE_HEADER_LENGTH)
  if (header.length < ZstdFrame.SKIPPABLE_HEADER_LENGTH) throw Inflater.truncated('zstd')
  input.skip(ZstdFrame.SKIPPABLE_HEADER_LENGTH)
  for (let left = ZstdFrame.skippableSize(header); left > 0; ) {
    const chunk = await input.take()
    if (chunk === undefined) throw Inflater.truncated('zstd')
    if (chunk.length > left) input.giveBack(chunk.subarray(left))
    left -= Math.min(left, chunk.length)
  }
}

async function* streamFrame(input: Inflater.Input, transform: Inflater.Transform): AsyncGenerator<Uint8Array> {
  const scanner = ZstdFrame.frameScanner()
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
const decodeSmallFrame = (bytes: Uint8Array, { zstdDecompressSync }: Library): Inflater.Decoded | undefined => {
  const scanner = ZstdFrame.frameScanner()
  const inputLength = scanner.take(bytes.subarray(0, Inflater.MAX_SYNC_SIZE))
  if (!scanner.isComplete()) return undefined
  try {
    return {
      buffer: zstdDecompressSync(bytes.subarray(0, inputLength), Inflater.SMALL_SYNC_OPTIONS).buffer,
      inputLength,
    }
  } catch {
    return undefined
  }
}

/** Decodes a stream of zstd content. Throws a `Fault`. */
export async function* decodeStream(input: Inflater.Input): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count += 1) {
    const start = await input.peek(4)
    if (zstd === undefined || start.length === 0 || !(count === 1 || ZstdFrame.isFrame(start))) return
    if (count % Inflater.YIELD_INTERVAL === 0) await new Promise(setImmediate)
    if (ZstdFrame.isSkippable(start)) {
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
