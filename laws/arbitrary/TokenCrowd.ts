/**
 * Generates requests that need the same token at the same time, as plain data, and the servers that they are sent to:
 * an API, and a token endpoint that accepts each refresh token once.
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { raceDeadline } from '../../src/transport/Cancellation.js'
import { memory } from '../../src/transport/Memory.js'
import type { Answer } from '../../src/wire/Reply.js'
import { type Transport, withPlan } from '../../src/wire/Transport.js'
import { textOf } from './TokenServers.js'
import { CANARY, endpointOf, simplest, type TokenWeb } from './TokenWeb.js'

/** Requests that need the same token. */
export interface Crowd {
  readonly size: number
  readonly credential: 'basic' | 'refresh token' | 'custom'
  /** The token in the jar. */
  readonly held: 'none' | 'expired' | 'rejected'
  /**
   * For each request, how many milliseconds the clock is ahead that stored the token of its jar; `undefined`: one jar
   * for all.
   */
  readonly ahead: ReadonlyArray<number> | undefined
  /** Whether the endpoint rotates refresh tokens, and accepts each only once. */
  readonly rotates: boolean
  /** The delays of the replies in milliseconds, one after another. */
  readonly delays: ReadonlyArray<number>
  /** How the first request ends if it obtains the token. */
  readonly cut: 'no' | 'abort' | 'deadline'
  /** Whether the endpoint refuses every token. */
  readonly isRefused: boolean
}

/** Generates crowds. */
export const crowd: fc.Arbitrary<Crowd> = fc.record({
  size: fc.integer({ min: 2, max: 5 }),
  credential: fc.constantFrom('basic', 'refresh token', 'custom'),
  held: fc.constantFrom('none', 'expired', 'rejected'),
  ahead: fc.option(fc.array(fc.constantFrom(0, 7_200_000), { minLength: 5, maxLength: 5 }), { nil: undefined }),
  rotates: fc.boolean(),
  delays: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 5 }),
  cut: fc.constantFrom('no', 'abort', 'deadline'),
  isRefused: fc.boolean(),
})

/** Returns the credential, the jar and the page of a crowd. */
export const webOf = ({ credential, held }: Pick<Crowd, 'credential' | 'held'>): TokenWeb => ({
  ...simplest,
  endpoint: 3,
  credential,
  held: held === 'rejected' ? 'fresh' : held,
  heldRefresh: true,
})

/** What the token endpoint received. */
export interface TokenLog {
  /** How many requests it got. */
  readonly asked: number
  /** How many of them it answered. */
  readonly answered: number
}

/** A transport to the servers of a crowd, and the log of the token endpoint. */
export interface CrowdServers {
  readonly transport: Transport
  readonly log: () => TokenLog
}

const NEVER = new Promise<never>(() => {})
const REFUSED: Answer = { status: 400, json: { error: 'invalid_grant' } }

/**
 * Returns the servers of a crowd. The endpoint never answers a request that can be cut, which has a total timeout;
 * then it calls `onHung`.
 */
export const serve = (given: Crowd, onHung: () => void): CrowdServers => {
  let [sent, asked, answered, issued] = [0, 0, 0, '']
  const used = new Set<string>()
  const answer = (text: string): Answer => {
    const [refresh = ''] = /CANARY-refresh-\w+/.exec(text) ?? []
    if (given.isRefused || used.has(refresh)) return REFUSED
    if (given.rotates && refresh !== '') used.add(refresh)
    issued = `${CANARY}-access-${answered}`
    const rotated = given.rotates ? { refresh_token: `${CANARY}-refresh-${answered}` } : {}
    return { status: 200, json: { access_token: issued, expires_in: 3600, ...rotated } }
  }
  const server = memory((plan) => {
    const text = textOf(plan)
    if (`${plan.url.origin}${plan.url.pathname}` !== endpointOf(webOf(given))) {
      return { status: issued !== '' && text.includes(issued) ? 200 : 401 }
    }
    answered += 1
    return answer(text)
  })
  const transport: Transport = (plan, controls) => async () => {
    const delay = given.delays[sent % given.delays.length] ?? 0
    sent += 1
    const isToken = `${plan.url.origin}${plan.url.pathname}` === endpointOf(webOf(given))
    const isHung = isToken && plan.route.timeouts.total !== undefined
    if (isToken) asked += 1
    if (isHung) onHung()
    const wait = isHung ? NEVER : new Promise<void>((resolve) => setTimeout(resolve, delay))
    const waited = await raceDeadline(controls, wait)
    return E.isLeft(waited) ? E.left(withPlan(plan, waited.left)) : server(plan, controls)()
  }
  return { transport, log: () => ({ asked, answered }) }
}
