/**
 * From bytes to text: by a byte order mark, else by the charset that was declared, else UTF-8 (D10).
 *
 * | declared                    | read as, where there is no byte order mark                       |
 * |-----------------------------|------------------------------------------------------------------|
 * | a label of the WHATWG list  | that encoding; what does not decode is U+FFFD                    |
 * | an unknown label            | UTF-8                                                            |
 * | none                        | UTF-8                                                            |
 *
 * JSON is Unicode in any of its encodings (RFC 4627 3): `decodeJson` also knows UTF-16 and UTF-32 by their zeros.
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Charset } from 'requests-ts'
 *
 * assert.equal(Charset.decode(O.some('latin1'))(new Uint8Array([0xe9])), 'é')
 * assert.deepEqual(Charset.ofContentType('text/html; Charset="UTF-8"'), O.some('UTF-8'))
 */
import { TextDecoder } from 'node:util'
import * as O from 'fp-ts/lib/Option.js'
import * as MediaType from './MediaType.js'
import * as Scan from './Scan.js'

const isOuter = (character: string): boolean => character === '"' || character === "'" || Scan.isWhitespace(character)

/** Without quotes and blanks at its ends. By hand: a regular expression would look at each blank within again. */
const bare = (text: string): string => {
  const start = Scan.skipWhile(text, 0, isOuter)
  let end = text.length
  while (end > start && isOuter(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/**
 * The charset of a Content-Type (RFC 9110 8.3.2): names without case, the first one counts. Of several media types, which
 * repeated fields make, the last counts; a charset is carried on to a later one of the same kind (Fetch, "extract a MIME
 * type").
 */
export const ofContentType = (contentType: string): O.Option<string> => {
  let essence = ''
  let charset: string | undefined
  for (const media of MediaType.parseAll(contentType)) {
    const found = MediaType.parameter('charset')(media)
    const declared = found === undefined ? undefined : bare(found)
    // What has no slash is no media type, and a wildcard says nothing.
    if (media.essence === '*/*' || !media.essence.includes('/')) charset ??= declared
    else if (media.essence === essence) charset = declared ?? charset
    else {
      charset = declared
      essence = media.essence
    }
  }
  return O.fromNullable(charset)
}

/** The part of a `TextDecoder` that reading needs. */
export interface Decoder {
  readonly decode: (bytes?: Uint8Array, options?: { readonly stream?: boolean }) => string
}

// What windows-1252 has at 0x80 to 0x9F (WHATWG Encoding, index windows-1252); elsewhere it is ISO-8859-1.
const CP1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Its own, for Node 20 to 22 read windows-1252, and so ASCII and latin1, as ISO-8859-1. */
const windows1252: Decoder = {
  decode: (bytes = new Uint8Array()) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString('latin1')
      .replace(/[\x80-\x9f]/g, (c) => CP1252[c.charCodeAt(0) - 0x80] ?? c),
}

/** A decoder of its own for one text that comes in pieces; nothing for a label nobody knows. */
export const decoderOf = (label: string): Decoder | undefined => {
  try {
    const decoder = new TextDecoder(label)
    return decoder.encoding === 'windows-1252' ? windows1252 : decoder
  } catch {
    return undefined
  }
}

const decoders = new Map<string, Decoder | undefined>()

/** A decoder keeps no state between whole texts, so one serves for all; labels come from servers, so few are kept. */
const decoderFor = (label: string): Decoder | undefined => {
  if (decoders.has(label)) return decoders.get(label)
  if (decoders.size > 64) decoders.clear()
  const decoder = decoderOf(label)
  decoders.set(label, decoder)
  return decoder
}

type Unicode = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be'

/** What a mark says (Unicode 23.8); UTF-32's little-endian mark begins with UTF-16's. */
const markOf = (bytes: Uint8Array): Unicode | undefined => {
  const [a, b, c, d] = [bytes[0], bytes[1], bytes[2], bytes[3]]
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32le' : 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  return a === 0 && b === 0 && c === 0xfe && d === 0xff ? 'utf-32be' : undefined
}

const decodeUtf32 = (bytes: Uint8Array, littleEndian: boolean, isFirst = true): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: string[] = []
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, littleEndian)
    const isScalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
    pieces.push(isScalar ? String.fromCodePoint(point) : '�')
  }
  const text = pieces.join('')
  return isFirst ? text.replace(/^\ufeff/, '') : text
}

const decodeUnicode = (bytes: Uint8Array, encoding: Unicode): string => {
  if (encoding === 'utf-32le') return decodeUtf32(bytes, true)
  if (encoding === 'utf-32be') return decodeUtf32(bytes, false)
  return decoderFor(encoding)?.decode(bytes) ?? ''
}

/** Bytes as text. Total: what cannot be decoded is U+FFFD. */
export const decode =
  (declared: O.Option<string>) =>
  (bytes: Uint8Array): string => {
    const mark = markOf(bytes)
    if (mark !== undefined) return decodeUnicode(bytes, mark)
    const decoder = O.isSome(declared) ? decoderFor(declared.value) : undefined
    return decoder === undefined ? decodeUnicode(bytes, 'utf-8') : decoder.decode(bytes)
  }

const NOTHING = new Uint8Array(0)

const joined = (one: Uint8Array, other: Uint8Array): Uint8Array =>
  one.length === 0 ? other : Buffer.concat([one, other])

/** UTF-32 in pieces: the octets of a character that is not whole wait for the rest. */
const utf32Decoder = (littleEndian: boolean): Decoder => {
  let rest: Uint8Array = NOTHING
  let isFirst = true
  return {
    decode: (bytes = NOTHING) => {
      const all = joined(rest, bytes)
      const whole = all.length - (all.length % 4)
      rest = all.subarray(whole)
      const text = decodeUtf32(all.subarray(0, whole), littleEndian, isFirst)
      if (whole > 0) isFirst = false
      return text
    },
  }
}

const decoderOfMark = (mark: Unicode): Decoder => {
  if (mark === 'utf-32le') return utf32Decoder(true)
  return mark === 'utf-32be' ? utf32Decoder(false) : new TextDecoder(mark)
}

const MARKS = [
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe, 0, 0],
  [0xfe, 0xff],
  [0, 0, 0xfe, 0xff],
]

/** Whether more octets may make a mark of these, or another mark than they make now. */
const mayBeMark = (bytes: Uint8Array): boolean =>
  MARKS.some((mark) => bytes.length < mark.length && bytes.every((octet, i) => octet === mark[i]))

/** A decoder for one text that comes in pieces: by its byte order mark, else by the label, else UTF-8 (D10). */
export const streamDecoder = (label: string): Decoder => {
  let decoder: Decoder | undefined
  let held: Uint8Array = NOTHING
  return {
    decode: (bytes, options = {}) => {
      if (decoder !== undefined) return decoder.decode(bytes, options)
      held = joined(held, bytes ?? NOTHING)
      if (options.stream === true && mayBeMark(held)) return ''
      const mark = markOf(held)
      decoder = mark === undefined ? (decoderOf(label) ?? new TextDecoder()) : decoderOfMark(mark)
      return decoder.decode(held, options)
    },
  }
}

/** UTF-16 and UTF-32 by the zeros among the first four bytes: a JSON text begins with two ASCII characters. */
const zerosOf = (bytes: Uint8Array): Unicode | undefined => {
  const [a, b, c, d] = [bytes[0], bytes[1], bytes[2], bytes[3]]
  if (d === undefined) return undefined
  if (a === 0)
    return b !== 0 ? (c === 0 && d !== 0 ? 'utf-16be' : undefined) : c === 0 && d !== 0 ? 'utf-32be' : undefined
  if (b !== 0 || d !== 0) return undefined
  return c === 0 ? 'utf-32le' : 'utf-16le'
}

/** Bytes as the text of a JSON document: UTF-16 and UTF-32 whatever is declared, all else as `decode` reads it (D10). */
export const decodeJson =
  (declared: O.Option<string>) =>
  (bytes: Uint8Array): string => {
    const found = markOf(bytes) ?? zerosOf(bytes)
    return found === undefined ? decode(declared)(bytes) : decodeUnicode(bytes, found)
  }
