/**
 * From a plan and the head that answered it to the plan that follows, or why not.
 *
 * | status   | GET | HEAD | POST | other | body                                   |
 * |----------|-----|------|------|-------|----------------------------------------|
 * | 301      | GET | HEAD | GET  | same  | dropped iff the method became GET (D4) |
 * | 302, 303 | GET | HEAD | GET  | GET   | the same; a 302 keeps QUERY, which is safe as GET is |
 * | 307, 308 | GET | HEAD | POST | same  | sent again                             |
 *
 * Where the method becomes GET, every field of content stays behind with the body: `Content-*`, `Digest`, `Repr-Digest`,
 * `Last-Modified` (RFC 9110 15.4, D37).
 *
 * Where `shouldStripAuth` says so, everything secret stays behind: credentials, cookies given along, the client
 * certificate, every header that is a `Secret`, and `Host` (D5). What stayed behind does not come back.
 * The functions keep the names that they have in requests, so that both can be read side by side.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../cookies/Jar.js'
import type { Environment } from '../session/Environment.js'
import * as Settings from '../session/Settings.js'
import * as Echo from '../values/Echo.js'
import * as Headers from '../values/Headers.js'
import * as Printable from '../values/Printable.js'
import * as Proxy from '../values/Proxy.js'
import * as Query from '../values/Query.js'
import * as Reference from '../values/Reference.js'
import * as Secret from '../values/Secret.js'
import * as Status from '../values/Status.js'
import * as Url from '../values/Url.js'
import type { Plan, Route } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import type { Merged } from './Merge.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import { seal } from './prepare/Provenance.js'
import * as RouteOf from './prepare/Route.js'
import { hideEchoes } from './ReplyRedaction.js'

// --- errors --------------------------------------------------------------------------------------------------------

export interface TooManyRedirects {
  readonly _tag: 'TooManyRedirects'
  readonly plan: Plan
  readonly limit: number
  readonly message: string
}
/** The Location cannot be read as one http(s) URL. */
export interface InvalidRedirect {
  readonly _tag: 'InvalidRedirect'
  readonly plan: Plan
  readonly message: string
}
/** A policy, or the scheme of the target, forbids it. */
export interface RedirectRefused {
  readonly _tag: 'RedirectRefused'
  readonly plan: Plan
  readonly reason: string
  readonly message: string
}
/** A body that exists once would have to be sent again. */
export interface UnrewindableBody {
  readonly _tag: 'UnrewindableBody'
  readonly plan: Plan
  readonly message: string
}
export type RedirectError = TooManyRedirects | InvalidRedirect | RedirectRefused | UnrewindableBody

export const tooManyRedirects = (plan: Plan, limit: number): RedirectError => ({
  _tag: 'TooManyRedirects',
  plan,
  limit,
  message: `Exceeded ${limit} redirects.`,
})
const invalidRedirect = (plan: Plan, problem: string): RedirectError => ({
  _tag: 'InvalidRedirect',
  plan,
  message: Printable.escapeControls(`The redirect from ${plan.url.href} cannot be followed: ${problem}`),
})
export const redirectRefused = (plan: Plan, reason: string): RedirectError => ({
  _tag: 'RedirectRefused',
  plan,
  reason,
  message: Printable.escapeControls(`The redirect from ${plan.url.href} is refused: ${reason}`),
})
export const unrewindableBody = (plan: Plan, why: string): RedirectError => ({
  _tag: 'UnrewindableBody',
  plan,
  message: `${plan.method} ${plan.url.href}: ${why} needs the body again, and it can be read only once; use withStream`,
})

// --- the target ----------------------------------------------------------------------------------------------------

/** The head with every field made secret that repeats a value of `withSecretQuery`: a Location often does. */
export const withoutEchoes = (head: Head, { settings }: Merged): Head => {
  const headers = hideEchoes(Query.secretsOf(settings.query), head.headers)
  return headers === head.headers ? head : { ...head, headers }
}

/** The Location of a redirect, if it is one. The left says why it cannot be read. Equal lines are one (D21). */
export const getRedirectTarget = (head: Head): E.Either<string, O.Option<string>> => {
  if (!Status.isRedirect(head.status)) return E.right(O.none)
  const [location, ...others] = new Set(Headers.valuesOf(head.headers, 'Location').map(Secret.reveal))
  if (others.length > 0) return E.left('it has several Location headers that differ')
  const text = location === undefined ? '' : Reference.fromFieldValue(location)
  return E.right(text === '' ? O.none : O.some(text))
}

/** A fragment is inherited where the target has none, not even an empty one (RFC 9110 10.2.2). */
const resolve = (from: Plan, target: string, secrets: ReadonlySet<string>): E.Either<RedirectError, Url.Url> => {
  const located = Url.resolve(from.url)(target)
  if (E.isLeft(located)) return E.left(invalidRedirect(from, Echo.redact(secrets)(located.left.message)))
  const { url } = located.right
  if (!Url.isHttp(url) && url.protocol !== from.url.protocol) {
    return E.left(
      redirectRefused(from, `its target is ${url.protocol}, and redirects are followed to http and https only`),
    )
  }
  const concealed = Url.concealing(secrets)(url)
  return E.right(target.includes('#') ? concealed : Url.withHash(from.url.hash)(concealed))
}

// --- what goes along -----------------------------------------------------------------------------------------------

/** The method of the next request: RFC 9110 15.4 as browsers and requests read it. */
export const rebuildMethod = (status: number, method: string): string => {
  if (method === 'HEAD' || method === 'GET') return method
  // draft-ietf-httpbis-safe-method-w-body: a 301 or 302 repeats the query, and a 303 asks for its result with GET.
  if (status === 303 || (status === 302 && method !== 'QUERY')) return 'GET'
  return status === 301 && method === 'POST' ? 'GET' : method
}

const portOf = (url: Url.Url): string => url.port || Url.defaultPort(url.protocol)

/** Whether credentials for one URL must not go to the other. http to https on the default ports of a host may keep. */
export const shouldStripAuth = (from: Url.Url, to: Url.Url): boolean => {
  if (from.origin === 'null' || to.origin === 'null') return true // a foreign scheme: nobody knows where it leads
  if (from.hostname.toLowerCase() !== to.hostname.toLowerCase()) return true
  if (from.protocol === to.protocol) return portOf(from) !== portOf(to)
  return !(from.protocol === 'http:' && portOf(from) === '80' && to.protocol === 'https:' && portOf(to) === '443')
}

const OF_CONTENT: ReadonlySet<string> = new Set(['transfer-encoding', 'digest', 'repr-digest', 'last-modified'])

/** Whether a field speaks of the body, and means nothing without it (RFC 9110 15.4). */
export const isOfContent = (name: string): boolean => {
  const key = name.toLowerCase()
  return key.startsWith('content-') || OF_CONTENT.has(key)
}

const withoutContent = ({ fields }: Headers.Headers): Headers.Headers => ({
  fields: fields.filter(([name]) => !isOfContent(name)),
})

/** Everything that `a` may know and `b` may not; by name too, for a plan may have been edited by hand. */
const withoutSecrets = (headers: Headers.Headers, { sensitive }: Settings.Settings): Headers.Headers => ({
  fields: headers.fields.filter(([name, value]) => {
    const key = name.toLowerCase()
    return !Secret.is(value) && key !== 'host' && !Settings.SENSITIVE.has(key) && sensitive.get(key)?._tag !== 'Set'
  }),
})

/** The same proxy keeps the Proxy-Authorization that the user gave as a header; another one never sees it. */
const rebuildProxy = (before: O.Option<Proxy.Proxy>, after: O.Option<Proxy.Proxy>): O.Option<Proxy.Proxy> => {
  if (O.isNone(before) || O.isNone(after) || O.isSome(after.value.authorization)) return after
  return Proxy.sameServer(before.value, after.value) ? before : after
}

// --- the step ------------------------------------------------------------------------------------------------------

/** What the next plan is made from. */
export interface Following {
  readonly merged: Merged
  readonly environment: Environment
  readonly entropy: string
  readonly plan: Plan
  /** With the cookies of this reply. */
  readonly jar: Jar
  /** Whether every hop so far stayed where the credentials may go. */
  readonly credentialsAllowed: boolean
}

/** The next plan, and whether the credentials are still with it. */
export interface Redirection {
  readonly plan: Plan
  readonly credentialsAllowed: boolean
}

/** requests' `rebuild_auth`: netrc for the new host, where nothing else authenticates. */
const rebuildAuth = (
  x: Following,
  url: Url.Url,
  method: string,
  credentialsAllowed: boolean,
  headers: Headers.Headers,
): Headers.Headers => {
  const { auth } = x.merged.settings
  if (auth._tag === 'Set' && auth.value._tag === 'Digest' && credentialsAllowed) {
    // What no challenge has asked for is the user's own, and goes on as it is.
    const isSigned = Credentials.isAnswer(x.jar, auth.value, x.plan)
    const rest = isSigned ? Headers.deleteAt('Authorization')(headers) : headers
    return Credentials.authorize(x.merged, x, method, { url, userinfo: O.none }, rest)
  }
  const isSilent = auth._tag === 'Unset' || (auth._tag === 'Set' && auth.value._tag === 'None')
  const isSet = auth._tag === 'Set' && credentialsAllowed && auth.value._tag !== 'None'
  if (isSilent || isSet || Headers.has('Authorization')(headers)) return headers
  const found = Credentials.ambient(x.merged, x, url)
  return O.isNone(found) ? headers : Headers.upsertAt('Authorization', found.value)(headers)
}

const rebuildRoute = (x: Following, url: Url.Url, credentialsAllowed: boolean): E.Either<RedirectError, Route> => {
  const { settings, session } = x.merged
  const proxy = RouteOf.rebuildProxies(settings, session.ambient, x.environment, url)
  if (E.isLeft(proxy)) return E.left(invalidRedirect(x.plan, proxy.left.message))
  const { tls } = x.plan.route
  return E.right({
    ...x.plan.route,
    proxy: rebuildProxy(x.plan.route.proxy, proxy.right),
    tls: credentialsAllowed || O.isNone(tls.certificate) ? tls : { ...tls, certificate: O.none },
  })
}

/** The plan that follows a redirect; none where the head is no redirect. */
export const next =
  (now: Date) =>
  (head: Head) =>
  (x: Following): E.Either<RedirectError, O.Option<Redirection>> => {
    const target = getRedirectTarget(head)
    if (E.isLeft(target)) return E.left(invalidRedirect(x.plan, target.left))
    if (O.isNone(target.right)) return E.right(O.none)
    const resolved = resolve(x.plan, target.right.value, Query.secretsOf(x.merged.settings.query))
    if (E.isLeft(resolved)) return resolved
    const url = resolved.right
    const strips = shouldStripAuth(x.plan.url, url)
    const credentialsAllowed = x.credentialsAllowed && !strips
    const route = rebuildRoute(x, url, credentialsAllowed)
    if (E.isLeft(route)) return route
    const method = rebuildMethod(head.status, x.plan.method)
    const keepsBody = method === x.plan.method
    const carried = strips ? withoutSecrets(x.plan.headers, x.merged.settings) : x.plan.headers
    const headers = keepsBody ? carried : withoutContent(carried)
    const cookies = CookieHeader.rebuild({ settings: x.merged.settings, jar: x.jar, credentialsAllowed }, url, now)
    const plan: Plan = {
      method,
      url,
      headers: rebuildAuth(x, url, method, credentialsAllowed, cookies(headers)),
      body: keepsBody ? x.plan.body : { _tag: 'Empty' },
      route: route.right,
      cause: 'Follow',
      inputs: seal({
        merged: x.merged,
        jar: x.jar,
        environment: x.environment,
        now,
        after: O.some({ plan: x.plan, head, credentialsAllowed }),
      }),
    }
    return E.right(O.some({ plan, credentialsAllowed }))
  }
