/**
 * The law that nothing prints a secret: of what an exchange returns, no printer may show a token, a refresh token,
 * the secret of the client, or the key of a signature.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as HttpError from '../src/HttpError.js'
import { toCurl } from '../src/inspect/Curl.js'
import * as Explain from '../src/inspect/Explain.js'
import { ofHops } from '../src/inspect/Har.js'
import { toMermaid } from '../src/inspect/Mermaid.js'
import { canonical, toHttp } from '../src/inspect/PlanText.js'
import * as Story from '../src/inspect/Story.js'
import type { Trace } from '../src/stages/Exchange.js'
import * as Octets from '../src/values/Octets.js'
import { show } from '../src/wire/Plan.js'
import { CANARY, CLIENT_SECRET, type TokenWeb } from './arbitrary/TokenWeb.js'
import type { Machine } from './Exchange.js'
import { run } from './TokenLaws.js'
import type { Violations } from './Transport.js'

/** Prints what an exchange returned. */
export type Printers = Readonly<Record<string, (trace: Trace) => string>>

const ofPlans =
  (print: (plan: Trace['hops'][number]['plan']) => string) =>
  ({ hops, outcome }: Trace): string => {
    const failed = E.isLeft(outcome) && 'plan' in outcome.left ? [outcome.left.plan] : []
    return [...hops.map(({ plan }) => plan), ...failed].map(print).join('\n')
  }

/** The printers of this library. */
export const printers: Printers = {
  JSON: (trace) => JSON.stringify(trace),
  show: ofPlans(show),
  HTTP: ofPlans(toHttp()),
  canonical: ofPlans(canonical()),
  explanation: ofPlans((plan) => Explain.render()(Explain.explain(plan))),
  'explanation as data': ofPlans((plan) => JSON.stringify(Explain.toData(Explain.explain(plan)))),
  curl: ofPlans((plan) => JSON.stringify(toCurl()(plan))),
  HAR: ({ hops }) => JSON.stringify(ofHops()(hops)),
  story: (trace) => Story.render()(Story.ofTrace(trace)),
  diagram: (trace) => toMermaid(Story.ofTrace(trace)),
  error: ({ outcome }) => (E.isLeft(outcome) ? HttpError.show(outcome.left) : ''),
}

/** What Basic credentials look like. */
const BASIC = Octets.toBase64(Octets.fromText(`me:${CLIENT_SECRET}`))

/** States that no printer shows a secret of the tokens. */
export const printsNoSecret =
  (all: Printers) =>
  (simulate: Machine) =>
  (web: TokenWeb): Violations => {
    const { trace } = run(simulate)(web)
    return Object.entries(all).flatMap(([name, print]) => {
      const text = print(trace)
      const [found] = new RegExp(`${CANARY}-(?:access|refresh|client|key)[\\w-]*`).exec(text) ?? []
      if (found !== undefined) return [`${name} shows a secret: ${found}`]
      return text.includes(BASIC) ? [`${name} shows the credentials of the client in Base64`] : []
    })
  }
