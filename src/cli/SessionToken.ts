/**
 * Keeps the token of `--oauth2` in the session file. Several commands with the same file may run at the same time, and a server
 * may accept a refresh token only once. So the file has a new token before it is used, whatever happens to the request.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as Jar from '../cookies/Jar.js'
import type * as Http from '../Http.js'
import * as Token from '../values/Token.js'
import type { Clock } from '../wire/Clock.js'
import * as Files from './Files.js'

/** The token in the session file. Without a file, nothing is kept. */
export interface TokenFile {
  /** Whether there is a file. */
  readonly isKept: boolean
  /** Saves the token of a jar. */
  readonly save: (jar: Jar.Jar) => Task<void>
  /** Returns a jar that has the token of the file as it is now. */
  readonly load: Task<Jar.Jar>
  /** Removes a token that the server does not accept, unless another command has replaced it. */
  readonly remove: (refused: Token.Token) => Task<void>
  /** Returns why the last change was not saved; `undefined` if it was. */
  readonly problem: IO<string | undefined>
}

const sameToken = O.getEq(Token.Eq)

/** Returns the token of a key in the file of a session. */
export const fileOf = (clock: Clock, state: Files.SessionState, key: Jar.TokenKey): TokenFile => {
  let problem: string | undefined
  const noting = async (saving: Promise<E.Either<string, void>>): Promise<void> => {
    const saved = await saving
    problem = E.isLeft(saved) ? saved.left : undefined
  }
  const withoutRefused = (refused: Token.Token) => (stored: Jar.Jar) =>
    sameToken.equals(Jar.token(key)(stored), O.some(refused)) ? Jar.withoutTokens(key)(stored) : stored
  return {
    isKept: state.path !== undefined,
    save: (jar) => () => noting(Files.saveJar(state, Jar.onlyToken(key)(jar), clock.now())),
    load: async () => {
      const loaded = await Files.loadJar(state, clock.now())
      return E.isLeft(loaded) ? Jar.empty : Jar.onlyToken(key)(loaded.right)
    },
    remove: (refused) => () => noting(Files.updateJar(state, withoutRefused(refused))),
    problem: () => problem,
  }
}

/** Runs a program that saves each token as soon as it has obtained it. */
export const saving =
  ({ isKept, save }: TokenFile) =>
  <E, A>(program: Http.Http<E, A>): Http.Http<E, A> =>
  (jar) =>
  (client) =>
    program(jar)(isKept ? { ...client, onToken: save } : client)
