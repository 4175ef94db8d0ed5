/**
 * Decides what an exchange that needs a token does: it sends the request for it, continues with a token that another program of
 * its client has obtained, or ends.
 */
import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Client } from '../Client.js'
import * as Jar from '../cookies/Jar.js'
import type { TokenFailed, TokenRefused } from '../stages/AuthError.js'
import * as Exchange from '../stages/Exchange.js'
import * as Renewal from '../stages/Renewal.js'
import * as Send from '../stages/Send.js'
import { raceDeadline } from '../transport/Cancellation.js'
import * as UserInput from '../values/UserInput.js'
import type { Clock } from '../wire/Clock.js'
import type { Fault } from '../wire/Fault.js'
import { type OnProgress, type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import type { Running } from './Journal.js'
import * as SharedTokens from './SharedTokens.js'

type Ready = E.Either<Exchange.ExchangeError, Exchange.Exchange>

/** What an exchange that needs a token does. */
export type TokenTurn =
  | { readonly _tag: 'Send'; readonly flight: Omit<OpenFlight, 'outer'> }
  | { readonly _tag: 'GoOn'; readonly ready: Ready }

const LEFT: SharedTokens.Landing = { _tag: 'Left' }

/** The progress of a token request is not that of the request that waits for the token. */
export const withoutTokens =
  (onProgress: OnProgress, running: Pick<Running, 'exchange'>): OnProgress =>
  (progress) =>
    running.exchange.waiting === undefined ? onProgress(progress) : constVoid

const goOn = (ready: Ready): TokenTurn => ({ _tag: 'GoOn', ready })

/**
 * Waits for the requests of others, until there is a token or this exchange must send the request. `around` has the deadline of
 * what waits for the token; the request has its own total timeout within it, from now.
 */
export const takeTurn = async (
  client: Pick<Client, 'tokens' | 'session' | 'clock' | 'loadTokens'>,
  around: SendControls,
  x: Exchange.Exchange,
): Promise<TokenTurn> => {
  const { tokens, clock } = client
  const controls = Send.withinTotal(x.plan, around)
  const request = tokens.keyOf(x, client.session.mounts)
  const send = (flight: SharedTokens.Flight): TokenTurn => ({
    _tag: 'Send',
    flight: { flight, waiting: x.waiting, controls },
  })
  if (request === undefined) return send(SharedTokens.ALONE)
  const known = tokens.known(request)
  const taken = known === undefined ? O.none : Renewal.takeKnownToken(clock.now(), known, x)
  if (O.isSome(taken)) return goOn(taken.value)
  for (;;) {
    const running = tokens.running(request)
    if (running === undefined) {
      const flight = tokens.start(request)
      const loadTokens = UserInput.get(client, 'loadTokens')
      if (loadTokens === undefined) return send(flight)
      const saved = await takeSavedToken(clock, loadTokens, controls, x)
      if (O.isNone(saved)) return send(flight)
      flight.land(LEFT)
      return goOn(saved.value)
    }
    const raced = await raceDeadline(controls, running)
    if (E.isLeft(raced)) return goOn(E.left(errorOf(x, withPlan(x.plan, raced.left), controls, around)))
    const landing = raced.right
    if (landing._tag === 'Failed') {
      return goOn(E.left(Exchange.failed(landing.error)({ ...x, jar: Jar.join(x.jar, landing.jar) })))
    }
    const token = landing._tag === 'Obtained' ? Renewal.takeToken(clock.now(), landing.jar, x) : O.none
    if (O.isSome(token)) return goOn(token.value)
  }
}

/** Returns how to continue with a newer token that another process has saved. If it cannot be loaded, the request is sent. */
const takeSavedToken = async (
  clock: Clock,
  loadTokens: Task<Jar.Jar>,
  controls: SendControls,
  x: Exchange.Exchange,
): Promise<O.Option<Ready>> => {
  const raced = await raceDeadline(controls, loadTokens())
  return E.isLeft(raced) ? O.none : Renewal.takeKnownToken(clock.now(), raced.right, x)
}

/** A token request of an exchange that runs. It may need the token of another one, which runs inside it. */
export interface OpenFlight {
  readonly flight: SharedTokens.Flight
  readonly waiting: Exchange.Waiting | undefined
  /** With the deadline of the token request. */
  readonly controls: SendControls
  readonly outer: OpenFlight | undefined
}

/** Reports the end of the innermost request. Returns the one around it. */
const land = ({ flight, outer }: OpenFlight, landing: SharedTokens.Landing): OpenFlight | undefined => {
  flight.land(landing)
  return outer
}

/** Returns what others that wait for a token get to know when the exchange that obtains it ends with this error. */
const landingOf = (error: unknown, waiting: Exchange.Waiting | undefined): SharedTokens.Landing => {
  // Others may have more time.
  if (!isOfToken(error) || waiting === undefined || isOutOfTime(error)) return LEFT
  return { _tag: 'Failed', error, jar: Jar.onlyToken(waiting.key)(error.jar) }
}

type TokenError = Exchange.WithHistory<TokenRefused | TokenFailed>

const isOfToken = (error: unknown): error is TokenError => Renewal.isTokenError(error) && 'jar' in error

const isOutOfTime = (error: TokenError): boolean => {
  const { _tag }: { readonly _tag?: unknown } = Object('error' in error ? error.error : undefined)
  return _tag === 'DeadlineExceeded'
}

/** Reports the end of all requests. */
export const landAll = (innermost: OpenFlight | undefined, error: unknown): void => {
  for (let open = innermost; open !== undefined; ) open = land(open, landingOf(error, open.waiting))
}

/**
 * Returns the error of an exchange. A token request whose own total timeout is over does not end the time of what waits around
 * it.
 */
export const errorOf = (
  x: Exchange.Exchange,
  error: TransportError | Exchange.HookFailed,
  own: SendControls,
  around: SendControls,
): Exchange.ExchangeError => {
  const isOwn = error._tag === 'DeadlineExceeded' && (own.deadline ?? 0) < (around.deadline ?? Number.POSITIVE_INFINITY)
  return isOwn && own !== around ? Renewal.tokenErrorOf(x, error) : Exchange.errorOf(x, error)
}

/** How an exchange continues after the last reply to its token request. */
type ReceivedToken = {
  readonly exchange: Exchange.Exchange
  readonly flight: OpenFlight | undefined
} & ({ readonly ready: Ready; readonly fault?: undefined } | { readonly fault: TransportError })

/** Reads the token from the body of the last reply to its request, and saves it. */
export const receiveToken = async (
  client: Client,
  around: SendControls,
  open: OpenFlight | undefined,
  done: Exchange.Done,
  bytes: E.Either<Fault, Uint8Array>,
): Promise<ReceivedToken> => {
  const { exchange } = done
  const { waiting, plan } = exchange
  if (E.isLeft(bytes)) return { exchange, flight: open, fault: withPlan(plan, bytes.left) }
  if (waiting === undefined) return { exchange, flight: open, ready: E.right(exchange) } // not reached: it is a token request
  const step = Renewal.receiveToken(client.clock.now(), done, Exchange.responseOf(done, bytes.right))
  const saved = await saveToken(client, around, step, waiting)
  const obtained = Renewal.obtainedToken(step, waiting)
  const flight = open !== undefined && O.isSome(obtained) ? land(open, { _tag: 'Obtained', jar: obtained.value }) : open
  if (step._tag === 'Refuse') return { exchange, flight, ready: E.left(step.error) }
  if (E.isRight(saved)) return { exchange, flight, ready: E.right(step.exchange) }
  return { exchange: step.exchange, flight, fault: withPlan(step.exchange.plan, saved.left) }
}

/** Saves a token before it is used, if a step has changed it. The end of the exchange does not wait for it. */
const saveToken = async (
  client: Client,
  controls: SendControls,
  step: Exchange.Step,
  waiting: Exchange.Waiting,
): Promise<E.Either<Fault, void>> => {
  const onToken = UserInput.get(client, 'onToken')
  const changed = onToken === undefined ? O.none : Renewal.changedToken(step, waiting)
  if (onToken === undefined || O.isNone(changed)) return E.right(undefined)
  return raceDeadline(Send.untilClosed(client, controls), onToken(changed.value)())
}
