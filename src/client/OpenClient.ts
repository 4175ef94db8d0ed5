/** Opens a client: its transport, its clock, its seeds, and how it is closed. */
import type { IO } from 'fp-ts/lib/IO.js'
import * as Jar from '../cookies/Jar.js'
import * as Environment from '../Environment.js'
import * as Session from '../session/Session.js'
import { joinSignals, keepListening } from '../transport/Cancellation.js'
import { openDefault } from '../transport/SystemTransport.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import * as RandomSource from '../wire/RandomSource.js'
import type { Transport } from '../wire/Transport.js'
import type { Client, Options, StoringClient, StoringOptions } from './ClientModel.js'
import * as SharedJar from './SharedJar.js'
import * as SharedTokens from './SharedTokens.js'

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
 * Closes a transport that a client opened. A wrapper may be a plain function without `close`: then the transport inside it is
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
export function open(options: StoringOptions): IO<StoringClient>
export function open(options?: Options): IO<Client>
export function open(options: Options | StoringOptions = {}): IO<Client | StoringClient> {
  const own = UserInput.own(options)
  const { session = Session.defaults, jar = Jar.empty, environment, clock = Clock.system, random, signal } = own
  const { openTransport } = own
  const jarStore = own.jarStore ?? undefined
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
    return jarStore === undefined ? { ...base, transport, close } : { ...base, transport, close, jarStore }
  }
}
