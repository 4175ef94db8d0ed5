/**
 * Chance as an argument: one seed for an exchange, and every draw from it derived, so the same seed plans the same
 * boundary, the same cnonce, the same jitter.
 *
 * @example
 * import { Entropy } from 'requests-ts'
 *
 * assert.equal(Entropy.draw('seed', 'boundary'), Entropy.draw('seed', 'boundary'))
 * assert.notEqual(Entropy.draw('seed', 'boundary'), Entropy.draw('seed', 'cnonce'))
 */
import { createHash } from 'node:crypto'

/** 128 bits as 32 lower-case hexadecimal digits, for one purpose. A seed may be octets, such as a body. */
export const draw = (seed: string | Uint8Array, purpose: string): string =>
  createHash('sha256').update(seed).update(`\0${purpose}`).digest('hex').slice(0, 32)

/** A number from 0 to below 1, for one purpose. */
export const fraction = (seed: string, purpose: string): number =>
  Number.parseInt(draw(seed, purpose).slice(0, 13), 16) / 2 ** 52
