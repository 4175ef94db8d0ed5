/**
 * The laws of the extensions that users write, as rule sets: `auth`, `redirectPolicy`, `codec`.
 *
 * @example
 * import { createHmac } from 'node:crypto'
 * import { Headers, RedirectPolicy, Secret, type Plan } from 'requests-ts'
 * import { RuleSet, auth, redirectPolicy } from 'requests-ts/laws'
 *
 * const mac = (plan: Plan.Plan) => createHmac('sha256', 'key').update(`${plan.method} ${plan.url.href}`).digest('hex')
 * const sign = (plan: Plan.Plan) =>
 *   ({ ...plan, headers: Headers.upsertAt('X-Signature', Secret.make(mac(plan)))(plan.headers) })
 * assert.deepEqual(await RuleSet.refutations()(auth({ sign, headers: ['X-Signature'] })), new Map())
 * assert.deepEqual(await RuleSet.refutations()(redirectPolicy(RedirectPolicy.sameOrigin)), new Map())
 */
import * as fc from 'fast-check'
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { RedirectAttempt, RedirectPolicy } from '../../src/session/RedirectPolicy.js'
import { neighbours } from '../arbitrary/Place.js'
import { bare, plan, planAt } from '../arbitrary/Plan.js'
import * as Laws from '../ExtensionLaws.js'
import type { RuleSet } from '../RuleSet.js'
import { Eq as Everything } from '../Unsealed.js'

/** The laws of an authentication scheme, with plans of generated sessions and requests. */
export const auth = (scheme: Laws.Scheme): RuleSet => ({
  'signing changes nothing but its headers': fc.property(plan, Laws.signsOnlyItsHeaders(scheme)),
  'signing a plan again gives the same result': fc.property(plan, Laws.signsDeterministically(scheme)),
  'a signed plan is valid HTTP': fc.property(plan, Laws.staysHttp(scheme)),
  'what signing adds is secret': fc.property(plan, Laws.hidesWhatItAdds(scheme)),
})

/** Generates one to three URLs of earlier hops, and a redirect to a URL that is similar to the last. */
export const attempt: fc.Arbitrary<RedirectAttempt> = fc
  .tuple(fc.array(neighbours, { minLength: 1, maxLength: 3 }), fc.constantFrom(301, 302, 303, 307, 308), bare)
  .map(([hops, status, sent]) => {
    const at = (href: string) => planAt(new URL(href).origin)({ ...sent, target: new URL(href).pathname })
    const [, next = 'http://a.test/'] = hops.at(-1) ?? []
    return { previous: hops.map(([from]) => at(from).url), status, next: at(next) }
  })

/** The laws of a redirect policy, with redirects between similar URLs. */
export const redirectPolicy = (policy: RedirectPolicy): RuleSet => ({
  'every redirect attempt has a verdict': fc.property(attempt, Laws.returnsAVerdict(policy)),
  'the same redirect attempt has the same verdict each time': fc.property(
    attempt,
    Laws.decidesDeterministically(policy),
  ),
})

/** The laws of a codec. By default values are compared including their secrets. */
export const codec = <A>(coder: Laws.Codec<A>, values: fc.Arbitrary<A>, eq: Eq<A> = Everything): RuleSet => ({
  'decode returns the value that was encoded': fc.property(values, Laws.roundTrips(coder, eq)),
  'a decoded value is encoded as before': fc.property(values, Laws.isStable(coder)),
  'invalid input is a Left': fc.property(fc.jsonValue(), Laws.rejectsInvalidInput(coder)),
})
