/**
 * Octets as text and text as octets, with what every JavaScript runtime has.
 *
 * | function                    | converts                                                                     |
 * |-----------------------------|------------------------------------------------------------------------------|
 * | `fromText`, `toText`        | UTF-8. A lone surrogate or an invalid octet becomes U+FFFD; a BOM is kept    |
 * | `toValidText`               | UTF-8; `undefined` if the octets are not valid UTF-8                         |
 * | `fromLatin1`, `toLatin1`    | one octet for each character. `TextDecoder('latin1')` is windows-1252 instead |
 * | `fromBase64`, `toBase64`    | RFC 4648 4; reads also the alphabet of RFC 4648 5, and skips other characters |
 * | `isBase64`                  | RFC 4648 4, with its padding                                                 |
 *
 * All of them take linear time.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** V8 keeps so many octets on its own heap. For them a loop is faster than the call of a `TextEncoder`. */
const SHORT = 64

const fromShortAscii = (text: string): Uint8Array | undefined => {
  const octets = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return undefined
    octets[i] = code
  }
  return octets
}

/** Encodes a text as UTF-8. */
export const fromText = (text: string): Uint8Array =>
  (text.length <= SHORT ? fromShortAscii(text) : undefined) ?? encoder.encode(text)

/** Decodes UTF-8. */
export const toText = (octets: Uint8Array): string => decoder.decode(octets)

/** Decodes UTF-8; `undefined` if the octets are not valid UTF-8. */
export const toValidText = (octets: Uint8Array): string | undefined => {
  try {
    return strictDecoder.decode(octets)
  } catch {
    return undefined
  }
}

/** Encodes a text with one character for each octet. Of other characters, the lowest eight bits remain. */
export const fromLatin1 = (text: string): Uint8Array => {
  const octets = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i += 1) octets[i] = text.charCodeAt(i)
  return octets
}

/** The UTF-16 decoder in the byte order of the machine. UTF-16 has ISO-8859-1 as its first 256 characters. */
const utf16 = new TextDecoder(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'utf-16le' : 'utf-16be')

/** So many octets are examined before the rest is taken for ASCII, until its decoder finds something else. */
const PREFIX = 1024

const beginsAsAscii = (octets: Uint8Array): boolean => {
  const end = Math.min(octets.length, PREFIX)
  for (let i = 0; i < end; i += 1) if ((octets[i] ?? 0) > 0x7f) return false
  return true
}

/** Returns the octets as text if they are ASCII, which UTF-8 decoders are fastest for. */
const toAscii = (octets: Uint8Array): string | undefined => {
  if (!beginsAsAscii(octets)) return undefined
  const text = decoder.decode(octets)
  // A character of UTF-8 beyond ASCII has more octets than UTF-16 units, so the lengths are equal only for ASCII.
  return text.length === octets.length && !text.includes('\ufffd') ? text : undefined
}

/** Returns one character for each octet. */
export const toLatin1 = (octets: Uint8Array): string => toAscii(octets) ?? utf16.decode(new Uint16Array(octets))

/** Encodes octets as base64 with padding. */
export const toBase64 = (octets: Uint8Array): string => btoa(toLatin1(octets))

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE: Readonly<Record<string, string>> = { '-': '+', _: '/' }

/** By character code. Negative for a character that does not belong to base64. */
const SEXTETS = Int8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  return ALPHABET.indexOf(URL_SAFE[character] ?? character)
})
const PADDING = 0x3d

const NOT_BASE64 = /[^A-Za-z0-9+/]/

/** Returns whether a text is base64 with its padding. Not by one expression: V8 needs a stack for each repetition of a group. */
export const isBase64 = (text: string): boolean => {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return text.length % 4 === 0 && !NOT_BASE64.test(text.slice(0, text.length - padding))
}

/** Decodes base64 up to its padding. `atob` would throw for a character that does not belong to it. */
export const fromBase64 = (text: string): Uint8Array => {
  const octets = new Uint8Array(Math.floor((text.length * 3) / 4))
  let length = 0
  let bits = 0
  let count = 0
  for (let i = 0; i < text.length && text.charCodeAt(i) !== PADDING; i += 1) {
    const sextet = SEXTETS[text.charCodeAt(i)] ?? -1
    if (sextet < 0) continue
    bits = ((bits << 6) | sextet) & 0xffff
    count += 6
    if (count < 8) continue
    count -= 8
    octets[length] = bits >> count
    length += 1
  }
  return octets.slice(0, length)
}

/** Joins chunks to new octets. */
export const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const octets = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    octets.set(chunk, at)
    at += chunk.length
  }
  return octets
}

/** Returns whether two sequences of octets are equal. */
export const equals = (x: Uint8Array, y: Uint8Array): boolean =>
  x.length === y.length && x.every((octet, i) => octet === y[i])
