/**
 * Converts `params` and the pairs of a form.
 *
 * | Python                              | here                                                             |
 * |-------------------------------------|------------------------------------------------------------------|
 * | a mapping                           | `withQuery` for each key, because a record reorders `10` and `2` |
 * | pairs, lists of two, strings of two | `withQuery` with pairs                                           |
 * | str, ASCII bytes                    | `withQueryText`                                                  |
 * | a list, a tuple, a dict as value    | an array of its items; nested lists are flattened                |
 * | None as value                       | `null` in a mapping removes the key; in pairs, omitted           |
 * | bytes as value                      | decoded as UTF-8 (D41)                                           |
 * | any other truthy value              | no counterpart                                                   |
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Query, Settings } from 'requests-ts'
import { itemsOf, leavesOf, strOf } from '../models/python-text.js'
import { type Failure, failure } from '../shapes.js'
import { type Entry, isTruthy, type Py } from '../tagged.js'
import { all, nothing, type Step } from './session.js'
import { latin1, numberOf } from './values.js'

/** The result for inputs that the types of the library reject. */
export const NO_COUNTERPART: E.Either<Failure, never> = E.left(failure('InvalidSettings'))

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** Returns a key as text, as Python's `str` writes it. */
export const keyText = (key: Py): string | undefined => {
  switch (key._tag) {
    case 'Str':
    case 'Int':
    case 'Float':
      return key.text
    case 'Bytes':
      return utf8(key.bytes)
    default:
      return strOf(key)
  }
}

const scalarOf = (py: Py): Query.Scalar | null | undefined => {
  switch (py._tag) {
    case 'None':
      return null
    case 'Str':
      return py.text
    case 'Bool':
      return py.value
    case 'Int':
      return Number.isSafeInteger(Number(py.text)) ? Number(py.text) : py.text
    case 'Float':
      return numberOf(py.text)
    case 'Bytes':
      return utf8(py.bytes)
    default:
      return undefined
  }
}

/** Converts a value. Returns undefined if it has no counterpart. */
export const valuesOf = (py: Py): Query.Values | null | undefined => {
  if (itemsOf(py) === undefined) return scalarOf(py)
  const scalars = leavesOf(py).map(scalarOf)
  return scalars.every((scalar) => scalar !== undefined) ? scalars : undefined
}

/** Returns the two items of a pair, in any form that Python can unpack. */
const pairOf = (py: Py): Entry | undefined => {
  if (py._tag === 'Str') {
    const [key, value, ...others] = py.text
    if (key === undefined || value === undefined || others.length > 0) return undefined
    return [
      { _tag: 'Str', text: key },
      { _tag: 'Str', text: value },
    ]
  }
  const [key, value, ...others] = py._tag === 'List' || py._tag === 'Tuple' ? py.items : []
  return key === undefined || value === undefined || others.length > 0 ? undefined : [key, value]
}

/** Returns the entries of a mapping or of pairs, or undefined for another value. */
export const entriesOf = (py: Py): ReadonlyArray<Entry> | undefined => {
  if (py._tag === 'Dict' || py._tag === 'CiDict' || py._tag === 'Pairs') return py.entries
  if (py._tag !== 'List' && py._tag !== 'Tuple') return undefined
  const pairs = py.items.map(pairOf)
  return pairs.every((pair) => pair !== undefined) ? pairs : undefined
}

export type Pairs = ReadonlyArray<readonly [name: string, value: Query.Values]>

/** Converts pairs. Omits pairs whose value is None, like Python. */
export const pairsOf = (py: Py): Pairs | undefined => {
  const entries = entriesOf(py)
  if (entries === undefined) return undefined
  const pairs: Array<readonly [string, Query.Values]> = []
  for (const [key, value] of entries) {
    const [name, values] = [keyText(key), valuesOf(value)]
    if (name === undefined || values === undefined) return undefined
    if (values !== null) pairs.push([name, values])
  }
  return pairs
}

const ofMapping = (entries: ReadonlyArray<Entry>): E.Either<Failure, Step> => {
  const steps: Step[] = []
  for (const [key, value] of entries) {
    const [name, values] = [keyText(key), valuesOf(value)]
    if (name === undefined || values === undefined) return NO_COUNTERPART
    steps.push(Settings.withQuery({ [name]: values }))
  }
  return E.right(all(steps))
}

/** Converts `params` of a session or a request. */
export const query = (py: Py | undefined): E.Either<Failure, Step> => {
  if (py === undefined || py._tag === 'None') return E.right(nothing)
  if (py._tag === 'Dict' || py._tag === 'CiDict') return ofMapping(py.entries)
  if (py._tag === 'Str') return E.right(Settings.withQueryText(py.text))
  if (py._tag === 'Bytes') {
    return py.bytes.every((byte) => byte < 0x80) ? E.right(Settings.withQueryText(latin1(py.bytes))) : NO_COUNTERPART
  }
  const pairs = pairsOf(py)
  if (pairs !== undefined) return E.right(Settings.withQuery(pairs))
  return isTruthy(py) ? NO_COUNTERPART : E.right(nothing)
}
