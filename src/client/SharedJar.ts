/**
 * The jar of a client whose programs run at the same time. Each program starts from the current jar; what its exchanges
 * change is joined with what others changed meanwhile, so that no update is lost.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import * as Jar from '../cookies/Jar.js'
import * as HttpError from '../HttpError.js'
import * as UserInput from '../values/UserInput.js'

/** Receives the jar before and after an exchange. */
export type OnJar = (from: Jar.Jar, to: Jar.Jar) => void

/** Returns a client whose exchanges also call `onJar`. */
export const listening = <C extends { readonly onJar?: OnJar }>(client: C, onJar: OnJar): C => {
  const outer = UserInput.get(client, 'onJar')
  if (outer === undefined) return { ...client, onJar }
  const both: OnJar = (from, to) => {
    outer(from, to)
    onJar(from, to)
  }
  return { ...client, onJar: both }
}

/** The jar of one program that runs. */
export interface Loan {
  /** The jar when it was borrowed. */
  readonly jar: Jar.Jar
  /** Adds what has changed between two jars. */
  readonly update: OnJar
  /** Ends the loan. */
  readonly giveBack: IO<void>
}

/** A jar that changes: the only state that programs of one client share. */
export interface SharedJar {
  /** Returns the current jar. */
  readonly read: IO<Jar.Jar>
  /** Adds what has changed between two jars. */
  readonly update: OnJar
  /**
   * Returns the jar for a program. Of the programs that run at the same time only one gets and changes the digest challenges,
   * so that no nonce is counted twice.
   */
  readonly borrow: IO<Loan>
}

/** Makes a shared jar that starts with the given jar. */
export const make =
  (initial: Jar.Jar): IO<SharedJar> =>
  () => {
    let current = initial
    let areChallengesLent = false
    const update: OnJar = (from, to) => {
      if (to === from || to === current) return
      // A join visits every site. Without another writer, the new jar has everything already.
      current = from === current ? to : Jar.join(current, to)
    }
    const updateCookies: OnJar = (from, to) => {
      if (to !== from) current = Jar.join(current, Jar.withoutChallenges(to))
    }
    const giveBack = (): void => {
      areChallengesLent = false
    }
    const borrow = (): Loan => {
      if (areChallengesLent) return { jar: Jar.withoutChallenges(current), update: updateCookies, giveBack: () => {} }
      areChallengesLent = true
      return { jar: current, update, giveBack }
    }
    return { read: () => current, update, borrow }
  }

/** The outcome of a program and the jar after it, also after a failure. */
export type Recovered<E, A> = readonly [outcome: E.Either<E, A>, jar: Jar.Jar]

/**
 * Runs a program. After a failure, the jar is that of the error, if it has one, joined with those of all exchanges of the
 * program: the error may be an older one, or one of the user's own.
 */
export const recover = async <C extends { readonly onJar?: OnJar }, E, A>(
  program: StateReaderTaskEither<Jar.Jar, C, E, A>,
  from: Jar.Jar,
  client: C,
): Promise<Recovered<E, A>> => {
  const recorded = make(from)()
  const outcome = await program(from)(listening(client, recorded.update))()
  if (E.isRight(outcome)) return [E.right(outcome.right[0]), outcome.right[1]]
  const known = HttpError.jar(outcome.left)
  return [outcome, O.isSome(known) ? Jar.join(recorded.read(), known.value) : recorded.read()]
}
