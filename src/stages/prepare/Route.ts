/**
 * Chooses how a request travels: the proxy for its URL, TLS, timeouts and limits.
 *
 * The proxies of session and request are searched first, in requests' order (`scheme://host`, `scheme`, `all://host`,
 * `all`; a key with a port first). Only if no key matches, and the session allows it, the proxy variables of the
 * environment are used (D1), except for the hosts in NO_PROXY (D12).
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Environment from '../../session/Environment.js'
import type { Ambient } from '../../session/Session.js'
import type { Proxies, Settings } from '../../session/Settings.js'
import * as Override from '../../values/Override.js'
import * as Proxy from '../../values/Proxy.js'
import * as ProxyKey from '../../values/ProxyKey.js'
import * as Secret from '../../values/Secret.js'
import { masked, type Url } from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import { MAX_DELAY_MS } from '../../wire/Clock.js'
import type { BodyLimit, Route, Timeouts } from '../../wire/Plan.js'
import { invalidProxy, invalidSettings, type PlanError } from '../PlanError.js'
import { isSameTls, tlsOf } from './TlsSetting.js'

/**
 * Where the proxy of a plan comes from, or why there is none.
 *
 * | source     | meaning                                                                 |
 * |------------|-------------------------------------------------------------------------|
 * | `Setting`  | a key of the settings decides; an unset key means a direct connection   |
 * | `Variable` | a proxy variable of the environment                                     |
 * | `NoProxy`  | the variable NO_PROXY excludes the host from the proxy variable         |
 * | `OwnNoProxy` | the same, by the `no_proxy` key of the settings                       |
 * | `Ignored`  | there is a proxy variable, and the session does not allow it            |
 * | `None`     | there is neither a setting nor a variable                               |
 */
export type ProxySource = 'Setting' | 'Variable' | 'NoProxy' | 'OwnNoProxy' | 'Ignored' | 'None'

/** A route and where its proxy comes from. */
export interface RouteDecision {
  /** What the plan has. */
  readonly route: Route
  /** Where the proxy came from. */
  readonly proxy: ProxySource
  /** Whether the CA bundle is the one of the environment. */
  readonly isAmbientCa: boolean
}

/**
 * A function of everything that a route depends on.
 *
 * @since 0.2.0
 * @category model
 */
export type ForUrl<A> = (settings: Settings, ambient: Ambient, environment: Environment.Environment, url: Url) => A

// --- the proxy -----------------------------------------------------------------------------------------------------

const normalised = new WeakMap<Proxies, Proxies>()

/** Returns the proxies under normalised keys. Settings that were not made by `withProxy` may have other spellings. */
const normalKeys = (proxies: Proxies): Proxies => {
  const known = normalised.get(proxies)
  if (known !== undefined) return known
  const isNormal = [...proxies.keys()].every((key) => ProxyKey.normalize(key) === key)
  const made = isNormal ? proxies : new Map([...proxies].map(([key, url]) => [ProxyKey.normalize(key) ?? key, url]))
  normalised.set(proxies, made)
  return made
}

const proxiesOf = ({ proxies }: Settings): Proxies =>
  proxies._tag === 'Inherit' ? Override.noKeys : normalKeys(proxies.value)

const proxyAt = (settings: Settings, key: string): Override.Override<Secret.Secret> =>
  proxiesOf(settings).get(key) ?? Override.inherit

/** Finds a key that cannot match any URL. It is an error of the user and must not be ignored. */
const invalidKey = (settings: Settings, url: Url): string | undefined => {
  const scheme = url.protocol.slice(0, -1)
  return [...proxiesOf(settings).keys()].find((key) => key !== scheme && ProxyKey.normalize(key) === undefined)
}

/** Returns the narrowest key of the settings that matches a URL. */
export const selectedKey = (settings: Settings, url: Url): string | undefined =>
  ProxyKey.candidates(url).find((key) => proxyAt(settings, key)._tag !== 'Inherit')

/** Returns the proxy setting for a URL (requests' `select_proxy`). An unset key means a direct connection. */
export const selectProxy = (settings: Settings, url: Url): Override.Override<Secret.Secret> => {
  const key = selectedKey(settings, url)
  return key === undefined ? Override.inherit : proxyAt(settings, key)
}

/** Returns the `no_proxy` key of the settings, which replaces the variable NO_PROXY. */
export const selectNoProxy = (settings: Settings): Override.Override<Secret.Secret> =>
  proxyAt(settings, ProxyKey.NO_PROXY)

/** Returns the list of hosts that replaces the variable NO_PROXY. */
export const ownNoProxy = (settings: Settings): string | undefined => {
  const own = selectNoProxy(settings)
  return own._tag === 'Set' ? Secret.reveal(own.value) : undefined
}

const parsedProxies = new WeakMap<Secret.Secret, E.Either<PlanError, O.Option<Proxy.Proxy>>>()

/** Returns the same object for the same setting, so that a transport finds its connections by identity. */
const parseProxy = (text: Secret.Secret): E.Either<PlanError, O.Option<Proxy.Proxy>> => {
  const known = parsedProxies.get(text)
  if (known !== undefined) return known
  const plain = Secret.textOf(text)
  const parsed = plain === undefined ? E.left('its URL is not text') : Proxy.parse(plain)
  const read = E.isLeft(parsed) ? E.left(invalidProxy(parsed.left)) : E.right(O.some(parsed.right))
  parsedProxies.set(text, read)
  return read
}

interface ProxyDecision {
  readonly source: ProxySource
  readonly text: O.Option<Secret.Secret>
}

const chooseProxy: ForUrl<ProxyDecision> = (settings, ambient, environment, url) => {
  const own = selectProxy(settings, url)
  if (own._tag !== 'Inherit') {
    return { source: 'Setting', text: own._tag === 'Set' ? O.some(own.value) : O.none }
  }
  const variable = Environment.proxyVariable(url)(environment)
  if (O.isNone(variable)) return { source: 'None', text: O.none }
  if (!ambient.proxies) return { source: 'Ignored', text: O.none }
  const noProxy = ownNoProxy(settings)
  if (O.isSome(Environment.proxyFor(url, noProxy)(environment))) {
    return { source: 'Variable', text: O.some(variable.value.value) }
  }
  return { source: noProxy === undefined ? 'NoProxy' : 'OwnNoProxy', text: O.none }
}

const readProxy = (
  settings: Settings,
  url: Url,
  { text }: ProxyDecision,
): E.Either<PlanError, O.Option<Proxy.Proxy>> => {
  const invalid = invalidKey(settings, url)
  if (invalid === undefined) return O.isNone(text) ? E.right(O.none) : parseProxy(text.value)
  const key = JSON.stringify(masked(invalid))
  return E.left(invalidProxy(`the key ${key} is not a scheme, 'all', scheme://host or scheme://host:port`))
}

// --- timeouts and limits ---------------------------------------------------------------------------------------------

/** Untyped callers may pass text, which compares like a number. */
const isNumber = (value: unknown): value is number => typeof value === 'number'
const shown = (value: unknown): string => (isNumber(value) ? String(value) : 'not a number')

const checkedTimeouts = new WeakMap<Override.Keyed<number>, E.Either<PlanError, Timeouts>>()

const timeoutsOf = (keyed: Override.Keyed<number>): E.Either<PlanError, Timeouts> => {
  const known = checkedTimeouts.get(keyed)
  if (known !== undefined) return known
  const entries = Override.entries(keyed)
  const wrong = entries.find(([, ms]) => !(isNumber(ms) && ms > 0 && ms <= MAX_DELAY_MS))
  const problem = (key: string, ms: unknown) => `${key} is ${shown(ms)}; it must be above 0 and below 2^31 milliseconds`
  const made: E.Either<PlanError, Timeouts> =
    wrong === undefined
      ? E.right(UserInput.own(Object.fromEntries(entries)))
      : E.left(invalidSettings('timeouts', problem(...wrong)))
  checkedTimeouts.set(keyed, made)
  return made
}

/** The largest body that is read into memory by default (D9): 256 MiB. */
const DEFAULT_LIMITS: BodyLimit = { body: 268_435_456 }

const limitsOf = (keyed: Override.Keyed<number>): E.Either<PlanError, BodyLimit> => {
  if (keyed.size === 0) return E.right(DEFAULT_LIMITS)
  const body = Override.getOrElse(DEFAULT_LIMITS.body)(keyed.get('body') ?? Override.inherit)
  return isNumber(body) && body >= 0
    ? E.right({ body })
    : E.left(invalidSettings('limits', `body is ${shown(body)}; it must be 0 or more octets`))
}

// --- the route -----------------------------------------------------------------------------------------------------

interface RecentDecision {
  readonly settings: Settings
  readonly ambient: Ambient
  readonly url: Url
  readonly decision: E.Either<PlanError, RouteDecision>
}

/** The last decisions of each environment, so that a session which talks to a few origins makes each of them once. */
const recent = new WeakMap<Environment.Environment, RecentDecision[]>()
const MAX_RECENT = 8

const isSameOrigin = (x: Url, y: Url): boolean =>
  x.hostname === y.hostname && x.port === y.port && x.protocol === y.protocol

const isSameRoute = (x: Settings, y: Settings): boolean =>
  x === y || (x.proxies === y.proxies && isSameTls(x, y) && x.timeouts === y.timeouts && x.limits === y.limits)

const decideUncached: ForUrl<E.Either<PlanError, RouteDecision>> = (settings, ambient, environment, url) => {
  const chosen = chooseProxy(settings, ambient, environment, url)
  const proxy = readProxy(settings, url, chosen)
  if (E.isLeft(proxy)) return proxy
  const timeouts = timeoutsOf(settings.timeouts)
  if (E.isLeft(timeouts)) return timeouts
  const limits = limitsOf(settings.limits)
  if (E.isLeft(limits)) return limits
  const isAmbientCa = settings.ca._tag === 'Inherit' && ambient.certificates
  const ambientCa = isAmbientCa ? Environment.caBundle(environment) : O.none
  const tls = tlsOf(settings, ambientCa)
  if (E.isLeft(tls)) return tls
  return E.right({
    // Plans share it, and untyped code may try to change a plan.
    route: Object.freeze({ proxy: proxy.right, tls: tls.right, timeouts: timeouts.right, limits: limits.right }),
    proxy: chosen.source,
    isAmbientCa: O.isSome(ambientCa),
  })
}

/** Decides the route to a URL. Recent inputs return the same object. Errors: `InvalidProxy`, `InvalidSettings`. */
export const decide: ForUrl<E.Either<PlanError, RouteDecision>> = (settings, ambient, environment, url) => {
  const decisions = recent.get(environment) ?? []
  for (const one of decisions) {
    const isSame = one.ambient === ambient && isSameOrigin(one.url, url) && isSameRoute(one.settings, settings)
    if (isSame) return one.decision
  }
  const decision = decideUncached(settings, ambient, environment, url)
  if (decisions.length === MAX_RECENT) decisions.shift()
  decisions.push({ settings, ambient, url, decision })
  recent.set(environment, decisions)
  return decision
}

/** Returns the route to a URL. Errors: `InvalidProxy`, `InvalidSettings`. */
export const route: ForUrl<E.Either<PlanError, Route>> = (settings, ambient, environment, url) => {
  const decision = decide(settings, ambient, environment, url)
  return E.isLeft(decision) ? decision : E.right(decision.right.route)
}

/** Returns the proxy for a URL (requests' `rebuild_proxies`), for programs of users. Error: `InvalidProxy`. */
export const rebuildProxies: ForUrl<E.Either<PlanError, O.Option<Proxy.Proxy>>> = (
  settings,
  ambient,
  environment,
  url,
) => readProxy(settings, url, chooseProxy(settings, ambient, environment, url))
