/**
 * Bytes as text by Node's own TextDecoder: what D10 and D15 promise.
 *
 * | declared                    | read as, after a byte order mark     |
 * |-----------------------------|--------------------------------------|
 * | a label of the WHATWG list  | that encoding                        |
 * | anything else, nothing      | UTF-8                                |
 */
import { TextDecoder } from 'node:util'

export type Mark = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be'

/** As a stream, for in one go some versions of Node read windows-1252 as ISO-8859-1. */
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

/** UTF-32 as UTF-16, which TextDecoder knows. */
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

/** The text of a JSON document: a mark, or the zeros among its first octets, say more than a label. */
export const jsonText = (bytes: Uint8Array, label: string | undefined): string => {
  const found = markOf(bytes) ?? ZEROS.find(([zeros]) => zeros.test(hex(bytes)))?.[1]
  return found === undefined || found === 'utf-8' ? textOf(bytes, label) : decodeMarked(bytes, found)
}

/** The charset that a Content-Type declares: names without case, the first one counts (D58). */
export const declaredIn = (contentType: string | undefined): string | undefined => {
  let declared: string | undefined
  for (const parameter of (contentType ?? '').split(';').slice(1)) {
    const [, name = '', value] = /^\s*([^=]*?)\s*=([\s\S]*)$/.exec(parameter) ?? []
    if (value !== undefined && name.toLowerCase() === 'charset') declared ??= value.replace(/^[\s"']+|[\s"']+$/g, '')
  }
  return declared
}

/** Text as it comes, piece by piece; a character is never cut. */
export const textPieces = (pieces: ReadonlyArray<Uint8Array>, label: string | undefined): ReadonlyArray<string> => {
  const mark = markOf(Buffer.concat(pieces))
  // UTF-32 does not come in pieces here: no case has it.
  const decoder = mark === undefined || mark.startsWith('utf-32') ? decoderFor(label) : new TextDecoder(mark)
  return piecesBy(decoder ?? new TextDecoder(), mark === undefined ? pieces : heldBack(pieces))
}

/** Nothing is said before the mark is there. */
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
