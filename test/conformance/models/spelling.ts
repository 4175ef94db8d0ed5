/**
 * The text of values in Python and in JavaScript (D15).
 *
 * | value    | Python                          | JavaScript               |
 * |----------|---------------------------------|--------------------------|
 * | booleans | `True`, `False`                 | `true`, `false`          |
 * | floats   | `1.0`, `1e+22`, `inf`           | `1`, `1e+22`, `Infinity` |
 * | JSON     | blanks after `,` and `:`, ASCII | no blanks, UTF-8         |
 */
import { jsonOf, UNREPRESENTABLE } from '../javascript.js'
import type { RequestSpec } from '../shapes.js'
import { type Entry, isTruthy, type Py } from '../tagged.js'
import { strOf } from './python-text.js'

/** Returns the text in Python and in JavaScript, for values whose text differs. */
export const spellings = (py: Py): readonly [python: string, ours: string] | undefined => {
  if (py._tag === 'Bool') return [py.value ? 'True' : 'False', String(py.value)]
  if (py._tag !== 'Float') return undefined
  const ours = py.text === 'inf' ? 'Infinity' : py.text === '-inf' ? '-Infinity' : String(Number(py.text))
  return ours === py.text ? undefined : [py.text, ours]
}

/** `application/x-www-form-urlencoded`, as Python's `quote_plus`. */
export const plus = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

/** Quotes octets like Python in a query or form. */
export const plusOctets = (octets: Uint8Array): string =>
  [...octets]
    .map((octet) => {
      const character = String.fromCharCode(octet)
      if (character === ' ') return '+'
      return /[\w.~-]/.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')

export const utf8 = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')

export const keyOf = (key: Py): string => (key._tag === 'Bytes' ? utf8(key.bytes) : (strOf(key) ?? ''))

const ourText = (py: Py): string | undefined => {
  if (py._tag === 'Bytes') return utf8(py.bytes)
  return py._tag === 'Str' || py._tag === 'Int'
    ? py.text
    : (spellings(py)?.[1] ?? (py._tag === 'Float' ? py.text : undefined))
}

/** Encodes pairs like the library. A list becomes several pairs, and None is omitted. */
export const encodedPairs = (entries: ReadonlyArray<Entry>): string | undefined => {
  const pairs = entries.flatMap(([key, value]) =>
    (value._tag === 'List' || value._tag === 'Tuple' ? value.items : [value])
      .filter(({ _tag }) => _tag !== 'None')
      .map((item) => [ourText(key), ourText(item)] as const),
  )
  const texts = pairs.map(([key, text]) =>
    key === undefined || text === undefined ? undefined : `${plus(key)}=${plus(text)}`,
  )
  return texts.includes(undefined) ? undefined : texts.join('&')
}

/** Returns the JSON of a request if it is the body. */
export const jsonBody = ({ data, json, files }: RequestSpec): Py | undefined => {
  if (json === undefined || json._tag === 'None') return undefined
  return (data !== undefined && isTruthy(data)) || (files !== undefined && isTruthy(files)) ? undefined : json
}

/** Returns the result of `JSON.stringify`, or undefined if it throws. */
export const stringified = (json: Py): string | undefined => {
  try {
    const value = jsonOf(json)
    return value === UNREPRESENTABLE ? undefined : JSON.stringify(value)
  } catch {
    return undefined
  }
}
