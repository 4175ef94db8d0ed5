/** Converts Python values to JavaScript values for JSON bodies. Used by the translation and by the rules. */
import type { Py } from './tagged.js'
import { numberOf, scalarText } from './translate/values.js'

/** Returns a key as `json.dumps` writes it. */
const jsonKey = (key: Py): string | undefined => (key._tag === 'Bytes' ? undefined : scalarText(key))

/** Marks a value that JSON cannot represent. */
export const UNREPRESENTABLE = Symbol('no counterpart')

/** Converts a Python value. An integer beyond 2^53 becomes a BigInt. */
export const jsonOf = (py: Py): unknown => {
  switch (py._tag) {
    case 'None':
      return null
    case 'Bool':
      return py.value
    case 'Str':
      return py.text
    case 'Int':
      return Number.isSafeInteger(Number(py.text)) ? Number(py.text) : BigInt(py.text)
    case 'Float':
      return numberOf(py.text)
    case 'List':
    case 'Tuple': {
      const items = py.items.map(jsonOf)
      return items.includes(UNREPRESENTABLE) ? UNREPRESENTABLE : items
    }
    case 'Dict': {
      const entries = py.entries.map(([key, value]) => [jsonKey(key), jsonOf(value)] as const)
      return entries.some(([key, value]) => key === undefined || value === UNREPRESENTABLE)
        ? UNREPRESENTABLE
        : Object.fromEntries(entries)
    }
    default:
      return UNREPRESENTABLE
  }
}
