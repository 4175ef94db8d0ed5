/**
 * Laws of the operations of `Http`. They apply to any implementation.
 *
 * | law                  | states                                                                      |
 * |----------------------|-----------------------------------------------------------------------------|
 * | `attemptIsSimulate`  | `attempt` with `Transport.memory(server)` equals `simulate(server)`         |
 * | `sendIsAttempt`      | `send` equals `attempt`, with the outcome as its Either                     |
 * | `sendIsResumed`      | `send` equals `start` followed by `resume`                                  |
 * | `planIsFirst`        | `plan` returns the first plan that `send` sends, and sends nothing          |
 * | `errorsCarryTheJar`  | an error carries the jar that `attempt` returns                             |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import type * as HttpOf from '../src/Http.js'
import * as HttpError from '../src/HttpError.js'
import * as Environment from '../src/session/Environment.js'
import * as Simulate from '../src/stages/Exchange.js'
import { memory } from '../src/transport/Memory.js'
import * as Clock from '../src/wire/Clock.js'
import type { Plan } from '../src/wire/Plan.js'
import type { Transport } from '../src/wire/Transport.js'
import type { Chain } from './arbitrary/Chain.js'
import { contextOf, requestOf, serverOf } from './arbitrary/Chain.js'
import { Eq } from './Unsealed.js'

/** The operations of `Http` that the laws are about. */
export type Operations = Pick<typeof HttpOf, 'attempt' | 'send' | 'start' | 'plan' | 'resume'>

/** Returns a client for a chain, with a fixed clock and a fixed seed. */
export const clientOf = (chain: Chain, transport: Transport = memory(serverOf(chain))): Client.Client => {
  const { session, now = new Date(0), entropy = '' } = contextOf(chain)
  const environment = Environment.empty
  return Client.open({ session, transport, environment, clock: Clock.fixed(now), random: () => entropy })()
}

const jarOf = (chain: Chain): Jar.Jar => contextOf(chain).jar ?? Jar.empty

/** States that `attempt` with `Transport.memory(server)` equals `simulate(server)`. */
export const attemptIsSimulate =
  ({ attempt }: Operations) =>
  async (chain: Chain): Promise<boolean> => {
    const { outcome, jar } = Simulate.simulate(contextOf(chain))(serverOf(chain))(requestOf(chain))
    const real = await attempt(requestOf(chain))(jarOf(chain))(clientOf(chain))()
    return E.isRight(real) && Eq.equals(real.right[0], outcome) && Jar.Eq.equals(real.right[1], jar)
  }

/** States that `send` equals `attempt`, with the outcome as its Either. */
export const sendIsAttempt =
  ({ attempt, send }: Operations) =>
  async (chain: Chain): Promise<boolean> => {
    const attempted = await attempt(requestOf(chain))(jarOf(chain))(clientOf(chain))()
    const sent = await send(requestOf(chain))(jarOf(chain))(clientOf(chain))()
    if (E.isLeft(attempted)) return false
    const [outcome, jar] = attempted.right
    return Eq.equals(sent, E.isLeft(outcome) ? outcome : E.right([outcome.right, jar]))
  }

/** States that `send` equals `start` followed by `resume`. */
export const sendIsResumed =
  ({ send, start, resume }: Operations) =>
  async (chain: Chain): Promise<boolean> => {
    const sent = await send(requestOf(chain))(jarOf(chain))(clientOf(chain))()
    const started = await start(requestOf(chain))(jarOf(chain))(clientOf(chain))()
    if (E.isLeft(started)) return Eq.equals(sent, started)
    const [exchange, jar] = started.right
    return Eq.equals(sent, await resume(exchange)(jar)(clientOf(chain))())
  }

/** States that `plan` returns the first plan that `send` sends, and sends nothing. */
export const planIsFirst =
  ({ plan, send }: Operations) =>
  async (chain: Chain): Promise<boolean> => {
    const plans: Plan[] = []
    const inner = memory(serverOf(chain))
    const watched: Transport = (one, limits) => {
      plans.push(one)
      return inner(one, limits)
    }
    const planned = await plan(requestOf(chain))(jarOf(chain))(clientOf(chain, watched))()
    const before = plans.length
    await send(requestOf(chain))(jarOf(chain))(clientOf(chain, watched))()
    return before === 0 && (E.isLeft(planned) ? plans.length === 0 : Eq.equals(planned.right[0], plans[0]))
  }

/** States that an error carries the jar that `attempt` returns. */
export const errorsCarryTheJar =
  ({ attempt }: Operations) =>
  async (chain: Chain): Promise<boolean> => {
    const attempted = await attempt(requestOf(chain))(jarOf(chain))(clientOf(chain))()
    if (E.isLeft(attempted)) return false
    const [outcome, jar] = attempted.right
    if (E.isRight(outcome)) return Jar.Eq.equals(outcome.right.jar, jar)
    const carried = HttpError.jar(outcome.left)
    return O.isSome(carried) && Jar.Eq.equals(carried.value, jar)
  }

/** @deprecated Use `sendIsAttempt`. */
export const sendIsAbsolved = sendIsAttempt
