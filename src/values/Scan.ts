/**
 * Reads and writes the text of header fields: tokens, quoted strings and white space (RFC 9110 5.6).
 *
 * Servers choose this text, and a regular expression that backtracks can need seconds for a hostile one. The parsers of
 * header fields use these functions instead. They only move forwards, so parsing takes time linear in the length.
 */

/** Returns whether a character is white space of any kind, which is more than RFC 9110 5.6.3 allows. */
export const isWhitespace = (character: string): boolean => character.trim() === ''

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Removes spaces and tabs at both ends (RFC 9110 5.6.3). `trim` would also remove 0xA0, and `/[ \t]+$/` is quadratic. */
export const trimBlanks = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** Returns the first index from `start` on whose character does not match, or the length of the text. */
export const skipWhile = (text: string, start: number, matches: (character: string) => boolean): number => {
  let end = start
  while (end < text.length && matches(text.charAt(end))) end += 1
  return end
}

/** Returns the index after the closing quote of the quoted string at `start`, or `undefined` if it is not closed. */
export const quotedStringEnd = (text: string, start: number): number | undefined => {
  for (let end = start + 1; end < text.length; end += 1) {
    if (text.charAt(end) === '\\') end += 1
    else if (text.charAt(end) === '"') return end + 1
  }
  return undefined
}

/** Returns the content of a quoted string that is given with its quotes (RFC 9110 5.6.4). */
export const unquote = (quoted: string): string => quoted.slice(1, -1).replace(/\\([\s\S])/g, '$1')

/** Returns text as a quoted string. */
export const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** Returns whether text is a token (RFC 9110 5.6.2). */
export const isToken = (text: string): boolean => TOKEN.test(text)

/** Returns text as the value of a parameter: as it is if it is a token, otherwise as a quoted string. */
export const tokenOrQuoted = (text: string): string => (isToken(text) ? text : quote(text))
