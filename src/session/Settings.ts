/**
 * All that a session or a request may say, as one record of overrides; and every `with*`, defined once for both.
 *
 * | setting                                                  | a later one                                       |
 * |----------------------------------------------------------|---------------------------------------------------|
 * | headers, cookies, timeouts, limits, sensitive names      | wins key by key; headers compare without case     |
 * | query, proxies given as a record                         | wins key by key                                   |
 * | query given as pairs or text, a single proxy             | takes the place of all before (requests' rule)    |
 * | hooks, redirect policies                                 | is added; `withHooks`, `withRedirectPolicy` take the place |
 * | auth, verify, CA, certificate, base URL, maximum, progress | wins                                            |
 *
 * Laws: `Monoid` is a monoid; `withSettings` is its action, and every `with*` is `withSettings` of something.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Override, Request, Settings } from 'requests-ts'
 *
 * const request = pipe(Request.get('/'), Request.withHeader('X-A', '1'), Request.withoutHeader('x-a'))
 * assert.deepEqual(request.settings.headers.get('x-a'), Override.unset)
 * assert.equal(Settings.Monoid.concat(Settings.empty, request.settings), request.settings)
 */
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import { getMonoid as getArrayMonoid } from 'fp-ts/lib/ReadonlyArray.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as Headers from '../values/Headers.js'
import { isArray } from '../values/IsArray.js'
import * as Override from '../values/Override.js'
import { trimmed } from '../values/PercentEncoding.js'
import * as ProxyKey from '../values/ProxyKey.js'
import * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import { SENSITIVE } from '../values/SensitiveHeaders.js'
import { type BodyLimit, type ClientCertificate, hidden, type Plan, type Timeouts } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import type { OnProgress } from '../wire/Transport.js'
import * as Auth from './Auth.js'
import { hideNamed } from './NamedHeaders.js'
import * as RedirectPolicy from './RedirectPolicy.js'

export type { OnProgress, Progress } from '../wire/Transport.js'

// --- model ---------------------------------------------------------------------------------------------------------

/** A header as it is to be spelled, with one value for each line. */
export interface HeaderSetting {
  readonly name: string
  readonly values: ReadonlyArray<Headers.Value>
}

/**
 * Sees the head of each reply before its cookies are taken, and may change it. Its failure is `HookFailed`. It is waited for
 * until the signal aborts or the total time is over, and then goes on by itself, unseen.
 */
export type Hook = (head: Head, plan: Plan) => TaskEither<unknown, Head>

/** By the keys of `ProxyKey`, such as `http`, `all` or `https://host`; an unset key means directly. */
export type Proxies = Override.Keyed<Secret.Secret>

export interface Settings {
  /** By lower-case name. */
  readonly headers: Override.Keyed<HeaderSetting>
  readonly query: Override.Layer<Query.Source>
  readonly cookies: Override.Keyed<Secret.Secret>
  readonly proxies: Override.Layer<Proxies>
  readonly auth: Override.Override<Auth.Auth>
  /** Secret where it holds credentials. */
  readonly baseUrl: Override.Override<string | Secret.Secret>
  readonly verify: Override.Override<boolean>
  readonly ca: Override.Override<string>
  readonly certificate: Override.Override<ClientCertificate>
  readonly timeouts: Override.Keyed<number>
  readonly limits: Override.Keyed<number>
  readonly maxRedirects: Override.Override<number>
  /** Policies, joined by their monoid when they are asked. */
  readonly redirects: Override.Layer<ReadonlyArray<RedirectPolicy.RedirectPolicy>>
  readonly hooks: Override.Layer<ReadonlyArray<Hook>>
  /** Lower-case names of headers that are secret beside the well-known ones. */
  readonly sensitive: Override.Keyed<true>
  readonly progress: Override.Override<OnProgress>
}

export const empty: Settings = {
  headers: Override.noKeys,
  query: Override.inherit,
  cookies: Override.noKeys,
  proxies: Override.inherit,
  auth: Override.inherit,
  baseUrl: Override.inherit,
  verify: Override.inherit,
  ca: Override.inherit,
  certificate: Override.inherit,
  timeouts: Override.noKeys,
  limits: Override.noKeys,
  maxRedirects: Override.inherit,
  redirects: Override.inherit,
  hooks: Override.inherit,
  sensitive: Override.noKeys,
  progress: Override.inherit,
}

// --- monoid --------------------------------------------------------------------------------------------------------

const keyed = <A>(x: Override.Keyed<A>, y: Override.Keyed<A>) => Override.getKeyedMonoid<A>().concat(x, y)
const last = <A>(x: Override.Override<A>, y: Override.Override<A>) => Override.getMonoid<A>().concat(x, y)

const QueryLayer = Override.getLayerMonoid(Query.SourceSemigroup)
const ProxiesLayer = Override.getLayerMonoid(Override.getKeyedMonoid<Secret.Secret>())
const RedirectsLayer = Override.getLayerMonoid(getArrayMonoid<RedirectPolicy.RedirectPolicy>())
const HooksLayer = Override.getLayerMonoid(getArrayMonoid<Hook>())

export const Monoid: MonoidOf<Settings> = {
  empty,
  concat: (x, y) => {
    if (y === empty) return x
    if (x === empty) return y
    const sensitive = keyed(x.sensitive, y.sensitive)
    return {
      headers: hideNamed(keyed(x.headers, y.headers), sensitive),
      query: QueryLayer.concat(x.query, y.query),
      cookies: keyed(x.cookies, y.cookies),
      proxies: ProxiesLayer.concat(x.proxies, y.proxies),
      auth: last(x.auth, y.auth),
      baseUrl: last(x.baseUrl, y.baseUrl),
      verify: last(x.verify, y.verify),
      ca: last(x.ca, y.ca),
      certificate: last(x.certificate, y.certificate),
      timeouts: keyed(x.timeouts, y.timeouts),
      limits: keyed(x.limits, y.limits),
      maxRedirects: last(x.maxRedirects, y.maxRedirects),
      redirects: RedirectsLayer.concat(x.redirects, y.redirects),
      hooks: HooksLayer.concat(x.hooks, y.hooks),
      sensitive,
      progress: last(x.progress, y.progress),
    }
  },
}

// --- the action ----------------------------------------------------------------------------------------------------

/** Anything that carries settings: a `Session`, a `Request`, or your own. */
export interface Configurable {
  readonly settings: Settings
}

/** Takes a session or a request and gives the same back, changed. */
export type Configure = <C extends Configurable>(configurable: C) => C

/** Lays settings over what is there: the monoid action that every `with*` is made of. */
export const withSettings =
  (settings: Settings): Configure =>
  (configurable) => ({
    ...configurable,
    settings: Monoid.concat(configurable.settings, settings),
  })

const withOne = (patch: Partial<Settings>): Configure => withSettings({ ...empty, ...patch })

const single = <A>(key: string, override: Override.Override<A>): Override.Keyed<A> => new Map([[key, override]])

// --- headers -------------------------------------------------------------------------------------------------------

export { SENSITIVE }

const hiddenText = (value: string | Secret.Secret): Secret.Secret =>
  typeof value === 'string' ? Secret.make(value) : value

const sealed = (key: string, value: Headers.Value): Headers.Value =>
  typeof value === 'string' && SENSITIVE.has(key) ? Secret.make(value) : value

/** What is no text is refused when it is planned, and not here. */
const keyOf = (name: string): string => String(name).toLowerCase()

const header = (name: string, values: ReadonlyArray<Headers.Value>): Configure =>
  withOne({
    headers: single(keyOf(name), Override.set({ name, values: values.map((value) => sealed(keyOf(name), value)) })),
  })

/** Sets a header, whatever stood under that name in any case. */
export const withHeader = (name: string, value: string): Configure => header(name, [value])

/** Removes a header that lies below. */
export const withoutHeader = (name: string): Configure =>
  withOne({
    headers: single<HeaderSetting>(keyOf(name), Override.unset),
  })

/** Sets a header that no printer shows and that does not follow a redirect to another origin. */
export const withSecretHeader = (name: string, value: string | Secret.Secret): Configure =>
  header(name, [hiddenText(value)])

/** Sets several headers: a record (`null` removes), or pairs, where a name that is repeated gives several lines. */
export const withHeaders = (
  fields: Readonly<Record<string, string | null>> | ReadonlyArray<readonly [name: string, value: string]>,
): Configure => {
  const headers = new Map<string, Override.Override<HeaderSetting>>()
  // The values of one name grow in place, for a line may repeat it thousands of times.
  const grown = new Map<string, Headers.Value[]>()
  const pairs: ReadonlyArray<readonly [string, string | null]> = isArray(fields) ? fields : Object.entries(fields)
  for (const [name, value] of pairs) {
    const key = keyOf(name)
    const before = isArray(fields) ? grown.get(key) : undefined
    const values = value === null ? [] : (before ?? [])
    if (value !== null) values.push(sealed(key, value))
    if (value === null) grown.delete(key)
    else grown.set(key, values)
    headers.set(key, value === null ? Override.unset : Override.set({ name, values }))
  }
  return withOne({ headers })
}

/**
 * Names headers whose values are secret wherever they are given, before or after. A request's names hide the session's
 * values in a plan; the session itself, which does not know them, still prints them.
 */
export const withSensitiveHeaders = (...names: ReadonlyArray<string>): Configure =>
  withOne({
    sensitive: new Map(names.map((name) => [keyOf(name), Override.set<true>(true)])),
  })

// --- query and cookies ---------------------------------------------------------------------------------------------

/** Adds to the query: a record key by key (`null` removes), pairs in place of what a session gives. */
export const withQuery = (input: Query.Input): Configure => withOne({ query: Query.layer(input) })

/**
 * Sets a query key whose value no printer shows: in the URL of a plan, in messages, tapes and archives it reads `‹secret›`.
 * `Plan.wire`, `{ reveal: true }` and the transport have it. A session's does not leave its base URL's origin.
 *
 * A reply may repeat the value, as a Location often does. It is hidden there too, percent-encoded in any way: a value of
 * four characters or more wherever it stands in a path, a query, a fragment or a field; a shorter one only as the whole
 * value of a query pair. A host name, a reason phrase, the path of a cookie in the jar and the body of a reply are not
 * searched.
 */
export const withSecretQuery = (name: string, value: string | Secret.Secret): Configure =>
  withOne({
    query: Override.extend<Query.Source>({
      _tag: 'Keys',
      keys: single(name, Override.set<Query.Held>(hiddenText(value))),
    }),
  })

/** Takes text as it is for the query, quoted only where a URL cannot hold it; in place of what a session gives. */
export const withQueryText = (text: string): Configure => withOne({ query: Override.replace({ _tag: 'Text', text }) })

/** Sends a cookie along, to the origin of the request only; it never enters the jar. */
export const withCookie = (name: string, value: string | Secret.Secret): Configure =>
  withOne({
    cookies: single(name, Override.set(typeof value === 'string' ? Secret.make(value) : value)),
  })

export const withoutCookie = (name: string): Configure =>
  withOne({ cookies: single<Secret.Secret>(name, Override.unset) })

// --- auth ----------------------------------------------------------------------------------------------------------

export const withAuth = (auth: Auth.Auth): Configure => withOne({ auth: Override.set(auth) })
export const withBasicAuth = (user: string, pass: string | Secret.Secret): Configure => withAuth(Auth.basic(user, pass))
export const withBearer = (token: string | Secret.Secret): Configure => withAuth(Auth.bearer(token))
export const withDigestAuth = (user: string, pass: string | Secret.Secret): Configure =>
  withAuth(Auth.digest(user, pass))
/** No authentication: neither the session's, nor the URL's, nor netrc's. A header of your own stays. */
export const withoutAuth: Configure = withOne({ auth: Override.unset })

// --- where and how -------------------------------------------------------------------------------------------------

/** A base URL as a setting holds it: secret where it holds credentials. */
export const baseUrl = (url: string): string | Secret.Secret =>
  typeof url === 'string' && url.includes('@') ? Secret.make(url) : url

/** What relative URLs are joined to, with exactly one slash between. */
export const withBaseUrl = (url: string): Configure => withOne({ baseUrl: Override.set(baseUrl(url)) })

/** What is no key at all stays as it is, and is refused when it is planned. */
const proxyKey = (key: string): string => ProxyKey.normalize(key) ?? key

const isDirect = (url: string | null): url is null => url === null || (typeof url === 'string' && trimmed(url) === '')

/**
 * One proxy for every URL; or a record as requests' `proxies`, where `null` means directly. Keys are compared as they are
 * meant (`ProxyKey`): `HTTP` is `http`, `http://A.test/` is `http://a.test`. One that means nothing is `InvalidProxy`.
 */
export const withProxy = (proxy: string | Readonly<Record<string, string | null>>): Configure => {
  if (typeof proxy === 'string') {
    return withOne({
      proxies: Override.replace(single('all', Override.set(Secret.make(proxy)))),
    })
  }
  const proxies = new Map<string, Override.Override<Secret.Secret>>()
  for (const [given, url] of Object.entries(proxy)) {
    const key = proxyKey(given)
    // An empty list of hosts is a list: it stands in for the variable.
    const isUnset = key === ProxyKey.NO_PROXY ? url === null : isDirect(url)
    proxies.set(key, isUnset || url === null ? Override.unset : Override.set(Secret.make(url)))
  }
  return withOne({ proxies: Override.extend<Proxies>(proxies) })
}

/** Directly, whatever session and environment say. */
export const withoutProxy: Configure = withOne({
  proxies: Override.replace<Proxies>(single<Secret.Secret>('all', Override.unset)),
})

/** Whether certificates are checked. Only `false` turns it off (D3). */
export const withVerify = (verify: boolean): Configure => withOne({ verify: Override.set(verify) })
/** The roots of trust, in place of the built-in ones: PEM text, or the path of a PEM file or of a folder of them. */
export const withCa = (ca: string): Configure => withOne({ ca: Override.set(ca) })
/** A client certificate, for the first origin only. */
export const withClientCertificate = (certificate: ClientCertificate): Configure =>
  withOne({ certificate: Override.set(hidden(certificate)) })

const numbers = (given: Readonly<Record<string, number>>): Override.Keyed<number> =>
  new Map(Object.entries(given).map(([key, value]) => [key, Override.set(value)]))

/** In milliseconds; what is left out stays as it was. */
export const withTimeouts = (timeouts: Timeouts): Configure => withOne({ timeouts: numbers({ ...timeouts }) })
/** Waits for ever, as requests does. */
export const withoutTimeouts: Configure = withOne({
  timeouts: new Map<string, Override.Override<number>>([
    ['connect', Override.unset],
    ['read', Override.unset],
    ['total', Override.unset],
  ]),
})
export const withLimits = (limits: Partial<BodyLimit>): Configure => withOne({ limits: numbers({ ...limits }) })

// --- redirects, hooks, progress ------------------------------------------------------------------------------------

/** How many redirects are followed before `TooManyRedirects`; 30 unless said. */
export const withMaxRedirects = (n: number): Configure => withOne({ maxRedirects: Override.set(n) })
/** Puts a policy in place of all that were there. */
export const withRedirectPolicy = (policy: RedirectPolicy.RedirectPolicy): Configure =>
  withOne({ redirects: Override.replace([policy]) })
/** Adds a policy: what any of them refuses is refused. */
export const andRedirectPolicy = (policy: RedirectPolicy.RedirectPolicy): Configure =>
  withOne({ redirects: Override.extend([policy]) })
/** The redirect is the response (requests' `allow_redirects=False`). */
export const withoutRedirects: Configure = withRedirectPolicy(RedirectPolicy.none)

/** Adds a hook behind those that are there. */
export const withHook = (hook: Hook): Configure => withOne({ hooks: Override.extend([hook]) })
/** Puts hooks in place of all that were there: what a request's `hooks` does in requests. */
export const withHooks = (hooks: ReadonlyArray<Hook>): Configure => withOne({ hooks: Override.replace(hooks) })

/** Tells how far a body has gone, up and down. */
export const withProgress = (onProgress: OnProgress): Configure => withOne({ progress: Override.set(onProgress) })
