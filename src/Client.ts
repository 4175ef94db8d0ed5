/**
 * The reader of `Http`: session, transport, environment, clock and random source. It does not change while a program runs.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Client, Http, Session, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({ 'GET /': { status: 204 } })
 * const outcome = await pipe(Http.get('https://h.test/'), Client.use({ session: Session.defaults, transport }))()
 * assert.deepEqual(pipe(outcome, E.map(([response]) => response.status)), E.right(204))
 */
import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from './cookies/Jar.js'
import * as Environment from './session/Environment.js'
import * as Session from './session/Session.js'
import type { Context, World } from './stages/Prepare.js'
import type { Sender } from './stages/Send.js'
import { undici } from './transport/undici/Undici.js'
import * as UserInput from './values/UserInput.js'
import * as Clock from './wire/Clock.js'
import * as Fault from './wire/Fault.js'
import { type Transport, withPlan } from './wire/Transport.js'

export interface Client extends Sender {
  readonly environment: Environment.Environment
  /** Returns the seed of one exchange. */
  readonly random: IO<string>
  /** Closes every connection. Later sends fail with `ClientClosed`. */
  readonly close: Task<void>
  /** Makes the transports of a session belong to this client, which closes them. Optional in a client built by hand. */
  readonly adopt?: Endomorphism<Session.Session>
}

export interface Options {
  readonly session: Session.Session
  /** `Transport.undici()` by default. Its connections are closed with the client. */
  readonly transport?: Transport
  /**
   * The environment of the process by default: its variables and `~/.netrc`, read once when the client is opened. The
   * session decides which sources are used (`Session.withAmbient`).
   */
  readonly environment?: Environment.Environment
  /** The system's clock by default. A function replaces the wall clock only. */
  readonly clock?: Clock.Clock | IO<Date>
  readonly random?: IO<string>
  /** Aborts every running request. */
  readonly signal?: AbortSignal
}

/** Makes seeds that cannot be guessed and do not repeat: a secret and a counter. */
const seeds: IO<IO<string>> = () => {
  const secret = randomUUID()
  let count = 0
  return () => {
    count += 1
    return `${secret}/${count}`
  }
}

/** Sends through a transport until `isClosed` returns true, then fails with `ClientClosed`. */
const until = (isClosed: IO<boolean>, transport: Transport): Transport => {
  const send: Transport = (plan, limits) =>
    isClosed()
      ? async () =>
          E.left(withPlan(plan, Fault.unsent(Fault.make('ClientClosed', 'The client is closed; open another client'))))
      : transport(plan, limits)
  return transport.close === undefined ? send : Object.assign(send, { close: transport.close })
}

/** Opens a client. It opens no connection before the first request. */
export const open = (options: Options): IO<Client> => {
  const { session, transport = undici(), environment, clock = Clock.system, random, signal } = UserInput.own(options)
  return () => {
    let closed = false
    /** The transports of this client, by the given transport and by themselves. */
    const owned = new Map<Transport, Transport>()
    const own = (transport: Transport): Transport => {
      const known = owned.get(transport)
      if (known !== undefined) return known
      const guarded = until(() => closed, transport)
      owned.set(transport, guarded).set(guarded, guarded)
      return guarded
    }
    const adopt = (other: Session.Session): Session.Session => ({
      ...other,
      mounts: other.mounts.map(([prefix, mounted]) => [prefix, own(mounted)]),
    })
    return {
      session: adopt(session),
      transport: own(transport),
      adopt,
      environment: environment ?? Environment.read(),
      clock: typeof clock === 'function' ? { ...Clock.system, now: clock } : clock,
      random: random ?? seeds(),
      ...(signal === undefined ? {} : { signal }),
      close: async () => {
        closed = true
        // A custom transport that fails to close does not change the outcome of a program.
        await Promise.allSettled([...new Set(owned.values())].map(async (transport) => transport.close?.()))
      },
    }
  }
}

/** Closes a client. Running requests fail with `ClientClosed`. */
export const close = (client: Client): Task<void> => client.close

/** Changes the session of a client. */
export const withSession =
  (change: Endomorphism<Session.Session>) =>
  (client: Client): Client => {
    const session = change(client.session)
    const adopt = UserInput.get(client, 'adopt')
    const isOwn = adopt === undefined || session.mounts === client.session.mounts
    return { ...client, session: isOwn ? session : adopt(session) }
  }

/** Returns the inputs of planning: those of the client, the jar, the time and a new seed. */
export const context =
  ({ session, environment, clock, random }: Client) =>
  (jar: Jar.Jar): IO<Context & World> =>
  () => ({ session, jar, environment, now: clock.now(), entropy: random() })

/** Opens a client, runs a program, and closes the client on every path. Returns the value and the jar. */
export const use =
  (options: Options & { readonly jar?: Jar.Jar }) =>
  <E, A>(program: StateReaderTaskEither<Jar.Jar, Client, E, A>): TaskEither<E, readonly [A, Jar.Jar]> =>
  async () => {
    const { jar = Jar.empty } = UserInput.own(options)
    const client = open(options)()
    try {
      return await program(jar)(client)()
    } finally {
      await client.close()
    }
  }

/** Runs one program with the default session and returns its value, as `requests.get` does. */
export const run =
  <E, A>(program: StateReaderTaskEither<Jar.Jar, Client, E, A>): TaskEither<E, A> =>
  async () => {
    const outcome = await use({ session: Session.defaults })(program)()
    return E.isLeft(outcome) ? outcome : E.right(outcome.right[0])
  }
