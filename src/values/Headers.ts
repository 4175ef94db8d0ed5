/**
 * Header fields in order. Names are case-insensitive, and repeated lines stay separate (RFC 9110 5).
 *
 * Laws: a monoid under appending; `lookup` after `upsertAt` returns the value.
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Headers } from 'requests-ts'
 *
 * const headers = pipe(Headers.fromPairs([['Accept', 'a'], ['X', '1']]), Headers.upsertAt('accept', 'b'))
 * assert.deepEqual(headers.fields, [['accept', 'b'], ['X', '1']])
 * assert.deepEqual(Headers.lookup('ACCEPT')(headers), O.some('b'))
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import * as HeaderSyntax from './HeaderSyntax.js'
import * as Secret from './Secret.js'
import * as UserInput from './UserInput.js'

/** A field value, which is a secret if it must not be printed. */
export type Value = string | Secret.Secret
/** One header line. The name is as written. */
export type Field = readonly [name: string, value: Value]

/** Header lines in order. Names are compared without regard to case. */
export interface Headers {
  /** One for each line, in their order and spelling. */
  readonly fields: ReadonlyArray<Field>
}

/** Headers without a line. */
export const empty: Headers = { fields: [] }

/** Returns headers with one line for each pair. */
export const fromPairs = (fields: ReadonlyArray<Field>): Headers => ({ fields })

/** Returns headers from a record. An array gives one line for each of its items. */
export const fromRecord = (record: Readonly<Record<string, Value | ReadonlyArray<Value>>>): Headers => ({
  fields: Object.entries(record).flatMap(
    ([name, value]): ReadonlyArray<Field> =>
      UserInput.isArray(value) ? value.map((one): Field => [name, one]) : [[name, value]],
  ),
})

/** Turns the code of an ASCII letter into that of its lower-case form. */
const LOWER = 0x20
const isLowerLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a

/** Returns whether two names are equal, ignoring the case of ASCII letters. A copy in lower case would cost more. */
export const sameName = (x: string, y: string): boolean => {
  if (x === y) return true
  if (x.length !== y.length) return false
  for (let i = 0; i < x.length; i += 1) {
    const [one, other] = [x.charCodeAt(i), y.charCodeAt(i)]
    if (one !== other && ((one | LOWER) !== (other | LOWER) || !isLowerLetter(one | LOWER))) return false
  }
  return true
}

/** Returns the first value of a name as it is stored, secret or not. */
export const field =
  (name: string) =>
  (headers: Headers): O.Option<Value> =>
    O.fromNullable(find(headers, name))

/** Returns the first value of a name. The hot path uses it instead of `field`. */
export const find = (headers: Headers, name: string): Value | undefined => {
  for (const [other, value] of headers.fields) if (sameName(other, name)) return value
  return undefined
}

/** Returns the first value of a name for display: a secret reads `‹secret›`. */
export const lookup =
  (name: string) =>
  (headers: Headers): O.Option<string> => {
    const found = find(headers, name)
    return found === undefined ? O.none : O.some(Secret.show(found))
  }

/** Returns all values of a name in order, for display: a secret reads `‹secret›`. */
export const lookupAll =
  (name: string) =>
  (headers: Headers): ReadonlyArray<string> =>
    valuesOf(headers, name).map(Secret.show)

const NO_VALUES: ReadonlyArray<Value> = []

/** Returns all values of a name as they are stored. The hot path uses it instead of `fieldAll`. */
export const valuesOf = (headers: Headers, name: string): ReadonlyArray<Value> => {
  let values: Value[] | undefined
  for (const [other, value] of headers.fields) {
    if (!sameName(other, name)) continue
    if (values === undefined) values = [value]
    else values.push(value)
  }
  return values ?? NO_VALUES
}

/**
 * Returns all values of a name as they are stored, secret or not.
 * @since 0.2.0
 * @category destructors
 */
export const fieldAll =
  (name: string) =>
  (headers: Headers): ReadonlyArray<Value> =>
    valuesOf(headers, name)

/**
 * Joins the lines of a name by commas, with secrets revealed (RFC 9110 5.3). Not for Set-Cookie.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Headers } from 'requests-ts'
 *
 * const headers = Headers.fromRecord({ Accept: ['text/html', 'text/plain'] })
 * assert.deepEqual(Headers.joined('accept')(headers), O.some('text/html, text/plain'))
 */
export const joined =
  (name: string) =>
  (headers: Headers): O.Option<string> =>
    O.fromNullable(combined(headers, name))

/** Joins the lines of a name by commas, with secrets revealed. The hot path uses it instead of `joined`. */
export const combined = (headers: Headers, name: string): string | undefined => {
  const values = valuesOf(headers, name)
  const [first] = values
  if (first === undefined) return undefined
  return values.length === 1 ? Secret.reveal(first) : values.map(Secret.reveal).join(', ')
}

/** Returns whether there is a line of a name. */
export const has =
  (name: string) =>
  (headers: Headers): boolean =>
    find(headers, name) !== undefined

/** Replaces the first line of a name in its place and removes the others. Appends a line if there was none. */
export const upsertAt =
  (name: string, value: Value) =>
  (headers: Headers): Headers => {
    const at = headers.fields.findIndex(([other]) => sameName(other, name))
    if (at < 0) return append(name, value)(headers)
    return {
      fields: headers.fields.flatMap((line, i): ReadonlyArray<Field> => {
        if (i === at) return [[name, value]]
        return sameName(line[0], name) ? [] : [line]
      }),
    }
  }

/** Appends a line, even if the name exists. */
export const append =
  (name: string, value: Value) =>
  (headers: Headers): Headers => ({
    // Not a spread, which would allocate an array four times as long.
    fields: headers.fields.concat([[name, value]]),
  })

/** Removes all lines of the given names. Returns the same headers if there are none. */
export const deleteAt =
  (...names: ReadonlyArray<string>) =>
  (headers: Headers): Headers =>
    without(headers, names)

const isAmong = (other: string, names: ReadonlyArray<string>): boolean => {
  for (const name of names) if (sameName(other, name)) return true
  return false
}

/**
 * `deleteAt` without a closure, because each request is planned with it.
 * @internal
 */
export const without = (headers: Headers, names: ReadonlyArray<string>): Headers => {
  for (const [name] of headers.fields) {
    if (isAmong(name, names)) return { fields: headers.fields.filter(([other]) => !isAmong(other, names)) }
  }
  return headers
}

/** Returns name and value of each line for display: a secret reads `‹secret›`. */
export const toPairs = (headers: Headers): ReadonlyArray<readonly [name: string, value: string]> =>
  headers.fields.map(([name, value]) => [name, Secret.show(value)])

/** Returns name and value of each line for the wire, with secrets revealed. */
export const reveal = (headers: Headers): ReadonlyArray<readonly [name: string, value: string]> =>
  headers.fields.map(([name, value]) => [name, Secret.reveal(value)])

// RFC 9110 5.5. A value may end with white space, as in requests, but not begin with it.
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*)?$/

/** Returns whether a value is a valid field name (RFC 9110 5.6.2). */
export const isName = (name: unknown): name is string => typeof name === 'string' && HeaderSyntax.isToken(name)
/** Returns whether a value is a valid field value (RFC 9110 5.5). */
export const isValue = (value: unknown): value is string => typeof value === 'string' && FIELD_VALUE.test(value)

const isField = (u: unknown): u is Field =>
  Array.isArray(u) && typeof u[0] === 'string' && Secret.textOf(u[1]) !== undefined

/** Returns whether a value has the shape of headers. The user's own transports and hooks may return anything. */
export const is = (u: unknown): u is Headers =>
  typeof u === 'object' && u !== null && 'fields' in u && Array.isArray(u.fields) && u.fields.every(isField)

/** Appends the lines of the second headers to those of the first. */
export const Monoid: MonoidOf<Headers> = {
  empty,
  concat: (x, y) => (y.fields.length === 0 ? x : x.fields.length === 0 ? y : { fields: [...x.fields, ...y.fields] }),
}

/**
 * Compares the lines in order, with names ignoring case (RFC 9110 5.1) and secrets by their content.
 * @category instances
 */
export const Eq: EqOf<Headers> = {
  equals: (x, y) =>
    x.fields.length === y.fields.length &&
    x.fields.every(([name, value], i) => {
      const other = y.fields[i]
      return other !== undefined && sameName(name, other[0]) && Secret.Eq.equals(value, other[1])
    }),
}

/**
 * Compares what a plan sends: the lines in order, with the spelling of names, and whether a value is secret. HTTP/1.1 sends
 * names as they are spelled. A secret value is not sent to another origin.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { Headers } from 'requests-ts'
 *
 * const [lower, upper] = [Headers.fromPairs([['x-a', '1']]), Headers.fromPairs([['X-A', '1']])]
 * assert.equal(Headers.Eq.equals(lower, upper), true)
 * assert.equal(Headers.EqStrict.equals(lower, upper), false)
 */
export const EqStrict: EqOf<Headers> = {
  equals: (x, y) =>
    x === y ||
    (x.fields.length === y.fields.length &&
      x.fields.every(([name, value], i) => {
        const other = y.fields[i]
        return other !== undefined && name === other[0] && Secret.EqStrict.equals(value, other[1])
      })),
}
