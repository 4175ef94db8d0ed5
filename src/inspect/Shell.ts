/**
 * Octets as one word of a POSIX shell, so that a line runs in `sh`, `bash` and `zsh` alike.
 *
 * | octets                                    | written                                        |
 * |-------------------------------------------|------------------------------------------------|
 * | letters, digits and a few signs           | as they are                                    |
 * | UTF-8 without controls but TAB and LF     | `'…'`, where `'` is `'\''`                     |
 * | anything else but NUL, LF at the end      | `"$(printf '…')"`, octets as `\ooo`            |
 * | anything                                  | `printf '…' \|` before the command, or `<(printf '…')` |
 *
 * The last two words of the table are for bodies and files: no argument can hold NUL.
 */

/** Text whose characters are octets: what a header value is, and what a word of a shell means. */
export type Octets = string

const encoder = new TextEncoder()

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

const octetsOf = (code: number): Octets => {
  if (code < 0x80) return String.fromCharCode(code)
  const tail = (bits: number): number => 0x80 | ((code >> bits) & 0x3f)
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), tail(0))
  if (code >= 0xd800 && code <= 0xdfff) return '\xef\xbf\xbd'
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), tail(6), tail(0))
  return String.fromCharCode(0xf0 | (code >> 18), tail(12), tail(6), tail(0))
}

/** A coder costs more than it does for a few characters, and a line may have thousands of pieces. */
const ofFew = (text: string): Octets => {
  let octets = ''
  for (const character of text) octets += octetsOf(character.codePointAt(0) ?? 0)
  return octets
}

/** The UTF-8 octets of a text; half of a surrogate pair is U+FFFD. */
export const ofText = (text: string): Octets => {
  if (isAscii(text)) return text
  return text.length <= 8 ? ofFew(text) : Buffer.from(encoder.encode(text)).toString('latin1')
}

export const ofBytes = (bytes: Uint8Array): Octets =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export const toBytes = (octets: Octets): Uint8Array => Buffer.from(octets, 'latin1')

/** The text that octets are in UTF-8; undefined where they are not. */
export const toText = (octets: Octets): string | undefined => {
  if (isAscii(octets)) return octets
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(toBytes(octets))
  } catch {
    return undefined
  }
}

const BARE = /^[\w./:@%+,-]+$/
// Controls, and characters that a terminal may swallow or turn around when a line is pasted.
const UNSEEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

const isPlain = (text: string): boolean => !UNSEEN.test(text.replace(/[\t\n]/g, ''))

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const FORMAT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', '%': '%%' }

const escaped = (character: string): string =>
  FORMAT[character] ?? `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`

/** `printf '…'` that writes exactly these octets. */
export const printf = (octets: Octets): string => {
  const text = toText(octets)
  const isShown = text !== undefined && isPlain(text.replace(/[\0-\x1f\x7f]/g, ''))
  const format = isShown ? text.replace(/[\0-\x1f\x7f\\%]/g, escaped) : octets.replace(/[^\x20-\x7e]|[\\%]/g, escaped)
  // A leading '-' would be read as an option of printf.
  return `printf ${quoted(format.replace(/^-/, '\\055'))}`
}

/** Whether octets can be read where they stand, in quotes. */
export const isReadable = (octets: Octets): boolean => {
  const text = toText(octets)
  return text !== undefined && isPlain(text)
}

/** One word. NUL, and line ends at the very end of octets that are not readable, cannot be in one. */
export const word = (octets: Octets): string => {
  const text = toText(octets)
  if (text === undefined || !isPlain(text)) return `"$(${printf(octets)})"`
  return BARE.test(text) ? text : quoted(text)
}

/** A file whose content is given here; for shells that have process substitution (bash, zsh, ksh). */
export const file = (octets: Octets): string => `<(${printf(octets)})`
