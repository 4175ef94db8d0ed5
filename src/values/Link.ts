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

/** One link of a Link header (RFC 8288). */
export interface Link {
  /** As written, with its octets decoded. Resolve it against the URL of the reply. */
  readonly target: string
  /** Lower-case relation types. */
  readonly rels: ReadonlyArray<string>
  /** All parameters in order, names in lower case. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

const NAME = /\s*;\s*([^\s=;,"<>]+)(\s*=\s*)?/y
const PLAIN_VALUE = /[^;,]*/y

/** Adds the parameters that begin at an index. Returns the index after them. */
const readParameters = (header: string, start: number, parameters: Array<readonly [string, string]>): number => {
  NAME.lastIndex = start
  let at = start
  for (let found = NAME.exec(header); found !== null; found = NAME.exec(header)) {
    const [, name = '', equals] = found
    const after = { value: '', end: NAME.lastIndex }
    const { value, end } = equals === undefined ? after : HeaderSyntax.valueAt(header, after.end, PLAIN_VALUE)
    parameters.push([name.toLowerCase(), value])
    NAME.lastIndex = end
    at = end
  }
  return at
}

/** Parses the values of a Link header, joined by commas, in linear time. */
export const parse = (header: string): ReadonlyArray<Link> => {
  const links: Link[] = []
  for (let at = header.indexOf('<'); at >= 0; at = header.indexOf('<', at)) {
    const close = header.indexOf('>', at)
    if (close < 0) return links
    const target = PercentEncoding.decodeOctets(header.slice(at + 1, close))
    const parameters: Array<readonly [string, string]> = []
    at = readParameters(header, close + 1, parameters)
    links.push({ target, rels: relsOf(parameters), parameters })
  }
  return links
}

/** Returns the value of a parameter, such as `anchor`. The first one of a name counts. */
export const parameter =
  (name: string) =>
  (link: Link): string | undefined =>
    HeaderSyntax.parameter(name)(link)

/** Only the first `rel` counts (RFC 8288 3.3). */
const relsOf = (parameters: Link['parameters']): ReadonlyArray<string> =>
  HeaderSyntax.parameter('rel')({ parameters })?.toLowerCase().match(/\S+/g) ?? []
