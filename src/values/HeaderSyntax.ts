/**
 * Reads and writes the text of header fields: tokens, quoted strings and media types (RFC 9110 5.6, 8.3.1).
 *
 * Servers choose this text, and a regular expression that backtracks can need seconds for a hostile one. The parsers of
 * header fields use these functions instead. They only move forwards, so parsing takes time linear in the length.
 */

/** Returns whether a character is white space of any kind, which is more than RFC 9110 5.6.3 allows. */
export const isWhitespace = (character: string): boolean => character.trim() === ''

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Returns the first index from `start` on that is not a space or a tab, or the length of the text. */
export const skipBlanks = (text: string, start: number): number => {
  let at = start
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1
  return at
}

/** Removes spaces and tabs at both ends (RFC 9110 5.6.3). `trim` would also remove 0xA0, and `/[ \t]+$/` is quadratic. */
export const trimBlanks = (text: string): string => {
  const start = skipBlanks(text, 0)
  let end = text.length
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

/** Reads a quoted string that is closed, or otherwise what the sticky expression `plain` matches, without blanks at its end. */
export const valueAt = (text: string, start: number, plain: RegExp): Readonly<{ value: string; end: number }> => {
  const end = text.charAt(start) === '"' ? quotedStringEnd(text, start) : undefined
  if (end !== undefined) return { value: unquote(text.slice(start, end)), end }
  plain.lastIndex = start
  const [value = ''] = plain.exec(text) ?? []
  return { value: value.trimEnd(), end: start + value.length }
}

export const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** Returns whether text is a token (RFC 9110 5.6.2). */
export const isToken = (text: string): boolean => TOKEN.test(text)

/** Returns text as the value of a parameter: as it is if it is a token, otherwise as a quoted string. */
export const tokenOrQuoted = (text: string): string => (isToken(text) ? text : quote(text))

export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly essence: string
  /** Names in lower case, in order. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

const normalized = (name: string): string => name.trim().toLowerCase()

/** Returns a media type and the index where it ends: at a character of `ends`, or at the end of the text. */
const parseAt = (text: string, from: number, ends: string): { readonly media: MediaType; readonly end: number } => {
  const isInside = (character: string): boolean => character !== ';' && !ends.includes(character)
  const startOfParameters = skipWhile(text, from, isInside)
  const essence = normalized(text.slice(from, startOfParameters))
  const parameters: Array<readonly [string, string]> = []
  let at = startOfParameters
  while (text.charAt(at) === ';') {
    const nameEnd = skipWhile(text, at + 1, (character) => character !== '=' && isInside(character))
    const name = normalized(text.slice(at + 1, nameEnd))
    if (text.charAt(nameEnd) !== '=') {
      at = nameEnd
      continue
    }
    const start = skipWhile(text, nameEnd + 1, isWhitespace)
    const isQuoted = text.charAt(start) === '"'
    const close = isQuoted ? quotedStringEnd(text, start) : undefined
    at = skipWhile(text, isQuoted ? (close ?? text.length) : start, isInside)
    if (isQuoted && close === undefined) continue
    const [word = ''] = text.slice(start, at).split(/\s/, 1)
    parameters.push([name, close === undefined ? word : unquote(text.slice(start, close))])
  }
  return { media: { essence, parameters }, end: at }
}

/** Parses one media type. Never fails: ignores invalid parameters, and everything after a quote that is not closed. */
export const parseMediaType = (text: string): MediaType => parseAt(text, 0, '').media

/** Parses media types that are separated by commas, as in combined fields. */
export const parseMediaTypes = (text: string): ReadonlyArray<MediaType> => {
  const all: MediaType[] = []
  for (let at = 0; at <= text.length; ) {
    const { media, end } = parseAt(text, at, ',')
    all.push(media)
    at = end + 1
  }
  return all
}

/** Returns the value of a parameter. The first one of a name counts. */
export const parameter =
  (name: string) =>
  ({ parameters }: Pick<MediaType, 'parameters'>): string | undefined =>
    parameters.find(([key]) => key === name)?.[1]
