/**
 * Logins of a user, as programs: each sends the requests of a grant, and stores the token in the jar, where `Auth.oauth2` with
 * the same name and token URL finds it.
 *
 * | program           | the user                                             | RFC        |
 * |-------------------|------------------------------------------------------|------------|
 * | `redeemCode`      | has logged in with a browser, and came back with a code | 6749 4.1, 7636 |
 * | `loginWithDevice` | logs in on another device while the program waits     | 8628       |
 *
 * The requests have the settings of the session without its credentials, hooks and progress, as every token request.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as T from 'fp-ts/lib/Task.js'
 * import { Auth, Client, Clock, Http, OAuth2, Session, Transport } from 'requests-ts'
 *
 * const login = {
 *   name: 'api', clientId: 'tv', grant: OAuth2.deviceCode,
 *   tokenUrl: 'https://auth.test/token', deviceAuthorizationUrl: 'https://auth.test/device' }
 * const session = pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(Auth.oauth2(login)))
 * const transport = Transport.memory({
 *   'POST https://auth.test/device': { status: 200, json: {
 *     device_code: 'd', user_code: 'ABCD', verification_uri: 'https://auth.test/', expires_in: 600 } },
 *   'POST https://auth.test/token': { status: 200, json: { access_token: 't0k3n', expires_in: 3600 } },
 *   'GET https://api.test/me': (plan) => ({ status: plan.headers.fields.length > 0 ? 200 : 401 }) })
 * const me = pipe(
 *   OAuth2.loginWithDevice(login, ({ userCode }) => T.fromIO(() => assert.equal(userCode, 'ABCD'))),
 *   Http.flatMap(() => Http.get('me')))
 * const outcome = await pipe(me, Client.runWith({ session, transport, clock: Clock.fixed(new Date(0)) }))()
 * assert.equal(E.isRight(outcome) && outcome.right.status, 200)
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as Client from '../Client.js'
import { begin, drive, gather } from '../client/Interpreter.js'
import * as Jar from '../cookies/Jar.js'
import type * as AuthorizationCode from '../session/auth/oauth2/AuthorizationCode.js'
import { redeem } from '../session/auth/oauth2/AuthorizationCode.js'
import type { DeviceAuthorization } from '../session/auth/oauth2/DeviceAuthorization.js'
import * as DeviceCode from '../session/auth/oauth2/DeviceCode.js'
import * as TokenResponse from '../session/auth/oauth2/TokenResponse.js'
import type { OAuth2Options } from '../session/auth/Renewable.js'
import type { Request } from '../session/Request.js'
import type { Exchange, SendError, WithHistory } from '../stages/Exchange.js'
import { obtaining } from '../stages/prepare/Provenance.js'
import { NOT_STORABLE, tokenSession } from '../stages/Renewal.js'
import * as Send from '../stages/Send.js'
import * as TokenReply from '../stages/TokenReply.js'
import { raceDeadline } from '../transport/Cancellation.js'
import * as Token from '../values/Token.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'
import type { Hop, Response } from '../wire/Reply.js'
import { withPlan } from '../wire/Transport.js'
import type { Http } from './Program.js'

/**
 * Why a login failed. A refusal has the code of the server.
 *
 * @since 0.2.0
 * @category errors
 */
export type LoginError = SendError | WithHistory<AuthorizationCode.CallbackError | DeviceCode.LoginExpired>

type Problem = AuthorizationCode.CallbackError | DeviceCode.LoginExpired
type Outcome<A> = E.Either<LoginError, [A, Jar.Jar]>

const NO_HOPS: ReadonlyArray<Hop> = []

const failed = (problem: Problem, jar: Jar.Jar, history: ReadonlyArray<Hop>): E.Either<LoginError, never> =>
  E.left({ ...problem, history, jar })

const invalid = (problem: string, jar: Jar.Jar): E.Either<LoginError, never> =>
  failed({ _tag: 'InvalidLogin', message: `The login is not valid: ${problem}` }, jar, NO_HOPS)

/** Returns the hops of a response, its own included. */
const hopsOf = (response: Response): ReadonlyArray<Hop> => [
  ...response.history,
  { plan: response.plan, head: response },
]

/** Sends a request of a login, marked as a token request: the bodies of it and of its reply are secret. */
const send = (
  { name }: Pick<OAuth2Options, 'name'>,
  given: Client.Client,
  jar: Jar.Jar,
  request: Request,
): Promise<E.Either<SendError, Response>> => {
  const client = Client.withSession(tokenSession)(given)
  const mark = obtaining({ name, reason: 'Missing' })
  const begun = () => E.map((x: Exchange) => ({ ...x, plan: mark(x.plan) }))(begin(client, jar, request))
  return drive(client, jar, request.body, begun, gather, (outcome) => outcome)
}

/** The error of a reply without a token. */
const withoutToken = (
  { name }: Pick<OAuth2Options, 'name'>,
  response: Response,
  problem: unknown,
): E.Either<LoginError, never> =>
  E.left({
    ...TokenReply.errorOf({ name }, response.plan, response, problem),
    history: hopsOf(response),
    jar: response.jar,
  })

/** Reads the token of a reply, as `Auth.oauth2` with the same options does. */
const readToken = ({ read }: Pick<OAuth2Options, 'read'>, response: Response): E.Either<unknown, Token.Input> =>
  TokenReply.read(read ?? TokenResponse.read, response)

/** Stores a token where `Auth.oauth2` finds it, and reports the jar to the client. */
const store = (
  client: Client.Client,
  { name, tokenUrl }: Pick<OAuth2Options, 'name' | 'tokenUrl'>,
  input: Token.Input,
  response: Response,
  now: Date,
): Outcome<Token.Token> => {
  const token = Token.at(now)(input)
  const problem = Token.problemOf(token)
  if (problem !== undefined) return withoutToken({ name }, response, TokenResponse.unusableToken(response, problem))
  const key = { name, endpoint: String(UserInput.urlText(tokenUrl)) }
  const after = Jar.withToken(key, token, now)(response.jar)
  if (O.isNone(Jar.token(key)(after)))
    return withoutToken({ name }, response, TokenResponse.unusableToken(response, NOT_STORABLE))
  UserInput.get(client, 'onJar')?.(response.jar, after)
  return E.right([token, after])
}

/**
 * Redeems the code of a callback, and stores the token. `pending` is what `AuthorizationCode.begin` returned, and must be
 * redeemed once. Errors: `CallbackError`, `SendError`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const redeemCode =
  (options: OAuth2Options & AuthorizationCode.Config, pending: AuthorizationCode.PendingLogin) =>
  (callback: string | URL): Http<LoginError, Token.Token> =>
  (jar) =>
  (client) =>
  async () => {
    const request = redeem(options, pending)(callback)
    if (E.isLeft(request)) return failed(request.left, jar, NO_HOPS)
    const sent = await send(options, client, jar, request.right)
    if (E.isLeft(sent)) return sent
    const input = readToken(options, sent.right)
    if (E.isLeft(input)) return withoutToken(options, sent.right, input.left)
    return store(client, options, input.right, sent.right, client.clock.now())
  }

/**
 * Asks for a code that the user enters on another device, shows it with a function, and waits until the user has logged in.
 * Stores the token. Errors: `LoginExpired`, `SendError`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const loginWithDevice =
  (
    options: OAuth2Options & DeviceCode.Config,
    show: (code: DeviceAuthorization) => Task<void>,
  ): Http<LoginError, Token.Token> =>
  (jar) =>
  (client) =>
  async () => {
    const request = DeviceCode.request(options)
    if (E.isLeft(request)) return invalid(request.left, jar)
    const sent = await send(options, client, jar, request.right)
    if (E.isLeft(sent)) return sent
    const code = DeviceCode.read(sent.right)
    if (E.isLeft(code)) return withoutToken(options, sent.right, code.left)
    const received = client.clock.now()
    const shown = await display(client, sent.right, show, code.right)
    if (E.isLeft(shown)) return shown
    return pollUntilDone(options, client, sent.right.jar, DeviceCode.start(received)(code.right))
  }

/** Shows the code, until the client ends. */
const display = async (
  client: Client.Client,
  response: Response,
  show: (code: DeviceAuthorization) => Task<void>,
  code: DeviceAuthorization,
): Promise<E.Either<LoginError, void>> => {
  const { plan, jar } = response
  const { clock } = client
  try {
    const controls = Send.untilClosed(client, { clock, signal: UserInput.get(client, 'signal') })
    const raced = await raceDeadline(controls, show(code)())
    return E.isRight(raced) ? raced : E.left({ ...withPlan(plan, raced.left), history: hopsOf(response), jar })
  } catch (cause) {
    const problem = `its function \`show\` failed: ${Fault.messageOf(cause)}`
    return failed({ _tag: 'InvalidLogin', message: `The login is not valid: ${problem}` }, jar, hopsOf(response))
  }
}

const pollUntilDone = async (
  options: OAuth2Options & DeviceCode.Config,
  client: Client.Client,
  from: Jar.Jar,
  first: DeviceCode.Wait,
): Promise<Outcome<Token.Token>> => {
  const { clock } = client
  const signal = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
  let jar = from
  for (let wait = first; ; ) {
    // The request after an abort fails with it.
    await clock.sleep(wait.ms, signal)()
    const request = DeviceCode.poll(options, wait.state)
    if (E.isLeft(request)) return invalid(request.left, jar)
    const sent = await send(options, client, jar, request.right)
    jar = E.isLeft(sent) ? sent.left.jar : sent.right.jar
    const next = DeviceCode.next(wait.state, clock.now())(sent)
    if (next._tag === 'Wait') {
      wait = next
      continue
    }
    if (options.read !== undefined && E.isRight(sent) && sent.right.status < 400) {
      const input = readToken(options, sent.right)
      if (E.isLeft(input)) return withoutToken(options, sent.right, input.left)
      return store(client, options, input.right, sent.right, clock.now())
    }
    if (next._tag === 'Done') return E.isLeft(sent) ? sent : store(client, options, next.token, sent.right, clock.now())
    const { problem } = next
    if ('history' in problem) return E.left(problem)
    if (problem._tag === 'LoginExpired') {
      return failed(problem, jar, E.isLeft(sent) ? sent.left.history : hopsOf(sent.right))
    }
    return E.isLeft(sent) ? sent : withoutToken(options, sent.right, problem)
  }
}
