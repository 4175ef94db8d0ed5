/**
 * The second stage: turns a merged request into a plan. It sends nothing and awaits nothing.
 *
 * Everything that can be invalid is checked first. Then the header fields are added in requests' order: cookies, body,
 * auth. Last, `Authorize` adds signatures and tokens. The environment is read only for what session and request leave
 * open.
 *
 * Laws: deterministic; Content-Length is the length of a body that has one; the user's `Content-Type` wins, with the
 * boundary added to a multipart type that has none.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Merge, Plan, Prepare, Request, Session } from 'requests-ts'
 *
 * const plan = pipe(
 *   Request.post('https://example.com/'), Request.withForm({ a: 'b c' }), Merge.merge(Session.empty), Prepare.prepare({}))
 * assert.deepEqual(pipe(plan, E.map((plan) => Plan.wire(plan).headers)), E.right([
 *   ['Content-Length', '5'], ['Content-Type', 'application/x-www-form-urlencoded']]))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../cookies/Jar.js'
import * as Environment from '../session/Environment.js'
import * as Mount from '../session/Mount.js'
import type { Request } from '../session/Request.js'
import type { Session } from '../session/Session.js'
import type { Settings } from '../session/Settings.js'
import { invalidList, isSensitive } from '../session/SettingsRecord.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import type { Plan, Route } from '../wire/Plan.js'
import { type Authorized, authorize } from './Authorize.js'
import { type Merged, merge } from './Merge.js'
import { invalidSettings, noEntropy, type PlanError, unsupportedScheme } from './PlanError.js'
import * as BodyCoding from './prepare/BodyCoding.js'
import * as Content from './prepare/Content.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import * as HeaderFields from './prepare/HeaderFields.js'
import * as KeyHeader from './prepare/KeyHeader.js'
import { seal } from './prepare/Provenance.js'
import * as ProxyDigest from './prepare/ProxyDigest.js'
import * as Routing from './prepare/Route.js'
import { type TargetUrl, targetUrl, withQuery } from './prepare/TargetUrl.js'

export type { Authorized, Need } from './Authorize.js'
export type { PlanError } from './PlanError.js'

/**
 * What preparing reads besides session and request. Whatever is left out is empty, and the time is 1970. `entropy` is text
 * that cannot be guessed, such as a random UUID, new for each request: the multipart boundary and the digest cnonce are
 * derived from it. Without entropy the boundary is a digest of the parts, and a part that is a stream or a digest answer
 * is `InvalidSettings`.
 */
export interface World {
  /** Empty by default. */
  readonly jar: Jar.Jar
  /** Empty by default. */
  readonly environment: Environment.Environment
  /** For the expiry of cookies. 1970 by default. */
  readonly now: Date
  /** The seed of all random values; empty by default. */
  readonly entropy: string
}

/** A session and optional inputs. A jar needs the time. */
export type Context = { readonly session: Session } & Partial<Pick<World, 'environment' | 'entropy'>> &
  ({ readonly jar: Jar.Jar; readonly now: Date } | { readonly jar?: never; readonly now?: Date })

const EPOCH = new Date(0)

/** Returns the inputs with a default for whatever is left out. */
export const withDefaults = (world: Partial<World>): World => ({
  jar: UserInput.get(world, 'jar') ?? Jar.empty,
  environment: UserInput.get(world, 'environment') ?? Environment.empty,
  now: UserInput.get(world, 'now') ?? EPOCH,
  entropy: UserInput.get(world, 'entropy') ?? '',
})

// --- settings that are not used ------------------------------------------------------------------------------------

/**
 * Removes what only the origin of the base URL may receive: auth, query, cookies, certificate, `Host`, secret headers. Another
 * server may not know the idempotency keys of this one, so that a request with a key would not be repeatable there, and may not
 * decode bodies.
 */
export const withoutCredentials = (settings: Settings, sensitive: Settings['sensitive']): Settings => {
  const headers = [...settings.headers].filter(([key, override]) => {
    if (override._tag !== 'Set') return true
    return key !== 'host' && !isSensitive(sensitive, key) && !override.value.values.some(Secret.is)
  })
  return {
    ...settings,
    auth: Override.inherit,
    query: Override.inherit,
    cookies: Override.noKeys,
    certificate: Override.inherit,
    idempotencyKey: Override.inherit,
    compression: Override.inherit,
    headers: new Map(headers),
  }
}

/** Merges again for a request to another origin than the base URL's, without the credentials of the session. */
const withoutSessionCredentials = ({ session, request, settings: { sensitive } }: Merged): Merged =>
  merge({ ...session, settings: withoutCredentials(session.settings, sensitive) })(request)

/** Removes credentials from the base URL. A token request may be relative to it. */
const withoutUserinfo = (settings: Settings): Settings => {
  const { baseUrl } = settings
  const text = baseUrl._tag === 'Set' ? Secret.textOf(baseUrl.value) : undefined
  const located = text === undefined ? E.left(undefined) : Url.parse(text)
  if (E.isLeft(located) || O.isNone(located.right.userinfo)) return settings
  return { ...settings, baseUrl: Override.set(located.right.url.href) }
}

/** Removes the body, which the plan has, and credentials in URLs (D14), so that an exchange can be printed. */
const withoutBodyAndUserinfo = (merged: Merged, { url, userinfo }: TargetUrl): Merged => {
  const { request } = merged
  const emptied = request.body._tag === 'Empty' ? merged : { ...merged, request: { ...request, body: Body.empty } }
  if (O.isNone(userinfo)) return emptied
  return {
    session: { ...merged.session, settings: withoutUserinfo(merged.session.settings) },
    request: { ...emptied.request, url: url.href, settings: withoutUserinfo(request.settings) },
    settings: withoutUserinfo(merged.settings),
  }
}

// --- the parts -----------------------------------------------------------------------------------------------------

/** The methods of RFC 9110 9.3, PATCH and QUERY (RFC 10008), in any case. Other methods are case-sensitive (D49). */
const STANDARD_METHODS: ReadonlyMap<string, E.Either<PlanError, string>> = new Map(
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY'.split(' ').map((method) => [method, E.right(method)]),
)

/** Returns the method as it is sent. */
export const spelledMethod = (method: string): string => {
  if (STANDARD_METHODS.has(method)) return method
  const upper = method.toUpperCase()
  return STANDARD_METHODS.has(upper) ? upper : method
}

const methodOf = ({ method }: Request): E.Either<PlanError, string> => {
  const standard = STANDARD_METHODS.get(method)
  if (standard !== undefined) return standard
  return Headers.isName(method)
    ? E.right(spelledMethod(method))
    : E.left(invalidSettings('method', `${JSON.stringify(method)} is not a token (RFC 9110 9.1)`))
}

/** Adds a Proxy-Authorization header to the route: only an HTTP proxy without credentials of its own may receive it (D22). */
const withProxyAuthorization = (given: Headers.Value | undefined, route: Route): Route => {
  const { proxy } = route
  if (given === undefined || O.isNone(proxy)) return route
  if (Proxy.isSocks(proxy.value) || O.isSome(proxy.value.authorization)) return route
  const authorization = O.some(typeof given === 'string' ? Secret.make(given) : given)
  return { ...route, proxy: O.some({ ...proxy.value, authorization }) }
}

/** A maximum that is not finite would never be reached. */
const hasFiniteMaximum = ({ maxRedirects }: Settings): boolean =>
  maxRedirects._tag !== 'Set' || Number.isFinite(maxRedirects.value)

/** A plan, and what its exchange keeps: the merged request without body, and without credentials in URLs. */
export interface Prepared extends Authorized {
  /** The settings that its exchange keeps. */
  readonly merged: Merged
}

/** Adds the credentials that are added last. */
const authorized = ({ jar, now, entropy }: World, merged: Merged, plan: Plan): E.Either<PlanError, Prepared> => {
  if (merged.settings.auth._tag !== 'Set') return E.right({ plan, need: undefined, merged })
  const outcome = authorize({ merged, jar, entropy }, plan, now, 'first')
  return E.isLeft(outcome) ? outcome : E.right({ plan: outcome.right.plan, need: outcome.right.need, merged })
}

// --- the stage -----------------------------------------------------------------------------------------------------

/** Returns the first plan, and the merged request that its exchange keeps. Errors: `PlanError`. */
export const prepareWithMerged =
  (world: World) =>
  (given: Merged): E.Either<PlanError, Prepared> => {
    const method = methodOf(given.request)
    if (E.isLeft(method)) return method
    const located = targetUrl(given.settings, given.request.url)
    if (E.isLeft(located)) return located
    const target = located.right
    // What may be used at this URL.
    const merged = target.relation === 'OtherOrigin' ? withoutSessionCredentials(given) : given
    const { session, settings, request } = merged
    const url = withQuery(settings)(target.url)
    if (!hasFiniteMaximum(settings)) return E.left(invalidSettings('maxRedirects', 'it must be a finite number'))
    const list = invalidList(settings)
    if (list !== undefined) return E.left(invalidSettings(list, 'it must be a list'))
    if (!Url.isHttp(url) && O.isNone(Mount.find(url)(session))) return E.left(unsupportedScheme(url.href, url.protocol))
    const fields = HeaderFields.fields(merged)
    if (E.isLeft(fields)) return fields
    const own = CookieHeader.ofSettings(settings)
    if (E.isLeft(own)) return own
    const auth = Credentials.validate(settings)
    if (E.isLeft(auth)) return auth
    if (world.entropy === '' && Credentials.drawsCnonce(merged, world.jar, url))
      return E.left(noEntropy('the cnonce of a digest answer'))
    const content = Content.encode(request.body, fields.right, world.entropy)
    if (E.isLeft(content)) return content
    const key = KeyHeader.minted(merged, method.right, world.entropy)
    if (E.isLeft(key)) return key
    const chosen = Routing.decide(settings, session.ambient, world.environment, url)
    if (E.isLeft(chosen)) return chosen
    const routeDecision = chosen.right
    const { compression } = settings
    const coded =
      compression._tag === 'Set' ? BodyCoding.encode(compression.value, fields.right, content.right.payload) : undefined
    if (coded !== undefined && E.isLeft(coded)) return coded

    // From here only a signer can fail. The header fields are added in requests' order.
    const forProxy = Headers.find(fields.right, 'Proxy-Authorization')
    const ownFields = forProxy === undefined ? fields.right : Headers.deleteAt('Proxy-Authorization')(fields.right)
    const route = withProxyAuthorization(forProxy, routeDecision.route)
    const withCookies = CookieHeader.withCookies(own.right, world.jar, url, world.now, ownFields)
    const typeOfBody = content.right.contentType
    const body = coded === undefined ? content.right.payload : coded.right.payload
    const coding = coded?.right.decision
    const unframed = coding === undefined ? withCookies : BodyCoding.withoutLength(coding, withCookies)
    const framing = Content.decideFraming(unframed, method.right, body)
    const contentType = Content.decideContentType(unframed, typeOfBody)
    const framed = Content.withFraming(framing, body, unframed)
    const typed = Content.withContentType(contentType, typeOfBody, framed)
    const encoded = coding === undefined ? typed : BodyCoding.withCoding(coding, typed)
    const withBody = KeyHeader.withKey(key.right, encoded)
    const credentials = Credentials.choose(merged, world, method.right, url, target.userinfo, withBody)
    const headers = Credentials.apply(credentials, withBody)

    const provenance = seal({
      _tag: 'First',
      method: method.right,
      url,
      headers,
      body,
      route,
      given,
      merged,
      jar: world.jar,
      environment: world.environment,
      now: world.now,
      target,
      routeDecision,
      credentials,
      cookies: CookieHeader.sourceOf(settings, true),
      minted: key.right,
      coding,
      framing,
      contentType,
    })
    const plan: Plan = { method: method.right, url, headers, body, route, cause: 'Start', provenance }
    return authorized(world, withoutBodyAndUserinfo(merged, target), plan)
  }

/** Turns a merged request into a plan. Errors: `PlanError`. */
export const prepare =
  (world: Partial<World>) =>
  (merged: Merged): E.Either<PlanError, Plan> => {
    const all = withDefaults(world)
    const first = prepareWithMerged(all)(merged)
    if (E.isLeft(first)) return first
    const { plan, need } = first.right
    // The answer to a proxy covers what is still missing.
    return E.right(need === undefined ? ProxyDigest.signed(plan, all.jar, all.entropy).plan : plan)
  }

/** @deprecated Use `withDefaults`. */
export const worldOf = withDefaults
/** @deprecated Internal: `prepare` does this. */
export const leave: (merged: Merged) => Merged = withoutSessionCredentials
/** @deprecated Use `prepareWithMerged`. */
export const prepared = prepareWithMerged
