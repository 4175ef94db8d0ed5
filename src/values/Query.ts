/**
 * Query and form pairs, and their encoding (`application/x-www-form-urlencoded`, spelled like Python's `urlencode`).
 *
 * | value            | encoded as                                                |
 * |------------------|-----------------------------------------------------------|
 * | `'a b~*'`        | `a+b~%2A`                                                 |
 * | `1`, `true`      | `1`, `true`                                               |
 * | `['x', 'y']`     | the key twice                                             |
 * | `[]`, `null`     | nothing; `null` also removes the session's value of the key |
 * | `undefined`      | nothing, as if the key were missing                       |
 *
 * @example
 * import { Query } from 'requests-ts'
 *
 * assert.equal(Query.encode(Query.fromRecord({ q: 'a b', tag: ['x', 'y'] })), 'q=a+b&tag=x&tag=y')
 */
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { Semigroup } from 'fp-ts/lib/Semigroup.js'
import * as Override from './Override.js'
import { encodeText, quoteQuery } from './PercentEncoding.js'
import * as Secret from './Secret.js'
import * as Tagged from './Tagged.js'
import * as UserInput from './UserInput.js'

/** A value that is written as text. */
export type Scalar = string | number | boolean
/** The value of a key. An array repeats the key, and its `null` and `undefined` items are omitted. */
export type Values = Scalar | ReadonlyArray<Scalar | null | undefined>
/** The stored value of a key. It is a secret if it was given with `withSecretQuery`. */
export type Held = Values | Secret.Secret
/** One name with its value. */
export type Pair = readonly [name: string, value: string]
/** Names with their values, in order. A name may repeat. */
export type Pairs = ReadonlyArray<Pair>
type GivenPair = readonly [name: string, value: Values | null | undefined]
/**
 * A record, which is merged key by key, or pairs, which replace the session's query: a list, `URLSearchParams` or another
 * iterable.
 */
export type Input = Readonly<Record<string, Values | null | undefined>> | ReadonlyArray<GivenPair> | Iterable<Pair>

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined

const spread = (name: string, values: Values | null | undefined): Pairs => {
  if (isAbsent(values)) return []
  if (!UserInput.isArray(values)) return [[name, String(values)]]
  return values.flatMap((value): Pairs => (isAbsent(value) ? [] : [[name, String(value)]]))
}

/** Returns the pairs of a record in order. */
export const fromRecord = (record: Readonly<Record<string, Values | null | undefined>>): Pairs =>
  Object.entries(record).flatMap(([name, values]) => spread(name, values))

/** Returns the pairs of a record or of a list of pairs. */
export const fromInput = (input: Input): Pairs => {
  const given = UserInput.listed(input)
  return UserInput.isArray(given) ? given.flatMap(([name, values]) => spread(name, values)) : fromRecord(given)
}

/** Python's `quote_plus`: keeps the unreserved characters of RFC 3986, a space is `+`, the rest is UTF-8 %XX. */
const quotePlus = (text: string): string => {
  if (/^[\w.~-]*$/.test(text)) return text
  return encodeText(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Encodes pairs as a query or a form. */
export const encode = (pairs: Pairs): string => {
  let text = ''
  for (const [name, value] of pairs) text += `${text === '' ? '' : '&'}${quotePlus(name)}=${quotePlus(value)}`
  return text
}

/** The query as a setting: keys are merged, pairs and raw text replace the earlier query. */
export type Source =
  | { readonly _tag: 'Keys'; readonly keys: Override.Keyed<Held> }
  | { readonly _tag: 'Pairs'; readonly pairs: ReadonlyArray<GivenPair> }
  | { readonly _tag: 'Text'; readonly text: string }

/**
 * Folds a source with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchSource = Tagged.match<Source>()

/** Merges keys with keys. Any other source replaces the earlier one (requests' `merge_setting`). */
export const SourceSemigroup: Semigroup<Source> = {
  concat: (x, y) =>
    x._tag === 'Keys' && y._tag === 'Keys'
      ? { _tag: 'Keys', keys: Override.getKeyedMonoid<Held>().concat(x.keys, y.keys) }
      : y,
}

const sameHeld = (x: Held | null | undefined, y: Held | null | undefined): boolean =>
  UserInput.isArray(x) && UserInput.isArray(y)
    ? x.length === y.length && x.every((item, i) => Object.is(item, y[i]))
    : Secret.EqStrict.equals(x, y)

const KeysEq = Override.getKeyedEq<Held>({ equals: sameHeld })

const samePairs = (x: ReadonlyArray<GivenPair>, y: ReadonlyArray<GivenPair>): boolean =>
  x.length === y.length && x.every(([name, values], i) => name === y[i]?.[0] && sameHeld(values, y[i]?.[1]))

/**
 * Compares sources: keys and pairs in order, values as they were given, so that `1` and `'1'` differ.
 * @since 0.2.0
 * @category instances
 */
export const SourceEq: Eq<Source> = {
  equals: (x, y) => {
    if (x === y) return true
    if (x._tag === 'Keys') return y._tag === 'Keys' && KeysEq.equals(x.keys, y.keys)
    if (x._tag === 'Pairs') return y._tag === 'Pairs' && samePairs(x.pairs, y.pairs)
    return y._tag === 'Text' && x.text === y.text
  },
}

/** A query setting that changes nothing. */
export const noKeys: Source = { _tag: 'Keys', keys: Override.noKeys }

/** Returns the input as a setting: a record extends the session's keys, pairs replace the session's query. */
export const layer = (input: Input): Override.Layer<Source> => {
  const given = UserInput.listed(input)
  if (UserInput.isArray(given)) return Override.replace<Source>({ _tag: 'Pairs', pairs: given })
  const keys = new Map<string, Override.Override<Held>>()
  for (const [name, values] of Object.entries(given)) {
    if (values === undefined) continue
    keys.set(name, values === null ? Override.unset : Override.set<Held>(values))
  }
  return Override.extend<Source>({ _tag: 'Keys', keys })
}

/** A query as it is sent, and as it is shown with secrets redacted. */
export interface Written {
  /** With secrets: do not print it. */
  readonly sent: string
  /** Secrets are `‹secret›`. */
  readonly shown: string
}

const writeKeys = (keys: Override.Keyed<Held>): Written => {
  const sent: string[] = []
  const shown: string[] = []
  for (const [name, held] of Override.entries(keys)) {
    const isSecret = Secret.is(held)
    const piece = encode(spread(name, isSecret ? Secret.reveal(held) : held))
    if (piece === '') continue
    sent.push(piece)
    shown.push(isSecret ? `${piece.slice(0, piece.indexOf('=') + 1)}${Secret.REDACTED}` : piece)
  }
  return { sent: sent.join('&'), shown: shown.join('&') }
}

/** Encodes a source for a URL. Raw text is quoted as in `Url.parse`. */
export const write = (source: Source): Written => {
  if (source._tag === 'Keys') return writeKeys(source.keys)
  const text = source._tag === 'Text' ? quoteQuery(source.text) : encode(fromInput(source.pairs))
  return { sent: text, shown: text }
}

/** Encodes a source for display, with secrets redacted. */
export const showSource = (source: Source): string => write(source).shown

const NO_SECRETS: ReadonlySet<string> = new Set()

/** Returns the values that were given with `withSecretQuery`, not encoded. */
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
