/**
 * Expands expressions of URI templates (RFC 6570 3). A variable without a value vanishes here, as in the RFC: `UrlTemplate`
 * decides whether it may.
 *
 * | operator  | first | between | named | kept as they are                            |
 * |-----------|-------|---------|-------|---------------------------------------------|
 * | none      |       | `,`     |       | unreserved characters                       |
 * | `+`       |       | `,`     |       | also reserved characters and escapes        |
 * | `#`       | `#`   | `,`     |       | also reserved characters and escapes        |
 * | `.`       | `.`   | `.`     |       | unreserved characters                       |
 * | `/`       | `/`   | `/`     |       | unreserved characters                       |
 * | `;`       | `;`   | `;`     | yes   | unreserved characters; an empty value has no `=` |
 * | `?`       | `?`   | `&`     | yes   | unreserved characters                       |
 * | `&`       | `&`   | `&`     | yes   | unreserved characters                       |
 *
 * The keys of a record are encoded like values. RFC 6570 3.2.1 keeps reserved characters of keys, so that a key such as
 * `a&b=c#` would add a parameter.
 */
import * as E from 'fp-ts/lib/Either.js'
import { encodeText, LONE_SURROGATE } from '../PercentEncoding.js'
import * as UserInput from '../UserInput.js'
import type { Expression, Operator, VariableSpec } from './TemplateSyntax.js'

/** A list or a record. */
interface Composite {
  /** Items without a value were omitted. */
  readonly skipped: boolean
  /** The characters of all items, with one between two of them. */
  readonly length: number
}

/** A value as text. `Absent` is undefined in the sense of RFC 6570 2.3. */
export type Given =
  | { readonly _tag: 'Absent' }
  | { readonly _tag: 'Text'; readonly text: string; readonly length: number }
  | (Composite & { readonly _tag: 'List'; readonly items: ReadonlyArray<string> })
  | (Composite & {
      readonly _tag: 'Pairs'
      readonly pairs: ReadonlyArray<readonly [name: string, value: string]>
    })

const isAbsent = (value: unknown): boolean => value === undefined || value === null

/** Returns the text of a scalar, `undefined` for any other value. */
const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return LONE_SURROGATE.test(value) ? undefined : value
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
  return undefined
}

const SCALAR = 'a text without lone surrogates, a finite number or a boolean'

const readList = (list: ReadonlyArray<unknown>): E.Either<string, Given> => {
  const items: string[] = []
  let length = 0
  for (const item of list) {
    if (isAbsent(item)) continue
    const text = textOf(item)
    if (text === undefined) return E.left(`each item must be ${SCALAR}`)
    items.push(text)
    length += text.length + 1
  }
  const skipped = items.length < list.length
  return E.right(items.length === 0 ? { _tag: 'Absent' } : { _tag: 'List', items, skipped, length })
}

const readRecord = (record: object): E.Either<string, Given> => {
  const entries: ReadonlyArray<readonly [string, unknown]> = Object.entries(record)
  const pairs: Array<readonly [string, string]> = []
  let length = 0
  for (const [name, value] of entries) {
    if (isAbsent(value)) continue
    const text = textOf(value)
    if (text === undefined || textOf(name) === undefined)
      return E.left(`each key must be a text without lone surrogates, and each value ${SCALAR}`)
    pairs.push([name, text])
    length += name.length + text.length + 2
  }
  const skipped = pairs.length < entries.length
  return E.right(pairs.length === 0 ? { _tag: 'Absent' } : { _tag: 'Pairs', pairs, skipped, length })
}

/** Reads a value that a user gave. A `Left` describes why it cannot be used, without repeating it. */
export const read = (value: unknown): E.Either<string, Given> => {
  if (isAbsent(value)) return E.right({ _tag: 'Absent' })
  const text = textOf(value)
  if (text !== undefined) return E.right({ _tag: 'Text', text, length: text.length })
  if (Array.isArray(value)) return readList(value)
  return typeof value === 'object' && value !== null && UserInput.isRecord(value)
    ? readRecord(value)
    : E.left(`it must be ${SCALAR}, or a list or a record of them`)
}

// --- encoding ------------------------------------------------------------------------------------------------------

const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/** Keeps unreserved characters only (RFC 3986 2.3). */
const encodeUnreserved = (text: string): string => encodeText(text).replace(/[!'()*]/g, hex)

/** Also keeps reserved characters and escapes. */
const encodeReserved = (text: string): string =>
  text.replace(/%(?![\dA-Fa-f]{2})|[^\w.~:/?#[\]@!$&'()*+,;=%-]+/gu, encodeText)

interface Form {
  readonly first: string
  readonly separator: string
  readonly isNamed: boolean
  /** What follows the name of an empty value. */
  readonly ifEmpty: string
  readonly encode: (text: string) => string
}

const form = (first: string, separator: string, encode = encodeUnreserved): Form => ({
  ...{ first, separator, encode },
  isNamed: false,
  ifEmpty: '=',
})
const named = (first: string, separator: string, ifEmpty: string): Form => ({
  ...form(first, separator),
  isNamed: true,
  ifEmpty,
})

/** The table of RFC 6570, appendix A. */
const FORMS: Readonly<Record<Operator, Form>> = {
  '': form('', ','),
  '+': form('', ',', encodeReserved),
  '#': form('#', ',', encodeReserved),
  '.': form('.', '.'),
  '/': form('/', '/'),
  ';': named(';', ';', ''),
  '?': named('?', '&', '='),
  '&': named('&', '&', '='),
}

/** Returns the first characters of a text, never half of a surrogate pair. */
const startOf = (text: string, length: number): string => {
  let end = 0
  for (let taken = 0; taken < length && end < text.length; taken += 1)
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
  return text.slice(0, end)
}

const withName = (name: string, value: string, { ifEmpty }: Form): string =>
  value === '' ? `${name}${ifEmpty}` : `${name}=${value}`

/** Returns what a variable contributes: one text, or one for each item if it is exploded. */
const itemsOf = (one: Form, { name, isExploded, prefix }: VariableSpec, given: Given): ReadonlyArray<string> => {
  const { encode, isNamed } = one
  const single = (value: string): ReadonlyArray<string> => [isNamed ? withName(name, value, one) : value]
  switch (given._tag) {
    case 'Absent':
      return []
    case 'Text':
      return single(encode(prefix === undefined ? given.text : startOf(given.text, prefix)))
    case 'List': {
      const items = given.items.map(encode)
      return isExploded ? items.flatMap(single) : single(items.join(','))
    }
    case 'Pairs':
      return isExploded
        ? given.pairs.map(([key, value]) => withName(encode(key), encode(value), isNamed ? one : FORMS['']))
        : single(given.pairs.map(([key, value]) => `${encode(key)},${encode(value)}`).join(','))
  }
}

/** Expands an expression. `values` has one value for each of its variables. */
export const write = ({ operator, variables }: Expression, values: ReadonlyArray<Given>): string => {
  const one = FORMS[operator]
  const items = variables.flatMap((variable, i) => itemsOf(one, variable, values[i] ?? { _tag: 'Absent' }))
  return items.length === 0 ? '' : one.first + items.join(one.separator)
}
