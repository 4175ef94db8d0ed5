/**
 * Decodes bytes to text: by the byte order mark, else by the declared charset, else as UTF-8 (D10).
 *
 * | declared charset              | decoded as, without a byte order mark     |
 * |-------------------------------|-------------------------------------------|
 * | a label of WHATWG Encoding    | that encoding; invalid bytes are U+FFFD   |
 * | an unknown label, or none     | UTF-8                                     |
 *
 * JSON may be in any Unicode encoding (RFC 4627 3). `decodeJson` detects UTF-16 and UTF-32 by their zero bytes.
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Charset } from 'requests-ts'
 *
 * assert.equal(Charset.decode(O.some('latin1'))(new Uint8Array([0xe9])), 'é')
 * assert.deepEqual(Charset.ofContentType('text/html; Charset="UTF-8"'), O.some('UTF-8'))
 */
import * as O from 'fp-ts/lib/Option.js'
import * as HeaderSyntax from './HeaderSyntax.js'
import * as Octets from './Octets.js'

const MAX_CACHED = 64
const MAX_CACHED_LENGTH = 256

const isOuter = (character: string): boolean =>
  character === '"' || character === "'" || HeaderSyntax.isWhitespace(character)

/** Strips quotes and white space at both ends. A regular expression would take quadratic time. */
const bare = (text: string): string => {
  const start = HeaderSyntax.skipWhile(text, 0, isOuter)
  let end = text.length
  while (end > start && isOuter(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

const charsets = new Map<string, O.Option<string>>()

/**
 * Returns the charset of a Content-Type (RFC 9110 8.3.2). Combines several as Fetch does ("extract a MIME type"). Types come
 * from servers, so the cache is bounded, and has no long ones.
 */
export const ofContentType = (contentType: string): O.Option<string> => {
  const known = charsets.get(contentType)
  if (known !== undefined) return known
  const charset = readCharset(contentType)
  if (charsets.size >= MAX_CACHED) charsets.clear()
  if (contentType.length <= MAX_CACHED_LENGTH) charsets.set(contentType, charset)
  return charset
}

const readCharset = (contentType: string): O.Option<string> => {
  let essence = ''
  let charset: string | undefined
  for (const media of HeaderSyntax.parseMediaTypes(contentType)) {
    const found = HeaderSyntax.parameter('charset')(media)
    const declared = found === undefined ? undefined : bare(found)
    // Text without a slash, which is not a media type, and the wildcard keep the type before them, as in Fetch.
    if (media.essence === '*/*' || !media.essence.includes('/')) charset ??= declared
    else if (media.essence === essence) charset = declared ?? charset
    else {
      charset = declared
      essence = media.essence
    }
  }
  return O.fromNullable(charset)
}

/** The subset of `TextDecoder` that is needed here. */
export interface Decoder {
  /** Decodes as the `TextDecoder` of the platform does. */
  readonly decode: (bytes?: Uint8Array, options?: { readonly stream?: boolean }) => string
}

// The characters of windows-1252 from 0x80 to 0x9F (WHATWG Encoding). The others are those of ISO-8859-1.
const CP1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Several releases of Node 20 to 24 decode windows-1252, and so ascii and latin1, as ISO-8859-1 (nodejs/node#56542). */
const windows1252: Decoder = {
  decode: (bytes = new Uint8Array()) =>
    Octets.toLatin1(bytes).replace(/[\x80-\x9f]/g, (c) => CP1252[c.charCodeAt(0) - 0x80] ?? c),
}

/** Returns a new decoder for one text that arrives in pieces, or `undefined` for an unknown label. */
export const decoderOf = (label: string): Decoder | undefined => {
  try {
    const decoder = new TextDecoder(label)
    return decoder.encoding === 'windows-1252' ? windows1252 : decoder
  } catch {
    return undefined
  }
}

const decoders = new Map<string, Decoder | undefined>()

/** Caches decoders, which keep no state between whole texts. Labels come from servers, so the cache is bounded. */
const decoderFor = (label: string): Decoder | undefined => {
  const known = decoders.get(label)
  if (known !== undefined || decoders.has(label)) return known
  if (decoders.size >= MAX_CACHED) decoders.clear()
  const decoder = decoderOf(label)
  decoders.set(label, decoder)
  return decoder
}

type Unicode = 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be'

/** Byte order marks (Unicode 23.8). The mark of UTF-32LE begins with the mark of UTF-16LE, and so comes first. */
const MARKS: ReadonlyArray<readonly [Unicode, mark: ReadonlyArray<number>]> = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-32le', [0xff, 0xfe, 0, 0]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-32be', [0, 0, 0xfe, 0xff]],
]

/** Returns whether bytes begin with a mark. Ignores the octets of the mark from `length` on. */
const beginsWith = (bytes: Uint8Array, mark: ReadonlyArray<number>, length = mark.length): boolean =>
  mark.every((octet, i) => i >= length || bytes[i] === octet)

/** No mark begins with another octet, and nearly no text with one of these. */
const FIRST_OF_MARKS: ReadonlySet<number | undefined> = new Set(MARKS.map(([, [first]]) => first))

const markOf = (bytes: Uint8Array): Unicode | undefined => {
  if (!FIRST_OF_MARKS.has(bytes[0])) return undefined
  return MARKS.find(([, mark]) => beginsWith(bytes, mark))?.[0]
}

/** Returns whether more octets could complete a mark, or turn the present mark into another one. */
const mayBeMark = (bytes: Uint8Array): boolean =>
  MARKS.some(([, mark]) => bytes.length < mark.length && beginsWith(bytes, mark, bytes.length))

const NOTHING = new Uint8Array(0)

const joined = (one: Uint8Array, other: Uint8Array): Uint8Array =>
  one.length === 0 ? other : Octets.concat([one, other])

/** Decodes UTF-32, also in pieces: keeps the octets of an incomplete character for the next piece. */
const utf32Decoder = (littleEndian: boolean): Decoder => {
  let rest: Uint8Array = NOTHING
  let isFirst = true
  return {
    decode: (bytes = NOTHING) => {
      const all = joined(rest, bytes)
      const view = new DataView(all.buffer, all.byteOffset, all.byteLength)
      const characters: string[] = []
      let at = 0
      for (; at + 4 <= all.length; at += 4) {
        const point = view.getUint32(at, littleEndian)
        const isScalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
        characters.push(isScalar ? String.fromCodePoint(point) : '\ufffd')
      }
      rest = all.subarray(at)
      if (isFirst && characters[0] === '\ufeff') characters.shift()
      isFirst = false
      return characters.join('')
    },
  }
}

const unicodeDecoder = (encoding: Unicode): Decoder => {
  if (encoding === 'utf-32le') return utf32Decoder(true)
  return encoding === 'utf-32be' ? utf32Decoder(false) : new TextDecoder(encoding)
}

const decodeUnicode = (bytes: Uint8Array, encoding: Unicode): string =>
  (decoderFor(encoding) ?? unicodeDecoder(encoding)).decode(bytes)

/** Decodes bytes to text. Never fails: invalid bytes are U+FFFD. */
export const decode =
  (declared: O.Option<string>) =>
  (bytes: Uint8Array): string => {
    const mark = markOf(bytes)
    const decoder = mark === undefined && O.isSome(declared) ? decoderFor(declared.value) : undefined
    return decoder === undefined ? decodeUnicode(bytes, mark ?? 'utf-8') : decoder.decode(bytes)
  }

/** Like `decoderOf`, but a byte order mark takes precedence over the label, and an unknown label means UTF-8 (D10). */
export const streamDecoder = (label: string): Decoder => {
  let decoder: Decoder | undefined
  let held: Uint8Array = NOTHING
  return {
    decode: (bytes, options = {}) => {
      if (decoder !== undefined) return decoder.decode(bytes, options)
      held = joined(held, bytes ?? NOTHING)
      if (options.stream === true && mayBeMark(held)) return ''
      const mark = markOf(held)
      decoder = mark === undefined ? (decoderOf(label) ?? new TextDecoder()) : unicodeDecoder(mark)
      return decoder.decode(held, options)
    },
  }
}

/** Detects UTF-16 and UTF-32 by the zeros in the first four bytes, as a JSON text begins with two ASCII characters. */
const zerosOf = (bytes: Uint8Array): Unicode | undefined => {
  if (bytes.length < 4 || (bytes[0] !== 0 && bytes[1] !== 0)) return undefined
  const [a, b, c, d] = [bytes[0] === 0, bytes[1] === 0, bytes[2] === 0, bytes[3] === 0]
  if (a && !b && c && !d) return 'utf-16be'
  if (!a && b && !c && d) return 'utf-16le'
  if (a && b && c && !d) return 'utf-32be'
  return !a && b && c && d ? 'utf-32le' : undefined
}

/** Decodes a JSON document. Detects UTF-16 and UTF-32 whatever is declared, and otherwise works like `decode` (D10). */
export const decodeJson =
  (declared: O.Option<string>) =>
  (bytes: Uint8Array): string => {
    const found = markOf(bytes) ?? zerosOf(bytes)
    return found === undefined ? decode(declared)(bytes) : decodeUnicode(bytes, found)
  }
