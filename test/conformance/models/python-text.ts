/**
 * Python's `str` and `repr` of a tagged value, and the values that `urlencode(doseq=True)` writes for it.
 */
import type { Entry, Py } from '../tagged.js'

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const hex = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`

const quoted = (text: string, isBytes: boolean): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const control = isBytes ? /[\0-\x1f\x7f-\xff]/g : /[\0-\x1f\x7f-\xa0\xad]/g
  const escaped = text
    .replace(/[\\\n\r\t]/g, (c) => ESCAPES[c] ?? c)
    .replace(control, hex)
    .replaceAll(quote, quote === "'" ? "\\'" : quote)
  return `${quote}${escaped}${quote}`
}

const list = (items: ReadonlyArray<Py>): string | undefined => {
  const texts = items.map(reprOf)
  return texts.includes(undefined) ? undefined : texts.join(', ')
}

const pair = ([key, value]: Entry): Py => ({ _tag: 'Tuple', items: [key, value] })

/** Python's `repr(x)`. Undefined for an object whose text contains its address. */
export const reprOf = (py: Py): string | undefined => {
  switch (py._tag) {
    case 'None':
      return 'None'
    case 'Bool':
      return py.value ? 'True' : 'False'
    case 'Int':
    case 'Float':
      return py.text
    case 'Str':
      return quoted(py.text, false)
    case 'Bytes':
      return `b${quoted(Buffer.from(py.bytes).toString('latin1'), true)}`
    case 'List':
    case 'Pairs': {
      const texts = list(itemsOf(py) ?? [])
      return texts === undefined ? undefined : `[${texts}]`
    }
    case 'Tuple': {
      const items = itemsOf(py) ?? []
      const texts = list(items)
      return texts === undefined ? undefined : `(${texts}${items.length === 1 ? ',' : ''})`
    }
    case 'Dict':
    case 'CiDict': {
      const texts = py.entries.map(([key, value]) => [reprOf(key), reprOf(value)] as const)
      if (texts.some(([key, value]) => key === undefined || value === undefined)) return undefined
      return `{${texts.map(([key, value]) => `${key}: ${value}`).join(', ')}}`
    }
    default:
      return undefined
  }
}

/** Python's `str(x)`. */
export const strOf = (py: Py): string | undefined => (py._tag === 'Str' ? py.text : reprOf(py))

/** Returns the items that Python iterates over, or undefined for a single value. */
export const itemsOf = (py: Py): ReadonlyArray<Py> | undefined => {
  switch (py._tag) {
    case 'List':
    case 'Tuple':
      return py.items
    case 'Dict':
    case 'CiDict':
      return py.entries.map(([key]) => key)
    case 'Pairs':
      return py.entries.map(pair)
    case 'Iter':
      return py.chunks
    default:
      return undefined
  }
}

const asText = (py: Py): Py => {
  if (py._tag !== 'None' && itemsOf(py) === undefined) return py
  const text = reprOf(py)
  return text === undefined ? py : { _tag: 'Str', text }
}

/**
 * Returns the values that requests writes for a value of `params` or a form. None is omitted, and a list inside a list is
 * written item by item. Deeper values, and None inside a list, are written as text.
 */
export const leavesOf = (value: Py): ReadonlyArray<Py> =>
  (itemsOf(value) ?? [value])
    .filter(({ _tag }) => _tag !== 'None')
    .flatMap((item) => itemsOf(item)?.map(asText) ?? [item])
