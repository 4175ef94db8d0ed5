/**
 * Laws of renewable tokens, as predicates over what the servers of an exchange receive. They apply to any
 * implementation of `Exchange.simulate`. Each law returns its violations.
 *
 * | law                      | states                                                                                |
 * |--------------------------|---------------------------------------------------------------------------------------|
 * | `keepsTokensAtHome`      | a token is sent only to the origins that it is for, and not after they were left       |
 * | `keepsGrantsAtHome`      | client secrets and refresh tokens are sent to their token endpoint only                |
 * | `separatesTokenRequests` | a token request carries no secret and no body of the main request                      |
 * | `renewsOncePerHop`       | each hop obtains one token if it needs one, else none, whatever the API answers        |
 * | `sendsNewestToken`       | a request that may have a token is sent with the newest one, and never without         |
 * | `endsWithoutToken`       | if no token is issued, nothing else is sent, and the error names it                     |
 * | `losesNothing`           | the jar at the end has the cookies of all replies and the newest refresh token         |
 * | `renewsWithNewest`       | a renewal sends the newest refresh token, also if the last reply repeated none         |
 *
 * This module decides with a model of its own, so that it does not depend on the code under test.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from '../src/cookies/Jar.js'
import type * as Simulate from '../src/stages/Exchange.js'
import * as Secret from '../src/values/Secret.js'
import { contextOf, refreshTokenIn, requestOf } from './arbitrary/TokenClient.js'
import { type Received, serve, textOf } from './arbitrary/TokenServers.js'
import {
  baseOf,
  CLIENT_SECRET,
  endpointOf,
  HELD,
  hrefOf,
  MAIN_BODY,
  MAIN_SECRET,
  originAt,
  type TokenWeb,
} from './arbitrary/TokenWeb.js'
import type { Machine } from './Exchange.js'
import type { Violations } from './Transport.js'

/** An exchange, and what its servers received. */
export interface TokenRun {
  readonly received: ReadonlyArray<Received>
  readonly trace: Simulate.Trace
}

/** Runs the exchange of a web with fresh servers. */
export const run =
  (simulate: Machine) =>
  (web: TokenWeb): TokenRun => {
    const { server, received } = serve(web)
    const trace = simulate(contextOf(web))(server)(requestOf(web))
    return { trace, received: received() }
  }

/** A request as the start of a line of a report. It shows no query and no fields. */
const line = ({ plan }: Received, i: number): string =>
  `request ${i + 1}, ${plan.method} ${plan.url.origin}${plan.url.pathname},`

// --- the model -------------------------------------------------------------------------------------------------------

/** Whether a redirect keeps credentials: the same host and port, or from http to https on the default ports. */
const keepsCredentials = (from: URL, to: URL): boolean => {
  if (from.hostname !== to.hostname) return false
  if (from.protocol === to.protocol) return from.port === to.port
  return from.protocol === 'http:' && from.port === '' && to.port === ''
}

/** A request, whether it may have credentials and a token, and the hop to which it belongs. */
export interface Modelled extends Received {
  readonly isHome: boolean
  readonly mayHaveToken: boolean
  readonly hop: number
  /** The newest token before it; `undefined` for the first one. */
  readonly newest: { readonly access: string; readonly isFresh: boolean } | undefined
  /** The newest refresh token before it. */
  readonly newestRefresh: string | undefined
}

const isIssued = ({ reply }: Received): boolean => reply?._tag === 'Token'

const hasTokens = ({ credential }: TokenWeb): boolean => credential !== 'signer' && credential !== 'signer task'

/** Adds to each request what the model expects of it. */
export const model = (web: TokenWeb, received: ReadonlyArray<Received>): ReadonlyArray<Modelled> => {
  const base = baseOf(web)
  const startsAtHome = web.onRequest || base === undefined || base === new URL(hrefOf(web, 0)).origin
  const { held } = web
  let [isHome, hop, previous] = [startsAtHome, 0, new URL(hrefOf(web, 0))]
  let newest: Modelled['newest'] =
    held === 'none' ? undefined : { access: HELD.access, isFresh: held !== 'expiring' && held !== 'expired' }
  const hasRefresh = (held !== 'none' && web.heldRefresh) || web.credential === 'refresh token'
  let newestRefresh: string | undefined = hasRefresh ? HELD.refresh : undefined
  let isAfterRedirect = false
  return received.map((one) => {
    // The request for a token belongs to the hop that needs it: the URL of this hop is not known yet.
    if (one.to !== 'endpoint') {
      const url = new URL(one.plan.url.href)
      if (isAfterRedirect && !keepsCredentials(previous, url)) isHome = false
      previous = url
      isAfterRedirect = false
    }
    const { url } = one.plan
    const isFor = web.origins === undefined || web.origins.some((place) => originAt(place) === url.origin)
    const mayHaveToken = isHome && isFor && hasTokens(web)
    const modelled: Modelled = { ...one, isHome, mayHaveToken, hop, newest, newestRefresh }
    if (one.reply?._tag === 'Token') {
      newest = { access: one.access, isFresh: one.reply.expiresIn !== 0 }
      newestRefresh = one.refresh ?? newestRefresh
    }
    if (one.isRedirect) [hop, isAfterRedirect] = [hop + 1, true]
    return modelled
  })
}

const violations =
  (find: (web: TokenWeb, ran: TokenRun, requests: ReadonlyArray<Modelled>) => Violations) =>
  (simulate: Machine) =>
  (web: TokenWeb): Violations => {
    const ran = run(simulate)(web)
    return find(web, ran, model(web, ran.received))
  }

const each = (find: (request: Modelled, web: TokenWeb) => string | undefined) =>
  violations((web, _, requests) =>
    requests.flatMap((one, i) => {
      const problem = find(one, web)
      return problem === undefined ? [] : [`${line(one, i)} ${problem}`]
    }),
  )

// --- where secrets are sent ------------------------------------------------------------------------------------------

const hasToken = (one: Received): boolean => textOf(one.plan).includes('CANARY-access')
const isMain = ({ to }: Received): boolean => to !== 'endpoint'

/** States that a token is sent only to the origins that it is for, and never again after they were left. */
export const keepsTokensAtHome = each((one) =>
  hasToken(one) && !(isMain(one) && one.mayHaveToken) ? 'has a token that is not for it' : undefined,
)

/** States that client secrets and refresh tokens are sent to their token endpoint only. */
export const keepsGrantsAtHome = each((one, web) => {
  const { origin, pathname } = one.plan.url
  if (`${origin}${pathname}` === endpointOf(web)) return undefined
  const text = textOf(one.plan)
  return text.includes(CLIENT_SECRET) || text.includes('CANARY-refresh')
    ? 'has a secret of the token request'
    : undefined
})

/** States that a token request carries no secret and no body of the main request. */
export const separatesTokenRequests = each((one) => {
  const text = textOf(one.plan)
  return !isMain(one) && [MAIN_SECRET, MAIN_BODY].some((secret) => text.includes(secret))
    ? 'has a secret of the main request'
    : undefined
})

// --- when a token is obtained ----------------------------------------------------------------------------------------

/** The requests of each hop. A token request after the last reply belongs to a hop whose main request was not sent. */
const hopsOf = (requests: ReadonlyArray<Modelled>): ReadonlyArray<ReadonlyArray<Modelled>> => {
  const hops: Modelled[][] = []
  for (const one of requests) hops[one.hop] = [...(hops[one.hop] ?? []), one]
  return hops
}

const shapeOf = (hop: ReadonlyArray<Modelled>): string => hop.map((one) => (isMain(one) ? 'main' : 'token')).join(', ')

/** What a hop sends: `token` only before a request that needs one, or after a reply that rejects it, and only once. */
const expectedShape = (hop: ReadonlyArray<Modelled>): string => {
  const main = hop.find(isMain)
  if (main === undefined) return hop.some(isIssued) ? 'token, main' : 'token'
  if (!main.mayHaveToken) return 'main'
  const [first] = hop
  if (first?.newest?.isFresh !== true) return 'token, main'
  if (!main.isRejected) return 'main'
  const asked = hop.find((one) => !isMain(one))
  return asked === undefined || isIssued(asked) ? 'main, token, main' : 'main, token'
}

/** States that each hop obtains one token if it needs one, else none, whatever the API answers. */
export const renewsOncePerHop = violations((_web, _ran, requests) =>
  hopsOf(requests).flatMap((hop, i) => {
    const [shape, expected] = [shapeOf(hop), expectedShape(hop)]
    return shape === expected ? [] : [`hop ${i + 1} sent: ${shape}; it should send: ${expected}`]
  }),
)

/** States that a request that may have a token is sent with the newest one, and never without. */
export const sendsNewestToken = each((one) => {
  if (!isMain(one) || !one.mayHaveToken) return undefined
  if (one.newest === undefined) return 'is sent before a token was issued'
  const tokens = new Set(Array.from(textOf(one.plan).matchAll(/CANARY-access-\w+/g), ([text]) => text))
  return tokens.size === 1 && tokens.has(one.newest.access)
    ? undefined
    : 'does not have the newest token, and only that'
})

/** States that if no token is issued, nothing else is sent, and the error names it. */
export const endsWithoutToken = violations((_web, { trace: { outcome } }, requests) => {
  const at = requests.findIndex((one) => !isMain(one) && !isIssued(one))
  const failed = requests[at]
  if (failed === undefined) return []
  const tag = failed.reply?._tag === 'Error' ? 'TokenRefused' : 'TokenFailed'
  const ended = E.isLeft(outcome) ? outcome.left._tag : 'a response'
  return [
    ...(at === requests.length - 1 ? [] : ['a request follows one for a token that was not issued']),
    ...(ended === tag ? [] : [`the exchange ended with ${ended} instead of ${tag}`]),
  ]
})

// --- what is kept ----------------------------------------------------------------------------------------------------

/** States that the jar at the end has the cookies of all replies and the newest refresh token. */
export const losesNothing = violations((web, { trace: { jar, outcome } }, requests) => {
  const jars = [jar, E.isLeft(outcome) ? outcome.left.jar : outcome.right.jar]
  const cookies = requests.flatMap(({ cookie }) => (cookie === undefined ? [] : [cookie]))
  const issued = requests.filter(isIssued)
  // The refresh token of a grant is a part of the session, not of the jar.
  const stored = web.held !== 'none' && web.heldRefresh ? HELD.refresh : undefined
  const expected = issued.flatMap(({ refresh }) => (refresh === undefined ? [] : [refresh])).at(-1) ?? stored
  return jars.flatMap((each) => {
    const kept = new Set(Jar.toArray(each).map(({ name, value }) => `${name}=${Secret.reveal(value)}`))
    return [
      ...cookies.filter((cookie) => !kept.has(cookie)).map((cookie) => `the cookie ${cookie} is lost`),
      ...(refreshTokenIn(web, each) === expected ? [] : [`the refresh token is not ${expected}`]),
    ]
  })
})

/** The credentials that renew with the refresh token of the jar. */
const usesRefreshToken = ({ credential }: TokenWeb): boolean =>
  credential === 'refresh token' || credential === 'custom'

/** States that a renewal sends the newest refresh token, also if the last reply repeated none. */
export const renewsWithNewest = each((one, web) => {
  if (isMain(one) || !usesRefreshToken(web)) return undefined
  const sent = new Set(Array.from(textOf(one.plan).matchAll(/CANARY-refresh-\w+/g), ([text]) => text))
  const expected = one.newestRefresh === undefined ? [] : [one.newestRefresh]
  return sent.size === expected.length && expected.every((text) => sent.has(text))
    ? undefined
    : `does not send the refresh token ${one.newestRefresh ?? '(none)'}`
})
