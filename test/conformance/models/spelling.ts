/**
 * How values are written, by Python and by JavaScript (D15).
 *
 * | value           | Python                       | JavaScript                     |
 * |-----------------|------------------------------|--------------------------------|
 * | booleans        | `True`, `False`              | `true`, `false`                |
 * | floats          | `1.0`, `1e+22`, `inf`        | `1`, `1e+22`, `Infinity`       |
 * | JSON            | blanks after `,` and `:`, ASCII | neither                     |
 */
import { BEYOND, jsonOf } from '../javascript.js'
import type { RequestSpec } from '../shapes.js'
import { type Entry, isTruthy, type Py } from '../tagged.js'
import { strOf } from './python-text.js'

/** Python's `str` and JavaScript's `String` of the values that they write in different ways. */
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

/** Octets in a query or a form as Python quotes them. */
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

/** Pairs as a query or a form of ours: a list is several pairs, None is left out. */
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

/** The JSON of a request, where that is its body. */
export const jsonBody = ({ data, json, files }: RequestSpec): Py | undefined => {
  if (json === undefined || json._tag === 'None') return undefined
  return (data !== undefined && isTruthy(data)) || (files !== undefined && isTruthy(files)) ? undefined : json
}

/** What `JSON.stringify` writes; nothing where it refuses. */
export const stringified = (json: Py): string | undefined => {
  try {
    const value = jsonOf(json)
    return value === BEYOND ? undefined : JSON.stringify(value)
  } catch {
    return undefined
  }
}
