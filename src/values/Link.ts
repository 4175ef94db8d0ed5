/**
 * Web links (RFC 8288): the Link header as data.
 *
 * `rel="next prev"` are two relations (D23); quoted text may hold commas and semicolons; what is malformed is skipped.
 *
 * @example
 * import { Link } from 'requests-ts'
 *
 * const [link] = Link.parse('</2>; rel="next last"; title="a; b"')
 * assert.deepEqual(link, { target: '/2', rels: ['next', 'last'], parameters: [['rel', 'next last'], ['title', 'a; b']] })
 */

export interface Link {
  /** As it was written; resolve it against the URL of the reply. */
  readonly target: string
  /** Lower-case relation types. */
  readonly rels: ReadonlyArray<string>
  /** All parameters in order, names in lower case. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

const TARGET = /[\s,]*<([^>]*)>/y
const PARAMETER = /\s*;\s*([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s;,]*)))?/y
const SKIP = /\s*;?[^,<]*/y

const unquoted = (text: string): string => text.replace(/\\([\s\S])/g, '$1')

/** Reads the values of a Link header, joined by commas. */
export const parse = (header: string): ReadonlyArray<Link> => {
  const links: Link[] = []
  const match = (expression: RegExp, from: number): RegExpExecArray | null => {
    expression.lastIndex = from
    return expression.exec(header)
  }
  for (let at = 0; at < header.length; ) {
    const target = match(TARGET, at)
    if (target === null) {
      const next = header.indexOf('<', at + 1)
      if (next < 0) return links
      at = next
      continue
    }
    at = TARGET.lastIndex
    const parameters: Array<readonly [string, string]> = []
    for (let found = match(PARAMETER, at); found !== null; found = match(PARAMETER, at)) {
      const [, name = '', quoted, token = ''] = found
      parameters.push([name.toLowerCase(), quoted === undefined ? token : unquoted(quoted)])
      at = PARAMETER.lastIndex
    }
    links.push({ target: target[1] ?? '', rels: relsOf(parameters), parameters })
    match(SKIP, at)
    at = Math.max(SKIP.lastIndex, at)
  }
  return links
}

/** RFC 8288 3.3: only the first `rel` counts. */
const relsOf = (parameters: Link['parameters']): ReadonlyArray<string> => {
  const rel = parameters.find(([name]) => name === 'rel')?.[1] ?? ''
  return rel
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}
