/**
 * Builds the plan that follows a redirect from the plan and the head that answered it, or says why it cannot.
 *
 * | status   | GET | HEAD | POST | other | body                                   |
 * |----------|-----|------|------|-------|----------------------------------------|
 * | 301      | GET | HEAD | GET  | same  | dropped if the method became GET (D4)  |
 * | 302, 303 | GET | HEAD | GET  | GET   | dropped if the method became GET; a 302 keeps QUERY and its body |
 * | 307, 308 | GET | HEAD | POST | same  | sent again                             |
 *
 * If the method becomes GET, the fields that describe the body are dropped with it: `Content-*`, `Transfer-Encoding`, `Digest`,
 * `Repr-Digest`, `Last-Modified` (RFC 9110 15.4, D37). So is an idempotency key that planning minted, which other origins do not
 * get either.
 *
 * If `shouldStripAuth` returns true, everything secret is dropped, except a body that is sent again: credentials, cookies of the settings, the client
 * certificate, every header that is a `Secret`, and `Host` (D5). Later hops do not get it back.
 * The functions have the names that they have in requests, so that both can be read side by side.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../cookies/Jar.js'
import type { Environment } from '../session/Environment.js'
import type { Settings } from '../session/Settings.js'
import { isSensitive } from '../session/SettingsRecord.js'
import * as Headers from '../values/Headers.js'
import * as PercentEncoding from '../values/PercentEncoding.js'
import * as Printable from '../values/Printable.js'
import * as Proxy from '../values/Proxy.js'
import * as Redaction from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import * as Status from '../values/Status.js'
import * as Tagged from '../values/Tagged.js'
import * as Url from '../values/Url.js'
import { type Plan, type Route, urlWithoutQuery } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import type { Merged } from './Merge.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import * as KeyHeader from './prepare/KeyHeader.js'
import { codingOf, isForToken, obtainsOf, seal, signedOf } from './prepare/Provenance.js'
import * as Routing from './prepare/Route.js'
import { hideSecretQuery, secretsOf } from './ReplyRedaction.js'
import { unsigned } from './Signing.js'

// --- errors --------------------------------------------------------------------------------------------------------

/** The exchange reached its redirect limit. `plan` is the one that was redirected once too often. */
export interface TooManyRedirects {
  readonly _tag: 'TooManyRedirects'
  /** The plan whose reply was a redirect too many. */
  readonly plan: Plan
  /** The most redirects that were allowed. */
  readonly limit: number
  /** The limit, in the words of requests. */
  readonly message: string
}
/** The Location is not one valid URL, or there is no valid route to it. */
export interface InvalidRedirect {
  readonly _tag: 'InvalidRedirect'
  /** The plan whose reply has the Location. */
  readonly plan: Plan
  /** What is wrong with the Location. */
  readonly message: string
}
/** A policy, or the scheme of the target, forbids the redirect. */
export interface RedirectRefused {
  readonly _tag: 'RedirectRefused'
  /** The plan whose reply is the redirect. */
  readonly plan: Plan
  /** The text of the policy, or that the scheme of the target is not followed. */
  readonly reason: string
  /** The URL without query, and the reason. */
  readonly message: string
}
/** A body that can be read only once would have to be sent again. */
export interface UnrewindableBody {
  readonly _tag: 'UnrewindableBody'
  /** The plan whose body was sent. */
  readonly plan: Plan
  /** Why it must be sent again, and what to do. */
  readonly message: string
}
/** Why a redirect is not followed. */
export type RedirectError = TooManyRedirects | InvalidRedirect | RedirectRefused | UnrewindableBody

/**
 * Folds an error with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchError = Tagged.match<RedirectError>()

/** Makes a `TooManyRedirects`. */
export const tooManyRedirects = (plan: Plan, limit: number): RedirectError => ({
  _tag: 'TooManyRedirects',
  plan,
  limit,
  message: `Exceeded ${limit} redirects.`,
})
const invalidRedirect = (plan: Plan, problem: string): RedirectError => ({
  _tag: 'InvalidRedirect',
  plan,
  message: Printable.escapeControls(`The redirect from ${urlWithoutQuery(plan)} cannot be followed: ${problem}`),
})
/** Makes a `RedirectRefused`. */
export const redirectRefused = (plan: Plan, reason: string): RedirectError => ({
  _tag: 'RedirectRefused',
  plan,
  reason,
  message: Printable.escapeControls(`The redirect from ${urlWithoutQuery(plan)} is refused: ${reason}`),
})
/** Makes an `UnrewindableBody`. `why` is what needs the body again. */
export const unrewindableBody = (plan: Plan, why: string): RedirectError => ({
  _tag: 'UnrewindableBody',
  plan,
  message: `${plan.method} ${urlWithoutQuery(plan)}: ${why} needs the body again, and it can be read only once; use withStream`,
})

// --- the target ----------------------------------------------------------------------------------------------------

const NO_TARGET: E.Either<string, O.Option<string>> = E.right(O.none)

/** Returns the Location of a redirect. Left: why it is not usable. Equal Location lines count once (D21). */
export const getRedirectTarget = (head: Head): E.Either<string, O.Option<string>> => {
  if (!Status.isRedirect(head.status)) return NO_TARGET
  const locations = Headers.valuesOf(head.headers, 'Location')
  const [first] = locations
  if (first === undefined) return NO_TARGET
  const location = Secret.reveal(first)
  if (locations.some((other) => Secret.reveal(other) !== location)) {
    return E.left('it has several different Location headers')
  }
  const text = PercentEncoding.decodeReference(location)
  return text === '' ? NO_TARGET : E.right(O.some(text))
}

/** Resolves a Location. Without a `#` it keeps the fragment of the plan's URL (RFC 9110 10.2.2). */
const resolve = (from: Plan, target: string, secrets: ReadonlySet<string>): E.Either<RedirectError, Url.Url> => {
  const located = Url.resolve(from.url)(target)
  if (E.isLeft(located)) return E.left(invalidRedirect(from, Redaction.redact(secrets)(located.left.message)))
  const { url } = located.right
  if (!Url.isHttp(url) && url.protocol !== from.url.protocol) {
    const reason = `its target is ${url.protocol}, and only http, https and the scheme of the request are followed`
    return E.left(redirectRefused(from, reason))
  }
  const concealed = Url.concealing(secrets)(url)
  return E.right(target.includes('#') ? concealed : Url.withHash(from.url.hash)(concealed))
}

// --- what is kept --------------------------------------------------------------------------------------------------

/** Returns the method of the next request: RFC 9110 15.4, as browsers and requests apply it. */
export const rebuildMethod = (status: number, method: string): string => {
  if (method === 'HEAD' || method === 'GET') return method
  // RFC 10008: a 301 or 302 repeats the query, a 303 fetches its result with GET.
  if (status === 303 || (status === 302 && method !== 'QUERY')) return 'GET'
  return status === 301 && method === 'POST' ? 'GET' : method
}

const portOf = (url: Url.Url): string => url.port || Url.defaultPort(url.protocol)

/** Returns whether credentials for one URL must not be sent to the other. http to https on default ports is allowed. */
export const shouldStripAuth = (from: Url.Url, to: Url.Url): boolean => {
  if (from.origin === 'null' || to.origin === 'null') return true // a custom scheme has no comparable origin
  if (from.hostname.toLowerCase() !== to.hostname.toLowerCase()) return true
  if (from.protocol === to.protocol) return portOf(from) !== portOf(to)
  return !(from.protocol === 'http:' && portOf(from) === '80' && to.protocol === 'https:' && portOf(to) === '443')
}

const OF_CONTENT = /^(?:content-|(?:transfer-encoding|digest|repr-digest|last-modified)$)/i

/** Returns whether a field describes the body (RFC 9110 15.4). */
export const isOfContent = (name: string): boolean => OF_CONTENT.test(name)

/** Removes everything secret. Names count too, because a plan may have been edited by hand. */
const withoutSecrets = (headers: Headers.Headers, { sensitive }: Settings): Headers.Headers => ({
  fields: headers.fields.filter(([name, value]) => {
    const key = name.toLowerCase()
    return !Secret.is(value) && key !== 'host' && !isSensitive(sensitive, key)
  }),
})

/** If the proxy stays the same, so does the Proxy-Authorization that the user set as a header (D22). */
const keepProxyAuthorization = (before: O.Option<Proxy.Proxy>, after: O.Option<Proxy.Proxy>): O.Option<Proxy.Proxy> => {
  if (O.isNone(before) || O.isNone(after) || O.isSome(after.value.authorization)) return after
  return Proxy.sameServer(before.value, after.value) ? before : after
}

// --- the step ------------------------------------------------------------------------------------------------------

/** What the next plan is made from. An `Exchange` is one. */
export interface Following {
  /** The settings of session and request. */
  readonly merged: Merged
  /** For the proxy and the netrc entry of the next URL. */
  readonly environment: Environment
  /** The seed of the exchange. */
  readonly entropy: string
  /** The plan that was redirected. */
  readonly plan: Plan
  /** The jar, with the cookies of this reply. */
  readonly jar: Jar
  /** Whether every hop so far stayed where the credentials may be sent. */
  readonly credentialsAllowed: boolean
}

/** The next plan, and whether it may still carry the credentials. */
export interface Redirection {
  /** The plan to send next. */
  readonly plan: Plan
  /** Whether every hop so far stayed where the credentials may be sent. */
  readonly credentialsAllowed: boolean
}

/** Only the proxy depends on the URL. The certificate is removed with the other credentials. */
const rebuildRoute = ({ plan }: Following, decision: Routing.RouteDecision, credentialsAllowed: boolean): Route => {
  const { tls: before } = plan.route
  const proxy = keepProxyAuthorization(plan.route.proxy, decision.route.proxy)
  const tls = credentialsAllowed || O.isNone(before.certificate) ? before : { ...before, certificate: O.none }
  return proxy === plan.route.proxy && tls === before ? plan.route : { ...plan.route, proxy, tls }
}

/**
 * Returns the plan that follows a redirect, without what `Authorize` adds last; `none` if the head is not a redirect. Errors:
 * `RedirectError`.
 */
export const next =
  (now: Date) =>
  (head: Head) =>
  (x: Following): E.Either<RedirectError, O.Option<Redirection>> => {
    const target = getRedirectTarget(head)
    if (E.isLeft(target)) return E.left(invalidRedirect(x.plan, target.left))
    if (O.isNone(target.right)) return E.right(O.none)
    const { settings, session } = x.merged
    const from = unsigned(x.plan)
    const resolved = resolve(from, target.right.value, secretsOf(x.plan))
    if (E.isLeft(resolved)) return resolved
    const url = resolved.right
    // This hop decides about the headers, which earlier hops have stripped already. All hops decide about what is made anew.
    const leavesOrigin = shouldStripAuth(from.url, url)
    const credentialsAllowed = x.credentialsAllowed && !leavesOrigin
    const decided = Routing.decide(settings, session.ambient, x.environment, url)
    if (E.isLeft(decided)) return E.left(invalidRedirect(x.plan, decided.left.message))
    const routeDecision = decided.right
    const method = rebuildMethod(head.status, from.method)
    const keepsBody = method === from.method
    const kept = leavesOrigin ? withoutSecrets(from.headers, settings) : from.headers
    const described = keepsBody ? kept : { fields: kept.fields.filter(([name]) => !isOfContent(name)) }
    const minted = KeyHeader.mintedOf(from)
    const keepsKey = minted !== undefined && KeyHeader.isKept(settings, method, leavesOrigin)
    const keyed = minted === undefined || keepsKey ? described : Headers.without(described, [minted.name])
    const withCookies = CookieHeader.rebuild({ settings, jar: x.jar, credentialsAllowed }, url, now)(keyed)
    const unanswered = Credentials.withoutDigestAnswer(x, credentialsAllowed, withCookies)
    const credentials = Credentials.chooseAfterRedirect(x, url, method, credentialsAllowed, unanswered)
    const headers = Credentials.apply(credentials, unanswered)
    const body: Plan['body'] = keepsBody ? from.body : { _tag: 'Empty' }
    const route = rebuildRoute(x, routeDecision, credentialsAllowed)
    const [obtains, signed] = [obtainsOf(from), signedOf(x.plan)]
    const provenance = seal({
      _tag: 'Redirected',
      method,
      url,
      headers,
      body,
      route,
      merged: x.merged,
      jar: x.jar,
      environment: x.environment,
      now,
      routeDecision,
      credentials,
      cookies: CookieHeader.sourceOf(settings, credentialsAllowed),
      minted: keepsKey ? minted : undefined,
      coding: keepsBody ? codingOf(from) : undefined,
      previous: x.plan,
      head,
      credentialsAllowed,
      ...(obtains === undefined ? {} : { obtains }),
      ...(signed.size === 0 ? {} : { signed }),
    })
    const cause = isForToken(from) ? 'Token' : 'Follow'
    const plan: Plan = { method, url, headers, body, route, cause, provenance }
    return E.right(O.some({ plan, credentialsAllowed }))
  }

/** @deprecated Internal: `Exchange.settle` does this. */
export const withoutEchoes: (head: Head, merged: Merged) => Head = hideSecretQuery
/** @deprecated Use `Redirection`. */
export type Next = Redirection
