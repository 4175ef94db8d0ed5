/**
 * What goes on after a failure, with the cookies of every exchange of the failed program, whatever its error is.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { recover } from '../client/SharedJar.js'
import * as HttpError from '../HttpError.js'
import { flatMap, type Http, jar, left, of } from './Program.js'

/** Continues with one of two programs, after a failure too. */
export const matchE =
  <E, E2, B, A, E3, C>(onLeft: (error: E) => Http<E2, B>, onRight: (value: A) => Http<E3, C>) =>
  (program: Http<E, A>): Http<E2 | E3, B | C> =>
  (from) =>
  (client) =>
  async () => {
    const [outcome, after] = await recover(program, from, client)
    const next: Http<E2 | E3, B | C> = E.isLeft(outcome) ? onLeft(outcome.left) : onRight(outcome.right)
    return next(after)(client)()
  }

/** Makes a value of the error or of the value. The jar is kept. */
export const match = <E, B, A, C>(
  onLeft: (error: E) => B,
  onRight: (value: A) => C,
): ((program: Http<E, A>) => Http<never, B | C>) =>
  matchE(
    (error) => of(onLeft(error)),
    (value) => of(onRight(value)),
  )

/** Recovers from a failure. Nothing that the exchanges of the failed program did to the jar is lost. */
export const orElse =
  <E, E2, B>(onLeft: (error: E) => Http<E2, B>) =>
  <A>(program: Http<E, A>): Http<E2, A | B> =>
    pipe(program, matchE(onLeft, of<A>))

/** Runs another program after a failure, and then fails with the first error. */
export const tapError =
  <E, E2, B>(onLeft: (error: E) => Http<E2, B>) =>
  <A>(program: Http<E, A>): Http<E | E2, A> =>
    pipe(
      program,
      orElse((error: E) =>
        pipe(
          onLeft(error),
          flatMap(() => jar),
          flatMap((after) => left(HttpError.withJar(after)(error))),
        ),
      ),
    )

/**
 * Acquires something, uses it, and releases it, also if `use` fails. The release gets the outcome of `use`. If it fails
 * itself, its error is that of the program. As in fp-ts, nothing is released if `use` throws instead of failing.
 */
export const bracket =
  <E1, A, E2, B, E3>(
    acquire: Http<E1, A>,
    use: (resource: A) => Http<E2, B>,
    release: (resource: A, outcome: E.Either<E2, B>) => Http<E3, unknown>,
  ): Http<E1 | E2 | E3, B> =>
  (from) =>
  (client) =>
  async () => {
    const acquired = await acquire(from)(client)()
    if (E.isLeft(acquired)) return acquired
    const [resource, ready] = acquired.right
    const [outcome, after] = await recover(use(resource), ready, client)
    const released = await release(resource, outcome)(after)(client)()
    if (E.isLeft(released)) return released
    const end = released.right[1]
    return E.isLeft(outcome) ? E.left(HttpError.withJar(end)(outcome.left)) : E.right([outcome.right, end])
  }
