/** Runs an exchange with a client. Each outcome has the updated jar. `RunningExchange` is the loop that sends. */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Client from '../Client.js'
import type { Jar } from '../cookies/Jar.js'
import type { Request } from '../session/Request.js'
import * as Exchange from '../stages/Exchange.js'
import { joinSignals } from '../transport/Cancellation.js'
import type { Body } from '../values/Body.js'
import * as OneShot from '../values/OneShot.js'
import * as UserInput from '../values/UserInput.js'
import { bodyCut, toWhole } from '../wire/BodySource.js'
import { startGathering } from '../wire/DirectSource.js'
import type * as Fault from '../wire/Fault.js'
import type { Response } from '../wire/Reply.js'
import { withPlan } from '../wire/Transport.js'
import type { Conclude, Finish } from './Finish.js'
import type { RecordingClient } from './Journal.js'
import * as Observation from './Observation.js'
import { RunningExchange } from './RunningExchange.js'
import type { OnJar } from './SharedJar.js'

/** The result of a program and the jar after it, also after a failure. Not readonly, because fp-ts is not. */
export type Outcome<E, A> = [outcome: E.Either<E, A>, jar: Jar]

/** Makes the exchange to run: planned from a request, or given. */
type Begin<E> = IO<E.Either<E, Exchange.Exchange>>

/** Returns a client whose requests also end when the signal aborts, and what to call after the last of them. */
export const untilAborted =
  (signal: AbortSignal) =>
  (client: Client.Client): { readonly client: Client.Client; readonly release: IO<void> } => {
    const outer = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
    if (outer === undefined) return { client: { ...client, signal }, release: () => {} }
    const joined = joinSignals(outer, signal)
    return { client: { ...client, signal: joined.signal }, release: joined.release }
  }

/** Plans a request with a jar and the client's inputs. */
export const begin = (
  client: Client.Client,
  jar: Jar,
  request: Request,
): E.Either<Exchange.StartError, Exchange.Exchange> =>
  Exchange.startIn(client.session, Client.world(client, jar), request)

/** Plans and sends a request. */
export const sendRequest = <E, A, R>(
  client: Client.Client,
  jar: Jar,
  request: Request,
  finish: Finish<E, A>,
  conclude: Conclude<Exchange.SendError | E, A, R>,
): Promise<R> => drive(client, jar, request.body, () => begin(client, jar, request), finish, conclude)

/** Reads the whole body, up to the limit. */
export const gather: Finish<never, Response> = {
  read: ({ body }, { exchange }, listener) => startGathering(body, exchange.plan.route.limits.body, listener),
  succeed: (read, done) => {
    const bytes = toWhole(read)
    return E.isLeft(bytes) ? failedBody(done, bytes.left) : E.right(Exchange.responseOf(done, bytes.right))
  },
  fail: (cause, done) => failedBody(done, bodyCut(cause)),
}

/** Returns the error of a body that could not be read. */
export const failedBody = ({ exchange }: Exchange.Done, fault: Fault.Fault): E.Either<Exchange.ExchangeError, never> =>
  E.left(Exchange.failed(withPlan(exchange.plan, fault))(exchange))

/** Runs an exchange. Closes the source of its body on every path, also if nothing was sent. */
export const drive = <S, E, A, R>(
  client: RecordingClient,
  jar: Jar,
  body: Body,
  begin: Begin<S>,
  finish: Finish<E, A>,
  conclude: Conclude<S | E | Exchange.ExchangeError, A, R>,
): Promise<R> => {
  if (body._tag === 'Once') return closingSource(body.source, () => run(client, jar, begin(), finish, conclude))
  try {
    return run(client, jar, begin(), finish, conclude)
  } catch (cause) {
    return Promise.reject(cause) // of a clock or a random source of the user
  }
}

const closingSource = async <A>(given: AsyncIterable<Uint8Array>, run: () => Promise<A>): Promise<A> => {
  const source = OneShot.guard(given)
  // A consumed source belongs to another exchange.
  if (OneShot.isConsumed(source)) return run()
  try {
    return await run()
  } finally {
    OneShot.close(source)
  }
}

/** Runs an exchange that was planned, and reports its jar to the client. Not async: that would cost a promise. */
const run = <S, E, A, R>(
  client: RecordingClient,
  jar: Jar,
  begun: E.Either<S, Exchange.Exchange>,
  finish: Finish<E, A>,
  conclude: Conclude<S | E | Exchange.ExchangeError, A, R>,
): Promise<R> => {
  const onJar = UserInput.get(client, 'onJar')
  const end = onJar === undefined ? conclude : reporting(onJar, jar, conclude)
  if (E.isLeft(begun)) return Promise.resolve(end(begun, jar))
  const observation = Observation.start(client.clock, Exchange.mainOf(begun.right))
  return observation === undefined
    ? exchange(client, begun.right, finish, end)
    : runObserved(client, begun.right, finish, end, observation)
}

const reporting =
  <E, A, R>(onJar: OnJar, before: Jar, conclude: Conclude<E, A, R>): Conclude<E, A, R> =>
  (outcome, after) => {
    onJar(before, after)
    return conclude(outcome, after)
  }

const runObserved = async <E, A, R>(
  client: RecordingClient,
  first: Exchange.Exchange,
  finish: Finish<E, A>,
  conclude: Conclude<E | Exchange.ExchangeError, A, R>,
  observation: Observation.Observation,
): Promise<R> => {
  const observed: Finish<E, A> = {
    ...finish,
    read: (reply, done, listener) => {
      observation.settled(done.head)
      finish.read(reply, done, listener)
    },
  }
  const running = exchange(client, first, observed, toOutcome<E | Exchange.ExchangeError, A>, observation)
  const [outcome, after] = await observation.ending(running)
  return conclude(outcome, after)
}

const toOutcome = <E, A>(outcome: E.Either<E, A>, jar: Jar): Outcome<E, A> => [outcome, jar]

const exchange = <E, A, R>(
  client: RecordingClient,
  first: Exchange.Exchange,
  finish: Finish<E, A>,
  conclude: Conclude<E | Exchange.ExchangeError, A, R>,
  observation?: Observation.Observation,
): Promise<R> =>
  new Promise((resolve, reject) => {
    new RunningExchange(client, first, finish, conclude, resolve, reject, observation).send()
  })
