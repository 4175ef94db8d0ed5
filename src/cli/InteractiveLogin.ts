/**
 * Runs a program with the token of `--oauth2`: a user logs in before it if that is necessary.
 *
 * | the jar has                                                     | happens                                          |
 * |-----------------------------------------------------------------|--------------------------------------------------|
 * | a fresh token, or a refresh token                               | the program runs; the exchange renews the token  |
 * | neither, and the grant needs a user                             | the user logs in, and the program runs           |
 * | a refresh token that the server does not accept any more        | see below                                        |
 *
 * Another command with the same session file may have used the refresh token a moment ago: if the file has another token
 * now, the program runs with it. Otherwise, or if that fails too, the token is forgotten, and all begins once more: the
 * user logs in again. A request whose body can be read only once is not sent again; the next command can log in.
 *
 * | login                | shows                        | ends at the latest                                           |
 * |----------------------|------------------------------|--------------------------------------------------------------|
 * | `authorization_code` | a page to open               | after `--timeout`, or else 5 minutes                         |
 * | `device_code`        | a page and a code to enter   | after `--timeout`, and when the code expires                 |
 *
 * Both are shown on the standard error. The command opens no browser itself.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { untilAborted } from '../client/Interpreter.js'
import * as Jar from '../cookies/Jar.js'
import * as Http from '../Http.js'
import * as OAuth2 from '../OAuth2.js'
import { grouped } from '../values/Printable.js'
import * as Token from '../values/Token.js'
import * as UserInput from '../values/UserInput.js'
import * as RandomSource from '../wire/RandomSource.js'
import type * as Exit from './Exit.js'
import * as LoopbackCallback from './LoopbackCallback.js'
import type { Credential, Login } from './OAuth2File.js'
import type { TokenFile } from './SessionToken.js'
import * as Terminal from './Terminal.js'

/** What a login needs besides the credential. */
export interface Context {
  readonly terminal: Terminal.Terminal
  readonly credential: Credential
  /** `--timeout` in milliseconds. */
  readonly limit: number | undefined
  /** The token in the session file. */
  readonly file: TokenFile
  /** Whether the body of the request can be read again. */
  readonly isReplayable: boolean
}

const DEFAULT_LIMIT_MS = 5 * 60 * 1000

// --- the time limit ------------------------------------------------------------------------------------------------

const expired = (ms: number): Exit.LoginFailure => ({
  _tag: 'LoginExpired',
  message: `No user logged in within ${grouped(ms / 1000)} seconds; run the command again, or set a longer --timeout`,
})

/** Ends a login after some milliseconds. */
const withLimit =
  (terminal: Terminal.Terminal, ms: number) =>
  <A>(login: Http.Http<Exit.LoginFailure, A>): Http.Http<Exit.LoginFailure, A> =>
  (jar) =>
  (client) =>
  async () => {
    const [timeUp, done] = [new AbortController(), new AbortController()]
    terminal.clock
      .sleep(ms, done.signal)()
      .then(() => (done.signal.aborted ? undefined : timeUp.abort()))
    const limited = untilAborted(timeUp.signal)(client)
    try {
      const outcome = await login(jar)(limited.client)()
      return E.isLeft(outcome) && timeUp.signal.aborted ? E.left(expired(ms)) : outcome
    } finally {
      done.abort()
      limited.release()
    }
  }

// --- logins --------------------------------------------------------------------------------------------------------

const failed = (message: string): E.Either<Exit.LoginFailure, never> => E.left({ _tag: 'LoginFailed', message })

/** The tags of callbacks that the wait ignores, because any page in the browser can send them. */
const FOREIGN: ReadonlySet<string> = new Set(['StateMismatch', 'InvalidCallback'])

type BrowserLogin = Extract<Login, { readonly _tag: 'Browser' }>

/** A login whose callback has arrived. */
interface Returned {
  readonly config: BrowserLogin['config']
  readonly pending: OAuth2.AuthorizationCode.PendingLogin
  readonly callback: string
}

/** Shows the page and waits for the browser. Closes the listener on every path. */
const waitForBrowser = async (
  terminal: Terminal.Terminal,
  { config: given, address }: BrowserLogin,
  signal: AbortSignal | undefined,
): Promise<E.Either<Exit.LoginFailure, Returned>> => {
  const listener = await LoopbackCallback.listen(address)
  if (E.isLeft(listener)) {
    return failed(`Cannot wait for the browser at ${given.redirectUri}: ${listener.left}; omit or change the port`)
  }
  const { redirectUri, receive, close } = listener.right
  try {
    const config = { ...given, redirectUri }
    const begun = OAuth2.AuthorizationCode.begin(config, RandomSource.seed() + RandomSource.seed())
    if (E.isLeft(begun)) return failed(begun.left)
    const { url, pending } = begun.right
    const judge = (target: string): LoopbackCallback.Verdict => {
      const redeemed = OAuth2.AuthorizationCode.redeem(config, pending)(target)
      if (E.isRight(redeemed)) return 'Accepted'
      return FOREIGN.has(redeemed.left._tag) ? 'Foreign' : 'Refused'
    }
    await Terminal.printLine(terminal, `Open this page to log in: ${Terminal.printable(url)}`)
    const callback = await receive(judge, signal)
    return callback === undefined
      ? E.left({ _tag: 'Aborted', message: 'The login was interrupted' })
      : E.right({ config, pending, callback })
  } finally {
    await close()
  }
}

const withBrowser =
  (terminal: Terminal.Terminal, login: BrowserLogin): Http.Http<Exit.LoginFailure, Token.Token> =>
  (jar) =>
  (client) =>
  async () => {
    const returned = await waitForBrowser(terminal, login, UserInput.get(client, 'signal'))
    if (E.isLeft(returned)) return returned
    const { config, pending, callback } = returned.right
    return OAuth2.redeemCode(config, pending)(callback)(jar)(client)()
  }

const showCode =
  (terminal: Terminal.Terminal): ((code: OAuth2.DeviceCode.DeviceAuthorization) => Task<void>) =>
  ({ userCode, verificationUri, verificationUriComplete, expiresIn }) =>
  async () => {
    const page = Terminal.printable(verificationUri)
    const minutes = Math.max(1, Math.floor(expiresIn / 60))
    await Terminal.printLine(terminal, `Open this page to log in: ${page}`)
    await Terminal.printLine(terminal, `and enter the code ${userCode} (valid for ${grouped(minutes)} min)`)
    if (O.isNone(verificationUriComplete)) return
    await Terminal.printLine(
      terminal,
      `or open the page that has the code: ${Terminal.printable(verificationUriComplete.value)}`,
    )
  }

const NOT_KEPT = 'the login ends with this command: add --session FILE to log in only once'

/** Saves the token of a login at once, so that no later failure loses it. */
const remember =
  ({ terminal, file }: Context) =>
  (jar: Jar.Jar): Task<void> =>
    file.isKept ? file.save(jar) : () => Terminal.printNote(terminal, NOT_KEPT)

/** Lets the user log in. The token is in the jar afterwards. */
const logIn = (context: Context, login: Login): Http.Http<Exit.LoginFailure, void> => {
  const { terminal, limit } = context
  const [program, ms]: readonly [Http.Http<Exit.LoginFailure, Token.Token>, number | undefined] =
    login._tag === 'Browser'
      ? [withBrowser(terminal, login), limit ?? DEFAULT_LIMIT_MS]
      : [OAuth2.loginWithDevice(login.config, showCode(terminal)), limit]
  return pipe(
    ms === undefined ? program : withLimit(terminal, ms)(program),
    Http.flatMap(() => Http.jar),
    Http.flatMap((jar) => Http.fromTask(remember(context)(jar))),
  )
}

const isUsable = ({ key }: Credential, jar: Jar.Jar, now: Date): boolean => {
  const held = Jar.token(key)(jar)
  return O.isSome(held) && (O.isSome(held.value.refreshToken) || Token.isFresh(now)(held.value))
}

// --- revoked tokens ------------------------------------------------------------------------------------------------

/** Returns whether no renewal can repair the error: the server does not accept the refresh token, or it is missing. */
const isRevoked = ({ key, options: { grant } }: Credential, error: Exit.Failure, jar: Jar.Jar): boolean => {
  if (error._tag === 'TokenRefused') return error.code === 'invalid_grant'
  const held = Jar.token(key)(jar)
  const isOfUser = grant._tag === 'AuthorizationCode' || grant._tag === 'DeviceCode'
  return error._tag === 'TokenFailed' && isOfUser && O.isSome(held) && O.isNone(held.value.refreshToken)
}

type Recover = (error: Exit.Failure, jar: Jar.Jar) => Http.Http<Exit.Failure, void>

/** Runs a program again after a failure that `recover` does not return. */
const onceMore =
  (recover: Recover) =>
  <A>(again: Http.Http<Exit.Failure, A>) =>
  (program: Http.Http<Exit.Failure, A>): Http.Http<Exit.Failure, A> =>
    pipe(
      program,
      Http.orElse((error: Exit.Failure) =>
        pipe(
          Http.jar,
          Http.flatMap((jar) => recover(error, jar)),
          Http.flatMap(() => again),
        ),
      ),
    )

const sameToken = O.getEq(Token.Eq)

/** Takes the token that another command has stored in the session file meanwhile. */
const takeOther =
  ({ credential, file, isReplayable }: Context): Recover =>
  (error, jar) =>
    pipe(
      Http.fromTask(isRevoked(credential, error, jar) && isReplayable ? file.load : async () => jar),
      Http.flatMap((stored): Http.Http<Exit.Failure, void> => {
        const joined = Jar.join(jar, stored)
        const [held, other] = [jar, joined].map(Jar.token(credential.key))
        const isSame = held === undefined || other === undefined || sameToken.equals(held, other)
        return isSame ? Http.left(error) : Http.modifyJar(() => joined)
      }),
    )

/** Forgets a token that was revoked. If the request cannot be sent again, the next command begins without it. */
const forget =
  ({ credential: { key }, credential, file, isReplayable }: Context): Recover =>
  (error, jar) => {
    const refused = Jar.token(key)(jar)
    // Without a token in the jar, the one of the file was refused: nothing else can be tried.
    if (O.isNone(refused) || !isRevoked(credential, error, jar)) return Http.left(error)
    return isReplayable
      ? Http.modifyJar(Jar.withoutTokens(key))
      : pipe(
          Http.fromTask(file.remove(refused.value)),
          Http.flatMap(() => Http.left(error)),
        )
  }

/** Runs a program with a token, and again if the token of the jar was revoked. */
export const withLogin =
  (context: Context) =>
  <A>(program: Http.Http<Exit.Failure, A>): Http.Http<Exit.Failure, A> => {
    const { terminal, credential } = context
    const { login } = credential
    const run: Http.Http<Exit.Failure, A> = pipe(
      Http.jar,
      Http.flatMap((jar) =>
        login === undefined || isUsable(credential, jar, terminal.clock.now())
          ? Http.of<void>(undefined)
          : logIn(context, login),
      ),
      Http.flatMap(() => program),
    )
    return pipe(run, onceMore(takeOther(context))(run), onceMore(forget(context))(run))
  }
