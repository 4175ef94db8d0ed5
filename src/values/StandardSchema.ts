/**
 * Standard Schema version 1 (standardschema.dev): the interface that zod 4, valibot 1, arktype 2 and others implement. The types
 * are written here, so that this library depends on none of them.
 *
 * | what a schema does                              | verdict                                                   |
 * |-------------------------------------------------|-----------------------------------------------------------|
 * | returns `{ value }`                             | `Valid`                                                   |
 * | returns `{ issues }`, even an empty list        | `Rejected`                                                |
 * | returns a promise of one of them                | a promise of the verdict; `Broken` where one cannot wait  |
 * | throws, rejects, or returns anything else       | `Broken`                                                  |
 * | is not a Standard Schema of version 1           | `Broken`                                                  |
 *
 * A schema is foreign code: its getters may throw. No function of this module throws, and no returned promise rejects. No text
 * repeats what a schema threw, because it may contain the received value.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import * as Printable from './Printable.js'

/**
 * A position in the value that a schema rejected.
 *
 * @since 0.2.0
 * @category model
 */
export interface SchemaIssue {
  /** What is wrong, in the words of the schema. It may contain the received value. */
  readonly message: string
  /** The keys that lead to the position. Absent for the whole value. */
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

/**
 * What a schema returns: a value, or issues.
 *
 * @since 0.2.0
 * @category model
 */
export type SchemaResult<A> =
  | {
      /** The value, which may differ from the one that was checked. */
      readonly value: A
      /** Absent, or `undefined`. */
      readonly issues?: undefined
    }
  | {
      /** What is wrong with the value. */
      readonly issues: ReadonlyArray<SchemaIssue>
    }

/**
 * A schema of any library that implements Standard Schema: zod 4, valibot 1, arktype 2 and others.
 *
 * @since 0.2.0
 * @category model
 */
export interface StandardSchema<A> {
  /** The interface between the library of the schema and its callers. */
  readonly '~standard': {
    /** The version of the interface. */
    readonly version: 1
    /** The name of the library. */
    readonly vendor: string
    /** Checks a value, and returns it or another one. */
    readonly validate: (value: unknown) => SchemaResult<A> | Promise<SchemaResult<A>>
  }
}

/**
 * A function that decodes a value, such as `decode` of an io-ts codec.
 *
 * @since 0.2.0
 * @category model
 */
export type Decoder<E, A> = (u: unknown) => Either<E, A>

/** A schema that did not decide. */
export interface Broken {
  readonly _tag: 'Broken'
  readonly problem: string
  /** What the schema threw, if it did. */
  readonly error?: unknown
}

/** What a schema decided about a value. */
export type Verdict<A> =
  | { readonly _tag: 'Valid'; readonly value: A }
  | { readonly _tag: 'Rejected'; readonly issues: ReadonlyArray<SchemaIssue> }
  | Broken

const NOT_A_SCHEMA =
  'the schema is not a Standard Schema of version 1; pass a schema of zod 4, valibot 1 or arktype 2, or a function such as decode of an io-ts codec'

const isObject = (u: unknown): u is object => (typeof u === 'object' && u !== null) || typeof u === 'function'

const broken = (problem: string): Broken => ({ _tag: 'Broken', problem })

const threw = (vendor: string, error: unknown): Broken => ({
  _tag: 'Broken',
  problem: `the schema${vendor} threw an exception; see 'error'`,
  error,
})

/**
 * Returns a property, own or inherited from a class, as zod and arktype define them. What a polluted `Object.prototype` has does
 * not count.
 */
const memberOf = (value: object, key: string): unknown => {
  const member: unknown = Reflect.get(value, key)
  return member === Reflect.get(Object.prototype, key) ? undefined : member
}

/**
 * Returns whether a value is a decoder function. A schema of arktype is a function too. A value that is neither counts as
 * a schema, which is `Broken`.
 */
export const isDecoder = <E, A>(given: Decoder<E, A> | StandardSchema<A>): given is Decoder<E, A> => {
  try {
    return typeof given === 'function' && memberOf(given, '~standard') === undefined
  } catch {
    return false // a proxy
  }
}

/** Returns whether a value is meant as a schema, valid or not. */
export const isSchema = (u: unknown): u is StandardSchema<unknown> => {
  try {
    return isObject(u) && memberOf(u, '~standard') !== undefined
  } catch {
    return true // a proxy
  }
}

interface Validator {
  /** The name of the library for messages, with a space before it. Empty if it is not known. */
  readonly vendor: string
  readonly validate: (value: unknown) => unknown
}

/** Reads each property of a schema once. Throws what its getters throw. */
const validatorOf = (schema: unknown): Validator | undefined => {
  if (!isObject(schema)) return undefined
  const standard: unknown = memberOf(schema, '~standard')
  if (!isObject(standard) || Reflect.get(standard, 'version') !== 1) return undefined
  const validate: unknown = Reflect.get(standard, 'validate')
  if (typeof validate !== 'function') return undefined
  const vendor: unknown = Reflect.get(standard, 'vendor')
  return {
    vendor: typeof vendor === 'string' ? ` of ${Printable.quoted(vendor)}` : '',
    validate: (value) => Reflect.apply(validate, standard, [value]),
  }
}

/** Reads a result. Throws what its getters throw. */
const verdictOf = <A>(vendor: string, result: unknown): Verdict<A> => {
  if (isObject(result)) {
    const issues: unknown = memberOf(result, 'issues')
    // The casts: these are the declared types of the schema. `DecoderIssues` reads issues of any type.
    if (Array.isArray(issues)) return { _tag: 'Rejected', issues: issues as ReadonlyArray<SchemaIssue> }
    if (issues === undefined && 'value' in result) return { _tag: 'Valid', value: result.value as A }
  }
  return broken(`the schema${vendor} returned neither a value nor a list of issues`)
}

const settle = async <A>(vendor: string, pending: PromiseLike<unknown>): Promise<Verdict<A>> => {
  try {
    return verdictOf(vendor, await pending)
  } catch (error) {
    return threw(vendor, error)
  }
}

const isThenable = (u: unknown): u is PromiseLike<unknown> =>
  isObject(u) && typeof Reflect.get(u, 'then') === 'function'

/** Returns the verdict of a schema about a value, or a promise of it if the schema returns one. */
export const check = <A>(schema: StandardSchema<A>, value: unknown): Verdict<A> | Promise<Verdict<A>> => {
  let vendor = ''
  try {
    const validator = validatorOf(schema)
    if (validator === undefined) return broken(NOT_A_SCHEMA)
    vendor = validator.vendor
    const result = validator.validate(value)
    return isThenable(result) ? settle(vendor, result) : verdictOf(vendor, result)
  } catch (error) {
    return threw(vendor, error)
  }
}

/** Returns the verdict of a schema where a promise cannot be awaited. Then a promise is `Broken`. */
export const checkSync = <A>(schema: StandardSchema<A>, value: unknown): Verdict<A> => {
  const verdict = check(schema, value)
  // `check` returns a promise that does not reject, so ignoring it is safe.
  return verdict instanceof Promise
    ? broken('the schema validates asynchronously; use Http.json or Response.schemaTask, which wait for it')
    : verdict
}
