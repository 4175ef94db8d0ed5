/**
 * Values with every secret opened, as plain data, so that they can be compared: structural equality calls any two
 * secrets equal. For tests only; never print it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as Secret from '../src/values/Secret.js'

interface ToJs {
  readonly toJS: () => unknown
}
const isCollection = (value: object): value is ToJs => 'toJS' in value && typeof value.toJS === 'function'

const plain =
  (ofSecret: (secret: Secret.Sealed<unknown>) => unknown) =>
  (value: unknown): unknown => {
    const again = plain(ofSecret)
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Secret.Sealed) return ofSecret(value)
    if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('latin1')}`
    if (value instanceof Date) return `date ${value.getTime()}`
    if (value instanceof Error) return `error ${value.name}: ${value.message}`
    if (value instanceof Map) return [...value].map(again)
    if (Array.isArray(value)) return value.map(again)
    if (isCollection(value)) return again(value.toJS())
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, again(inner)]))
  }

/** Secrets become `{ secret: … }`, bytes become text, maps become entries; functions stay themselves. */
export const opened: (value: unknown) => unknown = plain((secret) => ({ secret: opened(Secret.open(secret)) }))

/** The same with every secret closed. */
export const closed: (value: unknown) => unknown = plain(String)

/** Equality of everything, secrets included. */
export const Eq: EqOf<unknown> = { equals: (x, y) => x === y || isDeepStrictEqual(opened(x), opened(y)) }

/** Equality of all that may be printed. */
export const ClosedEq: EqOf<unknown> = { equals: (x, y) => x === y || isDeepStrictEqual(closed(x), closed(y)) }
