/**
 * Reads the records and lists that users pass. Options and settings are read through this module when they enter the
 * library. A polluted `Object.prototype` then cannot choose a transport, reveal a secret or set a deadline.
 */

/** Returns the value of an own property, or `undefined`. */
export const get = <A extends object, K extends keyof A>(record: A, key: K): A[K] | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

/** Returns a copy of a record without a prototype, for destructuring, or the record itself if it has none. */
export const own = <A extends object>(record: A): A => {
  if (Object.getPrototypeOf(record) === null) return record
  // Removed after copying: V8 makes an object that is created without a prototype a hash table, which is slow to read.
  const bare: A = Object.setPrototypeOf({ ...record }, null)
  return bare
}

/**
 * Returns the text of a `URL` object; any other value is returned unchanged. An object that only claims to be a `URL` is
 * returned unchanged too, so that planning reports it.
 *
 * @since 0.2.0
 * @category destructors
 */
export const urlText = <A>(given: A): Exclude<A, URL> | string => {
  if (typeof given === 'string') return given
  try {
    const href: unknown = given instanceof URL ? given.href : undefined
    if (typeof href === 'string') return href
  } catch {
    // A proxy, or an object whose prototype is that of `URL`.
  }
  // The cast: a `URL` was returned as its text, and TypeScript does not exclude it after `instanceof`.
  return given as Exclude<A, URL>
}

/**
 * Returns whether a value is a plain record, of any realm: its prototype is `null` or an `Object.prototype`. A list, a
 * `Map` and a `URL` are not, so their content is not mistaken for an empty record.
 */
export const isRecord = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Rounds a number down. A value that is not at least `least`, such as `NaN`, counts as `least`. */
export const atLeast = (least: number, given: number): number => (given >= least ? Math.floor(given) : least)

/** `Array.isArray`, but in its false branch no readonly array is left either (microsoft/TypeScript#17002). */
export const isArray = <A>(value: A): value is Extract<A, ReadonlyArray<unknown>> => Array.isArray(value)

const isPair = (item: unknown): boolean => Array.isArray(item) && typeof item[0] === 'string'

/** Returns a pair of what should be one: nothing that is sent is left out, and planning reports a name that is not valid. */
const pairOf = (item: unknown): unknown => {
  if (isPair(item)) return item
  const [name, value]: ReadonlyArray<unknown> = Array.isArray(item) ? item : [item, '']
  return [String(name), value]
}

const pairsOf = (items: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  items.every(isPair) ? items : items.map(pairOf)

const iterated = (given: Iterable<unknown>): ReadonlyArray<unknown> | undefined =>
  typeof given[Symbol.iterator] === 'function' ? pairsOf([...given]) : undefined

/**
 * Returns the pairs of `URLSearchParams`, `Headers`, a `Map` or another iterable as a list. A list of pairs, or a record, is
 * returned unchanged. `null` and `undefined`, which plain JavaScript may pass, count as an empty record.
 *
 * @since 0.2.0
 * @category destructors
 */
export const listed = <I extends object>(given: I): Exclude<I, Iterable<unknown>> | ItemsOf<I> => {
  const pairs = isArray<unknown>(given) ? pairsOf(given) : iterated(Object(given))
  // The cast: what is not iterable is a record, and TypeScript cannot exclude the others.
  return (pairs ?? Object(given)) as Exclude<I, Iterable<unknown>> | ItemsOf<I>
}

type ItemsOf<I> = I extends Iterable<infer A> ? ReadonlyArray<A> : never
