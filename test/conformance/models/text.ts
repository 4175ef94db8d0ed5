/**
 * Decodes text with Node's TextDecoder, as D10 and D15 specify.
 *
 * | declared charset           | encoding without a byte order mark |
 * |----------------------------|------------------------------------|
 * | a label of the WHATWG list | that encoding                      |
 * | another label, or none     | UTF-8                              |
 */
import { TextDecoder } from 'node:util'

export type Mark = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be'

/** Uses stream mode, because some versions of Node decode windows-1252 as ISO-8859-1 without it. */
const decode = (decoder: TextDecoder, bytes: Uint8Array): string =>
  decoder.decode(bytes, { stream: true }) + decoder.decode()

const decoderFor = (label: string | undefined): TextDecoder | undefined => {
  try {
    return label === undefined ? undefined : new TextDecoder(label)
  } catch {
    return undefined
  }
}

export const isKnown = (label: string | undefined): boolean => decoderFor(label) !== undefined

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 4)).toString('hex')

export const markOf = (bytes: Uint8Array): Mark | undefined => {
  const start = hex(bytes)
  if (start.startsWith('efbbbf')) return 'utf-8'
  if (start === 'fffe0000') return 'utf-32le'
  if (start === '0000feff') return 'utf-32be'
  if (start.startsWith('fffe')) return 'utf-16le'
  return start.startsWith('feff') ? 'utf-16be' : undefined
}

/** Converts UTF-32 to UTF-16, because TextDecoder does not support UTF-32. */
const decodeUtf32 = (bytes: Uint8Array, mark: Mark): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, mark === 'utf-32le')
    text += point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? '\ufffd' : String.fromCodePoint(point)
  }
  return text.replace(/^\ufeff/, '')
}

const decodeMarked = (bytes: Uint8Array, mark: Mark): string =>
  mark === 'utf-32le' || mark === 'utf-32be' ? decodeUtf32(bytes, mark) : decode(new TextDecoder(mark), bytes)

export const textOf = (bytes: Uint8Array, label: string | undefined): string => {
  const mark = markOf(bytes)
  return mark === undefined ? decode(decoderFor(label) ?? new TextDecoder(), bytes) : decodeMarked(bytes, mark)
}

const ZEROS: ReadonlyArray<readonly [RegExp, Mark]> = [
  [/^000000(?!00)..$/, 'utf-32be'],
  [/^(?!00)..000000$/, 'utf-32le'],
  [/^00(?!00)..00(?!00)..$/, 'utf-16be'],
  [/^(?!00)..00(?!00)..00$/, 'utf-16le'],
]

/** Decodes JSON. A byte order mark or zeros in the first octets take precedence over the label. */
export const jsonText = (bytes: Uint8Array, label: string | undefined): string => {
  const found = markOf(bytes) ?? ZEROS.find(([zeros]) => zeros.test(hex(bytes)))?.[1]
  return found === undefined || found === 'utf-8' ? textOf(bytes, label) : decodeMarked(bytes, found)
}

/** Returns the first charset parameter of a Content-Type. Names are compared without case (D58). */
export const declaredIn = (contentType: string | undefined): string | undefined => {
  let declared: string | undefined
  for (const parameter of (contentType ?? '').split(';').slice(1)) {
    const [, name = '', value] = /^\s*([^=]*?)\s*=([\s\S]*)$/.exec(parameter) ?? []
    if (value !== undefined && name.toLowerCase() === 'charset') declared ??= value.replace(/^[\s"']+|[\s"']+$/g, '')
  }
  return declared
}

/** Decodes text piece by piece, without splitting a character. */
export const textPieces = (pieces: ReadonlyArray<Uint8Array>, label: string | undefined): ReadonlyArray<string> => {
  const mark = markOf(Buffer.concat(pieces))
  // No case has UTF-32 in pieces.
  const decoder = mark === undefined || mark.startsWith('utf-32') ? decoderFor(label) : new TextDecoder(mark)
  return piecesBy(decoder ?? new TextDecoder(), mark === undefined ? pieces : heldBack(pieces))
}

/** Joins the first pieces, so that the first one contains a whole byte order mark. */
const heldBack = (pieces: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> => {
  let at = 0
  let size = 0
  while (at < pieces.length && size < 3) size += pieces[at++]?.length ?? 0
  return [Buffer.concat(pieces.slice(0, at)), ...pieces.slice(at)]
}

const piecesBy = (decoder: TextDecoder, pieces: ReadonlyArray<Uint8Array>): ReadonlyArray<string> => {
  return [...pieces.map((piece) => decoder.decode(piece, { stream: true })), decoder.decode()].filter(
    (text) => text !== '',
  )
}
