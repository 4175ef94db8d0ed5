/**
 * What the world does to a well-behaved server: redirects to neighbours, challenges, cookies, errors, nonsense.
 *
 * A disturbance falls on the requests of one of four slots, which a request has by its method and path alone: a
 * disturbed server is still a function of the plan, whatever the order in which it is asked.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 * import { Disturbances } from 'requests-ts/laws'
 *
 * const server = { 'GET /': { status: 200, body: 'well' } }
 * const everywhere = [0, 1, 2, 3].map((slot) => ({ slot, kind: 'Nonsense' as const }))
 * const { outcome } = Exchange.simulate({ session: Session.empty })(Disturbances.disturbed(server, everywhere))(
 *   Request.get('http://a.test/'))
 * assert.deepEqual(E.map(Response.text)(outcome), E.right('<not what you expect>'))
 */
import * as fc from 'fast-check'
import type { Plan } from '../../src/wire/Plan.js'
import { type Answer, answer, type HeadersInput, type Server } from '../../src/wire/Reply.js'
import { neighboursOfOrigin } from './Place.js'

const SLOTS = 4

export type Disturbance = { readonly slot: number } & (
  | { readonly kind: 'Error'; readonly status: number }
  | { readonly kind: 'Nonsense' }
  | { readonly kind: 'Redirect'; readonly status: number; readonly to: string }
  | { readonly kind: 'Loop' }
  | { readonly kind: 'Cookie'; readonly field: string }
  | { readonly kind: 'Challenge'; readonly asked: string }
)

/** Disturbances for a program that is at home at an origin, mildest first. */
export const disturbanceAround = (home: string): fc.Arbitrary<Disturbance> => {
  const slot = fc.nat({ max: SLOTS - 1 })
  const { hostname } = new URL(home)
  return fc.oneof(
    fc.record({ slot, kind: fc.constant('Nonsense') }),
    fc.record({ slot, kind: fc.constant('Error'), status: fc.constantFrom(404, 401, 403, 429, 500, 503) }),
    fc.record({
      slot,
      kind: fc.constant('Redirect'),
      status: fc.constantFrom(302, 307, 301, 303, 308),
      to: fc.constantFrom('https://evil.test', ...neighboursOfOrigin(home)),
    }),
    fc.record({ slot, kind: fc.constant('Loop') }),
    fc.record({
      slot,
      kind: fc.constant('Cookie'),
      field: fc.constantFrom('seen=1', `seen=2; Domain=${hostname}`, 'seen=3; Path=/other', 'seen=; Max-Age=0'),
    }),
    fc.record({
      slot,
      kind: fc.constant('Challenge'),
      asked: fc.constantFrom('Basic realm="r"', 'Digest realm="r", nonce="n", qop="auth"'),
    }),
  )
}

/** Three at the most, so that a counterexample is short. */
export const disturbancesAround = (home: string): fc.Arbitrary<ReadonlyArray<Disturbance>> =>
  fc.array(disturbanceAround(home), { maxLength: 3 })

// --- the server ------------------------------------------------------------------------------------------------------

/** The slot of a request, by method and path: the same at every origin, and at every time. */
export const slotOf = ({ method, url }: Pick<Plan, 'method' | 'url'>): number => {
  let sum = 0
  for (const character of `${method} ${url.pathname}`) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973
  return sum % SLOTS
}

const pairs = (input: HeadersInput = []): ReadonlyArray<readonly [string, string]> =>
  Array.isArray(input)
    ? input
    : Object.entries(input).flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value]))

const disturb = (given: Answer, plan: Plan, disturbance: Disturbance): Answer => {
  switch (disturbance.kind) {
    case 'Error':
      return { status: disturbance.status, body: 'no' }
    case 'Nonsense':
      return { ...given, body: '<not what you expect>' }
    case 'Redirect': {
      const { status, to } = disturbance
      const isThere = new URL(to).origin === plan.url.origin
      return isThere ? given : { status, headers: { location: `${to}${plan.url.pathname}` } }
    }
    case 'Loop':
      return { status: 302, headers: { location: plan.url.href } }
    case 'Cookie':
      return { ...given, headers: [...pairs(given.headers), ['set-cookie', disturbance.field]] }
    case 'Challenge':
      return { status: 401, headers: { 'www-authenticate': disturbance.asked } }
  }
}

/** A server with its disturbances. */
export const disturbed =
  (server: Server, disturbances: ReadonlyArray<Disturbance>): Server =>
  (plan) =>
    disturbances
      .filter(({ slot }) => slot === slotOf(plan))
      .reduce((given, one) => disturb(given, plan, one), answer(server)(plan))
