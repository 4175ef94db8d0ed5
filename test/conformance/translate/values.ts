/**
 * Converts Python's scalars to text and bytes.
 *
 * | Python            | text                              | bytes      |
 * |-------------------|-----------------------------------|------------|
 * | str               | itself                            | its UTF-8  |
 * | bytes             | latin-1, as a header carries them | themselves |
 * | int               | its digits                        |            |
 * | bool, float, None | as JavaScript writes them (D15)   |            |
 */
import type { Py } from '../tagged.js'

/** Converts the text of a Python float to a number. */
export const numberOf = (text: string): number =>
  text === 'inf'
    ? Number.POSITIVE_INFINITY
    : text === '-inf'
      ? Number.NEGATIVE_INFINITY
      : text === 'nan'
        ? Number.NaN
        : Number(text)

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Returns a scalar as text, or undefined for a collection. */
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

/** Returns the octets of a body: text as UTF-8, a stream from its position, joined chunks. */
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

/** Returns the reason of a response. Bytes are decoded as UTF-8 if valid, else as latin-1. None is empty. */
export const reasonOf = (py: Py): string => {
  if (py._tag === 'None') return ''
  if (py._tag !== 'Bytes') return textOf(py)
  const text = Buffer.from(py.bytes).toString('utf8')
  return text.includes('\ufffd') ? latin1(py.bytes) : text
}
