/** The parts that the `Eq` instances are made of. A polluted prototype does not change them. */
import type { Eq } from 'fp-ts/lib/Eq.js'
import * as Octets from './Octets.js'

/** Compares functions and objects by reference, and primitive values by `Object.is`, so that NaN equals itself. */
export const same: Eq<unknown> = { equals: Object.is }

/** Compares bytes by their content, and other values like `same`. */
export const octets: Eq<unknown> = {
  equals: (x, y) =>
    x === y || (x instanceof Uint8Array && y instanceof Uint8Array ? Octets.equals(x, y) : Object.is(x, y)),
}

/**
 * Compares records field by field. `struct` of fp-ts reads inherited properties too, and fails with a polluted
 * `Object.prototype`.
 */
export const struct = <A extends object>(fields: { readonly [K in keyof A]-?: Eq<A[K]> }): Eq<A> => {
  // The cast: `Object.keys` returns the names of the fields as strings.
  const names = Object.keys(fields) as unknown as ReadonlyArray<keyof A>
  return { equals: (x, y) => x === y || names.every((name) => fields[name].equals(x[name], y[name])) }
}

/** Compares records whose fields are not known, each by `same`. */
export const shallow: Eq<object> = {
  equals: (x, y) => {
    const [fields, others] = [Object.entries(x), new Map<string, unknown>(Object.entries(y))]
    return (
      fields.length === others.size &&
      fields.every(([name, value]) => others.has(name) && Object.is(value, others.get(name)))
    )
  },
}
