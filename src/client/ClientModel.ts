/** The types of a client: what it has, how it is opened, and the programs that it runs. `Client` exports them. */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type * as Jar from '../cookies/Jar.js'
import type { Environment } from '../session/Environment.js'
import type { Session } from '../session/Session.js'
import type { Sender } from '../stages/Send.js'
import type { JarStore } from '../store/JarStore.js'
import type { Clock } from '../wire/Clock.js'
import type { Transport } from '../wire/Transport.js'
import type { OnJar, SharedJar } from './SharedJar.js'
import type { SharedTokens } from './SharedTokens.js'

/**
 * What programs run with. `open` makes one.
 *
 * @since 0.1.0
 * @category model
 */
export interface Client extends Sender {
  /** The environment that was read when the client was opened. */
  readonly environment: Environment
  /** Returns the seed of one exchange. */
  readonly random: IO<string>
  /** Closes the transport that the client opened, and ends the requests of the client: see `close`. */
  readonly close: Task<void>
  /** The jar that the programs of `runIn` share. */
  readonly shared: SharedJar
  /** The token requests that programs share. */
  readonly tokens: SharedTokens
  /** Called after each exchange with the jar before it and after it. */
  readonly onJar?: OnJar
  /**
   * Saves a token that a request has obtained: its jar has this token alone. The request is sent after that, because the server
   * may accept no earlier refresh token any more.
   */
  readonly onToken?: (jar: Jar.Jar) => Task<void>
  /** Returns a jar in which another process may have saved a newer token. Called before a request for a token is sent. */
  readonly loadTokens?: Task<Jar.Jar>
  /** Only a `StoringClient` has a store. */
  readonly jarStore?: undefined
}

/**
 * A client that shares its jar with other processes. It has its own type, because its programs can also fail with `JarStoreFailed`.
 *
 * @since 0.2.0
 * @category model
 */
export interface StoringClient extends Omit<Client, 'jarStore'> {
  /** Where the jar is kept. */
  readonly jarStore: JarStore
}

/**
 * How a client is opened. Everything has a default.
 *
 * @since 0.1.0
 * @category model
 */
export interface Options {
  /** `Session.defaults` by default, which reads proxies, netrc and CA files from the environment. */
  readonly session?: Session
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
  readonly environment?: Environment
  /** The system's clock by default. A function replaces the wall clock only. */
  readonly clock?: Clock | IO<Date>
  /** Returns the seed of one exchange; unpredictable and unique by default. */
  readonly random?: IO<string>
  /** Aborts every running request. */
  readonly signal?: AbortSignal
  /** Only `StoringOptions` have a store. */
  readonly jarStore?: undefined
}

/**
 * How a client is opened that shares its jar with other processes.
 *
 * @since 0.2.0
 * @category model
 */
export interface StoringOptions extends Omit<Options, 'jarStore'> {
  /** Keeps the jar: see `JarStore`. It stays open when the client is closed. */
  readonly jarStore: JarStore
}

/** A program, as `Http.Http` is one. */
export type Program<E, A> = StateReaderTaskEither<Jar.Jar, Client, E, A>
