/** Converts a value to JSON text, and reports what JSON cannot represent. */
import * as E from 'fp-ts/lib/Either.js'
import { reasonOf } from './Printable.js'

/** Returns the JSON of a value. A `Left` is the reason why it cannot be written, such as a cycle, a BigInt, NaN or a symbol. */
export const stringify = (value: unknown): E.Either<string, string> => {
  try {
    const written: string | undefined = JSON.stringify(value)
    if (written === undefined)
      return E.left(`JSON cannot represent ${typeof value === 'symbol' ? 'a symbol' : typeof value}`)
    // JSON.stringify writes NaN and Infinity as null, so they are only searched for if the text contains a null.
    const lost = written.includes('null') ? notFinite(value, '$') : undefined
    return lost === undefined ? E.right(written) : E.left(lost)
  } catch (cause) {
    // A cycle, a BigInt, nesting deeper than the stack, or an error thrown by the user's toJSON.
    const [why = ''] = reasonOf(cause).split('\n', 1)
    return E.left(`JSON.stringify failed: ${why}`)
  }
}

const notFinite = (value: unknown, path: string): string | undefined => {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : `JSON cannot represent ${value} (at ${path})`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  for (const [key, item] of Object.entries(value)) {
    const found = notFinite(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
