/**
 * Compares two outputs as JSON. They must be equal, except that `ANY_ERROR` matches every error.
 *
 * | expected                  | ours                 | equal |
 * |---------------------------|----------------------|-------|
 * | a value                   | the same value       | yes   |
 * | `{ error: ANY_ERROR, … }` | an error of any name | yes   |
 * | anything else             |                      | no    |
 */

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** Stands for a plain Python exception. Any error of ours matches it (FORMAT.md, `py-error`). */
export const ANY_ERROR = '*'

export const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null && !Array.isArray(u)

const sameList = (x: ReadonlyArray<unknown>, y: ReadonlyArray<unknown>): boolean =>
  x.length === y.length && x.every((item, i) => agrees(item, y[i]))

const defined = (record: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Object.keys(record).filter((key) => record[key] !== undefined)

const sameRecord = (x: Readonly<Record<string, unknown>>, y: Readonly<Record<string, unknown>>): boolean => {
  const keys = defined(x)
  if (keys.length !== defined(y).length) return false
  return keys.every((key) =>
    key === 'error' && x[key] === ANY_ERROR
      ? typeof y[key] === 'string'
      : Object.hasOwn(y, key) && agrees(x[key], y[key]),
  )
}

/** Returns whether our output matches the expected one. */
export const agrees = (expected: unknown, ours: unknown): boolean => {
  if (Object.is(expected, ours)) return true
  if (Array.isArray(expected)) return Array.isArray(ours) && sameList(expected, ours)
  return isRecord(expected) && isRecord(ours) && sameRecord(expected, ours)
}
