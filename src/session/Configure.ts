/**
 * Every function that configures a session or a request. `Session`, `Request` and `Settings` export all of them.
 * Nothing is validated here: `Plan.plan` reports an invalid setting as a `PlanError`.
 */
import type * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import { trimmed } from '../values/PercentEncoding.js'
import * as ProxyKey from '../values/ProxyKey.js'
import * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import * as UserInput from '../values/UserInput.js'
import { type BodyLimit, type ClientCertificate, hideCertificate, type Timeouts } from '../wire/Plan.js'
import * as Auth from './auth/Auth.js'
import type { Observer } from './observation/Observer.js'
import * as RedirectPolicy from './RedirectPolicy.js'
import {
  baseUrl,
  type Configure,
  empty,
  type HeaderSetting,
  type Hook,
  invalidHooks,
  invalidObservers,
  listOr,
  Monoid,
  type OnProgress,
  type Proxies,
  SENSITIVE,
  type Settings,
} from './SettingsRecord.js'
import * as Compression from './sending/Compression.js'
import * as IdempotencyKey from './sending/IdempotencyKey.js'

/** Lays settings over the existing ones: the monoid action that every other function here uses. */
export const withSettings =
  (settings: Settings): Configure =>
  (configurable) => ({ ...configurable, settings: Monoid.concat(configurable.settings, settings) })

const patch = (changes: Partial<Settings>): Configure => withSettings({ ...empty, ...changes })

const single = <A>(key: string, override: Override.Override<A>): Override.Keyed<A> => new Map([[key, override]])

// --- headers -------------------------------------------------------------------------------------------------------

const hideIfSensitive = (key: string, value: Headers.Value): Headers.Value =>
  SENSITIVE.has(key) ? Secret.hide(value) : value

/** JavaScript callers may pass a name that is not a string; planning reports it as `InvalidHeader`. */
const keyOf = (name: string): string => String(name).toLowerCase()

const header = (name: string, value: Headers.Value): Configure => {
  const key = keyOf(name)
  return patch({ headers: single(key, Override.set({ name, values: [hideIfSensitive(key, value)] })) })
}

/** Sets a header. Replaces all values of that name, in any case. */
export const withHeader = (name: string, value: string): Configure => header(name, value)

/** Removes a header that the session or an earlier setting sets. */
export const withoutHeader = (name: string): Configure =>
  patch({ headers: single<HeaderSetting>(keyOf(name), Override.unset) })

/** Sets a header whose value is never printed and never follows a redirect to another origin. */
export const withSecretHeader = (name: string, value: string | Secret.Secret): Configure =>
  header(name, Secret.hide(value))

/**
 * Sets several headers, from a record or from pairs (a list, a `Headers` of fetch): a repeated name is sent as several lines. In
 * a record `null` removes a header of an earlier setting, and `undefined` is ignored, as if the name were missing.
 */
export const withHeaders = (
  fields: Readonly<Record<string, string | null | undefined>> | Iterable<readonly [name: string, value: string]>,
): Configure => {
  const given = UserInput.listed(fields)
  const headers = new Map<string, Override.Override<HeaderSetting>>()
  // The values of a name are appended in place, because a name may be repeated thousands of times.
  const lines = new Map<string, Headers.Value[]>()
  const isRepeatable = UserInput.isArray(given)
  const pairs: Iterable<readonly [string, string | null | undefined]> = isRepeatable ? given : Object.entries(given)
  for (const [name, value] of pairs) {
    if (value === undefined && !isRepeatable) continue
    const key = keyOf(name)
    if (value === null) {
      lines.delete(key)
      headers.set(key, Override.unset)
      continue
    }
    // The cast: only plain JavaScript can pass `undefined` in a pair, which planning reports.
    const line = hideIfSensitive(key, value as string)
    const earlier = isRepeatable ? lines.get(key) : undefined
    const values = earlier ?? [line]
    if (earlier !== undefined) earlier.push(line)
    else if (isRepeatable) lines.set(key, values)
    headers.set(key, Override.set({ name, values }))
  }
  return patch({ headers })
}

/**
 * Makes the values of these headers secret, whether they are set before or after. Names given to a request also hide the
 * session's values in the plan, but printing the session itself still shows them.
 */
export const withSensitiveHeaders = (...names: ReadonlyArray<string>): Configure =>
  patch({ sensitive: new Map(names.map((name) => [keyOf(name), Override.set<true>(true)])) })

// --- query and cookies ---------------------------------------------------------------------------------------------

/**
 * Adds query parameters. A record merges by key: `null` removes a key, and `undefined` is ignored, as if the key were
 * missing. Pairs replace the session's query. `null` and `undefined` in a list of values are omitted, as in requests.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const search = (page: number | undefined) =>
 *   pipe(
 *     Request.get('https://example.com/'),
 *     Request.withQuery({ q: 'a b', page }),
 *     Plan.plan({ session: Session.empty }),
 *     E.map(({ url }) => url.search))
 * assert.deepEqual(search(2), E.right('?q=a+b&page=2'))
 * assert.deepEqual(search(undefined), E.right('?q=a+b'))
 */
export const withQuery = (input: Query.Input): Configure => patch({ query: Query.layer(input) })

/**
 * Sets a query parameter whose value is never printed: URLs of plans, messages, tapes and archives show `‹secret›`. Only
 * `Plan.wire`, `{ reveal: true }` and the transport see it. A session's secret parameter is sent only to the origin of its
 * base URL.
 *
 * A reply may repeat the value, for example in a Location header. It is hidden there too, in any percent-encoding: a value
 * of four or more characters anywhere in a path, query, fragment or header; a shorter one only as the whole value of a
 * query pair. Host names, reason phrases, cookie paths in the jar and reply bodies are not searched.
 */
export const withSecretQuery = (name: string, value: string | Secret.Secret): Configure =>
  patch({ query: Override.extend({ _tag: 'Keys', keys: single(name, Override.set(Secret.hide(value))) }) })

/** Sets the query as text, encoding only characters that a URL cannot contain. Replaces the session's query. */
export const withQueryText = (text: string): Configure => patch({ query: Override.replace({ _tag: 'Text', text }) })

/** Sends a cookie to the origin of the request only, without storing it in the jar. */
export const withCookie = (name: string, value: string | Secret.Secret): Configure =>
  patch({ cookies: single(name, Override.set(Secret.hide(value))) })

/** Removes a cookie that the session sets. Cookies of the jar are not affected. */
export const withoutCookie = (name: string): Configure =>
  patch({ cookies: single<Secret.Secret>(name, Override.unset) })

// --- authentication ------------------------------------------------------------------------------------------------

/** Sets the authentication (`Auth`). */
export const withAuth = (auth: Auth.Auth): Configure => patch({ auth: Override.set(auth) })
/** Sets basic authentication (RFC 7617). */
export const withBasicAuth = (user: string, pass: string | Secret.Secret): Configure => withAuth(Auth.basic(user, pass))
/** Sets a bearer token (RFC 6750). */
export const withBearer = (token: string | Secret.Secret): Configure => withAuth(Auth.bearer(token))
/** Sets digest authentication (RFC 7616). */
export const withDigestAuth = (user: string, pass: string | Secret.Secret): Configure =>
  withAuth(Auth.digest(user, pass))
/** Disables authentication from the session, the URL and netrc. An explicit Authorization header is still sent. */
export const withoutAuth: Configure = patch({ auth: Override.unset })

// --- URL, proxies, TLS ---------------------------------------------------------------------------------------------

/** Sets the base URL that relative URLs are appended to, with exactly one slash between them. */
export const withBaseUrl = (url: string | URL): Configure =>
  patch({ baseUrl: Override.set(baseUrl(UserInput.urlText(url))) })

/** Returns the entries of a plain record, or `undefined` for anything else, which planning reports: requests must not go direct. */
const proxyEntries = <A>(given: Readonly<Record<string, A>>): ReadonlyArray<readonly [string, A]> | undefined => {
  try {
    return UserInput.isRecord(given) ? Object.entries(given) : undefined
  } catch {
    return undefined // a proxy, or a getter that throws
  }
}

/**
 * Sets the proxy for every URL, or proxies by key as in requests' `proxies`. `null` means no proxy; a key with `undefined`
 * is ignored. Keys are normalized (`ProxyKey`): `HTTP` is `http`, `http://A.test/` is `http://a.test`. Planning fails with
 * `InvalidProxy` for an invalid key, and for an object that is neither a plain record nor a `URL` of this realm.
 */
export const withProxy = (
  proxy: string | URL | Readonly<Record<string, string | URL | null | undefined>>,
): Configure => {
  const whole = UserInput.urlText(proxy)
  const records = typeof whole === 'string' ? undefined : proxyEntries(whole)
  if (records === undefined) {
    // The cast: planning reports a secret that is not text.
    return patch({ proxies: Override.replace(single('all', Override.set(Secret.make(whole as string)))) })
  }
  const proxies = new Map<string, Override.Override<Secret.Secret>>()
  for (const [given, value] of records) {
    if (value === undefined) continue
    const url = UserInput.urlText(value)
    // An invalid key is kept as it is, and planning reports it.
    const key = ProxyKey.normalize(given) ?? given
    // An empty `no_proxy` is a valid list of hosts, which replaces the environment variable.
    const isUnset = url === null || (key !== ProxyKey.NO_PROXY && typeof url === 'string' && trimmed(url) === '')
    proxies.set(key, isUnset ? Override.unset : Override.set(Secret.make(url)))
  }
  return patch({ proxies: Override.extend<Proxies>(proxies) })
}

/** Connects without a proxy, ignoring the session's and the environment's. */
export const withoutProxy: Configure = patch({
  proxies: Override.replace<Proxies>(single<Secret.Secret>('all', Override.unset)),
})

/** Sets whether server certificates are verified. Only `false` disables verification (D3). */
export const withVerify = (verify: boolean): Configure => patch({ verify: Override.set(verify) })
/** Replaces the built-in root certificates: PEM text, or the path of a PEM file or of a folder of them. */
export const withCa = (ca: string): Configure => patch({ ca: Override.set(ca) })
/** Sets a client certificate, which is presented to the first origin only. */
export const withClientCertificate = (certificate: ClientCertificate): Configure =>
  patch({ certificate: Override.set(hideCertificate(certificate)) })

// --- timeouts and limits -------------------------------------------------------------------------------------------

/** Numbers by name; an absent one stays as it is. */
export type Numbers<K extends string> = Readonly<Partial<Record<K, number | undefined>>>

const numbers = (values: Numbers<string>): Override.Keyed<number> => {
  const keyed = new Map<string, Override.Override<number>>()
  for (const [key, value] of Object.entries(values)) if (value !== undefined) keyed.set(key, Override.set(value))
  return keyed
}

/** Sets timeouts in milliseconds. Keys that are left out, or `undefined`, keep their values. */
export const withTimeouts = (timeouts: Numbers<keyof Timeouts>): Configure =>
  patch({ timeouts: numbers({ ...timeouts }) })
/** Removes all timeouts, as in requests. */
export const withoutTimeouts: Configure = patch({
  timeouts: new Map(['connect', 'read', 'total'].map((key) => [key, Override.unset])),
})
/** Sets the largest body, in octets, that is read into memory. `undefined` keeps the earlier value. */
export const withLimits = (limits: Numbers<keyof BodyLimit>): Configure => patch({ limits: numbers({ ...limits }) })

// --- requests that are sent again ----------------------------------------------------------------------------------

/**
 * Adds an idempotency key to requests whose method is not idempotent: one UUID for each exchange, in the header
 * `Idempotency-Key`. It is the same for each attempt and each hop, and is removed when a redirect leaves the origin. `withRetry`
 * and `Durable.run` repeat such a request, so set it only for servers that support the key. A header that is set with `withHeader`
 * is sent instead. It needs the entropy of the exchange, which a client has. Errors of planning: `InvalidSettings`.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const keyOf = (entropy: string) =>
 *   pipe(
 *     Request.post('https://example.com/orders'),
 *     Request.withIdempotencyKey(),
 *     Plan.plan({ session: Session.empty, entropy }),
 *     E.map((plan) => Plan.wire(plan).headers.find(([name]) => name === 'Idempotency-Key')?.[1]))
 * assert.deepEqual(keyOf('one'), E.right('3124f6b9-981f-4a07-9d96-b5b1567e8a57'))
 * assert.notDeepEqual(keyOf('two'), keyOf('one'))
 */
export const withIdempotencyKey = (options: IdempotencyKey.KeyOptions = {}): Configure =>
  patch({ idempotencyKey: Override.set(IdempotencyKey.make(options)) })
/**
 * Removes the idempotency key that a session adds. A header that is set with `withHeader` is still sent.
 *
 * @since 0.2.0
 * @category combinators
 */
export const withoutIdempotencyKey: Configure = patch({ idempotencyKey: Override.unset })

// --- compression ---------------------------------------------------------------------------------------------------

/**
 * Compresses the bodies of requests, and sets Content-Encoding. Bytes are compressed when the request is planned, which takes
 * time for many megabytes; streams while they are sent, chunked. A body that is empty, shorter than `minimumSize` (1,024 bytes by
 * default) or not smaller afterwards is sent as it is, and so is one whose Content-Encoding or digest you have set. Set it only for
 * servers that decode requests. `zstd` needs Node 22.15 or later. Error of planning, if the runtime does not have the coding for a
 * body that would be compressed: `InvalidSettings`.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const fieldsOf = (length: number) =>
 *   pipe(
 *     Request.post('https://example.com/logs'),
 *     Request.withText('a'.repeat(length)),
 *     Request.withCompression('br'),
 *     Plan.plan({ session: Session.empty }),
 *     E.map((plan) => Plan.wire(plan).headers.map(([name]) => name)))
 * assert.deepEqual(fieldsOf(1_000), E.right(['Content-Length']))
 * assert.deepEqual(fieldsOf(100_000), E.right(['Content-Length', 'Content-Encoding']))
 */
export const withCompression = (
  coding: Compression.CompressionCoding,
  options: Compression.CompressionOptions = {},
): Configure => patch({ compression: Override.set(Compression.make(coding, options)) })
/**
 * Sends bodies as they are, although the session compresses them.
 *
 * @since 0.2.0
 * @category combinators
 */
export const withoutCompression: Configure = patch({ compression: Override.unset })

// --- redirects, hooks, observers, progress -------------------------------------------------------------------------

/** Sets how many redirects are followed before `TooManyRedirects`; 30 by default. */
export const withMaxRedirects = (n: number): Configure => patch({ maxRedirects: Override.set(n) })
/** Replaces all redirect policies with this one. */
export const withRedirectPolicy = (policy: RedirectPolicy.RedirectPolicy): Configure =>
  patch({ redirects: Override.replace([policy]) })
/** Adds a redirect policy: a redirect is followed only if every policy follows it. */
export const andRedirectPolicy = (policy: RedirectPolicy.RedirectPolicy): Configure =>
  patch({ redirects: Override.extend([policy]) })
/** Returns a redirect as the response (requests' `allow_redirects=False`). */
export const withoutRedirects: Configure = withRedirectPolicy(RedirectPolicy.none)

/** Adds a hook, which runs after the existing ones. */
export const withHook = (hook: Hook): Configure => patch({ hooks: Override.extend([hook]) })
/** Replaces all hooks, as `hooks` of a request does in requests. */
export const withHooks = (hooks: ReadonlyArray<Hook>): Configure =>
  patch({ hooks: Override.replace(listOr(hooks, invalidHooks)) })

/**
 * Adds an observer (`Observer`), which is called after the existing ones. It cannot change the exchange.
 *
 * @since 0.2.0
 * @category combinators
 */
export const withObserver = (observer: Observer): Configure => patch({ observers: Override.extend([observer]) })
/**
 * Replaces all observers. An empty list removes those of the session.
 *
 * @since 0.2.0
 * @category combinators
 */
export const withObservers = (observers: ReadonlyArray<Observer>): Configure =>
  patch({ observers: Override.replace(listOr(observers, invalidObservers)) })

/** Sets a function that is called with the progress of each upload and download. */
export const withProgress = (onProgress: OnProgress): Configure => patch({ progress: Override.set(onProgress) })
