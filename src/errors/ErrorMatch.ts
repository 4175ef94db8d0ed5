/**
 * Matching errors by their tags: `match`, `matchOr` and `is` of `HttpError`.
 *
 * The types take the union from the error, which comes last. So only the tags count that the error can have.
 */

import type { Exact, Handlers, Member, Tagged } from '../values/Tagged.js'
import { type HttpError, TAGS, type Tag } from './ErrorUnion.js'

/** Returns a text of an error, which may be anything. Never throws. */
export const textIn = (error: unknown, name: '_tag' | 'message' | 'name'): string | undefined => {
  try {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined // a getter of a foreign error
  }
}

const tags: ReadonlySet<unknown> = new Set(TAGS)

/** Returns whether the tag of an error, which may be anything, is one of this library. Never throws. */
export const hasKnownTag = (error: unknown): boolean => tags.has(textIn(error, '_tag'))

/** The union of what the functions return. */
export type ResultOf<H> = H[keyof H] extends ((error: never) => infer B) | undefined ? B : never

/** The functions of a matcher, without the types of their errors. */
type AnyHandlers = Readonly<Record<string, ((error: never) => unknown) | undefined>>

/** Returns the function for the tag. An inherited one does not count: `_tag` may be `toString`. */
const handlerOf = (handlers: AnyHandlers, error: unknown): ((error: never) => unknown) | undefined => {
  const tag = textIn(error, '_tag')
  return tag !== undefined && Object.hasOwn(handlers, tag) ? handlers[tag] : undefined
}

/** The type of `match`. */
export interface Match {
  /** In a `pipe`, the union is that of the error, whose tags may be your own too. */
  <E extends Tagged = HttpError, H extends Handlers<E> = Handlers<E>>(
    handlers: Exact<H, E['_tag']>,
  ): (error: E) => ResultOf<H>
  /** Elsewhere, the tags of the library that the functions have. */
  <H extends Partial<Handlers<HttpError>>>(
    handlers: Exact<H, Tag>,
  ): (error: Extract<HttpError, { readonly _tag: keyof H }>) => ResultOf<H>
}

/**
 * Calls the function for the tag of the error. The compiler requires one for each tag that the error can have. Tags
 * of your own count too. The functions may return different types.
 *
 * The types of the functions' arguments come from the error in a `pipe`: `TE.mapLeft(HttpError.match({ … }))`.
 *
 * @since 0.2.0
 * @category destructors
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as t from 'io-ts'
 * import { Exchange, HttpError, Request, Response, Session } from 'requests-ts'
 *
 * const { outcome } = pipe(
 *   Request.get('http://h.test/'),
 *   Exchange.simulate({ session: Session.defaults })(() => ({ status: 200, body: '{"users":[{"id":"7"}]}' })))
 * const Users = t.type({ users: t.array(t.type({ id: t.number })) })
 * const problem = E.isRight(outcome) && pipe(
 *   outcome.right,
 *   Response.json(Users.decode),
 *   E.mapLeft(HttpError.match({ NotJson: () => 'not JSON', InvalidPayload: ({ paths }) => paths.join() })))
 * assert.deepEqual(problem, E.left('users[0].id'))
 */
// The cast: the types of `Match` say that the function for a tag takes an error with this tag.
export const match: Match = ((handlers: AnyHandlers) => (error: never) => handlerOf(handlers, error)?.(error)) as Match

/**
 * Calls the function for the tag of the error, or else `onOther`, whose argument has the other tags of the union.
 *
 * @since 0.2.0
 * @category destructors
 */
export const matchOr =
  <E extends Tagged = HttpError, H extends Partial<Handlers<E>> = Partial<Handlers<E>>, B = never>(
    handlers: H,
    onOther: (error: NoInfer<Exclude<E, { readonly _tag: keyof H }>>) => B,
  ) =>
  (error: E): ResultOf<H> | B => {
    // The cast: `H` has functions that take the error with their tag, which the compiler cannot follow through a look-up.
    const handler = handlerOf(handlers as AnyHandlers, error) as ((error: E) => ResultOf<H>) | undefined
    // The cast: without a function for its tag, the error has another one.
    return handler === undefined ? onOther(error as Exclude<E, { readonly _tag: keyof H }>) : handler(error)
  }

/**
 * Returns a type guard for one tag: for `if`, `O.filter`, `E.filterOrElse` and lists.
 *
 * @since 0.2.0
 * @category refinements
 *
 * @example
 * import * as RA from 'fp-ts/lib/ReadonlyArray.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { HttpError } from 'requests-ts'
 *
 * const errors: ReadonlyArray<HttpError.HttpError> = [{ _tag: 'InvalidBody', message: 'a cycle' }]
 * assert.equal(pipe(errors, RA.filter(HttpError.is('InvalidBody'))).length, 1)
 * assert.equal(HttpError.is('StatusError')(null), false)
 */
export const is =
  <K extends Tag>(tag: K) =>
  <E>(error: E): error is unknown extends E ? E & Member<HttpError, K> : Extract<E, { readonly _tag: K }> =>
    textIn(error, '_tag') === tag
