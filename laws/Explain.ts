/**
 * The laws of explaining a plan, as predicates over any implementation of `explain`.
 *
 * | law              | says                                                                     |
 * |------------------|--------------------------------------------------------------------------|
 * | `rebuilds`       | each field has exactly one entry, and the entries rebuild the plan        |
 * | `namesTheLayer`  | changing the named layer changes the field, and changing another layer does not |
 * | `showsNoSecret`  | neither the data nor the text of an explanation shows a secret             |
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Explaining from '../src/inspect/Explain.js'
import type { Request } from '../src/session/Request.js'
import type { Session } from '../src/session/Session.js'
import { simulate } from '../src/stages/Exchange.js'
import type { World } from '../src/stages/Prepare.js'
import type { Plan } from '../src/wire/Plan.js'
import { CANARY, type Chain, contextOf, requestOf, serverOf } from './arbitrary/Chain.js'
import * as Provenance from './Provenance.js'
import { Eq } from './Unsealed.js'

/** An implementation of `Explain.explain`. */
export type Explain = (plan: Plan) => Explaining.Explanation

const withoutInputs = ({ method, url, headers, body, route, cause }: Plan): Plan => ({
  method,
  url,
  headers,
  body,
  route,
  cause,
})

/** States that each field has exactly one entry, and the entries rebuild the plan. */
export const rebuilds =
  (explain: Explain) =>
  (plan: Plan): boolean => {
    const rebuilt = Explaining.rebuild(explain(plan))
    return O.isSome(rebuilt) && Eq.equals(rebuilt.value, withoutInputs(plan))
  }

/** Returns the plans of every hop of a chain. */
export const plansOf = (chain: Chain): ReadonlyArray<Plan> =>
  simulate(contextOf(chain))(serverOf(chain))(requestOf(chain)).hops.map(({ plan }) => plan)

/** Returns whether each field of a first plan names the layer that `Provenance` finds by experiment. */
export const namesTheLayer =
  (explain: Explain) =>
  (session: Session, request: Request, world: Partial<World>): boolean => {
    const origin = { session, request, world }
    const plan = Provenance.plan(origin)
    if (plan === undefined) return true
    const { entries } = explain(plan)
    const named = Provenance.tally(entries.map(({ part, layer }) => `${layer} ${Provenance.keyOf(part)}`))
    const layersOf = Provenance.layersOf(plan, origin)
    return entries.every(
      ({ part, layer }) => named.get(`${layer} ${Provenance.keyOf(part)}`) === layersOf(part).get(layer),
    )
  }

/** Returns every text that a debugger could show: also of properties that are not enumerable, of symbols and of collections. */
const visibleText = (value: unknown, seen: Set<unknown> = new Set()): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  if (seen.has(value)) return ''
  seen.add(value)
  // The cast: a property is read as a value of any type.
  const own = Reflect.ownKeys(value).map((key) => [key, (value as Record<PropertyKey, unknown>)[key]] as const)
  const items = value instanceof Map || value instanceof Set ? [...value] : []
  const parts = [
    ...own.map(([key, inner]) => `${String(key)}: ${visibleText(inner, seen)}`),
    ...items.map((item) => visibleText(item, seen)),
  ]
  return [String(Object.hasOwn(value, 'toString') ? '' : value), ...parts].join('\n')
}

/** States that neither the data nor the text of an explanation shows a secret. */
export const showsNoSecret =
  (explain: Explain) =>
  (chain: Chain): boolean =>
    plansOf(chain).every((plan) => {
      const explained = explain(plan)
      const texts = [
        JSON.stringify(explained),
        visibleText(explained),
        JSON.stringify(Explaining.toData(explained)),
        Explaining.render()(explained),
      ]
      // A user name is not secret, although these chains use the same word in it.
      return texts.every((text) => !text.replaceAll(`user-${CANARY}`, 'user').includes(CANARY))
    })
