/**
 * Lets the programs of one client share a token request: of those that would send the same request at the same time, one sends
 * it, and the others wait for its token.
 *
 * | the request that has the token                            | the others                              |
 * |-----------------------------------------------------------|-----------------------------------------|
 * | obtains it                                                | use it                                  |
 * | is refused, or gets no token                              | fail in the same way                    |
 * | is aborted, or reaches its total timeout                  | one of them sends the request           |
 *
 * Two requests are the same if their bytes are the same without signatures, cookies included. So programs with jars of different
 * users do not share a token that depends on a cookie. The newest tokens are kept, for programs that started earlier.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Jar from '../cookies/Jar.js'
import type { TokenFailed, TokenRefused } from '../stages/AuthError.js'
import { unsigned } from '../stages/Signing.js'
import * as Hash from '../values/Hash.js'
import * as Plan from '../wire/Plan.js'

/** How a token request ended. */
export type Landing =
  | { readonly _tag: 'Obtained'; readonly jar: Jar.Jar }
  | { readonly _tag: 'Failed'; readonly error: TokenRefused | TokenFailed }
  | { readonly _tag: 'Left' }

/** A token request that runs. */
export interface Flight {
  /** Reports its end, once. */
  readonly land: (landing: Landing) => void
}

/** The token requests of a client. */
export interface SharedTokens {
  /** Returns a jar with the token that an equal request obtained last. */
  readonly known: (request: string) => Jar.Jar | undefined
  /** Returns the end of an equal request that runs now. */
  readonly running: (request: string) => Promise<Landing> | undefined
  /** Starts a request. */
  readonly start: (request: string) => Flight
}

/** Returns a text that is the same for equal requests; `undefined` if the body is a stream, which cannot be compared. */
export const requestKey = (plan: Plan.Plan): string | undefined => {
  const { method, url, headers, body } = Plan.wire(unsigned(plan))
  if (plan.body._tag === 'Stream' || plan.body._tag === 'Once') return undefined
  return Hash.hex('sha256', JSON.stringify([method, url, headers]), O.isSome(body) ? body.value : '')
}

/** A request that no other one can share. */
export const ALONE: Flight = { land: () => {} }

/** How many tokens are kept. */
const LIMIT = 180

/** Makes the state of a client. */
export const make: IO<SharedTokens> = () => {
  const known = new Map<string, Jar.Jar>()
  const running = new Map<string, Promise<Landing>>()

  const keep = (request: string, jar: Jar.Jar): void => {
    known.delete(request)
    known.set(request, jar)
    const [oldest] = known.keys()
    if (known.size > LIMIT && oldest !== undefined) known.delete(oldest)
  }

  const start = (request: string): Flight => {
    let resolve: (landing: Landing) => void = () => {}
    const landed = new Promise<Landing>((settle) => {
      resolve = settle
    })
    running.set(request, landed)
    const land = (landing: Landing): void => {
      if (running.get(request) === landed) running.delete(request)
      if (landing._tag === 'Obtained') keep(request, landing.jar)
      resolve(landing)
    }
    return { land }
  }

  return { known: (request) => known.get(request), running: (request) => running.get(request), start }
}
