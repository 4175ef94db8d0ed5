/**
 * Parses media types and their parameters (RFC 9110 5.6.6, 8.3.1) in linear time.
 *
 * A quoted value may contain `;`, `,` and escapes. Blanks around `=` are accepted. If a quote is not closed, the value
 * and everything after it are ignored.
 */
import * as Scan from './Scan.js'

export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly essence: string
  /** Names in lower case, in order. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

/** A media type and the index where it ends: at a character of `ends`, or at the end of the text. */
interface Parsed {
  readonly media: MediaType
  readonly end: number
}

const parseAt = (text: string, from: number, ends: string): Parsed => {
  const isInside = (character: string): boolean => character !== ';' && !ends.includes(character)
  const startOfParameters = Scan.skipWhile(text, from, isInside)
  const essence = text.slice(from, startOfParameters).trim().toLowerCase()
  const parameters: Array<readonly [string, string]> = []
  let at = startOfParameters
  while (text.charAt(at) === ';') {
    const nameEnd = Scan.skipWhile(text, at + 1, (character) => character !== '=' && isInside(character))
    const name = text
      .slice(at + 1, nameEnd)
      .trim()
      .toLowerCase()
    if (text.charAt(nameEnd) !== '=') {
      at = nameEnd
      continue
    }
    const start = Scan.skipWhile(text, nameEnd + 1, Scan.isWhitespace)
    const isQuoted = text.charAt(start) === '"'
    const close = isQuoted ? Scan.quotedStringEnd(text, start) : undefined
    at = Scan.skipWhile(text, isQuoted ? (close ?? text.length) : start, isInside)
    if (isQuoted && close === undefined) continue
    const [word = ''] = text.slice(start, at).split(/\s/, 1)
    parameters.push([name, close === undefined ? word : Scan.unquote(text.slice(start, close))])
  }
  return { media: { essence, parameters }, end: at }
}

/** Parses one media type. Never fails: invalid parameters are ignored. */
export const parse = (text: string): MediaType => parseAt(text, 0, '').media

/** Parses media types that are separated by commas, as in combined fields. */
export const parseAll = (text: string): ReadonlyArray<MediaType> => {
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
  ({ parameters }: MediaType): string | undefined =>
    parameters.find(([key]) => key === name)?.[1]
