/** The type of a store that keeps one cookie jar for several processes, and its error. `JarStore` has the implementations. */
import type * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Jar } from '../cookies/Jar.js'

/**
 * A jar that several processes share.
 *
 * | law        |                                                                             |
 * |------------|-----------------------------------------------------------------------------|
 * | durable    | what a `merge` has acknowledged is in the result of every later `load`      |
 * | join       | a `merge` has the effect of `Jar.join`, whatever the order and the number of merges |
 *
 * Digest challenges are not stored: two processes must not count the same nonce.
 *
 * @since 0.2.0
 * @category model
 */
export interface JarStore {
  /** Returns the jar. An empty store is `Jar.empty`. */
  readonly load: TaskEither<JarStoreError, Jar>
  /** Stores each record that is newer than the one in the store. The argument is what has changed: see `Jar.delta`. */
  readonly merge: (delta: Jar) => TaskEither<JarStoreError, void>
}

/**
 * Why an operation of a store failed.
 *
 * | reason        | what happened                                                                             |
 * |---------------|-------------------------------------------------------------------------------------------|
 * | `Invalid`     | the client, the name or an option is not valid                                            |
 * | `Unavailable` | the server or the file system failed                                                      |
 * | `Aborted`     | the client was closed, or its signal aborted, before the jar was loaded                   |
 * | `TimedOut`    | the operation did not end in time; a `merge` may still be stored later                    |
 * | `Unreadable`  | a record is damaged, was changed by hand, has a newer format, or the cipher cannot open it |
 * | `Unwritable`  | the jar has a value that cannot be stored, or the cipher failed                           |
 *
 * @since 0.2.0
 * @category errors
 */
export type JarStoreReason = 'Invalid' | 'Unavailable' | 'Aborted' | 'TimedOut' | 'Unreadable' | 'Unwritable'

/**
 * An operation of a jar store failed. `Client.runIn` returns it too: a jar that was not loaded means that nothing was sent; one
 * that was not saved comes with the outcome of the program.
 *
 * @since 0.2.0
 * @category errors
 */
export interface JarStoreFailed<E = never, A = never> {
  readonly _tag: 'JarStoreFailed'
  /** What the store was doing. */
  readonly operation: 'load' | 'merge'
  /** The kind of the problem. */
  readonly reason: JarStoreReason
  /** What the store is, such as `the jar "shop" in Redis`. */
  readonly store: string
  /** What failed, and what to do. */
  readonly message: string
  /** How the program ended whose jar was not saved. `none` if no program ran. */
  readonly outcome: O.Option<E.Either<E, A>>
  /** The jar of that program. The client still has it, and saves it with the next program. */
  readonly jar?: Jar
}

/**
 * The error of the operations of a store.
 *
 * @since 0.2.0
 * @category errors
 */
export type JarStoreError = JarStoreFailed

/**
 * Makes the error of an operation, for stores of your own.
 *
 * @since 0.2.0
 * @category constructors
 */
export const failed = (
  store: string,
  operation: JarStoreFailed['operation'],
  reason: JarStoreReason,
  problem: string,
): JarStoreFailed => ({
  _tag: 'JarStoreFailed',
  operation,
  reason,
  store,
  message: `Cannot ${operation === 'load' ? 'load' : 'save'} ${store}: ${problem}`,
  outcome: O.none,
})

/** Returns whether a jar has anything to store: a cookie, a token, a tombstone or a policy. */
export const hasRecords = ({ cookies, tokens, nameless }: Jar): boolean =>
  cookies.size > 0 || tokens.size > 0 || nameless
