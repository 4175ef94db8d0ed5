/**
 * The jar of a client whose programs run at the same time. Each program starts from the current jar; what its exchanges
 * change is joined with what others changed meanwhile, so that no update is lost.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import * as Jar from './cookies/Jar.js'
import * as UserInput from './values/UserInput.js'

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
