/**
 * The reader of `Http`: session, transport, environment, clock and random source. It does not change while a program runs.
 *
 * | function            | opens and closes a client        | jar                                                |
 * |---------------------|----------------------------------|----------------------------------------------------|
 * | `run`, `runWith`    | for one program                  | starts with that of the options, is dropped        |
 * | `use`               | for one program                  | is returned with the value                         |
 * | `scoped`            | for one function that uses it    | is kept in the client, for every `runIn`           |
 * | `open`, `close`     | as you call them                 | is kept in the client, for every `runIn`           |
 *
 * A client closes the transport that it opened itself. It never closes a transport that it was given, in the options or
 * mounted in a session, so that clients can share one: `Transport.close` closes it.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Client, Http, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({ 'GET /': { status: 204 } })
 * const outcome = await pipe(Http.get('https://h.test/'), Client.use({ transport }))()
 * assert.deepEqual(pipe(outcome, E.map(([response]) => response.status)), E.right(204))
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as SharedJar from './client/SharedJar.js'
import * as SharedTokens from './client/SharedTokens.js'
import * as Jar from './cookies/Jar.js'
import * as Environment from './Environment.js'
import * as HttpError from './HttpError.js'
import * as Session from './session/Session.js'
import type { Context, World } from './stages/Prepare.js'
import type { Sender } from './stages/Send.js'
import { joinSignals, keepListening } from './transport/Cancellation.js'
import { openDefault } from './transport/SystemTransport.js'
import * as UserInput from './values/UserInput.js'
import * as Clock from './wire/Clock.js'
import * as Fault from './wire/Fault.js'
import * as RandomSource from './wire/RandomSource.js'
import type { Transport } from './wire/Transport.js'

export type { Loan, OnJar, SharedJar } from './client/SharedJar.js'
export type { Flight, Landing, SharedTokens } from './client/SharedTokens.js'

/**
 * What programs run with. `open` makes one.
 *
 * @since 0.1.0
 * @category model
 */
export interface Client extends Sender {
  /** The environment that was read when the client was opened. */
  readonly environment: Environment.Environment
  /** Returns the seed of one exchange. */
  readonly random: IO<string>
  /** Closes the transport that the client opened, and ends the requests of the client: see `close`. */
  readonly close: Task<void>
  /** The jar that the programs of `runIn` share. */
  readonly shared: SharedJar.SharedJar
  /** The token requests that programs share. */
  readonly tokens: SharedTokens.SharedTokens
  /** Called after each exchange with the jar before it and after it. */
  readonly onJar?: SharedJar.OnJar
  /**
   * Saves a token that a request has obtained: its jar has this token alone. The request is sent after that, because the server
   * may accept no earlier refresh token any more.
   */
  readonly onToken?: (jar: Jar.Jar) => Task<void>
}

/**
 * How a client is opened. Everything has a default.
 *
 * @since 0.1.0
 * @category model
 */
export interface Options {
  /** `Session.defaults` by default, which reads proxies, netrc and CA files from the environment. */
  readonly session?: Session.Session
  /** The jar to start with; empty by default. */
  readonly jar?: Jar.Jar
  /** A transport that belongs to the caller: the client does not close it. */
  readonly transport?: Transport
  /**
   * Makes a transport that the client closes. By default `Transport.undici`, and in a bundle for browsers or workers
   * `Transport.fetch`. Not called if `transport` is given.
   */
  readonly openTransport?: IO<Transport>
  /**
   * Wraps the transport, opened or given, such as `Transport.withRetry(policy)`. Several wrappers combine with `flow`: the
   * last one is the outermost. By default the transport is not wrapped. A client that opened its transport calls the
   * `close` of the wrapper, or else that of the opened transport.
   */
  readonly wrapTransport?: Endomorphism<Transport>
  /**
   * The environment of the process by default: its variables and `~/.netrc`, read once when the client is opened; empty in a
   * browser. The session decides which sources are used (`Session.withAmbient`).
   */
  readonly environment?: Environment.Environment
  /** The system's clock by default. A function replaces the wall clock only. */
  readonly clock?: Clock.Clock | IO<Date>
  /** Returns the seed of one exchange; unpredictable and unique by default. */
  readonly random?: IO<string>
  /** Aborts every running request. */
  readonly signal?: AbortSignal
}

/** A program, as `Http.Http` is one. */
export type Program<E, A> = StateReaderTaskEither<Jar.Jar, Client, E, A>

/** Makes seeds that cannot be guessed and do not repeat: a secret and a counter. */
const seeds: IO<IO<string>> = () => {
  const secret = RandomSource.seed()
  let count = 0
  return () => {
    count += 1
    return `${secret}/${count}`
  }
}

/**
 * Closes a transport that a client opened. A wrapper that is a plain function has no `close`: the transport inside it is then
 * closed, so that no socket leaks. In plain JavaScript, neither may be a transport.
 */
const closeOpened = async (inner: Partial<Transport> | null, wrapped: Partial<Transport> | null): Promise<void> => {
  await (typeof wrapped?.close === 'function' ? wrapped.close() : inner?.close?.())
}

/**
 * Opens a client. It opens no connection before the first request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (options: Options = {}): IO<Client> => {
  const own = UserInput.own(options)
  const { session = Session.defaults, jar = Jar.empty, environment, clock = Clock.system, random, signal } = own
  const { openTransport } = own
  // Plain JavaScript may pass null.
  const given = own.transport ?? undefined
  const wrapTransport = own.wrapTransport ?? undefined
  return () => {
    const inner = given ?? (openTransport ?? openDefault)()
    const transport = wrapTransport === undefined ? inner : wrapTransport(inner)
    const closing = new AbortController()
    // A transport of this library ends its requests when it is closed. Others end by a signal, which costs a listener.
    const isCustom = given !== undefined || openTransport !== undefined || wrapTransport !== undefined
    const needsSignal = isCustom || session.mounts.length > 0
    const joined = signal === undefined ? undefined : joinSignals(signal, closing.signal)
    const ends = joined?.signal ?? (needsSignal ? closing.signal : undefined)
    if (ends !== undefined) keepListening(ends)
    const base = {
      session,
      environment: environment ?? Environment.read(),
      clock: typeof clock === 'function' ? { ...Clock.system, now: clock } : clock,
      random: random ?? seeds(),
      closing: closing.signal,
      shared: SharedJar.make(jar)(),
      tokens: SharedTokens.make(),
      ...(ends === undefined ? {} : { signal: ends }),
    }
    const close = async (): Promise<void> => {
      closing.abort(Fault.make('ClientClosed', Fault.CLIENT_CLOSED))
      joined?.release()
      if (given !== undefined) return
      // A custom transport that fails to close does not change the outcome of a program.
      await Promise.allSettled([closeOpened(inner, transport)])
    }
    return { ...base, transport, close }
  }
}

/**
 * Closes a client and the transport that it opened. Its requests fail with `ClientClosed`. With the default transport, a hook
 * that runs is waited for.
 *
 * @since 0.1.0
 * @category destructors
 */
export const close = (client: Client): Task<void> => client.close

/**
 * Changes the session of a client.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withSession =
  (change: Endomorphism<Session.Session>) =>
  (client: Client): Client => {
    const session = change(client.session)
    const ends = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
    if (session.mounts === client.session.mounts || ends === undefined) return { ...client, session }
    return { ...client, session, signal: ends }
  }

/**
 * Returns the inputs of planning: those of the client, the jar, the time and a new seed.
 *
 * @since 0.1.0
 * @category destructors
 */
export const context =
  ({ session, environment, clock, random }: Client) =>
  (jar: Jar.Jar): IO<Context & World> =>
  () => ({ session, jar, environment, now: clock.now(), entropy: random() })

/**
 * `context` without the session and without closures, because each request is planned with it.
 * @internal
 */
export const world = ({ environment, clock, random }: Client, jar: Jar.Jar): World => ({
  jar,
  environment,
  now: clock.now(),
  entropy: random(),
})

/**
 * Opens a client, passes it to a function, and closes it when the task of the function has ended, on every path.
 *
 * @since 0.2.0
 * @category combinators
 */
export const scoped =
  (options: Options = {}) =>
  <E, A>(use: (client: Client) => TaskEither<E, A>): TaskEither<E, A> =>
  async () => {
    const client = open(options)()
    try {
      return await use(client)()
    } finally {
      await client.close()
    }
  }

/**
 * Opens a client, runs a program, and closes the client on every path. Returns the value and the jar.
 *
 * @since 0.1.0
 * @category combinators
 */
export const use = (
  options: Options = {},
): (<E, A>(program: Program<E, A>) => TaskEither<E, readonly [A, Jar.Jar]>) => {
  const { jar = Jar.empty } = UserInput.own(options)
  const withClient = scoped(options)
  return (program) => withClient(program(jar))
}

/**
 * Opens a client, runs a program, and closes the client on every path. Returns the value.
 *
 * @since 0.2.0
 * @category combinators
 */
export const runWith =
  (options: Options = {}) =>
  <E, A>(program: Program<E, A>): TaskEither<E, A> =>
  async () => {
    const outcome = await use(options)(program)()
    return E.isLeft(outcome) ? outcome : E.right(outcome.right[0])
  }

/**
 * Runs one program with the default session and returns its value, as `requests.get` does. `~/.netrc` and the proxies of
 * the environment are used.
 *
 * @since 0.1.0
 * @category combinators
 */
export const run: <E, A>(program: Program<E, A>) => TaskEither<E, A> = runWith()

/**
 * Runs a program with an open client and returns its value. It starts with the jar of the client, and the jar has its
 * cookies afterwards, also if it fails. Programs of one client can run at the same time: each exchange, and each change by
 * `Http.modifyJar`, is stored when it ends, and no update is lost.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { Client, Http, Jar, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory((plan) => ({ status: 200, headers: { 'set-cookie': `${plan.url.pathname.slice(1)}=1` } }))
 * const names = await pipe(
 *   Client.scoped({ transport })((client) => pipe(
 *     TE.sequenceArray([Http.get('http://h.test/a'), Http.get('http://h.test/b')].map(Client.runIn(client))),
 *     TE.map(() => Jar.toArray(Client.jar(client)()).map(({ name }) => name)))))()
 * assert.deepEqual(names, { _tag: 'Right', right: ['a', 'b'] })
 */
export const runIn =
  (client: Client) =>
  <E, A>(program: Program<E, A>): TaskEither<E, A> =>
  async () => {
    const { jar: from, update, giveBack } = client.shared.borrow()
    try {
      const outcome = await program(from)(SharedJar.listening(client, update))()
      const end = E.isLeft(outcome) ? HttpError.jar(outcome.left) : O.some(outcome.right[1])
      if (O.isSome(end)) update(from, end.value)
      return E.isLeft(outcome) ? outcome : E.right(outcome.right[0])
    } finally {
      giveBack()
    }
  }

/**
 * Returns the jar that the programs of `runIn` share, as it is now.
 *
 * @since 0.2.0
 * @category destructors
 */
export const jar = (client: Client): IO<Jar.Jar> => client.shared.read
