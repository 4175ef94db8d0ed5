/**
 * Programs as a type of fp-ts: constructors, combinators and instances. Most are those of
 * `fp-ts/StateReaderTaskEither` with the type `Http`; errors are widened, as by its functions that end in `W`.
 */
import type { Applicative2 } from 'fp-ts/lib/Applicative.js'
import type { Apply2 } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { Functor2 } from 'fp-ts/lib/Functor.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import type { Monad2 } from 'fp-ts/lib/Monad.js'
import type { MonadTask2 } from 'fp-ts/lib/MonadTask.js'
import type { MonadThrow2 } from 'fp-ts/lib/MonadThrow.js'
import type { Option } from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as Client from '../Client.js'
import * as Jar from '../cookies/Jar.js'
import * as UserInput from '../values/UserInput.js'

/**
 * A program that needs a client, updates a jar, and fails with `E` or returns an `A`.
 *
 * @since 0.1.0
 * @category model
 */
export interface Http<E, A> extends SRTE.StateReaderTaskEither<Jar.Jar, Client.Client, E, A> {}

/** The errors of a program, or of each program of a union. */
export type ErrorOf<H> = H extends Http<infer E, unknown> ? E : never

/** The value of a program, or of each program of a union. */
export type ValueOf<H> = H extends Http<unknown, infer A> ? A : never

/**
 * The name of `Http` among the types of fp-ts.
 *
 * @since 0.2.0
 * @category instances
 */
export const URI = 'requests-ts/Http'
/**
 * The type of `URI`.
 *
 * @since 0.2.0
 * @category instances
 */
export type URI = typeof URI

declare module 'fp-ts/HKT.js' {
  interface URItoKind2<E, A> {
    readonly [URI]: Http<E, A>
  }
}

// --- constructors ----------------------------------------------------------------------------------------------------

/** Returns a program that returns the value. */
export const of: <A>(value: A) => Http<never, A> = SRTE.right

/** Returns a program that fails with the error. */
export const left: <E>(error: E) => Http<E, never> = SRTE.left

/** Returns the value of an `Either`, or fails with its error. */
export const fromEither: <E, A>(either: E.Either<E, A>) => Http<E, A> = SRTE.fromEither

/** Returns the value of an `Option`, or fails with the error that `onNone` returns. */
export const fromOption: <E>(onNone: () => E) => <A>(option: Option<A>) => Http<E, A> = SRTE.fromOption

/** Runs an `IO`. */
export const fromIO: <A>(io: IO<A>) => Http<never, A> = SRTE.fromIO

/** Runs a `Task`. */
export const fromTask: <A>(task: Task<A>) => Http<never, A> = SRTE.fromTask

/** Runs a `TaskEither`, such as `TE.tryCatch` returns. */
export const fromTaskEither: <E, A>(task: TaskEither<E, A>) => Http<E, A> = SRTE.fromTaskEither

/** Runs an `IOEither`. */
export const fromIOEither: <E, A>(io: IOEither<E, A>) => Http<E, A> = SRTE.fromIOEither

/** Runs a `ReaderTaskEither` with the client. */
export const fromReaderTaskEither: <E, A>(program: ReaderTaskEither<Client.Client, E, A>) => Http<E, A> =
  SRTE.fromReaderTaskEither

/** Returns the current jar. */
export const jar: Http<never, Jar.Jar> = SRTE.get()

/**
 * Changes the current jar: `Http.modifyJar(Jar.clear())`. The change counts as made now, so that it wins over what programs
 * of the same client stored before. It is kept if the program fails later.
 */
export const modifyJar =
  (change: Endomorphism<Jar.Jar>): Http<never, void> =>
  (from) =>
  (client) =>
  async () => {
    const started = Jar.at(client.clock.now())(from)
    const changed = change(started)
    const to = changed === started ? from : changed
    UserInput.get(client, 'onJar')?.(from, to)
    return E.right([undefined, to])
  }

// --- combinators -----------------------------------------------------------------------------------------------------

/** Changes the value. */
export const map: <A, B>(f: (value: A) => B) => <E>(program: Http<E, A>) => Http<E, B> = SRTE.map

/** Changes the error. The cookies of the program are kept: see `orElse`. */
export const mapError: <E, G>(f: (error: E) => G) => <A>(program: Http<E, A>) => Http<G, A> = SRTE.mapLeft

/** Continues with another program. */
export const flatMap: <A, E2, B>(f: (value: A) => Http<E2, B>) => <E1>(program: Http<E1, A>) => Http<E1 | E2, B> =
  SRTE.flatMap

/** Continues with an `Either`, such as a decoder returns. */
export const flatMapEither: <A, E2, B>(
  f: (value: A) => E.Either<E2, B>,
) => <E1>(program: Http<E1, A>) => Http<E1 | E2, B> = SRTE.flatMapEither

/** Continues with an `Option`. `onNone` returns the error. */
export const flatMapOption: <A, B, E2>(
  f: (value: A) => Option<B>,
  onNone: (value: A) => E2,
) => <E1>(program: Http<E1, A>) => Http<E1 | E2, B> = SRTE.flatMapOption

/** Continues with a `TaskEither`. */
export const flatMapTaskEither: <A, E2, B>(
  f: (value: A) => TaskEither<E2, B>,
) => <E1>(program: Http<E1, A>) => Http<E1 | E2, B> = SRTE.flatMapTaskEither

/** Runs another program and keeps the value. */
export const tap: <A, E2, B>(f: (value: A) => Http<E2, B>) => <E1>(program: Http<E1, A>) => Http<E1 | E2, A> = SRTE.tap

/** Fails if `f` returns a `Left`, otherwise keeps the value. */
export const tapEither: <A, E2, B>(f: (value: A) => E.Either<E2, B>) => <E1>(program: Http<E1, A>) => Http<E1 | E2, A> =
  SRTE.tapEither

// --- do notation -------------------------------------------------------------------------------------------------------

/** A record with one more field. */
export type Added<A, N extends string, B> = { readonly [K in keyof A | N]: K extends keyof A ? A[K] : B }

/** Starts a do-notation. */
export const Do: Http<never, object> = of({})

/** Gives the value a name, as the start of a do-notation. */
export const bindTo: <N extends string>(name: N) => <E, A>(program: Http<E, A>) => Http<E, { readonly [K in N]: A }> =
  SRTE.bindTo

/** Adds the value of a program to the record, under a name. The program may depend on the record. */
export const bind: <N extends string, A, E2, B>(
  name: Exclude<N, keyof A>,
  f: (record: A) => Http<E2, B>,
) => <E1>(program: Http<E1, A>) => Http<E1 | E2, Added<A, N, B>> = SRTE.bindW

/** Adds the value of a program to the record, under a name. The program does not depend on the record. */
export const apS: <N extends string, A, E2, B>(
  name: Exclude<N, keyof A>,
  value: Http<E2, B>,
) => <E1>(program: Http<E1, A>) => Http<E1 | E2, Added<A, N, B>> = SRTE.apSW

/** Adds a computed value to the record, under a name. */
const let_: <N extends string, A, B>(
  name: Exclude<N, keyof A>,
  f: (record: A) => B,
) => <E>(program: Http<E, A>) => Http<E, Added<A, N, B>> = SRTE.let

export {
  /** Adds a computed value to the record, under a name. */
  let_ as let,
}

// --- instances ---------------------------------------------------------------------------------------------------------

/** `map` for code that works with every functor. */
export const Functor: Functor2<URI> = { URI, map: (program, f) => map(f)(program) }

/** Runs the two programs one after the other: see `parallel`. */
export const Apply: Apply2<URI> = { ...Functor, ap: (f, program) => SRTE.ap(program)(f) }

/** Runs programs one after the other: see `parallel`. */
export const Applicative: Applicative2<URI> = { ...Apply, of }

/** Runs programs one after the other: each may depend on the value of the one before. */
export const Monad: Monad2<URI> = { ...Applicative, chain: (program, f) => flatMap(f)(program) }

/** `Monad` that also runs an `IO` or a `Task`, for code that works with every such monad. */
export const MonadTask: MonadTask2<URI> = { ...Monad, fromIO, fromTask }

/** `Monad` that can also fail, for code that works with every such monad. */
export const MonadThrow: MonadThrow2<URI> = { ...Monad, throwError: left }
