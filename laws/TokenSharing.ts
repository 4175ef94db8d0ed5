/**
 * Laws of programs that need the same token at the same time. They apply to any function that sends requests with one
 * client. Each law returns its violations.
 *
 * | law                  | states                                                                                    |
 * |----------------------|-------------------------------------------------------------------------------------------|
 * | `sharesOneRequest`   | one request obtains the token of all programs                                             |
 * | `survivesTheLeader`  | if the program that obtains the token is aborted or out of time, another one obtains it    |
 * | `sharesRefusals`     | if the token is refused, every program fails with `TokenRefused`, after one request       |
 * | `attemptIsSimulate`  | `attempt` with `Transport.memory` equals `simulate`, tokens included                      |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Simulate from '../src/stages/Exchange.js'
import type { Context } from '../src/stages/Prepare.js'
import { memory } from '../src/transport/Memory.js'
import * as Clock from '../src/wire/Clock.js'
import type { Response } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { contextOf, jarOf, requestOf } from './arbitrary/TokenClient.js'
import * as Crowds from './arbitrary/TokenCrowd.js'
import { serve } from './arbitrary/TokenServers.js'
import { NOW, type TokenWeb } from './arbitrary/TokenWeb.js'
import type { Attempt } from './SigningLaws.js'
import { settle, violationOf } from './TaskOutcome.js'
import type { Violations } from './Transport.js'
import { Eq } from './Unsealed.js'

/** A request, the signal that aborts it, and its own jar. */
export interface Call {
  readonly request: Request.Request
  /** By default that of the client. */
  readonly jar?: Jar.Jar
  readonly signal?: AbortSignal
}

/** The outcome of a call. */
export type Outcome = E.Either<Simulate.SendError, Response>

/** Sends all requests at the same time with one client, and returns their outcomes in the same order. */
export type SendAll = (client: Client.Client, calls: ReadonlyArray<Call>) => Promise<ReadonlyArray<Outcome>>

/** How many milliseconds one run may take. */
export const PATIENCE = 2_000
const DEADLINE_MS = 15
/** Marks a request that is aborted, and is longer than a run. */
const NEVER_MS = 60_000

interface Ended {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly log: Crowds.TokenLog
  readonly isHung: boolean
  readonly stopped: Violations
}

const clientOf = ({ session, entropy = '', jar }: Context, transport: Transport): Client.Client => {
  const clock: Clock.Clock = { ...Clock.system, now: () => NOW }
  const options = { session, transport, clock, random: () => entropy, ...(jar === undefined ? {} : { jar }) }
  return Client.open({ ...options, environment: Environment.empty })()
}

const run = async (sendAll: SendAll, crowd: Crowds.Crowd): Promise<Ended> => {
  const web = Crowds.webOf(crowd)
  const controller = new AbortController()
  let isHung = false
  const { transport, log } = Crowds.serve(crowd, () => {
    isHung = true
    if (crowd.cut === 'abort') setTimeout(() => controller.abort(), 2)
  })
  const request = requestOf(web)
  const total = crowd.cut === 'deadline' ? DEADLINE_MS : NEVER_MS
  const first: Call = {
    request: crowd.cut === 'no' ? request : Request.withTimeouts({ total })(request),
    ...(crowd.cut === 'abort' ? { signal: controller.signal } : {}),
  }
  const calls = Array.from({ length: crowd.size }, (_, i): Call => {
    const call = i === 0 ? first : { request }
    return crowd.ahead === undefined ? call : { ...call, jar: jarOf(web, crowd.ahead[i]) }
  })
  const settled = await settle(() => sendAll(clientOf(contextOf(web), transport), calls), PATIENCE)
  const violation = violationOf('sending', settled, PATIENCE)
  const outcomes = settled._tag === 'Settled' ? settled.value : []
  return { outcomes, log: log(), isHung, stopped: violation === undefined ? [] : [violation] }
}

const textOf = (outcome: Outcome): string =>
  E.isLeft(outcome) ? outcome.left._tag : `a response with status ${outcome.right.status}`

/** The violations of a run whose programs must end in this way. The first one may end in any way if it can be cut. */
const expecting =
  (expected: string) =>
  (sendAll: SendAll) =>
  async (crowd: Crowds.Crowd): Promise<Violations> => {
    const { outcomes, log, isHung, stopped } = await run(sendAll, crowd)
    if (stopped.length > 0) return stopped
    const texts = outcomes.map(textOf)
    const required = crowd.cut === 'no' ? texts : texts.slice(1)
    const most = isHung ? 2 : 1
    return [
      ...(texts.length === crowd.size ? [] : [`it has ${texts.length} outcomes for ${crowd.size} requests`]),
      ...(required.every((text) => text === expected) ? [] : [`the programs ended with ${texts.join(', ')}`]),
      ...(log.answered === 1 ? [] : [`the token endpoint answered ${log.answered} requests`]),
      ...(log.asked <= most ? [] : [`the token endpoint received ${log.asked} requests`]),
    ]
  }

/**
 * Requests with jars of their own do not see the token of a request that ended before. So all of them must start
 * without one.
 */
const together = (crowd: Crowds.Crowd): Crowds.Crowd =>
  crowd.ahead !== undefined && crowd.held === 'rejected' ? { ...crowd, held: 'expired' } : crowd

const succeeding = expecting('a response with status 200')
const failing = expecting('TokenRefused')

/** States that one request obtains the token of all programs. */
export const sharesOneRequest =
  (sendAll: SendAll) =>
  (crowd: Crowds.Crowd): Promise<Violations> =>
    succeeding(sendAll)({ ...together(crowd), cut: 'no', isRefused: false })

/** States that if the program that obtains the token is aborted or out of time, another one obtains it. */
export const survivesTheLeader =
  (sendAll: SendAll) =>
  (crowd: Crowds.Crowd): Promise<Violations> =>
    succeeding(sendAll)({ ...together(crowd), cut: crowd.cut === 'no' ? 'abort' : crowd.cut, isRefused: false })

/** States that if the token is refused, every program fails with `TokenRefused`, after one request. */
export const sharesRefusals =
  (sendAll: SendAll) =>
  (crowd: Crowds.Crowd): Promise<Violations> =>
    // A token that is rejected later than others is refused later.
    failing(sendAll)({ ...crowd, isRefused: true, held: crowd.held === 'rejected' ? 'expired' : crowd.held })

/** States that `attempt` with `Transport.memory` equals `simulate`, tokens included. */
export const attemptIsSimulate =
  (attempt: Attempt) =>
  async (web: TokenWeb): Promise<Violations> => {
    // Both use the same functions, which are compared by reference.
    const [context, request] = [contextOf(web), requestOf(web)]
    const { outcome, jar } = Simulate.simulate(context)(serve(web).server)(request)
    const client = { ...clientOf(context, memory(serve(web).server)), clock: Clock.fixed(NOW) }
    const real = await attempt(request)(jarOf(web))(client)()
    if (E.isLeft(real)) return ['attempt failed']
    return [
      ...(Eq.equals(real.right[0], outcome) ? [] : [`the outcome is ${textOf(real.right[0])}, not ${textOf(outcome)}`]),
      ...(Jar.Eq.equals(real.right[1], jar) ? [] : ['the jar is another one']),
    ]
  }
