/**
 * Randomness as an argument. Each exchange has one seed, and every random value is derived from it. The same seed gives
 * the same boundary, the same cnonce and the same jitter.
 *
 * @example
 * import { Entropy } from 'requests-ts'
 *
 * assert.equal(Entropy.draw('seed', 'boundary'), Entropy.draw('seed', 'boundary'))
 * assert.notEqual(Entropy.draw('seed', 'boundary'), Entropy.draw('seed', 'cnonce'))
 */
import * as Hash from './Hash.js'

/** Returns 128 bits for one purpose, as 32 lower-case hexadecimal digits. The seed may be octets, such as a body. */
export const draw = (seed: string | Uint8Array, purpose: string): string =>
  Hash.hex('sha256', seed, `\0${purpose}`).slice(0, 32)

/** Returns a number from 0 (inclusive) to 1 (exclusive) for one purpose. */
export const fraction = (seed: string, purpose: string): number =>
  Number.parseInt(draw(seed, purpose).slice(0, 13), 16) / 2 ** 52
