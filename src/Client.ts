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
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Client, Options, Program, StoringClient, StoringOptions } from './client/ClientModel.js'
import * as JarSharing from './client/JarSharing.js'
import { open } from './client/OpenClient.js'
import * as SharedJar from './client/SharedJar.js'
import * as Jar from './cookies/Jar.js'
import * as HttpError from './HttpError.js'
import type * as Session from './session/Session.js'
import type { Context, World } from './stages/Prepare.js'
import type { JarStore, JarStoreFailed } from './store/JarStore.js'
import * as UserInput from './values/UserInput.js'

export type { Client, Options, Program, StoringClient, StoringOptions } from './client/ClientModel.js'
export { open } from './client/OpenClient.js'
export type { Loan, OnJar, SharedJar } from './client/SharedJar.js'
export type { Flight, Landing, SharedTokens } from './client/SharedTokens.js'

/**
 * Closes a client and the transport that it opened. Its requests fail with `ClientClosed`. With the default transport, a hook
 * that runs is waited for.
 *
 * @since 0.1.0
 * @category destructors
 */
export const close = (client: Pick<Client, 'close'>): Task<void> => client.close

/**
 * Changes the session of a client.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withSession =
  (change: Endomorphism<Session.Session>) =>
  <C extends Client | StoringClient>(client: C): C => {
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
  ({ session, environment, clock, random }: Pick<Client, 'session' | 'environment' | 'clock' | 'random'>) =>
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
export function scoped(
  options: StoringOptions,
): <E, A>(use: (client: StoringClient) => TaskEither<E, A>) => TaskEither<E, A>
export function scoped(options?: Options): <E, A>(use: (client: Client) => TaskEither<E, A>) => TaskEither<E, A>
export function scoped(options: Options | StoringOptions = {}) {
  return isStoring(options) ? closing(open(options)) : closing(open(options))
}

const closing =
  <C extends Pick<Client, 'close'>>(open: IO<C>) =>
  <E, A>(use: (client: C) => TaskEither<E, A>): TaskEither<E, A> =>
  async () => {
    const client = open()
    try {
      return await use(client)()
    } finally {
      await client.close()
    }
  }

/** An own property: a polluted `Object.prototype` must not choose where a jar is kept. */
const isStoring = <S extends { readonly jarStore: JarStore }>(
  given: { readonly jarStore?: undefined } | S,
): given is S => (UserInput.get(given, 'jarStore') ?? undefined) !== undefined

/**
 * Opens a client, runs a program, and closes the client on every path. Returns the value and the jar.
 *
 * @since 0.1.0
 * @category combinators
 */
export function use(
  options: StoringOptions,
): <E, A>(program: Program<E, A>) => TaskEither<E | JarStoreFailed<E, readonly [A, Jar.Jar]>, readonly [A, Jar.Jar]>
export function use(options?: Options): <E, A>(program: Program<E, A>) => TaskEither<E, readonly [A, Jar.Jar]>
export function use(options: Options | StoringOptions = {}) {
  if (isStoring(options)) {
    const storing = scoped(options)
    return <E, A>(program: Program<E, A>) => storing((client) => runIn(client)(withJar(program)))
  }
  const { jar = Jar.empty } = UserInput.own(options)
  const withClient = scoped(options)
  return <E, A>(program: Program<E, A>) => withClient(program(jar))
}

/** Returns the value of a program together with the jar after it. */
const withJar =
  <E, A>(program: Program<E, A>): Program<E, readonly [A, Jar.Jar]> =>
  (from) =>
  (client) =>
  async () => {
    const outcome = await program(from)(client)()
    return E.isLeft(outcome) ? outcome : E.right([outcome.right, outcome.right[1]])
  }

/**
 * Opens a client, runs a program, and closes the client on every path. Returns the value.
 *
 * @since 0.2.0
 * @category combinators
 */
export function runWith(
  options: StoringOptions,
): <E, A>(program: Program<E, A>) => TaskEither<E | JarStoreFailed<E, A>, A>
export function runWith(options?: Options): <E, A>(program: Program<E, A>) => TaskEither<E, A>
export function runWith(options: Options | StoringOptions = {}) {
  if (isStoring(options)) {
    const storing = scoped(options)
    return <E, A>(program: Program<E, A>) => storing((client) => runIn(client)(program))
  }
  const using = use(options)
  return <E, A>(program: Program<E, A>): TaskEither<E, A> =>
    async () => {
      const outcome = await using(program)()
      return E.isLeft(outcome) ? outcome : E.right(outcome.right[0])
    }
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
export function runIn(client: StoringClient): <E, A>(program: Program<E, A>) => TaskEither<E | JarStoreFailed<E, A>, A>
export function runIn(client: Client): <E, A>(program: Program<E, A>) => TaskEither<E, A>
export function runIn(client: Client | StoringClient) {
  if (!isStoring(client)) return <E, A>(program: Program<E, A>) => runOnce(client, program)
  const { jarStore, ...rest } = client
  return <E, A>(program: Program<E, A>) =>
    JarSharing.withStore(jarStore, rest, (tokens) => runOnce({ ...rest, ...tokens }, program))
}

const runOnce =
  <E, A>(client: Client, program: Program<E, A>): TaskEither<E, A> =>
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
export const jar = (client: Pick<Client, 'shared'>): IO<Jar.Jar> => client.shared.read
