/**
 * Python's scalars as text and bytes.
 *
 * | Python                 | text                                       | bytes            |
 * |------------------------|--------------------------------------------|------------------|
 * | str                    | itself                                     | its UTF-8        |
 * | bytes                  | latin-1, as a header carries them          | themselves       |
 * | int                    | its digits                                 |                  |
 * | bool, float, None      | as JavaScript writes them (D15)            |                  |
 */
import type { Py } from '../tagged.js'

/** Python floats in JavaScript's spelling. */
export const numberOf = (text: string): number =>
  text === 'inf'
    ? Number.POSITIVE_INFINITY
    : text === '-inf'
      ? Number.NEGATIVE_INFINITY
      : text === 'nan'
        ? Number.NaN
        : Number(text)

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** What a value is as text; a collection has none. */
export const scalarText = (py: Py): string | undefined => {
  switch (py._tag) {
    case 'Str':
    case 'Int':
      return py.text
    case 'Float':
      return String(numberOf(py.text))
    case 'Bool':
      return String(py.value)
    case 'None':
      return 'null'
    case 'Bytes':
      return latin1(py.bytes)
    default:
      return undefined
  }
}

export const textOf = (py: Py): string => scalarText(py) ?? ''

/** The octets of a body: text as UTF-8, a stream from its position on, chunks joined. */
export const bytesOf = (py: Py): Uint8Array => {
  switch (py._tag) {
    case 'Bytes':
      return py.bytes
    case 'Stream':
      return py.bytes.subarray(py.position)
    case 'Iter':
      return Buffer.concat(py.chunks.map(bytesOf))
    default:
      return Buffer.from(textOf(py), 'utf8')
  }
}

/** The reason of a reply: bytes are UTF-8 where they are that, else latin-1; None is nothing. */
export const reasonOf = (py: Py): string => {
  if (py._tag === 'None') return ''
  if (py._tag !== 'Bytes') return textOf(py)
  const text = Buffer.from(py.bytes).toString('utf8')
  return text.includes('\ufffd') ? latin1(py.bytes) : text
}
