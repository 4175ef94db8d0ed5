/**
 * The second stage: what was merged becomes a plan, or it is said why it cannot. Nothing is sent, nothing awaited.
 *
 * In requests' order: method · URL and query · headers · cookies · body · auth; then the route, and last a scheme of
 * the user's own, so that it can sign everything. The environment is asked only for what is still unsaid.
 *
 * Laws: deterministic; Content-Length is the body's; `Content-Type` is the user's where there is one.
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
import * as Settings from '../session/Settings.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Multipart from '../values/Multipart.js'
import * as Override from '../values/Override.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import type { Plan, Route } from '../wire/Plan.js'
import { type Merged, merge } from './Merge.js'
import { invalidBody, invalidSettings, noEntropy, type PlanError, unsupportedScheme } from './PlanError.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import * as HeaderFields from './prepare/HeaderFields.js'
import { seal } from './prepare/Provenance.js'
import { route } from './prepare/Route.js'
import { type Address, address, withQuery } from './prepare/TargetUrl.js'

export type { PlanError } from './PlanError.js'

/**
 * What preparing reads beside session and request. What is left out is empty. `entropy` is a text that nobody can guess,
 * such as a random UUID, new for each request: the multipart boundary and the digest cnonce are drawn from it. Without it
 * the boundary is drawn from the parts, so that none can hold it; a part that is a stream, or a digest that is to be
 * answered, is `InvalidSettings`.
 */
export interface World {
  readonly jar: Jar.Jar
  readonly environment: Environment.Environment
  readonly now: Date
  readonly entropy: string
}

/** A session and what of the world is known; a jar is of no use without the time. */
export type Context = { readonly session: Session } & Partial<Pick<World, 'environment' | 'entropy'>> &
  ({ readonly jar: Jar.Jar; readonly now: Date } | { readonly jar?: never; readonly now?: Date })

const EPOCH = new Date(0)

/** The world with nothing left out. */
export const withDefaults = (world: Partial<World>): World => ({
  jar: OwnProperty.get(world, 'jar') ?? Jar.empty,
  environment: OwnProperty.get(world, 'environment') ?? Environment.empty,
  now: OwnProperty.get(world, 'now') ?? EPOCH,
  entropy: OwnProperty.get(world, 'entropy') ?? '',
})

// --- what stays behind ---------------------------------------------------------------------------------------------

const isSecret = (setting: Settings.HeaderSetting, key: string, sensitive: Settings.Settings['sensitive']): boolean =>
  Settings.SENSITIVE.has(key) || sensitive.get(key)?._tag === 'Set' || setting.values.some(Secret.is)

/**
 * A session's settings without what only its own origin may see: auth, query, cookies, certificate, `Host`, and headers
 * that are secret or that session or request name so.
 */
const withoutCredentials = (
  settings: Settings.Settings,
  sensitive: Settings.Settings['sensitive'],
): Settings.Settings => ({
  ...settings,
  auth: Override.inherit,
  query: Override.inherit,
  cookies: Override.noKeys,
  certificate: Override.inherit,
  headers: new Map(
    [...settings.headers].filter(
      ([key, override]) => override._tag !== 'Set' || (key !== 'host' && !isSecret(override.value, key, sensitive)),
    ),
  ),
})

/** A request that leaves the base's origin takes only credentials of its own along. */
export const leave = ({ session, request, settings }: Merged): Merged =>
  merge({ ...session, settings: withoutCredentials(session.settings, settings.sensitive) })(request)

/**
 * What an exchange keeps of what was merged, once there is a plan: neither the body, which is in the plan and sealed
 * there, nor what stood before an `@` in a URL (D14). So an exchange can be printed.
 */
const spent = (merged: Merged, { url, userinfo }: Address): Merged => {
  const { request } = merged
  const emptied = request.body._tag === 'Empty' ? merged : { ...merged, request: { ...request, body: Body.empty } }
  if (O.isNone(userinfo)) return emptied
  const bare = (settings: Settings.Settings): Settings.Settings => ({ ...settings, baseUrl: Override.inherit })
  return {
    session: { ...merged.session, settings: bare(merged.session.settings) },
    request: { ...emptied.request, url: url.href, settings: bare(request.settings) },
    settings: bare(merged.settings),
  }
}

// --- the parts -----------------------------------------------------------------------------------------------------

/** RFC 9110 9.3, and PATCH: in any case they are meant. Every other method is another one in another case (D49). */
const KNOWN: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
])

/** The method as it is sent. */
export const spelledMethod = (method: string): string => {
  if (KNOWN.has(method)) return method
  const upper = method.toUpperCase()
  return KNOWN.has(upper) ? upper : method
}

const methodOf = ({ method }: Request): E.Either<PlanError, string> =>
  Headers.isName(method)
    ? E.right(spelledMethod(method))
    : E.left(invalidSettings('method', `${JSON.stringify(method)} is not a token (RFC 9110 9.1)`))

// RFC 9110 8.6: no Content-Length where the method does not expect content (D18).
const EXPECTS_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/**
 * Content-Length or Transfer-Encoding as the payload asks, in the place of the user's where it is known better: a user's
 * length stands only for a stream that does not know its own.
 */
const withFraming = (headers: Headers.Headers, method: string, payload: Body.Payload): Headers.Headers => {
  if (payload._tag === 'Empty') {
    return EXPECTS_CONTENT.has(method)
      ? Headers.upsertAt('Content-Length', '0')(Headers.deleteAt('Transfer-Encoding')(headers))
      : Headers.deleteAt('Content-Length', 'Transfer-Encoding')(headers)
  }
  const size = Body.length(payload)
  if (O.isSome(size)) {
    return Headers.upsertAt('Content-Length', String(size.value))(Headers.deleteAt('Transfer-Encoding')(headers))
  }
  if (Headers.has('Content-Length')(headers)) return Headers.deleteAt('Transfer-Encoding')(headers)
  return Headers.upsertAt('Transfer-Encoding', 'chunked')(headers)
}

const withContent = (
  headers: Headers.Headers,
  method: string,
  { payload, contentType }: Body.Encoded,
): Headers.Headers => {
  const framed = withFraming(headers, method, payload)
  if (contentType === undefined) return framed
  const given = Headers.find(framed, 'Content-Type')
  if (given === undefined) return Headers.append('Content-Type', contentType)(framed)
  const text = Secret.reveal(given)
  // The boundary is a required parameter (RFC 2046 5.1.1): a multipart type of the user's own gets it.
  const isBare = Multipart.isMultipart(text) && Multipart.boundaryOf(text) === undefined
  if (!isBare || !Multipart.isMultipart(contentType)) return framed
  return Headers.upsertAt('Content-Type', Secret.is(given) ? Secret.make(contentType) : contentType)(framed)
}

/** An empty text is no body (requests D22); an empty form is one (D25). */
const payloadOf = (body: Body.Body, headers: Headers.Headers, entropy: string): E.Either<PlanError, Body.Encoded> => {
  const given = body._tag === 'Multipart' ? Headers.find(headers, 'Content-Type') : undefined
  if (entropy === '' && Body.needsEntropy(body, given === undefined ? '' : Secret.reveal(given))) {
    return E.left(noEntropy('the boundary of a multipart body'))
  }
  const encoded = Body.encode(body, { contentType: given === undefined ? given : Secret.reveal(given), entropy })
  if (E.isLeft(encoded)) return E.left(invalidBody(encoded.left))
  const { payload, contentType } = encoded.right
  const isNothing = payload._tag === 'Bytes' && contentType === undefined && Secret.open(payload.bytes).length === 0
  return isNothing ? E.right({ payload: Body.empty, contentType }) : encoded
}

/** Proxy-Authorization is for a proxy: it moves into the route where there is one, and goes nowhere else (D22). */
const withProxyAuthorization = (headers: Headers.Headers, way: Route): readonly [Headers.Headers, Route] => {
  const given = Headers.find(headers, 'Proxy-Authorization')
  if (given === undefined) return [headers, way]
  const rest = Headers.deleteAt('Proxy-Authorization')(headers)
  if (O.isNone(way.proxy) || Proxy.isSocks(way.proxy.value) || O.isSome(way.proxy.value.authorization))
    return [rest, way]
  const authorization = O.some(typeof given === 'string' ? Secret.make(given) : given)
  return [rest, { ...way, proxy: O.some({ ...way.proxy.value, authorization }) }]
}

/** What is not finite is never reached by counting: redirects would be followed for ever. */
const hasMaximum = ({ maxRedirects }: Settings.Settings): boolean =>
  maxRedirects._tag !== 'Set' || Number.isFinite(maxRedirects.value)

const isSendable = ({ url }: Address, session: Session): boolean =>
  Url.isHttp(url) || O.isSome(Mount.find(url)(session))

/** Custom auth may have changed anything: what it made must still be HTTP, and is secret. */
const checked = (before: Plan, after: Plan): E.Either<PlanError, Plan> => {
  const headers = HeaderFields.signed(before.headers, after.headers)
  if (E.isLeft(headers)) return headers
  return E.right({ ...after, headers: withFraming(headers.right, after.method, after.body) })
}

// --- the stage -----------------------------------------------------------------------------------------------------

/** A plan, and what was merged as far as it may be used at that address. */
export interface Prepared {
  readonly plan: Plan
  readonly merged: Merged
}

/** Everything the first plan of an exchange is made of. */
export const prepared =
  (world: World) =>
  (given: Merged): E.Either<PlanError, Prepared> => {
    const method = methodOf(given.request)
    if (E.isLeft(method)) return method
    const found = address(given.settings, given.request.url)
    if (E.isLeft(found)) return found
    const merged = found.right.leaves ? leave(given) : given
    const place = withQuery(merged.settings)(found.right)
    const { url } = place
    if (!hasMaximum(given.settings)) return E.left(invalidSettings('maxRedirects', 'it must be a finite number'))
    if (!isSendable(place, given.session)) return E.left(unsupportedScheme(url.href, url.protocol))
    const { session, settings, request } = merged
    const fields = HeaderFields.fields(merged)
    if (E.isLeft(fields)) return fields
    const own = CookieHeader.given(settings)
    if (E.isLeft(own)) return own
    const auth = Credentials.checked(settings)
    if (E.isLeft(auth)) return auth
    if (world.entropy === '' && Credentials.drawsCnonce(merged, world.jar, url))
      return E.left(noEntropy('the cnonce of a digest answer'))
    const content = payloadOf(request.body, fields.right, world.entropy)
    if (E.isLeft(content)) return content
    const way = route(settings, session.ambient, world.environment, url)
    if (E.isLeft(way)) return way
    const [sent, travel] = withProxyAuthorization(fields.right, way.right)
    const cookies = CookieHeader.withCookies(own.right, world.jar, url, world.now)(sent)
    const withBody = withContent(cookies, method.right, content.right)
    const plan: Plan = {
      method: method.right,
      url,
      headers: Credentials.authorize(merged, world, method.right, place, withBody),
      body: content.right.payload,
      route: travel,
      cause: 'Start',
      inputs: seal({ merged: given, jar: world.jar, environment: world.environment, now: world.now, after: O.none }),
    }
    return finish(spent(merged, place), plan)
  }

const finish = (merged: Merged, plan: Plan): E.Either<PlanError, Prepared> => {
  const { auth } = merged.settings
  if (auth._tag !== 'Set' || auth.value._tag !== 'Custom') return E.right({ plan, merged })
  const signed = Credentials.sign(auth.value, plan)
  if (E.isLeft(signed)) return signed
  const good = checked(plan, signed.right)
  return E.isLeft(good) ? good : E.right({ plan: good.right, merged })
}

/** Merged to a plan. Errors: `PlanError`. */
export const prepare =
  (world: Partial<World>) =>
  (merged: Merged): E.Either<PlanError, Plan> => {
    const made = prepared(withDefaults(world))(merged)
    return E.isLeft(made) ? made : E.right(made.right.plan)
  }
