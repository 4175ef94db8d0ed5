/**
 * What an explanation must do, as predicates over any explainer.
 *
 * | law              | says                                                                     |
 * |------------------|--------------------------------------------------------------------------|
 * | `rebuilds`       | each field has exactly one entry, and the entries rebuild the plan        |
 * | `namesTheLayer`  | what an entry lays at the session's door is there without the request, and what it lays at the request's is the request's to take away |
 * | `showsNoSecret`  | neither the data nor the text of an explanation shows a secret             |
 */
import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Explaining from '../src/inspect/Explain.js'
import type { Request } from '../src/session/Request.js'
import type { Session } from '../src/session/Session.js'
import { empty as noSettings } from '../src/session/Settings.js'
import { merge } from '../src/stages/Merge.js'
import { prepare, type World } from '../src/stages/Prepare.js'
import { simulate } from '../src/stages/Simulate.js'
import * as Headers from '../src/values/Headers.js'
import * as Secret from '../src/values/Secret.js'
import type { Plan } from '../src/wire/Plan.js'
import { CANARY, type Chain, contextOf, requestOf, serverOf } from './arbitrary/Chain.js'
import { Eq } from './Opened.js'

export type Explain = (plan: Plan) => Explaining.Explanation

const withoutInputs = ({ method, url, headers, body, route, cause }: Plan): Plan => ({
  method,
  url,
  headers,
  body,
  route,
  cause,
})

export const rebuilds =
  (explain: Explain) =>
  (plan: Plan): boolean => {
    const rebuilt = Explaining.rebuild(explain(plan))
    return O.isSome(rebuilt) && Eq.equals(rebuilt.value, withoutInputs(plan))
  }

/** The plans of every hop of a chain. */
export const plansOf = (chain: Chain): ReadonlyArray<Plan> =>
  simulate(contextOf(chain))(serverOf(chain))(requestOf(chain)).hops.map(({ plan }) => plan)

const planned = (session: Session, request: Request, world: Partial<World>): Plan | undefined => {
  const plan = prepare(world)(merge(session)(request))
  return E.isRight(plan) ? plan.right : undefined
}

const hasLine = (plan: Plan | undefined, name: string, value: Headers.Value): boolean =>
  plan === undefined || Headers.valuesOf(plan.headers, name).some((one) => Secret.Eq.equals(one, value))

export const namesTheLayer =
  (explain: Explain) =>
  (session: Session, request: Request, world: Partial<World>): boolean => {
    const plan = planned(session, request, world)
    if (plan === undefined) return true
    // Where the request goes, and what it calls secret, decides what of the session may go along.
    const { baseUrl, sensitive } = request.settings
    const bare = planned(session, { ...request, settings: { ...noSettings, baseUrl, sensitive } }, world)
    return explain(plan).entries.every(({ part, layer }) => {
      if (part._tag !== 'Header') return true
      const isOurs = session.settings.headers.has(part.name.toLowerCase()) || session.settings.auth._tag === 'Set'
      if (layer === 'session' || layer === 'defaults') return isOurs && hasLine(bare, part.name, part.value)
      if (layer !== 'request') return layer !== 'hand'
      const { headers, auth } = request.settings
      return headers.get(part.name.toLowerCase())?._tag === 'Set' || auth._tag === 'Set'
    })
  }

export const showsNoSecret =
  (explain: Explain) =>
  (chain: Chain): boolean =>
    plansOf(chain).every((plan) => {
      const explained = explain(plan)
      const texts = [
        JSON.stringify(explained),
        inspect(explained, { depth: null, showHidden: true }),
        JSON.stringify(Explaining.toData(explained)),
        Explaining.render()(explained),
      ]
      // A user's name is no secret, though in these chains it holds the same word.
      return texts.every((text) => !text.replaceAll(`user-${CANARY}`, 'user').includes(CANARY))
    })
