/**
 * Laws of signatures: of `Auth.signer`, and of a token that signs. They apply to any implementation of
 * `Exchange.simulate`, and to any operation that sends with a client. Each law returns its violations.
 *
 * | law                   | states                                                                                   |
 * |-----------------------|------------------------------------------------------------------------------------------|
 * | `signsEachAttempt`    | each request that may have credentials has a valid signature of its own time              |
 * | `neverSignsTwiceAlike`| no two requests have the same nonce                                                       |
 * | `keepsSignaturesHome` | other requests have nothing of a signature, and the key is never sent                     |
 * | `signsEachRetry`      | the same laws for the attempts of a transport that retries, while time passes             |
 *
 * `Signer.verify` checks the signatures, independently of the code under test.
 */
import * as Client from '../src/Client.js'
import type * as HttpOf from '../src/Http.js'
import * as Environment from '../src/session/Environment.js'
import { memory } from '../src/transport/Memory.js'
import { withRetry } from '../src/transport/Retry.js'
import type { Clock } from '../src/wire/Clock.js'
import type { Answer } from '../src/wire/Reply.js'
import { KEY, verify } from './arbitrary/Signer.js'
import { contextOf, jarOf, requestOf } from './arbitrary/TokenClient.js'
import { type Received, serve, textOf } from './arbitrary/TokenServers.js'
import { NOW, type TokenWeb } from './arbitrary/TokenWeb.js'
import type { Machine } from './Exchange.js'
import { type Modelled, model, run } from './TokenLaws.js'
import type { Violations } from './Transport.js'

/** A request, and the time at which the server received it. */
type Timed = readonly [request: Modelled, received: Date]

/** Whether a request must have a signature. */
const mustSign = ({ credential }: TokenWeb, one: Modelled): boolean => {
  if (one.to === 'endpoint') return false
  if (credential === 'signed token') return one.mayHaveToken
  return (credential === 'signer' || credential === 'signer task') && one.isHome
}

const problemOf = (web: TokenWeb, [one, at]: Timed): string | undefined => {
  const found = verify(one.plan)
  if (!mustSign(web, one)) return undefined
  if (found === undefined) return 'has no signature'
  if (!found.isValid) return 'has a signature that is not valid'
  return found.date === at.toISOString() ? undefined : `has a signature of ${found.date}, sent at ${at.toISOString()}`
}

const numbered = (problems: ReadonlyArray<string | undefined>): Violations =>
  problems.flatMap((problem, i) => (problem === undefined ? [] : [`request ${i + 1} ${problem}`]))

const unsignedOrInvalid = (web: TokenWeb, requests: ReadonlyArray<Timed>): Violations =>
  numbered(requests.map((one) => problemOf(web, one)))

const repeated = (web: TokenWeb, requests: ReadonlyArray<Modelled>): Violations => {
  const nonces = requests.map((one) => (mustSign(web, one) ? verify(one.plan)?.nonce : undefined))
  return numbered(
    nonces.map((nonce, i) => {
      if (nonce === undefined) return undefined
      if (nonce === '') return 'has an empty nonce'
      return nonces.indexOf(nonce) === i ? undefined : 'has the nonce of an earlier one'
    }),
  )
}

const modelled = (simulate: Machine, web: TokenWeb): ReadonlyArray<Modelled> => model(web, run(simulate)(web).received)

/** States that each request that may have credentials has a valid signature of its own time. */
export const signsEachAttempt =
  (simulate: Machine) =>
  (web: TokenWeb): Violations =>
    unsignedOrInvalid(
      web,
      modelled(simulate, web).map((one) => [one, NOW]),
    )

/** States that no two requests have the same nonce. */
export const neverSignsTwiceAlike =
  (simulate: Machine) =>
  (web: TokenWeb): Violations =>
    repeated(web, modelled(simulate, web))

/** States that other requests have nothing of a signature, and that the key is never sent. */
export const keepsSignaturesHome =
  (simulate: Machine) =>
  (web: TokenWeb): Violations =>
    numbered(
      modelled(simulate, web).map((one) => {
        if (textOf(one.plan).includes(KEY)) return 'has the key'
        return mustSign(web, one) || verify(one.plan) === undefined ? undefined : 'has something of a signature'
      }),
    )

// --- retries ---------------------------------------------------------------------------------------------------------

/** Sends a request with a client. */
export type Attempt = (typeof HttpOf)['attempt']

const STEP_MS = 1000
const BUSY: Answer = { status: 503 }

/** A clock that advances by a second with each reply. */
const ticking = (): Clock & { readonly tick: () => void } => {
  let ms = NOW.getTime()
  return {
    now: () => new Date(ms),
    monotonic: () => ms,
    sleep: () => async () => {},
    tick: () => {
      ms += STEP_MS
    },
  }
}

/** States the laws of signatures for the attempts of a transport that retries, while time passes. */
export const signsEachRetry =
  (attempt: Attempt) =>
  async (web: TokenWeb, busy: ReadonlyArray<boolean>): Promise<Violations> => {
    const clock = ticking()
    const { server, received } = serve(web)
    const answer = typeof server === 'function' ? server : () => BUSY
    const requests: Array<readonly [plan: Received['plan'], at: Date, isBusy: boolean]> = []
    const transport = memory((plan) => {
      // The token endpoint is never busy: its replies are those of the web.
      const isBusy = plan.cause !== 'Token' && busy[requests.length] === true
      requests.push([plan, clock.now(), isBusy])
      const reply = isBusy ? BUSY : answer(plan)
      clock.tick()
      return reply
    })
    const { session, entropy = '' } = contextOf(web)
    const wrapTransport = withRetry({ attempts: 9, base: 0, methods: ['GET', 'POST'] })
    const options = { session, transport, wrapTransport, clock, random: () => entropy }
    const client = Client.open({ ...options, environment: Environment.empty })()
    await attempt(requestOf(web))(jarOf(web))(client)()
    return ofAttempts(web, received(), requests)
  }

/** Compares the attempts with the model of the requests that were answered: a busy reply repeats the next of them. */
const ofAttempts = (
  web: TokenWeb,
  received: ReadonlyArray<Received>,
  requests: ReadonlyArray<readonly [plan: Received['plan'], at: Date, isBusy: boolean]>,
): Violations => {
  const answered = model(web, received)
  let at = 0
  const timed = requests.flatMap(([plan, date, isBusy]): ReadonlyArray<Timed> => {
    const one = answered[at]
    if (!isBusy) at += 1
    return one === undefined ? [] : [[{ ...one, plan }, date]]
  })
  return [
    ...unsignedOrInvalid(web, timed),
    ...repeated(
      web,
      timed.map(([one]) => one),
    ),
  ]
}
