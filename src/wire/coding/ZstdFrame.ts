/**
 * Finds the end of a zstd frame (RFC 8878 3.1.1) without decoding it.
 *
 *     magic (4) · descriptor (1) · window, dictionary, content size (0 to 13) · blocks (3 + content) · checksum (0 or 4)
 *
 * Node's streaming decoder does not report the end of a frame if it is also the end of a chunk, and then fails on the next
 * chunk. Therefore each frame gets its own decoder, which receives the bytes of that frame only.
 */

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
export const isSkippable = ([a = 0, b, c, d]: Uint8Array): boolean =>
  a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18

/** Returns whether bytes start with the magic number of a zstd frame or a skippable frame. */
export const isFrame = (start: Uint8Array): boolean => {
  const [a, b, c, d] = start
  return (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) || isSkippable(start)
}

/** The length of magic number and size of a skippable frame. */
export const SKIPPABLE_HEADER_LENGTH = 8

/** Returns how many bytes follow the header of a skippable frame. */
export const skippableSize = (header: Uint8Array): number =>
  new DataView(header.buffer, header.byteOffset).getUint32(MAGIC_LENGTH, true)

/** Tracks one zstd frame, which must not be skippable, through the chunks of a body. */
export interface FrameScanner {
  /** Returns how many bytes of the next chunk belong to the frame. */
  readonly take: (chunk: Uint8Array) => number
  /** Returns whether the whole frame was taken. */
  readonly isComplete: () => boolean
}

export const frameScanner = (): FrameScanner => {
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
