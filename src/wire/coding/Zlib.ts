/**
 * The decoders and compressors of the runtime. A browser does not have them: its `fetch` decodes bodies.
 *
 * | runtime      | zstd                                                                  |
 * |--------------|-----------------------------------------------------------------------|
 * | Node 20      | is not available                                                      |
 * | Node 22.15   | does not report a truncated frame as an error, so it is not used (D9) |
 * | Node 24      | is used                                                               |
 */
import type * as Builtin from 'node:zlib'
import * as NodeModules from '../NodeModules.js'

const found = NodeModules.zlib()

/** Whether this runtime decodes gzip, deflate and Brotli. */
export const isAvailable = found !== undefined

/** The cast: `Coding` calls no decoder unless `isAvailable`. */
export const zlib = found as typeof Builtin

/** The largest value that zlib accepts as a limit of its output. */
export const MAX_OUTPUT_LENGTH = NodeModules.buffer()?.constants.MAX_LENGTH ?? Number.MAX_SAFE_INTEGER

/** Options of a synchronous zlib function that also returns how much input it used. */
export interface SyncOptions {
  readonly maxOutputLength: number
  readonly info: true
  readonly chunkSize: number
}

/** The result of a synchronous zlib function that is called with `info`. */
export interface SyncResult {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

/**
 * Deno 2.9 reports no error for Brotli that is truncated, nor for invalid Brotli that is decoded at once. There, content is
 * decoded together with one more byte: a complete body uses all bytes except this one.
 */
export const isBrotliChecked = NodeModules.runtime !== 'Deno'

/** The byte after the content. */
export const EXTRA_BYTE = Uint8Array.of(0)

export type Transform = Builtin.InflateRaw | Builtin.BrotliDecompress

/** The zstd functions of Node 22.15 and later. */
export interface Zstd {
  readonly zstdDecompressSync: (content: Uint8Array, options: SyncOptions) => SyncResult
  readonly createZstdDecompress: (options: Builtin.ZlibOptions) => Transform
}

// The cast: the types of Node 20 do not have these functions.
const builtin = found !== undefined && 'createZstdDecompress' in found ? (found as unknown as Zstd) : undefined

/** The functions of Node 22.15 and later that compress with zstd. */
export interface ZstdCompress {
  readonly zstdCompressSync: (content: Uint8Array) => Uint8Array
  readonly createZstdCompress: () => Builtin.BrotliCompress
}

/** The functions that compress with zstd, if this version of Node has them. The cast: as above. */
export const zstdCompress =
  found !== undefined && 'createZstdCompress' in found ? (found as unknown as ZstdCompress) : undefined

/** The header of a frame with one byte of content, which is missing (RFC 8878 3.1.1). */
const TRUNCATED_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00)

const detectsTruncation = ({ zstdDecompressSync }: Zstd): boolean => {
  try {
    zstdDecompressSync(TRUNCATED_FRAME, { info: true, maxOutputLength: 1024, chunkSize: 1024 })
    return false
  } catch {
    return true
  }
}

/** The zstd functions, if this version of Node has them and detects truncated frames. */
export const zstd = builtin !== undefined && detectsTruncation(builtin) ? builtin : undefined
