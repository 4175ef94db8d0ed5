/**
 * A lenient parser of RFC 8288 section 3 that is independent of the library's Link parser (D23).
 */

import { ownOctets } from './own-url.js'

export interface Parsed {
  readonly target: string
  /** Parameters in order. Names are in lower case. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

/** Returns the index of the closing quote of a quoted string. */
const closing = (text: string, from: number): number => {
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '"') return i
  }
  return -1
}

interface Read {
  readonly parameter: readonly [name: string, value: string] | undefined
  readonly end: number
}

const NAME = /\s*;\s*([^\s=;,"<>]+)(\s*=\s*)?/y

const readParameter = (text: string, from: number): Read | undefined => {
  NAME.lastIndex = from
  const found = NAME.exec(text)
  if (found === null) return undefined
  const [whole, name = '', equals] = found
  const start = from + whole.length
  if (equals === undefined) return { parameter: [name.toLowerCase(), ''], end: start }
  const close = text[start] === '"' ? closing(text, start) : -1
  if (close >= 0) {
    const value = text.slice(start + 1, close).replace(/\\([\s\S])/g, '$1')
    return { parameter: [name.toLowerCase(), value], end: close + 1 }
  }
  const token = /^[^;,]*/.exec(text.slice(start))?.[0] ?? ''
  return { parameter: [name.toLowerCase(), token.trimEnd()], end: start + token.length }
}

/** Returns the links of a header. Ignores other text between them. */
export const parse = (header: string): ReadonlyArray<Parsed> => {
  const links: Parsed[] = []
  for (let open = header.indexOf('<'); open >= 0; ) {
    const close = header.indexOf('>', open)
    if (close < 0) return links
    const parameters: Array<readonly [string, string]> = []
    let at = close + 1
    for (let read = readParameter(header, at); read !== undefined; read = readParameter(header, at)) {
      if (read.parameter !== undefined) parameters.push(read.parameter)
      at = read.end
    }
    links.push({ target: ownOctets(header.slice(open + 1, close)), parameters })
    open = header.indexOf('<', at)
  }
  return links
}

/** Groups links like requests: by relation, or by URL without one. Each of several relations is a key. */
export const byRelation = (links: ReadonlyArray<Parsed>): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    links.flatMap(({ target, parameters }) => {
      const rel = parameters.find(([name]) => name === 'rel')?.[1] ?? ''
      const keys = rel
        .toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== '')
      const shown = { url: target, ...Object.fromEntries(parameters) }
      return (keys.length === 0 ? [target] : keys).map((key) => [key, shown] as const)
    }),
  )
