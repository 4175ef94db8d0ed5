/**
 * Values that are never printed.
 *
 * | printed with                            | a `Secret`  | sealed bytes |
 * |-----------------------------------------|-------------|--------------|
 * | `String(x)`, template, `JSON.stringify` | `‹secret›`  | `‹42 bytes›` |
 * | `console.log`, `util.inspect`           | `‹secret›`  | `‹42 bytes›` |
 *
 * Structural equality finds any two secrets equal, because their content is private. Compare them with `Eq`.
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

/** Holds a value of type `A` in a private field and prints as its label. */
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

  /** Unlike `instanceof`, it never runs code of the value, which may be a proxy. */
  static has(u: unknown): u is Sealed<unknown> {
    return typeof u === 'object' && u !== null && #value in u
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

/** A string that prints as `‹secret›`. */
export type Secret = Sealed<string>
/** Bytes that print as their length. */
export type SealedBytes = Sealed<Uint8Array>

/** The text that is printed in place of a secret. */
export const REDACTED = '‹secret›'

/** Returns a secret with the given text. */
export const make = (text: string): Secret => new Sealed(text, REDACTED)

/** Returns a string as a secret; a secret is returned unchanged. */
export const hide = (text: string | Secret): Secret => (typeof text === 'string' ? make(text) : text)

/** Seals bytes, which are not copied. */
export const bytes = (content: Uint8Array): SealedBytes =>
  new Sealed(content, content instanceof Uint8Array ? `‹${content.length} bytes›` : REDACTED)

/** Seals any value under a label. */
export const seal = <A>(value: A, label: string): Sealed<A> => new Sealed(value, label)

/** Returns whether a value is sealed. */
export const is = (value: unknown): value is Secret => value instanceof Sealed

/** Returns the sealed value. Used by transports, by `Plan.wire` and by functions that get `{ reveal: true }`. */
export const open: <A>(sealed: Sealed<A>) => A = Sealed.open

/** Returns the text of a secret, or a plain string as it is. */
export const reveal = (value: string | Secret): string => (typeof value === 'string' ? value : Sealed.open(value))

/** Returns the text of a secret or a string, or `undefined` for other values, which plain JavaScript can pass. */
export const textOf = (value: unknown): string | undefined => {
  const text = Sealed.has(value) ? Sealed.open(value) : value
  return typeof text === 'string' ? text : undefined
}

/** Returns the text of a plain string, and `‹secret›` for a secret. */
export const show = (value: string | Secret): string => (typeof value === 'string' ? value : REDACTED)

/** Compares the texts of strings and secrets. */
export const Eq: EqOf<string | Secret> = { equals: (x, y) => reveal(x) === reveal(y) }

/**
 * Compares the texts of strings and secrets, and whether they are secret, because that decides where a header is sent.
 * Other values, which plain JavaScript can pass, are compared by reference.
 * @since 0.2.0
 * @category instances
 */
export const EqStrict: EqOf<unknown> = {
  equals: (x, y) => (is(x) ? is(y) && Object.is(open(x), open(y)) : Object.is(x, y)),
}
