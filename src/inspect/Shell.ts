/**
 * Quotes octets as one word of a POSIX shell, for `sh`, `bash` and `zsh`.
 *
 * | octets                                    | written                                        |
 * |-------------------------------------------|------------------------------------------------|
 * | letters, digits and `_./:@%+,-`           | unchanged                                      |
 * | UTF-8 with no controls except TAB and LF  | `'…'`, with `'\''` for `'`                     |
 * | others, except NUL, or LF at the end      | `"$(printf '…')"`, octets as `\ooo`            |
 * | anything                                  | `printf '…' \|` before the command, or `<(printf '…')` |
 *
 * The last row is for bodies and files, because no argument can contain NUL.
 */
import { fromLatin1, fromText, toLatin1, toValidText } from '../values/Octets.js'

/** Text with one character for each octet, as in header values and shell words. */
export type Octets = string

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** Encodes a text as UTF-8. A lone surrogate becomes U+FFFD. */
export const ofText = (text: string): Octets => (isAscii(text) ? text : toLatin1(fromText(text)))

export const ofBytes: (bytes: Uint8Array) => Octets = toLatin1

export const toBytes: (octets: Octets) => Uint8Array = fromLatin1

/** Decodes UTF-8; `undefined` if the octets are not valid UTF-8. */
export const toText = (octets: Octets): string | undefined => (isAscii(octets) ? octets : toValidText(toBytes(octets)))

const BARE = /^[\w./:@%+,-]+$/
// Controls, and invisible or direction-changing characters that a terminal may drop or reorder in pasted text.
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

const isPlain = (text: string): boolean => !INVISIBLE.test(text.replace(/[\t\n]/g, ''))
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const FORMAT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', '%': '%%' }

const escaped = (character: string): string =>
  FORMAT[character] ?? `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`

/** Returns the `printf '…'` command that prints exactly these octets. */
export const printf = (octets: Octets): string => {
  const text = toText(octets)
  const isShown = text !== undefined && isPlain(text.replace(/[\0-\x1f\x7f]/g, ''))
  const format = isShown ? text.replace(/[\0-\x1f\x7f\\%]/g, escaped) : octets.replace(/[^\x20-\x7e]|[\\%]/g, escaped)
  // printf would parse a leading '-' as an option.
  return `printf ${quoted(format.replace(/^-/, '\\055'))}`
}

/** Whether the octets can be written as readable quoted text. */
export const isReadable = (octets: Octets): boolean => {
  const text = toText(octets)
  return text !== undefined && isPlain(text)
}

/** Quotes octets as one word. Drops NUL, and line ends at the end of unreadable octets: a word cannot contain them. */
export const word = (octets: Octets): string => {
  const text = toText(octets)
  if (text === undefined || !isPlain(text)) return `"$(${printf(octets)})"`
  return BARE.test(text) ? text : quoted(text)
}

/** Returns a process substitution with the given content, for bash, zsh and ksh. */
export const file = (octets: Octets): string => `<(${printf(octets)})`
