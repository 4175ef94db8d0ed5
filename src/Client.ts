/**
 * What does not change while a program runs: session, transport, environment, clock, chance. The reader of `Http`.
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
import type { Jar } from './cookies/Jar.js'
import * as JarOf from './cookies/Jar.js'
import * as Environment from './session/Environment.js'
import * as Session from './session/Session.js'
import type { Context, World } from './stages/Prepare.js'
import type { Sender } from './stages/Send.js'
import { undici } from './transport/undici/Undici.js'
import * as OwnProperty from './values/OwnProperty.js'
import * as Clock from './wire/Clock.js'
import * as Fault from './wire/Fault.js'
import { at, type Transport } from './wire/Transport.js'

export interface Client extends Sender {
  readonly environment: Environment.Environment
  /** One seed for each exchange. */
  readonly random: IO<string>
  /** Ends every connection; what is sent afterwards is `ClientClosed`. */
  readonly close: Task<void>
  /**
   * The same session with what is mounted in it made this client's own: closed with it, and `ClientClosed` afterwards.
   * A client that was put together by hand may do without.
   */
  readonly adopt?: Endomorphism<Session.Session>
}

export interface Options {
  readonly session: Session.Session
  /** The real one, unless said. Its connections are closed with the client. */
  readonly transport?: Transport
  /** What surrounds the process, unless said. */
  readonly environment?: Environment.Environment
  /** The system's clock; a function is the wall clock alone. */
  readonly clock?: Clock.Clock | IO<Date>
  readonly random?: IO<string>
  /** Ends whatever is under way when it aborts. */
  readonly signal?: AbortSignal
}

const clockOf = (clock: Clock.Clock | IO<Date> | undefined): Clock.Clock => {
  if (clock === undefined) return Clock.system
  return typeof clock === 'function' ? { ...Clock.system, now: clock } : clock
}

/** Seeds that nobody can foretell, and none of which comes twice: a secret, and a count beside it. */
const seeds: IO<IO<string>> = () => {
  const secret = randomUUID()
  let given = 0
  return () => {
    given += 1
    return `${secret}/${given}`
  }
}

/** A transport until `isClosed`, then `ClientClosed`. */
const until = (isClosed: IO<boolean>, transport: Transport): Transport => {
  const send: Transport = (plan, limits) =>
    isClosed()
      ? async () => E.left(at(plan, Fault.unsent(Fault.make('ClientClosed', 'The client is closed; open another one'))))
      : transport(plan, limits)
  return transport.close === undefined ? send : Object.assign(send, { close: transport.close })
}

/** Makes transports the client's own: one that comes again is known, and one that is its own already stays as it is. */
const owner = (
  isClosed: IO<boolean>,
): { readonly all: ReadonlySet<Transport>; readonly own: Endomorphism<Transport> } => {
  const known = new Map<Transport, Transport>()
  const all = new Set<Transport>()
  const own = (transport: Transport): Transport => {
    if (all.has(transport)) return transport
    const before = known.get(transport)
    if (before !== undefined) return before
    const guarded = until(isClosed, transport)
    known.set(transport, guarded)
    all.add(guarded)
    return guarded
  }
  return { all, own }
}

/** All are closed, also where one of the user's own fails to be: that is no outcome of a program. */
const closeAll = async (transports: ReadonlySet<Transport>): Promise<void> => {
  await Promise.allSettled([...transports].map(async (transport) => transport.close?.()))
}

/** Opens a client. It holds no connection before the first request. */
export const open = (options: Options): IO<Client> => {
  const { session, transport = undici(), environment, clock, random, signal } = OwnProperty.of(options)
  return () => {
    let closed = false
    const { all, own } = owner(() => closed)
    const adopt = (other: Session.Session): Session.Session => ({
      ...other,
      mounts: other.mounts.map(([prefix, mounted]) => [prefix, own(mounted)]),
    })
    return {
      session: adopt(session),
      transport: own(transport),
      adopt,
      environment: environment ?? Environment.read(),
      clock: clockOf(clock),
      random: random ?? seeds(),
      ...(signal === undefined ? {} : { signal }),
      close: async () => {
        closed = true
        await closeAll(all)
      },
    }
  }
}

/** Closes a client: what is under way ends with `ClientClosed`. */
export const close = (client: Client): Task<void> => client.close

/** The client with its session changed. What was mounted until then is its own already. */
export const withSession =
  (change: Endomorphism<Session.Session>) =>
  (client: Client): Client => {
    const session = change(client.session)
    const adopt = OwnProperty.get(client, 'adopt')
    const isOwn = adopt === undefined || session.mounts === client.session.mounts
    return { ...client, session: isOwn ? session : adopt(session) }
  }

/** The world of a client, now. */
export const context =
  ({ session, environment, clock, random }: Client) =>
  (jar: Jar): IO<Context & World> =>
  () => ({ session, jar, environment, now: clock.now(), entropy: random() })

/** Runs a program from a jar to a value and the jar after it, and closes everything on every path. */
export const use =
  (options: Options & { readonly jar?: Jar }) =>
  <E, A>(program: StateReaderTaskEither<Jar, Client, E, A>): TaskEither<E, readonly [A, Jar]> =>
  async () => {
    const { jar = JarOf.empty } = OwnProperty.of(options)
    const client = open(options)()
    try {
      return await program(jar)(client)()
    } finally {
      await client.close()
    }
  }

/** One program with the default session, for its value alone: what `requests.get` is to a session. */
export const run =
  <E, A>(program: StateReaderTaskEither<Jar, Client, E, A>): TaskEither<E, A> =>
  async () => {
    const outcome = await use({ session: Session.defaults })(program)()
    return E.isLeft(outcome) ? outcome : E.right(outcome.right[0])
  }
