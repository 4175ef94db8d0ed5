/**
 * Values as plain data with every secret revealed, so that tests can compare them: structural equality treats any two
 * secrets as equal. For tests only; never print the result.
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as Octets from '../src/values/Octets.js'
import * as Secret from '../src/values/Secret.js'

interface ToJs {
  readonly toJS: () => unknown
}
const isCollection = (value: object): value is ToJs => 'toJS' in value && typeof value.toJS === 'function'

const plain =
  (ofSecret: (secret: Secret.Sealed<unknown>) => unknown) =>
  (value: unknown): unknown => {
    const recurse = plain(ofSecret)
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Secret.Sealed) return ofSecret(value)
    if (value instanceof Uint8Array) return `bytes ${Octets.toLatin1(value)}`
    if (value instanceof Date) return `date ${value.getTime()}`
    if (value instanceof Error) return `error ${value.name}: ${value.message}`
    if (value instanceof Map) return [...value].map(recurse)
    if (Array.isArray(value)) return value.map(recurse)
    if (isCollection(value)) return recurse(value.toJS())
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, recurse(inner)]))
  }

/** Returns plain data: secrets become `{ secret: … }`, bytes become text, maps become entries; functions stay. */
export const opened: (value: unknown) => unknown = plain((secret) => ({ secret: opened(Secret.open(secret)) }))

/** Returns the same data with every secret hidden. */
export const closed: (value: unknown) => unknown = plain(String)

/** Compares what `opened` and `closed` return. A key whose value is undefined is not an absent key. */
const isSame = (x: unknown, y: unknown): boolean => {
  if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return Object.is(x, y)
  if (Array.isArray(x) !== Array.isArray(y)) return false
  const [fields, others] = [Object.entries(x), new Map<string, unknown>(Object.entries(y))]
  return (
    fields.length === others.size && fields.every(([key, value]) => others.has(key) && isSame(value, others.get(key)))
  )
}

/** Compares values including their secrets. */
export const Eq: EqOf<unknown> = { equals: (x, y) => x === y || isSame(opened(x), opened(y)) }

/** Compares values without their secrets. */
export const ClosedEq: EqOf<unknown> = { equals: (x, y) => x === y || isSame(closed(x), closed(y)) }
