/**
 * Where settings came from: those that fields of the plan show, such as headers, proxy and timeouts, and those that decide
 * about the exchange without being a field: auth, base URL, redirects, hooks, observers, progress.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Auth } from '../../session/auth/Auth.js'
import * as Environment from '../../session/Environment.js'
import type { Observer } from '../../session/observation/Observer.js'
import * as Policies from '../../session/RedirectPolicy.js'
import * as Session from '../../session/Session.js'
import { type HeaderSetting, empty as noSettings, type Settings } from '../../session/Settings.js'
import { isSensitive } from '../../session/SettingsRecord.js'
import type { Compression } from '../../session/sending/Compression.js'
import type { IdempotencyKey } from '../../session/sending/IdempotencyKey.js'
import { nameOf } from '../../stages/ExchangeState.js'
import type { First, Provenance, Redirected } from '../../stages/prepare/Provenance.js'
import { selectedKey, selectNoProxy, selectProxy } from '../../stages/prepare/Route.js'
import * as Override from '../../values/Override.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import { masked } from '../../values/Url.js'
import type { ClientCertificate, Plan } from '../../wire/Plan.js'
import { type Decided, type FieldOrigin, from, type Layer, type Origin, type Overridden } from './Explanation.js'
import { label } from './FieldLabel.js'
import type { Of } from './PlanField.js'

// --- what an explanation reads ---------------------------------------------------------------------------------------

/** The settings of session and request, and those of `Session.defaults`, which are empty if the session does not use them. */
interface Layers {
  readonly base: Settings
  readonly session: Settings
  readonly request: Settings
}

interface Inspected {
  readonly plan: Plan
  readonly layers: Layers
  /** The fields of the previous plan; empty for a first plan. */
  readonly earlier: ReadonlyArray<FieldOrigin>
}

/** A plan with its provenance, the layers of its settings, and the explained previous plan. */
export type Context = FirstContext | RedirectedContext
export type FirstContext = First & Inspected
export type RedirectedContext = Redirected & Inspected

const isBasedOn = (base: Settings, session: Settings): boolean =>
  [...base.headers].some(([key, override]) => session.headers.get(key) === override) ||
  [...base.timeouts].some(([key, override]) => session.timeouts.get(key) === override)

export const context = (plan: Plan, provenance: Provenance, earlier: ReadonlyArray<FieldOrigin>): Context => {
  const { session, request } = provenance.merged
  const base = isBasedOn(Session.defaults.settings, session.settings) ? Session.defaults.settings : noSettings
  return { ...provenance, plan, layers: { base, session: session.settings, request: request.settings }, earlier }
}

// --- the layers of a setting -----------------------------------------------------------------------------------------

/** A setting: the place where each layer has it, and its text. */
export interface Setting<A> {
  readonly pick: (settings: Settings) => Override.Override<A>
  readonly show: (value: A) => string
}

type Layered = Pick<Context, 'layers'>

/** Returns the layer that decides a setting, and what it overrode; `undefined` if every layer inherits. */
export const ofSetting = <A>({ layers }: Layered, { pick, show }: Setting<A>, how = ''): Origin | undefined => {
  const [request, session, base] = [pick(layers.request), pick(layers.session), pick(layers.base)]
  const valueIn = (layer: Layer, override: Override.Override<A>): ReadonlyArray<Overridden> =>
    override._tag === 'Set' ? [{ layer, value: show(override.value) }] : []
  // The session has the very object of the defaults.
  const isDefault = session === base
  const below = isDefault ? [] : valueIn('defaults', base)
  const layer = isDefault ? 'defaults' : 'session'
  if (request._tag !== 'Inherit') return from('request', how, [...valueIn(layer, session), ...below])
  return session._tag === 'Inherit' ? undefined : from(layer, how, below)
}

/** Returns the layer that has a setting which some layer has. */
export const layerOf = <A>(c: Layered, setting: Setting<A>): Layer => ofSetting(c, setting)?.layer ?? 'session'

/** Returns the merged value of a setting with the layer that has it; `undefined` if it is not set. */
export const valueOf = <A>(c: Context, setting: Setting<A>): Overridden | undefined => {
  const merged = setting.pick(c.merged.settings)
  return merged._tag === 'Set' ? { layer: layerOf(c, setting), value: setting.show(merged.value) } : undefined
}

/** A header setting. The merged settings decide which names are sensitive, in every layer. */
export const header = ({ merged }: Context, key: string): Setting<HeaderSetting> => {
  const isHidden = isSensitive(merged.settings.sensitive, key)
  const text = isHidden ? () => Secret.REDACTED : Secret.show
  return {
    pick: ({ headers }) => headers.get(key) ?? Override.inherit,
    show: ({ values }) => values.map(text).join(', '),
  }
}

/** Returns the origin of a header that the settings decide. */
export const ofHeader = (c: Context, key: string, how = ''): Origin | undefined => ofSetting(c, header(c, key), how)

/** The auth of the settings, without its secrets. */
export const showAuth = (auth: Auth): string => {
  switch (auth._tag) {
    case 'None':
      return 'none'
    case 'Basic':
    case 'Digest':
      return `${auth._tag} for the user ${auth.user}`
    case 'Bearer':
      return 'Bearer'
    case 'Signer':
    case 'SignerTask':
      return `the scheme '${auth.name}'`
    case 'Renewable':
      return `the token of '${auth.name}'`
  }
}

export const AUTH: Setting<Auth> = { pick: ({ auth }) => auth, show: showAuth }

export const BASE_URL: Setting<string | Secret.Secret> = {
  pick: ({ baseUrl }) => baseUrl,
  show: (url) => masked(Secret.reveal(url)),
}

export const CERTIFICATE: Setting<ClientCertificate> = {
  pick: ({ certificate }) => certificate,
  show: (one) => label({ _tag: 'Certificate', certificate: O.some(one) }).value,
}

export const KEY: Setting<IdempotencyKey> = {
  pick: ({ idempotencyKey }) => idempotencyKey,
  show: ({ header, methods }) => `${header}, for ${methods.join(', ')}`,
}

export const COMPRESSION: Setting<Compression> = {
  pick: ({ compression }) => compression,
  show: ({ coding, minimumSize }) => `${coding}, from ${minimumSize} bytes`,
}

// --- proxy -----------------------------------------------------------------------------------------------------------

/** A proxy URL without its credentials. */
export const proxyText = (text: Secret.Secret): string => {
  const parsed = Proxy.parse(Secret.reveal(text))
  return E.isRight(parsed) ? Proxy.show(parsed.right) : Secret.REDACTED
}

/** Both layers are searched as one record, so a narrow key of the session beats a wide key of the request. */
export const ofProxySettings = ({ layers, merged, url }: Context): Origin | undefined => {
  const key = selectedKey(merged.settings, url)
  if (key === undefined) return undefined
  const isOfRequest = selectedKey(layers.request, url) === key
  const searched = isOfRequest ? layers : { ...layers, request: noSettings }
  return ofSetting({ layers: searched }, { pick: (settings) => selectProxy(settings, url), show: proxyText })
}

/** The list of hosts that excludes this host from the proxy variable. */
export const ofNoProxy = (c: Context): Origin => {
  const setting: Setting<Secret.Secret> = { pick: selectNoProxy, show: Secret.reveal }
  const own = c.routeDecision.proxy === 'OwnNoProxy' ? ofSetting(c, setting, 'its no_proxy lists this host') : undefined
  return own ?? from('environment', 'NO_PROXY lists this host')
}

/** Returns the proxy variable for the URL of a plan. */
export const proxyVariable = ({ environment, url }: Context): O.Option<Environment.Variable> =>
  Environment.proxyVariable(url)(environment)

export const ofProxy = (c: Context): Origin => {
  const variable = proxyVariable(c)
  switch (c.routeDecision.proxy) {
    case 'Setting':
      return ofProxySettings(c) ?? from('defaults', 'not set')
    case 'Variable':
      return from('environment', O.isSome(variable) ? `the variable ${variable.value.name}` : '')
    case 'NoProxy':
    case 'OwnNoProxy':
      return ofNoProxy(c)
    case 'Ignored':
    case 'None':
      return from('defaults', 'not set')
  }
}

// --- TLS, timeouts, limits -------------------------------------------------------------------------------------------

/** Returns the name of the CA variable that is used. */
export const caVariable = ({ environment: { variables } }: Context): string =>
  Secret.reveal(variables.get('REQUESTS_CA_BUNDLE') ?? '') === '' ? 'CURL_CA_BUNDLE' : 'REQUESTS_CA_BUNDLE'

type RouteField = Of<'Verify' | 'Ca' | 'Certificate' | 'Timeout' | 'Limit'>

const ofRouteSetting = (c: Context, field: RouteField): Origin | undefined => {
  switch (field._tag) {
    case 'Verify':
      return ofSetting(c, { pick: (s) => s.verify, show: (verify) => label({ ...field, verify }).value })
    case 'Ca':
      return ofSetting(c, { pick: (s) => s.ca, show: (ca) => label({ ...field, ca: O.some(ca) }).value })
    case 'Certificate':
      return ofSetting(c, CERTIFICATE)
    case 'Timeout': {
      const pick = ({ timeouts }: Settings) => timeouts.get(field.phase) ?? Override.inherit
      return ofSetting(c, { pick, show: (ms) => label({ ...field, ms: O.some(ms) }).value })
    }
    case 'Limit': {
      const pick = ({ limits }: Settings) => limits.get(field.name) ?? Override.inherit
      return ofSetting(c, { pick, show: (octets) => label({ ...field, octets }).value })
    }
  }
}

/** The origin of a TLS field, a timeout or a limit. */
export const ofRouteField = (c: Context, field: RouteField): Origin => {
  if (field._tag === 'Ca' && c.routeDecision.isAmbientCa) return from('environment', `the variable ${caVariable(c)}`)
  const otherwise = field._tag === 'Limit' || field._tag === 'Verify' ? 'by default' : 'not set'
  return ofRouteSetting(c, field) ?? from('defaults', otherwise)
}

// --- settings that are not a field -----------------------------------------------------------------------------------

const KNOWN: ReadonlyMap<Policies.RedirectPolicy, string> = new Map([
  [Policies.follow, 'follow'],
  [Policies.none, 'not followed'],
  [Policies.sameOrigin, 'sameOrigin'],
  [Policies.httpsOnly, 'httpsOnly'],
])

const policyName = (policy: Policies.RedirectPolicy): string => KNOWN.get(policy) ?? (policy.name || 'a custom policy')

const single = <A>(c: Context, name: string, setting: Setting<A>, otherwise: string): Decided => {
  const origin = ofSetting(c, setting)
  const value = valueOf(c, setting)?.value ?? (origin === undefined ? otherwise : 'none')
  return { name, value, ...(origin ?? from('defaults')) }
}

/** A collection that layers add to: the last layer that sets it, and what that overrides. */
const collection = <A>(
  { layers, merged }: Context,
  name: string,
  pick: (settings: Settings) => Override.Layer<ReadonlyArray<A>>,
  show: (value: A) => string,
  otherwise: string,
): Decided => {
  const [request, session] = [pick(layers.request), pick(layers.session)]
  const all = Override.layerOrElse<ReadonlyArray<A>>([])(pick(merged.settings))
  const decided = { name, value: all.length === 0 ? otherwise : all.map(show).join(', ') }
  if (session._tag === 'Inherit') return { ...decided, ...from(request._tag === 'Inherit' ? 'defaults' : 'request') }
  if (request._tag === 'Inherit') return { ...decided, ...from('session') }
  if (request._tag === 'Extend') return { ...decided, ...from('request', "added to the session's") }
  const value = session.value.map(show).join(', ')
  return { ...decided, ...from('request', '', session.value.length === 0 ? [] : [{ layer: 'session', value }]) }
}

/** A setting that has a line only if a layer sets it. */
const optional = <A>(c: Context, name: string, setting: Setting<A>): ReadonlyArray<Decided> =>
  ofSetting(c, setting) === undefined ? [] : [single(c, name, setting, 'none')]

/** Says why a body is not compressed. */
const compression = (c: Context): ReadonlyArray<Decided> => {
  const how = c.coding?._tag === 'Unchanged' ? `not applied: ${c.coding.why}` : ''
  return optional(c, 'compression', COMPRESSION).map((setting) => ({ ...setting, how }))
}

const eventsOf = (observer: Observer): string => `{ ${Object.keys(Object(observer)).join(', ')} }`

/** Returns every such setting, once. The last ones only if they are set. */
export const decided = (c: Context): ReadonlyArray<Decided> => [
  single(c, 'auth', AUTH, 'none'),
  single(c, 'base URL', BASE_URL, 'none'),
  single(c, 'max redirects', { pick: ({ maxRedirects }) => maxRedirects, show: String }, '30'),
  collection(c, 'redirects', ({ redirects }) => redirects, policyName, 'followed'),
  collection(c, 'hooks', ({ hooks }) => hooks, nameOf, 'none'),
  collection(c, 'observers', ({ observers }) => observers, eventsOf, 'none'),
  single(c, 'progress', { pick: ({ progress }) => progress, show: nameOf }, 'none'),
  ...optional(c, 'idempotency key', KEY),
  ...compression(c),
]
