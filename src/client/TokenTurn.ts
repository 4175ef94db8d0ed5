/**
 * Decides what an exchange that needs a token does: it sends the request for it, continues with a token that another program of
 * its client has obtained, or ends.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Client } from '../Client.js'
import * as Exchange from '../stages/Exchange.js'
import * as Renewal from '../stages/Renewal.js'
import * as Send from '../stages/Send.js'
import { raceDeadline } from '../transport/Cancellation.js'
import { type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import * as SharedTokens from './SharedTokens.js'

type Ready = E.Either<Exchange.ExchangeError, Exchange.Exchange>

/** What an exchange that needs a token does. */
export type TokenTurn =
  | { readonly _tag: 'Send'; readonly flight: SharedTokens.Flight }
  | { readonly _tag: 'GoOn'; readonly ready: Ready }

const goOn = (ready: Ready): TokenTurn => ({ _tag: 'GoOn', ready })

/** Waits for the requests of others, until there is a token or this exchange must send the request. */
export const takeTurn = async (
  client: Pick<Client, 'tokens' | 'session' | 'clock'>,
  controls: SendControls,
  x: Exchange.Exchange,
): Promise<TokenTurn> => {
  const { tokens, clock } = client
  const request = tokens.keyOf(x, client.session.mounts)
  if (request === undefined) return { _tag: 'Send', flight: SharedTokens.ALONE }
  const known = tokens.known(request)
  const taken = known === undefined ? O.none : Renewal.takeKnownToken(clock.now(), known, x)
  if (O.isSome(taken)) return goOn(taken.value)
  for (;;) {
    const running = tokens.running(request)
    if (running === undefined) return { _tag: 'Send', flight: tokens.start(request) }
    const raced = await raceDeadline(controls, running)
    if (E.isLeft(raced)) return goOn(E.left(Exchange.errorOf(x, withPlan(x.plan, raced.left))))
    const landing = raced.right
    if (landing._tag === 'Failed') return goOn(E.left(Exchange.failed(landing.error)(x)))
    const token = landing._tag === 'Obtained' ? Renewal.takeToken(clock.now(), landing.jar, x) : O.none
    if (O.isSome(token)) return goOn(token.value)
  }
}

/** Returns what others that wait for a token get to know when the exchange that obtains it ends. */
export const landingOf = (outcome: E.Either<unknown, unknown>): SharedTokens.Landing => {
  const error = E.isLeft(outcome) ? outcome.left : undefined
  return Renewal.isTokenError(error) ? { _tag: 'Failed', error } : { _tag: 'Left' }
}

/** A token request of an exchange that runs. It may need the token of another one, which runs inside it. */
export interface OpenFlight {
  readonly flight: SharedTokens.Flight
  readonly waiting: Exchange.Waiting | undefined
  /** With the deadline of the token request. */
  readonly controls: SendControls
  readonly outer: OpenFlight | undefined
}

/** Starts the token request of an exchange. It has its own total timeout, within that of what waits. */
export const open = (
  flight: SharedTokens.Flight,
  { plan, waiting }: Exchange.Exchange,
  controls: SendControls,
  outer: OpenFlight | undefined,
): OpenFlight => ({ flight, waiting, controls: Send.withinTotal(plan, controls), outer })

/** Reports the end of the innermost request. Returns the one around it. */
export const land = ({ flight, outer }: OpenFlight, landing: SharedTokens.Landing): OpenFlight | undefined => {
  flight.land(landing)
  return outer
}

/** Returns the error of an exchange. A token request whose own total timeout is over does not end the time of what waits. */
export const errorOf = (
  x: Exchange.Exchange,
  error: TransportError | Exchange.HookFailed,
  flight: OpenFlight | undefined,
  main: SendControls,
): Exchange.ExchangeError => {
  const around = flight?.outer?.controls ?? main
  const [own = 0, deadline = Number.POSITIVE_INFINITY] = [flight?.controls.deadline, around.deadline]
  const isOwn = flight !== undefined && error._tag === 'DeadlineExceeded' && own < deadline
  return isOwn ? Renewal.tokenErrorOf(x, error) : Exchange.errorOf(x, error)
}
