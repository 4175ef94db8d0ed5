/**
 * What a value of Python's is in JavaScript, where JSON is to be made of it: for the body that the library is given, and
 * for the one that a rule expects.
 */
import type { Py } from './tagged.js'
import { numberOf, scalarText } from './translate/values.js'

/** Python's keys as `json.dumps` writes them. */
const jsonKey = (key: Py): string | undefined => (key._tag === 'Bytes' ? undefined : scalarText(key))

/** Stands for what JSON has no counterpart for. */
export const BEYOND = Symbol('no counterpart')

/** A BigInt where no number would do. */
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
      return items.includes(BEYOND) ? BEYOND : items
    }
    case 'Dict': {
      const entries = py.entries.map(([key, value]) => [jsonKey(key), jsonOf(value)] as const)
      return entries.some(([key, value]) => key === undefined || value === BEYOND)
        ? BEYOND
        : Object.fromEntries(entries)
    }
    default:
      return BEYOND
  }
}
