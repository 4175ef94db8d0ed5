/** The settings of sessions and requests: each field is an `Override`, and `Monoid.concat(x, y)` lays `y` over `x`. */
import * as E from 'fp-ts/lib/Either.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import { getMonoid as getArrayMonoid } from 'fp-ts/lib/ReadonlyArray.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Query from '../values/Query.js'
import { SENSITIVE } from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import type { ClientCertificate, Plan } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import type { OnProgress } from '../wire/Transport.js'
import type * as Auth from './auth/Auth.js'
import type { Observer } from './observation/Observer.js'
import type * as RedirectPolicy from './RedirectPolicy.js'
import type { Compression } from './sending/Compression.js'
import type { IdempotencyKey } from './sending/IdempotencyKey.js'

export type { OnProgress, Progress } from '../wire/Transport.js'
export { SENSITIVE }

/** A header name as it will be sent, with one value for each header line. */
export interface HeaderSetting {
  /** In the spelling that is sent. */
  readonly name: string
  /** A secret value stays secret in plans. */
  readonly values: ReadonlyArray<Headers.Value>
}

/**
 * Receives the head of a reply before its cookies are stored, and returns the head to use. Not called for a reply that
 * `withRetry` drops, nor for a 401 that digest answers. A `Left` or a rejection
 * becomes `HookFailed`. When the signal aborts or `timeouts.total` expires, the exchange ends without waiting for the hook;
 * a hook that is still running cannot be stopped, and its result is ignored.
 */
export type Hook = (head: Head, plan: Plan) => TaskEither<unknown, Head>

/** Proxies by normalized key (`ProxyKey`), such as `http`, `all` or `https://host`. An unset key means no proxy. */
export type Proxies = Override.Keyed<Secret.Secret>

type HeaderSettings = Override.Keyed<HeaderSetting>

/** What a session or a request can configure. */
export interface Settings {
  /** Keyed by lower-case name. */
  readonly headers: HeaderSettings
  /** Keys, pairs or text: see `Query`. */
  readonly query: Override.Layer<Query.Source>
  /** Cookies of the settings, by name. They are not in the jar. */
  readonly cookies: Override.Keyed<Secret.Secret>
  /** Proxy URLs. A later layer with the same key has precedence. */
  readonly proxies: Override.Layer<Proxies>
  /** The scheme of authentication. By default the credentials are those of a header, the URL or netrc. */
  readonly auth: Override.Override<Auth.Auth>
  /** Secret if it contains credentials. */
  readonly baseUrl: Override.Override<string | Secret.Secret>
  /** Whether server certificates are verified; true by default. */
  readonly verify: Override.Override<boolean>
  /** PEM text or a path of root certificates. By default those of the environment, or else the built-in ones. */
  readonly ca: Override.Override<string>
  /** The client certificate; none by default. */
  readonly certificate: Override.Override<ClientCertificate>
  /** In milliseconds, by the keys of `Timeouts`. */
  readonly timeouts: Override.Keyed<number>
  /** By the keys of `BodyLimit`. */
  readonly limits: Override.Keyed<number>
  /** The most redirects of an exchange; 30 by default. */
  readonly maxRedirects: Override.Override<number>
  /** Combined with `RedirectPolicy.Monoid` when a redirect is evaluated. */
  readonly redirects: Override.Layer<ReadonlyArray<RedirectPolicy.RedirectPolicy>>
  /** Called in their order for each reply, except one that is retried and a 401 that digest answers. */
  readonly hooks: Override.Layer<ReadonlyArray<Hook>>
  /** Called with the events of an exchange, in their order. */
  readonly observers: Override.Layer<ReadonlyArray<Observer>>
  /** Lower-case names of headers that are secret in addition to `SENSITIVE`. */
  readonly sensitive: Override.Keyed<true>
  /** Called after each chunk of a body. */
  readonly progress: Override.Override<OnProgress>
  /**
   * The idempotency key that planning mints; none by default.
   * @since 0.2.0
   */
  readonly idempotencyKey: Override.Override<IdempotencyKey>
  /**
   * How bodies are compressed; not by default.
   * @since 0.2.0
   */
  readonly compression: Override.Override<Compression>
}

/** Settings that inherit everything. */
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
  observers: Override.inherit,
  sensitive: Override.noKeys,
  progress: Override.inherit,
  idempotencyKey: Override.inherit,
  compression: Override.inherit,
}

// --- lists that are not valid --------------------------------------------------------------------------------------

/** Stands for hooks that are not a list. Planning reports it. */
export const invalidHooks: Hook = (head) => async () => E.right(head)
/** Stands for observers that are not a list. Planning reports it. */
export const invalidObservers: Observer = Object.freeze({})

/** Returns a copy of a list, or a list of `invalid` if plain JavaScript passed something else. */
export const listOr = <A>(given: ReadonlyArray<A>, invalid: A): ReadonlyArray<A> => {
  try {
    return Array.isArray(given) ? [...given] : [invalid]
  } catch {
    return [invalid] // a revoked proxy, or a list with a getter that throws
  }
}

/** Returns the name of a setting that must be a list and is not, or `undefined`. */
export const invalidList = ({ hooks, observers }: Settings): 'hooks' | 'observers' | undefined => {
  if (hooks._tag !== 'Inherit' && hooks.value.includes(invalidHooks)) return 'hooks'
  return observers._tag !== 'Inherit' && observers.value.includes(invalidObservers) ? 'observers' : undefined
}

// --- headers that are named sensitive ------------------------------------------------------------------------------

/** Returns whether a header is secret by its lower-case name. */
export const isSensitive = (sensitive: Settings['sensitive'], key: string): boolean =>
  SENSITIVE.has(key) || sensitive.get(key)?._tag === 'Set'

/** Values that `withSensitiveHeaders` hid. They are saved as plain text, and readable again if the name is removed. */
const hiddenForName = new WeakSet<Secret.Secret>()

/** Returns whether a value is hidden only because its header is named, and not by `withSecretHeader`. */
export const isHiddenForName = (value: Headers.Value): boolean => typeof value !== 'string' && hiddenForName.has(value)

const hide = (value: Headers.Value): Headers.Value => {
  if (typeof value !== 'string') return value
  const secret = Secret.make(value)
  hiddenForName.add(secret)
  return secret
}

const show = (value: Headers.Value): Headers.Value => (isHiddenForName(value) ? Secret.reveal(value) : value)

/** Returns the headers with the values of all named headers hidden; the same map if nothing has to change. */
export const hideNamed = (headers: HeaderSettings, sensitive: Settings['sensitive']): HeaderSettings => {
  let changed: Map<string, Override.Override<HeaderSetting>> | undefined
  for (const [key, { _tag }] of sensitive) {
    const header = headers.get(key)
    if (header?._tag !== 'Set' || _tag === 'Inherit') continue
    const isNamed = _tag === 'Set'
    const needsChange = isNamed ? (value: Headers.Value) => typeof value === 'string' : isHiddenForName
    if (!header.value.values.some(needsChange)) continue
    changed ??= new Map(headers)
    changed.set(key, Override.set({ ...header.value, values: header.value.values.map(isNamed ? hide : show) }))
  }
  return changed ?? headers
}

// --- combination ---------------------------------------------------------------------------------------------------

const keyed = <A>(x: Override.Keyed<A>, y: Override.Keyed<A>) => Override.getKeyedMonoid<A>().concat(x, y)
const last = <A>(x: Override.Override<A>, y: Override.Override<A>) => Override.getMonoid<A>().concat(x, y)
const QueryLayer = Override.getLayerMonoid(Query.SourceSemigroup)
const ProxiesLayer = Override.getLayerMonoid(Override.getKeyedMonoid<Secret.Secret>())
const RedirectsLayer = Override.getLayerMonoid(getArrayMonoid<RedirectPolicy.RedirectPolicy>())
const HooksLayer = Override.getLayerMonoid(getArrayMonoid<Hook>())
const ObserversLayer = Override.getLayerMonoid(getArrayMonoid<Observer>())

/** Combines settings; the second operand has precedence. The identity is `empty`. */
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
      observers: ObserversLayer.concat(x.observers, y.observers),
      sensitive,
      progress: last(x.progress, y.progress),
      idempotencyKey: last(x.idempotencyKey, y.idempotencyKey),
      compression: last(x.compression, y.compression),
    }
  },
}

/** Anything that carries settings: a `Session`, a `Request`, or your own type. */
export interface Configurable {
  /** What `with…` functions change. */
  readonly settings: Settings
}

/** A function that returns the given session or request with changed settings. */
export type Configure = <C extends Configurable>(configurable: C) => C

/** Returns a base URL as the settings store it: secret if it can contain credentials. */
export const baseUrl = (url: string): string | Secret.Secret =>
  typeof url === 'string' && url.includes('@') ? Secret.make(url) : url
