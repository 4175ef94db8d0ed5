/**
 * Query and form pairs, and their encoding (`application/x-www-form-urlencoded`, as Python's `urlencode` spells it).
 *
 * | value            | written                           |
 * |------------------|-----------------------------------|
 * | `'a b~*'`        | `a+b~%2A`                         |
 * | `1`, `true`      | `1`, `true`                       |
 * | `['x', 'y']`     | the key twice                     |
 * | `[]`, `null`     | nothing; `null` also removes what a session gives for that key |
 * | `undefined`      | nothing, as if the key were not there                          |
 *
 * @example
 * import { Query } from 'requests-ts'
 *
 * assert.equal(Query.encode(Query.fromRecord({ q: 'a b', tag: ['x', 'y'] })), 'q=a+b&tag=x&tag=y')
 */
import type { Semigroup } from 'fp-ts/lib/Semigroup.js'
import { isArray } from './IsArray.js'
import * as Override from './Override.js'
import { quoteQuery } from './PercentEncoding.js'
import * as Secret from './Secret.js'

export type Scalar = string | number | boolean
/** What a key may have; an array repeats the key, and `null` and `undefined` items in it are left out. */
export type Values = Scalar | ReadonlyArray<Scalar | null | undefined>
/** What a setting holds for a key: secret where `withSecretQuery` gave it. */
export type Held = Values | Secret.Secret
export type Pair = readonly [name: string, value: string]
export type Pairs = ReadonlyArray<Pair>
/** What a user writes: a record merges key by key, pairs stand for themselves. */
export type Input =
  | Readonly<Record<string, Values | null | undefined>>
  | ReadonlyArray<readonly [name: string, value: Values | null | undefined]>
type GivenPair = readonly [name: string, value: Values | null | undefined]

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined

const spread = (name: string, values: Values | null | undefined): Pairs => {
  if (isAbsent(values)) return []
  if (!isArray(values)) return [[name, String(values)]]
  return values.flatMap((value): Pairs => (isAbsent(value) ? [] : [[name, String(value)]]))
}

export const fromRecord = (record: Readonly<Record<string, Values | null | undefined>>): Pairs =>
  Object.entries(record).flatMap(([name, values]) => spread(name, values))

export const fromInput = (input: Input): Pairs =>
  isArray(input) ? input.flatMap(([name, values]) => spread(name, values)) : fromRecord(input)

/** Python's `quote_plus`: RFC 3986's unreserved characters stand, a space is `+`, the rest is UTF-8 %XX. */
const quotePlus = (text: string): string => {
  if (/^[\w.~-]*$/.test(text)) return text
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\uFFFD') // half a pair has no UTF-8; URLSearchParams does the same
  return encodeURIComponent(wellFormed)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

export const encode = (pairs: Pairs): string => {
  let text = ''
  for (const [name, value] of pairs) text += `${text === '' ? '' : '&'}${quotePlus(name)}=${quotePlus(value)}`
  return text
}

// --- the query as a setting ----------------------------------------------------------------------------------------

/** Where a query comes from: keys that merge, or pairs or raw text that stand for themselves. */
export type Source =
  | { readonly _tag: 'Keys'; readonly keys: Override.Keyed<Held> }
  | { readonly _tag: 'Pairs'; readonly pairs: ReadonlyArray<GivenPair> }
  | { readonly _tag: 'Text'; readonly text: string }

/** Keys go over keys; anything else takes the place of what was there (requests' `merge_setting`). */
export const SourceSemigroup: Semigroup<Source> = {
  concat: (x, y) =>
    x._tag === 'Keys' && y._tag === 'Keys'
      ? { _tag: 'Keys', keys: Override.getKeyedMonoid<Held>().concat(x.keys, y.keys) }
      : y,
}

export const noKeys: Source = { _tag: 'Keys', keys: Override.noKeys }

/** A record is laid over the session's keys, pairs take the place of the session's query. */
export const layer = (input: Input): Override.Layer<Source> => {
  if (isArray(input)) return Override.replace<Source>({ _tag: 'Pairs', pairs: input })
  const keys = new Map<string, Override.Override<Held>>()
  for (const [name, values] of Object.entries(input)) {
    if (values === undefined) continue
    keys.set(name, values === null ? Override.unset : Override.set<Held>(values))
  }
  return Override.extend<Source>({ _tag: 'Keys', keys })
}

/** A query as it is sent, and as it may be shown. */
export interface Written {
  readonly sent: string
  readonly shown: string
}

const writeKeys = (keys: Override.Keyed<Held>): Written => {
  const sent: string[] = []
  const shown: string[] = []
  for (const [name, held] of Override.entries(keys)) {
    if (Secret.is(held)) {
      const piece = encode([[name, Secret.reveal(held)]])
      sent.push(piece)
      shown.push(`${piece.slice(0, piece.indexOf('=') + 1)}${Secret.REDACTED}`)
      continue
    }
    const text = encode(spread(name, held))
    if (text === '') continue
    sent.push(text)
    shown.push(text)
  }
  return { sent: sent.join('&'), shown: shown.join('&') }
}

/** The source as it stands in a URL: raw text is quoted there as a URL quotes it, pairs are encoded already. */
export const write = (source: Source): Written => {
  if (source._tag === 'Keys') return writeKeys(source.keys)
  const text = source._tag === 'Text' ? quoteQuery(source.text) : encode(fromInput(source.pairs))
  return { sent: text, shown: text }
}

/** The source as it may be shown. */
export const showSource = (source: Source): string => write(source).shown

const NO_SECRETS: ReadonlySet<string> = new Set()

/** The values that `withSecretQuery` gave, as they are before they are encoded. */
export const secretsOf = (layer: Override.Layer<Source>): ReadonlySet<string> => {
  if (layer._tag === 'Inherit' || layer.value._tag !== 'Keys') return NO_SECRETS
  let found: Set<string> | undefined
  for (const override of layer.value.keys.values()) {
    if (override._tag !== 'Set' || !Secret.is(override.value)) continue
    const value = Secret.reveal(override.value)
    if (value !== '') found = (found ?? new Set()).add(value)
  }
  return found ?? NO_SECRETS
}
