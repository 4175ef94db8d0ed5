/**
 * Decodes and encodes the tagged Python values of the vectors.
 *
 * | JSON                                                             | decoded value                        |
 * |------------------------------------------------------------------|--------------------------------------|
 * | `null`, `true`, `"text"`, `5`                                    | `None`, `Bool`, `Str`, `Int`         |
 * | `[…]`, `{"tuple": […]}`                                          | `List`, `Tuple`                      |
 * | `{"dict": …}`, `{"cidict": …}`, `{"pairs": …}`                   | `Dict`, `CiDict`, `Pairs`            |
 * | `{"base64": …}`, `{"stream": …}`, `{"iter": …}`                  | `Bytes`, `Stream`, `Iter`            |
 * | `{"int": …}`, `{"float": …}`                                     | `Int`, `Float`                       |
 * | `{"basic": …}`, `{"proxyauth": …}`, `{"digest": …}`, `{"fn": …}` | `Basic`, `ProxyAuth`, `Digest`, `Fn` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { isRecord, type Json } from './json.js'

export type Entry = readonly [key: Py, value: Py]

export type Py =
  | { readonly _tag: 'None' }
  | { readonly _tag: 'Bool'; readonly value: boolean }
  | { readonly _tag: 'Int' | 'Float'; readonly text: string }
  | { readonly _tag: 'Str'; readonly text: string }
  | { readonly _tag: 'Bytes'; readonly bytes: Uint8Array }
  | { readonly _tag: 'List' | 'Tuple'; readonly items: ReadonlyArray<Py> }
  | { readonly _tag: 'Dict' | 'CiDict' | 'Pairs'; readonly entries: ReadonlyArray<Entry> }
  | {
      readonly _tag: 'Stream'
      readonly bytes: Uint8Array
      readonly position: number
      readonly name: string | undefined
    }
  | { readonly _tag: 'Iter'; readonly chunks: ReadonlyArray<Py> }
  | { readonly _tag: 'Basic' | 'ProxyAuth' | 'Digest'; readonly user: Py; readonly pass: Py }
  | { readonly _tag: 'Fn'; readonly label: string; readonly returns: number | undefined }

export const NONE: Py = { _tag: 'None' }

const base64 = (text: string): Uint8Array => Buffer.from(text, 'base64')

const entriesOf = (u: unknown): ReadonlyArray<Entry> | undefined => {
  if (!Array.isArray(u)) return undefined
  const entries: Entry[] = []
  for (const pair of u) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined
    const [key, value] = [read(pair[0]), read(pair[1])]
    if (key === undefined || value === undefined) return undefined
    entries.push([key, value])
  }
  return entries
}

const itemsOf = (u: unknown): ReadonlyArray<Py> | undefined => {
  if (!Array.isArray(u)) return undefined
  const items = u.map(read)
  return items.every((item) => item !== undefined) ? items : undefined
}

type Reader = (content: unknown, whole: Readonly<Record<string, unknown>>) => Py | undefined

const collection =
  (_tag: 'Dict' | 'CiDict' | 'Pairs'): Reader =>
  (content) => {
    const entries = entriesOf(content)
    return entries === undefined ? undefined : { _tag, entries }
  }

const credentials =
  (_tag: 'Basic' | 'ProxyAuth' | 'Digest'): Reader =>
  (content) => {
    const [user, pass, ...others] = itemsOf(content) ?? []
    return user === undefined || pass === undefined || others.length > 0 ? undefined : { _tag, user, pass }
  }

const number =
  (_tag: 'Int' | 'Float'): Reader =>
  (content) =>
    typeof content === 'string' ? { _tag, text: content } : undefined

const READERS: Readonly<Record<string, Reader>> = {
  dict: collection('Dict'),
  cidict: collection('CiDict'),
  pairs: collection('Pairs'),
  basic: credentials('Basic'),
  proxyauth: credentials('ProxyAuth'),
  digest: credentials('Digest'),
  int: number('Int'),
  float: number('Float'),
  base64: (content) => (typeof content === 'string' ? { _tag: 'Bytes', bytes: base64(content) } : undefined),
  tuple: (content) => {
    const items = itemsOf(content)
    return items === undefined ? undefined : { _tag: 'Tuple', items }
  },
  iter: (content) => {
    const chunks = itemsOf(content)
    return chunks === undefined ? undefined : { _tag: 'Iter', chunks }
  },
  stream: (content, { pos = 0, name }) => {
    if (typeof content !== 'string' || typeof pos !== 'number') return undefined
    return { _tag: 'Stream', bytes: base64(content), position: pos, name: typeof name === 'string' ? name : undefined }
  },
  fn: (content, { returns }) => {
    if (typeof content !== 'string') return undefined
    return { _tag: 'Fn', label: content, returns: typeof returns === 'number' ? returns : undefined }
  },
}

const readTag = (whole: Readonly<Record<string, unknown>>): Py | undefined => {
  for (const [tag, content] of Object.entries(whole)) {
    const reader = Object.hasOwn(READERS, tag) ? READERS[tag] : undefined
    if (reader !== undefined) return reader(content, whole)
  }
  return undefined
}

/** Decodes a tagged value. Returns undefined if it is not valid. */
export const read = (u: unknown): Py | undefined => {
  if (u === null) return NONE
  if (typeof u === 'boolean') return { _tag: 'Bool', value: u }
  if (typeof u === 'number') return { _tag: 'Int', text: String(u) }
  if (typeof u === 'string') return { _tag: 'Str', text: u }
  if (Array.isArray(u)) {
    const items = itemsOf(u)
    return items === undefined ? undefined : { _tag: 'List', items }
  }
  return isRecord(u) ? readTag(u) : undefined
}

/** A codec of tagged values. */
export const Tagged = new t.Type<Py, Py, unknown>(
  'Tagged',
  (u): u is Py => isRecord(u) && '_tag' in u,
  (u, context) => {
    const value = read(u)
    return value === undefined ? t.failure(u, context, 'not a tagged value') : E.right(value)
  },
  (value) => value,
)

// --- writing --------------------------------------------------------------------------------------------------------

export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const writeEntries = (entries: ReadonlyArray<Entry>): Json => entries.map(([key, value]) => [write(key), write(value)])

/** Encodes a value as in the vectors. */
export const write = (py: Py): Json => {
  switch (py._tag) {
    case 'None':
      return null
    case 'Bool':
      return py.value
    case 'Str':
      return py.text
    case 'Int':
      return Number.isSafeInteger(Number(py.text)) ? Number(py.text) : { int: py.text }
    case 'Float':
      return { float: py.text }
    case 'Bytes':
      return { base64: toBase64(py.bytes) }
    case 'List':
      return py.items.map(write)
    case 'Tuple':
      return { tuple: py.items.map(write) }
    case 'Dict':
    case 'CiDict':
      return { dict: writeEntries(py.entries) }
    case 'Pairs':
      return { pairs: writeEntries(py.entries) }
    case 'Stream':
      return { stream: toBase64(py.bytes) }
    case 'Iter':
      return { iter: py.chunks.map(write) }
    case 'Basic':
    case 'ProxyAuth':
    case 'Digest':
      return { [py._tag.toLowerCase()]: [write(py.user), write(py.pass)] }
    case 'Fn':
      return py.returns === undefined ? { fn: py.label } : { fn: py.label, returns: py.returns }
  }
}

// --- truth values ---------------------------------------------------------------------------------------------------

/** Python's `bool(x)`: objects are true, empty collections, zeros and None are not. */
export const isTruthy = (py: Py): boolean => {
  switch (py._tag) {
    case 'None':
      return false
    case 'Bool':
      return py.value
    case 'Int':
    case 'Float':
      return Number(py.text) !== 0
    case 'Str':
      return py.text !== ''
    case 'Bytes':
      return py.bytes.length > 0
    case 'List':
    case 'Tuple':
      return py.items.length > 0
    case 'Dict':
    case 'CiDict':
    case 'Pairs':
      return py.entries.length > 0
    default:
      return true
  }
}
