/**
 * How a request travels: the proxy for its URL, TLS, timeouts and limits.
 *
 * The proxies of session and request are searched whole, in requests' order (`scheme://host`, `scheme`, `all://host`,
 * `all`; a key with a port first); only if no key fits, and the session trusts it, the environment's (D1), which NO_PROXY may forbid (D12).
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Environment from '../../session/Environment.js'
import type { Ambient } from '../../session/Session.js'
import type { Proxies, Settings } from '../../session/Settings.js'
import * as Override from '../../values/Override.js'
import * as OwnProperty from '../../values/OwnProperty.js'
import * as Proxy from '../../values/Proxy.js'
import * as ProxyKey from '../../values/ProxyKey.js'
import * as Secret from '../../values/Secret.js'
import { masked, type Url } from '../../values/Url.js'
import { MAX_DELAY_MS } from '../../wire/Clock.js'
import type { BodyLimit, Route, Timeouts, Tls } from '../../wire/Plan.js'
import { invalidProxy, invalidSettings, type PlanError } from '../PlanError.js'

const normalised = new WeakMap<Proxies, Proxies>()

/** Proxies under the keys that are looked up; a setting that was not made by `withProxy` may have other ones. */
const keysOf = (proxies: Proxies): Proxies => {
  const known = normalised.get(proxies)
  if (known !== undefined) return known
  const isNormal = [...proxies.keys()].every((key) => ProxyKey.normalize(key) === key)
  const made = isNormal ? proxies : new Map([...proxies].map(([key, url]) => [ProxyKey.normalize(key) ?? key, url]))
  normalised.set(proxies, made)
  return made
}

/** A key that fits no URL: the user means one, and it must not be ignored. */
const oddKey = ({ proxies }: Settings, url: Url): string | undefined => {
  if (proxies._tag === 'Inherit') return undefined
  const scheme = url.protocol.slice(0, -1)
  return [...keysOf(proxies.value).keys()].find((key) => key !== scheme && ProxyKey.normalize(key) === undefined)
}

/** The narrowest key of the settings that fits a URL, if any. */
export const selectedKey = (settings: Settings, url: Url): string | undefined => {
  if (settings.proxies._tag === 'Inherit') return undefined
  const known = keysOf(settings.proxies.value)
  return ProxyKey.candidates(url).find((key) => (known.get(key) ?? Override.inherit)._tag !== 'Inherit')
}

/** requests' `select_proxy`: what the settings say for a URL; a key that is unset says directly and ends the search. */
export const selectProxy = (settings: Settings, url: Url): Override.Override<Secret.Secret> => {
  const key = selectedKey(settings, url)
  if (key === undefined || settings.proxies._tag === 'Inherit') return Override.inherit
  return keysOf(settings.proxies.value).get(key) ?? Override.inherit
}

/** What the settings say in place of the variable NO_PROXY. */
export const selectNoProxy = ({ proxies }: Settings): Override.Override<Secret.Secret> =>
  (proxies._tag === 'Inherit' ? undefined : keysOf(proxies.value).get(ProxyKey.NO_PROXY)) ?? Override.inherit

/** The list of hosts that stands in for the variable NO_PROXY, if any. */
export const ownNoProxy = (settings: Settings): string | undefined => {
  const own = selectNoProxy(settings)
  return own._tag === 'Set' ? Secret.reveal(own.value) : undefined
}

const proxyText = (
  settings: Settings,
  trust: Ambient,
  environment: Environment.Environment,
  url: Url,
): O.Option<Secret.Secret> => {
  const own = selectProxy(settings, url)
  if (own._tag === 'Set') return O.some(own.value)
  if (own._tag === 'Unset' || !trust.proxies) return O.none
  return Environment.proxyFor(url, ownNoProxy(settings))(environment)
}

const proxies = new WeakMap<Secret.Secret, E.Either<PlanError, O.Option<Proxy.Proxy>>>()

/** A proxy is the same object for the same setting, so that a transport can tell at once that it knows it. */
const readProxy = (text: Secret.Secret): E.Either<PlanError, O.Option<Proxy.Proxy>> => {
  const known = proxies.get(text)
  if (known !== undefined) return known
  const written = Secret.textOf(text)
  const parsed = written === undefined ? E.left('its URL is not text') : Proxy.parse(written)
  const read = E.isLeft(parsed) ? E.left(invalidProxy(parsed.left)) : E.right(O.some(parsed.right))
  proxies.set(text, read)
  return read
}

/** The proxy for a URL. Error: `InvalidProxy`. */
export const rebuildProxies = (
  settings: Settings,
  trust: Ambient,
  environment: Environment.Environment,
  url: Url,
): E.Either<PlanError, O.Option<Proxy.Proxy>> => {
  const odd = oddKey(settings, url)
  if (odd !== undefined) {
    const problem = `the key ${JSON.stringify(masked(odd))} is not a scheme, 'all', scheme://host or scheme://host:port`
    return E.left(invalidProxy(problem))
  }
  const text = proxyText(settings, trust, environment, url)
  return O.isNone(text) ? E.right(O.none) : readProxy(text.value)
}

const STANDARD: Tls = { verify: true, ca: O.none, certificate: O.none }

type TlsSettings = Pick<Settings, 'verify' | 'ca' | 'certificate'>
let recent: { readonly given: TlsSettings; readonly ambient: O.Option<string>; readonly tls: Tls } | undefined

/** Equal settings give the same object again and again, so that a transport can tell at once that it knows it. */
const tlsOf = (given: TlsSettings, trust: Ambient, environment: Environment.Environment): Tls => {
  const { verify, ca, certificate } = given
  const ambient = ca._tag === 'Inherit' && trust.certificates ? Environment.caBundle(environment) : O.none
  if (verify._tag !== 'Set' && ca._tag !== 'Set' && certificate._tag !== 'Set' && O.isNone(ambient)) return STANDARD
  const same =
    recent !== undefined &&
    recent.given.verify === verify &&
    recent.given.ca === ca &&
    recent.given.certificate === certificate &&
    recent.ambient === ambient
  if (recent !== undefined && same) return recent.tls
  const tls: Tls = {
    verify: Override.getOrElse(true)(verify),
    ca: ca._tag === 'Set' ? O.some(ca.value) : ambient,
    certificate: certificate._tag === 'Set' ? O.some(certificate.value) : O.none,
  }
  recent = { given: { verify, ca, certificate }, ambient, tls }
  return tls
}

/** Plain JavaScript may give a text, which compares like a number and adds like a text. */
const isNumber = (value: unknown): value is number => typeof value === 'number'
const said = (value: unknown): string => (isNumber(value) ? String(value) : 'no number')

const timeouts = new WeakMap<Override.Keyed<number>, E.Either<PlanError, Timeouts>>()

const timeoutsOf = (keyed: Override.Keyed<number>): E.Either<PlanError, Timeouts> => {
  const known = timeouts.get(keyed)
  if (known !== undefined) return known
  const entries = Override.entries(keyed)
  const wrong = entries.find(([, ms]) => !(isNumber(ms) && ms > 0 && ms <= MAX_DELAY_MS))
  const made: E.Either<PlanError, Timeouts> =
    wrong === undefined
      ? E.right(OwnProperty.of(Object.fromEntries(entries)))
      : E.left(
          invalidSettings(
            'timeouts',
            `${wrong[0]} is ${said(wrong[1])}; it must be above 0 and below 2^31 milliseconds`,
          ),
        )
  timeouts.set(keyed, made)
  return made
}

/** The largest body that is read into memory where nothing else is said (D9): 256 MiB. */
const STANDARD_LIMITS: BodyLimit = { body: 268_435_456 }

const limitsOf = (keyed: Override.Keyed<number>): E.Either<PlanError, BodyLimit> => {
  if (keyed.size === 0) return E.right(STANDARD_LIMITS)
  const body = Override.getOrElse(STANDARD_LIMITS.body)(keyed.get('body') ?? Override.inherit)
  return isNumber(body) && body >= 0
    ? E.right({ body })
    : E.left(invalidSettings('limits', `body is ${said(body)}; it must be 0 or more octets`))
}

/** The whole route. Errors: `InvalidProxy`, `InvalidSettings`. */
export const route = (
  settings: Settings,
  trust: Ambient,
  environment: Environment.Environment,
  url: Url,
): E.Either<PlanError, Route> => {
  const proxy = rebuildProxies(settings, trust, environment, url)
  if (E.isLeft(proxy)) return proxy
  const waits = timeoutsOf(settings.timeouts)
  if (E.isLeft(waits)) return waits
  const limits = limitsOf(settings.limits)
  if (E.isLeft(limits)) return limits
  const tls = tlsOf(settings, trust, environment)
  return E.right({ proxy: proxy.right, tls, timeouts: waits.right, limits: limits.right })
}
