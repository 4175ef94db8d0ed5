/**
 * Lists of the parts of a body that is read as a whole: chunks, pieces of a line, lines of an event.
 *
 * A server chooses how a body is divided. Each part costs memory of its own: an object of about 100 octets for a chunk, a header and
 * a pointer for a text. A part may also keep alive what it was cut from: the buffer of a connection, the text of a chunk. So many
 * small parts need many times as much memory as their content, which a limit of octets or characters does not count. The
 * functions here join them in batches, so that the memory grows with the content. Each part is copied once more at most, and
 * none in a list of fewer than 256.
 */
import * as Octets from '../values/Octets.js'

/** The number of parts that are joined at a time. Fewer are left as they are. */
export const BATCH = 256

/** What the object of a chunk needs, without its buffer. */
const CHUNK_OBJECT_BYTES = 128

/** The most that one read of a connection allocates. A larger buffer is that of a source in memory, which keeps it anyway. */
const MAX_READ_BYTES = 65_536

/** Returns whether chunks need more than twice the memory of their content. */
const areWasteful = (chunks: ReadonlyArray<Uint8Array>, from: number): boolean => {
  let size = 0
  let used = (chunks.length - from) * CHUNK_OBJECT_BYTES
  let buffer: ArrayBufferLike | undefined
  for (let i = from; i < chunks.length; i += 1) {
    const chunk = chunks[i]
    if (chunk === undefined) continue
    size += chunk.length
    if (chunk.buffer === buffer) continue // several chunks of one read
    buffer = chunk.buffer
    used += Math.min(buffer.byteLength, MAX_READ_BYTES)
  }
  return used > 2 * size
}

/**
 * Joins the last chunks of a list if they are many and waste memory, after one was added. `settled` is the number of chunks at its
 * start that stay as they are: 0 for an empty list. Returns the new number.
 */
export const joinChunks = (chunks: Uint8Array[], settled: number): number => {
  if (chunks.length - settled < BATCH) return settled
  if (areWasteful(chunks, settled)) chunks.push(Octets.concat(chunks.splice(settled)))
  return chunks.length
}

const lengthFrom = (texts: ReadonlyArray<string>, from: number): number => {
  let length = 0
  for (let i = from; i < texts.length; i += 1) length += texts[i]?.length ?? 0
  return length
}

/** Joins the last lines of a list with line feeds if they are many, as `joinChunks` does. */
export const joinLines = (lines: string[], settled: number): number => {
  if (lines.length - settled < BATCH) return settled
  lines.push(lines.splice(settled).join('\n'))
  return lines.length
}

/** The header and the pointer of a piece cost less than its characters from this length on. */
const LONG_PIECE = 64

/** Joins the last pieces of a list if they are many and short. Each must be a whole text, or a long part of one. */
export const joinPieces = (pieces: string[], settled: number): number => {
  const count = pieces.length - settled
  if (count < BATCH) return settled
  if (lengthFrom(pieces, settled) < count * LONG_PIECE) pieces.push(pieces.splice(settled).join(''))
  return pieces.length
}
