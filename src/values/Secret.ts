/**
 * A value that no printer shows.
 *
 * | printed by                              | a `Secret`  | sealed bytes |
 * |-----------------------------------------|-------------|--------------|
 * | `String(x)`, template, `JSON.stringify` | `‹secret›`  | `‹42 bytes›` |
 * | `console.log`, `util.inspect`           | `‹secret›`  | `‹42 bytes›` |
 *
 * Structural equality calls any two of them equal, since there is nothing to see: compare with `Eq`.
 *
 * @example
 * import { Secret } from 'requests-ts'
 *
 * const password = Secret.make('hunter2')
 * assert.equal(`${password}`, '‹secret›')
 * assert.equal(JSON.stringify({ password }), '{"password":"‹secret›"}')
 * assert.equal(Secret.reveal(password), 'hunter2')
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'

/** A value of type `A` behind a private field, shown as its label. */
export class Sealed<A> {
  readonly #value: A
  readonly #label: string

  constructor(value: A, label: string) {
    this.#value = value
    this.#label = label
  }

  static open<A>(sealed: Sealed<A>): A {
    return sealed.#value
  }

  toString(): string {
    return this.#label
  }

  toJSON(): string {
    return this.#label
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#label
  }
}

/** A string that no printer shows. */
export type Secret = Sealed<string>

/** Bytes that no printer shows: it prints their number. */
export type SealedBytes = Sealed<Uint8Array>

/** The text that stands in place of a secret wherever one is printed. */
export const REDACTED = '‹secret›'

/** Hides a string. */
export const make = (text: string): Secret => new Sealed(text, REDACTED)

/** Hides bytes; their length is shown. The bytes are not copied. */
export const bytes = (content: Uint8Array): SealedBytes =>
  new Sealed(content, content instanceof Uint8Array ? `‹${content.length} bytes›` : REDACTED)

/** Hides anything under a label of its own. */
export const seal = <A>(value: A, label: string): Sealed<A> => new Sealed(value, label)

export const is = (value: unknown): value is Secret => value instanceof Sealed

/** Opens. Called by transports, by `Plan.wire` and where a user says `{ reveal: true }`. */
export const open: <A>(sealed: Sealed<A>) => A = Sealed.open

/** The text of a secret, or of a string that never was one. */
export const reveal = (value: string | Secret): string => (typeof value === 'string' ? value : Sealed.open(value))

/** The text of a secret or of a string; none where it is neither, as plain JavaScript may have it. */
export const textOf = (value: unknown): string | undefined => {
  const text = value instanceof Sealed ? Sealed.open(value) : value
  return typeof text === 'string' ? text : undefined
}

/** What may be printed: the text of a plain string, the label of a secret. */
export const show = (value: string | Secret): string => (typeof value === 'string' ? value : REDACTED)

/** Compares what is inside. */
export const Eq: EqOf<string | Secret> = { equals: (x, y) => reveal(x) === reveal(y) }
