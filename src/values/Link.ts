/**
 * Parses web links, the values of the Link header (RFC 8288).
 *
 * `rel="next prev"` means two relations (D23). Quoted strings may contain commas and semicolons, and values without
 * quotes may contain blanks. Malformed links are skipped. A target is decoded like `Location`: as UTF-8, else
 * percent-encoded.
 *
 * @example
 * import { Link } from 'requests-ts'
 *
 * const [link] = Link.parse('</2>; rel="next last"; title="a; b"')
 * assert.deepEqual(link, { target: '/2', rels: ['next', 'last'], parameters: [['rel', 'next last'], ['title', 'a; b']] })
 */

import * as HeaderSyntax from './HeaderSyntax.js'
import * as PercentEncoding from './PercentEncoding.js'

export interface Link {
  /** As written, with its octets decoded. Resolve it against the URL of the reply. */
  readonly target: string
  /** Lower-case relation types. */
  readonly rels: ReadonlyArray<string>
  /** All parameters in order, names in lower case. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

const isName = (character: string): boolean => !'=;,"<>'.includes(character) && !HeaderSyntax.isWhitespace(character)
const isValue = (character: string): boolean => character !== ';' && character !== ','
const isSkipped = (character: string): boolean => character !== ',' && character !== '<'

interface Parameter {
  readonly pair: readonly [name: string, value: string]
  readonly end: number
}

/** Returns the value between two indices without trailing blanks. The caller has skipped the leading ones. */
const withoutBlanks = (header: string, from: number, to: number): string => {
  let end = to
  while (end > from && HeaderSyntax.isWhitespace(header.charAt(end - 1))) end -= 1
  return header.slice(from, end)
}

/** Parses the parameter at an index, which begins with a semicolon. */
const parameterAt = (header: string, at: number): Parameter | undefined => {
  const semicolon = HeaderSyntax.skipWhile(header, at, HeaderSyntax.isWhitespace)
  if (header.charAt(semicolon) !== ';') return undefined
  const start = HeaderSyntax.skipWhile(header, semicolon + 1, HeaderSyntax.isWhitespace)
  const end = HeaderSyntax.skipWhile(header, start, isName)
  if (end === start) return undefined
  const name = header.slice(start, end).toLowerCase()
  const equals = HeaderSyntax.skipWhile(header, end, HeaderSyntax.isWhitespace)
  if (header.charAt(equals) !== '=') return { pair: [name, ''], end }
  const from = HeaderSyntax.skipWhile(header, equals + 1, HeaderSyntax.isWhitespace)
  const closed = header.charAt(from) === '"' ? HeaderSyntax.quotedStringEnd(header, from) : undefined
  if (closed !== undefined) return { pair: [name, HeaderSyntax.unquote(header.slice(from, closed))], end: closed }
  const to = HeaderSyntax.skipWhile(header, from, isValue)
  return { pair: [name, withoutBlanks(header, from, to)], end: to }
}

/** Parses the values of a Link header, joined by commas, in linear time. */
export const parse = (header: string): ReadonlyArray<Link> => {
  const links: Link[] = []
  for (let at = header.indexOf('<'); at >= 0; at = header.indexOf('<', at)) {
    const close = header.indexOf('>', at)
    if (close < 0) return links
    const target = PercentEncoding.decodeOctets(header.slice(at + 1, close))
    const parameters: Array<readonly [string, string]> = []
    at = close + 1
    for (let found = parameterAt(header, at); found !== undefined; found = parameterAt(header, at)) {
      parameters.push(found.pair)
      at = found.end
    }
    links.push({ target, rels: relsOf(parameters), parameters })
    at = HeaderSyntax.skipWhile(header, at, isSkipped)
  }
  return links
}

/** Returns the value of a parameter, such as `anchor`. The first one of a name counts. */
export const parameter =
  (name: string) =>
  ({ parameters }: Link): string | undefined =>
    parameters.find(([other]) => other === name)?.[1]

/** Only the first `rel` counts (RFC 8288 3.3). */
const relsOf = (parameters: Link['parameters']): ReadonlyArray<string> => {
  const rel = parameters.find(([name]) => name === 'rel')?.[1] ?? ''
  return rel
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}
