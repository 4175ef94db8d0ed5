/**
 * What a reply changes besides the next step: the cookies, the challenges and the history of its exchange. `Settle` decides
 * about the step.
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import * as Jar from '../cookies/Jar.js'
import type { Rejection } from '../cookies/SetCookie.js'
import type * as Site from '../cookies/Site.js'
import * as Headers from '../values/Headers.js'
import * as Url from '../values/Url.js'
import type { Head, Hop } from '../wire/Reply.js'
import type { Exchange } from './ExchangeState.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import { isForToken, obtainsOf } from './prepare/Provenance.js'
import * as ProxyDigest from './prepare/ProxyDigest.js'

// --- history ---------------------------------------------------------------------------------------------------------

/**
 * Returns the hops of the request itself: not those of a token that it needs, and for a token not those of the request that
 * waits. The request of a login is for a token, and nothing waits for it.
 */
export const ownHops = ({ history, waiting, plan }: Exchange): ReadonlyArray<Hop> => {
  if (history.length === 0) return history
  if (waiting !== undefined) {
    const { auth, exchange } = waiting
    return history
      .slice(exchange.history.length)
      .filter((hop) => (obtainsOf(hop.plan)?.name ?? auth.name) === auth.name)
  }
  return isForToken(plan) || !history.some(isOfToken) ? history : history.filter((hop) => !isOfToken(hop))
}

const isOfToken = ({ plan }: Hop): boolean => isForToken(plan)

// --- cookies -------------------------------------------------------------------------------------------------------

/** An exchange after a reply, and what the jar did with its cookies. */
export interface Absorbed {
  readonly exchange: Exchange
  readonly cookies: ReadonlyArray<Cookie>
  readonly rejected: ReadonlyArray<Rejection>
}

export const NO_COOKIES: ReadonlyArray<never> = []

/** The path that is sent decides about a cookie. The jar records the path that may be shown. */
const scopeOf = (url: Url.Url): Site.CookieScope =>
  url.sealedPathname === undefined ? url : { ...Url.withSentPathname(url), shownPathname: url.pathname }

/** The challenge of a proxy is stored when the answer to it is accepted. */
const withProxyChallenge = (now: Date, { status }: Head, x: Exchange): Jar.Jar => {
  const { plan, jar } = x
  const previous = ownHops(x).at(-1)?.head
  return previous?.status === 407 && status !== 407 ? ProxyDigest.accepted(previous, plan, jar, now) : jar
}

/** Stores the cookies, the next nonce and the accepted challenge of a reply. */
export const absorb = (now: Date, head: Head, before: Exchange): Absorbed => {
  const proxied = withProxyChallenge(now, head, before)
  const given = proxied === before.jar ? before : { ...before, jar: proxied }
  const renewed = Credentials.withNextNonce(head, given, now)
  const x = renewed === given.jar ? given : { ...given, jar: renewed }
  const lines = Headers.valuesOf(head.headers, 'Set-Cookie')
  if (lines.length === 0) return { exchange: x, cookies: NO_COOKIES, rejected: NO_COOKIES }
  const { jar, accepted, rejected } = Jar.receive(scopeOf(x.plan.url), lines, now)(x.jar)
  return { exchange: { ...x, jar }, cookies: accepted, rejected }
}

/** Replaces the Cookie header by that of the jar. */
export const rebuildCookies = (
  { merged, jar, credentialsAllowed, plan }: Exchange,
  now: Date,
): Endomorphism<Headers.Headers> =>
  CookieHeader.rebuild({ settings: merged.settings, jar, credentialsAllowed }, plan.url, now)

/** Appends the answered hop, field by field, because a spread costs more. Its `rejected` is absent if the jar rejected nothing. */
export const appendToHistory = (head: Head, { exchange, rejected }: Absorbed): Exchange => {
  const { plan, jar, history, merged, environment, entropy, credentialsAllowed, waiting, signing, hasRenewed } =
    exchange
  const hop = rejected.length === 0 ? { plan, head } : { plan, head, rejected }
  const all = history.concat(hop)
  return { plan, jar, history: all, merged, environment, entropy, credentialsAllowed, waiting, signing, hasRenewed }
}

// --- proxies ---------------------------------------------------------------------------------------------------------

/**
 * Adds the answer to the digest challenge of a proxy: that of the last reply, or one of the jar. It is the last part of a plan,
 * because it covers the URL, which a signature may change.
 */
export const answeringProxy = (now: Date, x: Exchange, counting: ProxyDigest.Counting = 'Next'): Exchange => {
  if (O.isNone(x.plan.route.proxy)) return x
  const previous = ownHops(x).at(-1)?.head
  const asked =
    previous?.status === 407 ? ProxyDigest.answer(previous, x.plan, x.jar, now, x.entropy, counting) : O.none
  const { plan, jar } = O.isSome(asked) ? asked.value : ProxyDigest.signed(x.plan, x.jar, x.entropy, counting)
  return plan === x.plan ? x : { ...x, plan, jar }
}
