/**
 * Faults that are injected into a correct server: redirects to similar hosts, challenges, cookies, errors, invalid bodies.
 *
 * Each fault affects one of four groups of requests. Only the method and the path of a request decide its group, so the
 * server stays a pure function of the plan: the order of the requests does not matter.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 * import { FaultInjections } from 'requests-ts/laws'
 *
 * const server = { 'GET /': { status: 200, body: 'well' } }
 * const everywhere = [0, 1, 2, 3].map((slot) => ({ slot, kind: 'Nonsense' as const }))
 * const { outcome } = Exchange.simulate({ session: Session.empty })(FaultInjections.withFaults(everywhere)(server))(
 *   Request.get('http://a.test/'))
 * assert.deepEqual(E.map(Response.text)(outcome), E.right('<not what you expect>'))
 */
import * as fc from 'fast-check'
import * as UserInput from '../../src/values/UserInput.js'
import type { Plan } from '../../src/wire/Plan.js'
import { type Answer, answer, type HeadersInput, type Server } from '../../src/wire/Reply.js'
import { neighboursOfOrigin } from './Place.js'

const SLOTS = 4

/** One wrong or unusual reply, and the slot of the program that it affects. */
export type FaultInjection = { readonly slot: number } & (
  | { readonly kind: 'Error'; readonly status: number }
  | { readonly kind: 'Nonsense' }
  | { readonly kind: 'Redirect'; readonly status: number; readonly to: string }
  | { readonly kind: 'Loop' }
  | { readonly kind: 'Cookie'; readonly field: string }
  | { readonly kind: 'Challenge'; readonly asked: string }
)

/** Generates faults for a program whose home is an origin, the mildest first. */
export const faultInjection = (home: string): fc.Arbitrary<FaultInjection> => {
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

/** Generates at most three faults, so that counterexamples are short. */
export const faultInjections = (home: string): fc.Arbitrary<ReadonlyArray<FaultInjection>> =>
  fc.array(faultInjection(home), { maxLength: 3 })

// --- the server ------------------------------------------------------------------------------------------------------

/** Returns the group of a request, by method and path: the same at each origin and at any time. */
export const slotOf = ({ method, url }: Pick<Plan, 'method' | 'url'>): number => {
  let sum = 0
  for (const character of `${method} ${url.pathname}`) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973
  return sum % SLOTS
}

const pairs = (input: HeadersInput = []): ReadonlyArray<readonly [string, string]> =>
  Array.isArray(input)
    ? input
    : Object.entries(input).flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value]))

const inject = (given: Answer, plan: Plan, fault: FaultInjection): Answer => {
  switch (fault.kind) {
    case 'Error':
      return { status: fault.status, body: 'no' }
    case 'Nonsense':
      return { ...given, body: '<not what you expect>' }
    case 'Redirect': {
      const { status, to } = fault
      const isThere = new URL(to).origin === plan.url.origin
      return isThere ? given : { status, headers: { location: `${to}${plan.url.pathname}` } }
    }
    case 'Loop':
      return { status: 302, headers: { location: plan.url.href } }
    case 'Cookie':
      return { ...given, headers: [...pairs(given.headers), ['set-cookie', fault.field]] }
    case 'Challenge':
      return { status: 401, headers: { 'www-authenticate': fault.asked } }
  }
}

const injecting =
  (server: Server, faults: ReadonlyArray<FaultInjection>): Server =>
  (plan) =>
    faults
      .filter(({ slot }) => slot === slotOf(plan))
      .reduce((given, fault) => inject(given, plan, fault), answer(server)(plan))

/**
 * Returns the server with faults injected into its replies.
 * @since 0.2.0
 * @category combinators
 */
export function withFaults(faults: ReadonlyArray<FaultInjection>): (server: Server) => Server
/** @deprecated Use `withFaults(faults)(server)`. */
export function withFaults(server: Server, faults: ReadonlyArray<FaultInjection>): Server
export function withFaults(
  first: Server | ReadonlyArray<FaultInjection>,
  faults: ReadonlyArray<FaultInjection> = [],
): Server | ((server: Server) => Server) {
  return UserInput.isArray(first) ? (server: Server) => injecting(server, first) : injecting(first, faults)
}

/** @deprecated Use `FaultInjection`. */
export type Disturbance = FaultInjection
/** @deprecated Use `withFaults`. */
export const disturbed = withFaults
/** @deprecated Use `faultInjection`. */
export const disturbanceAround = faultInjection
/** @deprecated Use `faultInjections`. */
export const disturbancesAround = faultInjections
