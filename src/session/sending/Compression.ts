/**
 * The compression of request bodies as a setting: `withCompression` sets it, planning applies it.
 *
 * | option        | default | meaning                                                     |
 * |---------------|---------|-------------------------------------------------------------|
 * | `minimumSize` | 1,024   | a body that is known to have fewer bytes is sent as it is   |
 */
import * as UserInput from '../../values/UserInput.js'

/**
 * A content coding of a request body: gzip (RFC 1952), Brotli (RFC 7932) or zstd (RFC 8878).
 *
 * @since 0.2.0
 * @category model
 */
export type CompressionCoding = 'gzip' | 'br' | 'zstd'

/**
 * The options of `withCompression`.
 *
 * @since 0.2.0
 * @category model
 */
export interface CompressionOptions {
  /** A body that is known to have fewer bytes is sent as it is: 1,024 by default. */
  readonly minimumSize?: number | undefined
}

/**
 * The setting: every option has a value.
 *
 * @since 0.2.0
 * @category model
 */
export interface Compression {
  /** The content coding. */
  readonly coding: CompressionCoding
  /** In bytes. */
  readonly minimumSize: number
}

const MINIMUM_SIZE = 1024

/** Returns the minimum that is set. In plain JavaScript the options may be anything. */
const minimumOf = (options: CompressionOptions): number => {
  try {
    return UserInput.isRecord(options) ? (UserInput.get(options, 'minimumSize') ?? MINIMUM_SIZE) : Number.NaN
  } catch {
    return Number.NaN // a getter throws; planning reports the number
  }
}

/** Returns the setting. Nothing is validated. */
export const make = (coding: CompressionCoding, options: CompressionOptions): Compression => ({
  coding,
  minimumSize: minimumOf(options),
})

/** Returns why a setting is not valid, or `undefined`. */
export const problemOf = ({ coding, minimumSize }: Compression): string | undefined => {
  if (coding !== 'gzip' && coding !== 'br' && coding !== 'zstd') return "its coding must be 'gzip', 'br' or 'zstd'"
  return typeof minimumSize === 'number' && minimumSize >= 0
    ? undefined
    : 'its option minimumSize must be a number of bytes'
}
