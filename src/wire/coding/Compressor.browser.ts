/** `Compressor` for browsers and workers, which have no synchronous compression: a plan could not know what is sent. */

const HINT = 'compress the body with CompressionStream, and set Content-Encoding with withHeader'

/** Returns why the runtime cannot compress with a coding. */
export const missing = (coding: string): string | undefined => `this runtime cannot compress with ${coding}; ${HINT}`

/** Not reached: `missing` returns a reason for each coding. */
export const compress = (_coding: string, content: Uint8Array): Uint8Array => content

/** Not reached: `missing` returns a reason for each coding. */
export const compressStream = (
  _coding: string,
  source: AsyncIterable<Uint8Array>,
  _length: number | undefined,
): AsyncIterable<Uint8Array> => source
