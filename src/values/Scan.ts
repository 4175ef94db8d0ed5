/**
 * Walking over the text of a header field, forwards only.
 *
 * Servers choose these texts, and a regular expression that looks back may need seconds for one of them. Whoever reads
 * with these three steps needs a time that grows as the text does.
 */

/** White space of any kind: more than RFC 9110 5.6.3 has. */
export const isBlank = (character: string): boolean => character.trim() === ''

/** The first place from `at` on whose character is not of that kind. */
export const after = (text: string, at: number, isOf: (character: string) => boolean): number => {
  let end = at
  while (end < text.length && isOf(text.charAt(end))) end += 1
  return end
}

/** Where the quoted text that begins at `at` ends, behind its closing quote; nothing where it is never closed. */
export const closing = (text: string, at: number): number | undefined => {
  for (let end = at + 1; end < text.length; end += 1) {
    if (text.charAt(end) === '\\') end += 1
    else if (text.charAt(end) === '"') return end + 1
  }
  return undefined
}

/** What a quoted text says, its quotes included in what is given (RFC 9110 5.6.4). */
export const unquoted = (quoted: string): string => quoted.slice(1, -1).replace(/\\([\s\S])/g, '$1')
