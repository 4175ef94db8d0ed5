/**
 * Where a zstd frame ends (RFC 8878 3.1.1), found without decoding it.
 *
 *     magic (4) · descriptor (1) · window, dictionary, content size (0 to 13) · blocks (3 + content) · checksum (0 or 4)
 *
 * Node's decoder does not report the end of a frame that coincides with the end of the octets it was given, and fails on
 * what follows. So each frame gets a decoder of its own, which is given the octets of that frame only.
 */

const MAGIC = 4
const DESCRIPTOR = MAGIC + 1
const BLOCK_HEADER = 3
const CHECKSUM = 4

/** By the two lowest bits of the descriptor. */
const DICTIONARY_SIZES = [0, 1, 2, 4] as const
/** By the two highest bits. */
const CONTENT_SIZES = [0, 2, 4, 8] as const
/** A block of one octet that is repeated. */
const RLE = 1

/** RFC 8878 3.1.1.1: the octets between the descriptor and the first block. */
const restOfHeader = (descriptor: number): number => {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSize = CONTENT_SIZES[(descriptor >> 6) & 3] ?? 0
  const dictionarySize = DICTIONARY_SIZES[descriptor & 3] ?? 0
  return dictionarySize + (isSingleSegment ? Math.max(contentSize, 1) : contentSize + 1)
}

/** Whether octets start with the magic number of a skippable frame (RFC 8878 3.1.2). */
export const isSkippable = ([a = 0, b, c, d]: Uint8Array): boolean =>
  a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18

/** Whether octets start with the magic number of a frame of either kind. */
export const isFrame = (start: Uint8Array): boolean => {
  const [a, b, c, d] = start
  return (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) || isSkippable(start)
}

/** Magic number and size of a skippable frame. */
export const SKIPPABLE_HEADER = 8

/** How many octets follow the header of a skippable frame. */
export const skippableSize = (header: Uint8Array): number =>
  new DataView(header.buffer, header.byteOffset).getUint32(MAGIC, true)

/** Follows one frame, which must not be skippable, through the pieces of a body. */
export interface FrameScanner {
  /** How many octets of the next piece belong to the frame. */
  readonly take: (piece: Uint8Array) => number
  /** Whether all octets of the frame were taken. */
  readonly isOver: () => boolean
}

export const frameScanner = (): FrameScanner => {
  // The octets of the field that is being read: magic number and descriptor, or the header of a block.
  let field: number[] = []
  let fieldSize = DESCRIPTOR
  let skip = 0
  let checksum = 0
  let isLast = false

  const readDescriptor = (descriptor: number): void => {
    checksum = (descriptor & 4) === 0 ? 0 : CHECKSUM
    skip = restOfHeader(descriptor)
    fieldSize = BLOCK_HEADER
  }
  const readBlock = ([low = 0, middle = 0, high = 0]: ReadonlyArray<number>): void => {
    const block = low | (middle << 8) | (high << 16)
    isLast = (block & 1) === 1
    skip = (((block >> 1) & 3) === RLE ? 1 : block >> 3) + (isLast ? checksum : 0)
  }
  const readField = (): void => {
    if (fieldSize === DESCRIPTOR) readDescriptor(field[MAGIC] ?? 0)
    else readBlock(field)
    field = []
  }
  const isOver = (): boolean => isLast && skip === 0
  const take = (piece: Uint8Array): number => {
    let at = 0
    while (at < piece.length && !isOver()) {
      const skipped = Math.min(skip, piece.length - at)
      skip -= skipped
      at += skipped
      const octet = piece[at]
      if (skipped > 0 || octet === undefined) continue
      at += 1
      field.push(octet)
      if (field.length === fieldSize) readField()
    }
    return at
  }
  return { take, isOver }
}
