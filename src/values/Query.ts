/**
 * Query and form pairs, and their encoding (`application/x-www-form-urlencoded`, as Python's `urlencode` spells it).
 *
 * | value            | written                           |
 * |------------------|-----------------------------------|
 * | `'a b~*'`        | `a+b~%2A`                         |
 * | `1`, `true`      | `1`, `true`                       |
 * | `['x', 'y']`     | the key twice                     |
 * | `[]`, `null`     | nothing; `null` also removes what a session gives for that key |
 *
 * @example
 * import { Query } from 'requests-ts'
 *
 * assert.equal(Query.encode(Query.fromRecord({ q: 'a b', tag: ['x', 'y'] })), 'q=a+b&tag=x&tag=y')
 */
import type { Semigroup } from 'fp-ts/lib/Semigroup.js'
import * as Override from './Override.js'

export type Scalar = string | number | boolean
/** What a key may have; an array repeats the key, and `null` items in it are left out. */
export type Values = Scalar | ReadonlyArray<Scalar | null>
export type Pair = readonly [name: string, value: string]
export type Pairs = ReadonlyArray<Pair>
/** What a user writes: a record merges key by key, pairs stand for themselves. */
export type Input = Readonly<Record<string, Values | null>> | ReadonlyArray<readonly [name: string, value: Values]>

const isPairs = (input: Input): input is ReadonlyArray<readonly [string, Values]> => Array.isArray(input)
const isList = (values: Values): values is ReadonlyArray<Scalar | null> => Array.isArray(values)

const spread = (name: string, values: Values): Pairs => {
  if (!isList(values)) return [[name, String(values)]]
  return values.flatMap((value): Pairs => (value === null ? [] : [[name, String(value)]]))
}

export const fromRecord = (record: Readonly<Record<string, Values | null>>): Pairs =>
  Object.entries(record).flatMap(([name, values]) => (values === null ? [] : spread(name, values)))

export const fromInput = (input: Input): Pairs =>
  isPairs(input) ? input.flatMap(([name, values]) => spread(name, values)) : fromRecord(input)

/** Python's `quote_plus`: RFC 3986's unreserved characters stand, a space is `+`, the rest is UTF-8 %XX. */
const quotePlus = (text: string): string => {
  if (/^[\w.~-]*$/.test(text)) return text
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\uFFFD') // half a pair has no UTF-8; URLSearchParams does the same
  return encodeURIComponent(wellFormed).replace(/[!'()*]|%20/g, (c) =>
    c === '%20' ? '+' : `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export const encode = (pairs: Pairs): string => {
  let text = ''
  for (const [name, value] of pairs) text += `${text === '' ? '' : '&'}${quotePlus(name)}=${quotePlus(value)}`
  return text
}

// --- the query as a setting ----------------------------------------------------------------------------------------

/** Where a query comes from: keys that merge, or pairs or raw text that stand for themselves. */
export type Source =
  | { readonly _tag: 'Keys'; readonly keys: Override.Keyed<Values> }
  | { readonly _tag: 'Pairs'; readonly pairs: ReadonlyArray<readonly [name: string, value: Values]> }
  | { readonly _tag: 'Text'; readonly text: string }

/** Keys go over keys; anything else takes the place of what was there (requests' `merge_setting`). */
export const SourceSemigroup: Semigroup<Source> = {
  concat: (x, y) =>
    x._tag === 'Keys' && y._tag === 'Keys'
      ? { _tag: 'Keys', keys: Override.getKeyedMonoid<Values>().concat(x.keys, y.keys) }
      : y,
}

export const noKeys: Source = { _tag: 'Keys', keys: Override.noKeys }

/** A record is laid over the session's keys, pairs take the place of the session's query. */
export const layer = (input: Input): Override.Layer<Source> => {
  if (isPairs(input)) return Override.replace<Source>({ _tag: 'Pairs', pairs: input })
  const keys = new Map<string, Override.Override<Values>>()
  for (const [name, values] of Object.entries(input)) {
    keys.set(name, values === null ? Override.unset : Override.set(values))
  }
  return Override.extend<Source>({ _tag: 'Keys', keys })
}

/** The source as it is written; raw text is left for the URL's own quoting. */
export const encodeSource = (source: Source): string => {
  if (source._tag === 'Text') return source.text
  const pairs = source._tag === 'Pairs' ? source.pairs : Override.entries(source.keys)
  return encode(pairs.flatMap(([name, values]) => spread(name, values)))
}
