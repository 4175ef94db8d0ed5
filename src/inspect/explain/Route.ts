/**
 * Where proxy, TLS, timeouts and limits of a plan came from, and what of the environment stayed unused.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Environment from '../../session/Environment.js'
import { empty as noSettings, type Settings } from '../../session/Settings.js'
import { ownNoProxy, route, selectedKey, selectNoProxy, selectProxy } from '../../stages/prepare/Route.js'
import * as Override from '../../values/Override.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type { Route } from '../../wire/Plan.js'
import { type Ground, otherwise, plannedUrl } from './Ground.js'
import { label, type Of, type Part } from './Part.js'
import { type Dropped, from, ofSetting, type Source, type Unasked } from './Source.js'

type RoutePart = Of<'Proxy' | 'Verify' | 'Ca' | 'Certificate' | 'Timeout' | 'Limit'>

const nobody = (how: string): Source => from('defaults', how)

// --- proxy ---------------------------------------------------------------------------------------------------------

const proxyText = (text: Secret.Secret): string => {
  const parsed = Proxy.parse(Secret.reveal(text))
  return E.isRight(parsed) ? Proxy.show(parsed.right) : Secret.REDACTED
}

/** Both layers are searched as one record, so a narrow key of the session beats a wide key of the request. */
const ofProxySettings = (ground: Ground): Source | undefined => {
  const { layers, merged } = ground
  const url = plannedUrl(ground)
  const key = selectedKey(merged.settings, url)
  if (key === undefined) return undefined
  const isOfRequest = selectedKey(layers.request, url) === key
  const pick = (settings: Settings) => selectProxy(settings, url)
  return ofSetting(isOfRequest ? layers : { ...layers, request: noSettings }, pick, proxyText)
}

/** What the environment would say, were it asked; and what it would say without NO_PROXY. */
const ambient = (ground: Ground) => ({
  proxy: Environment.proxyFor(plannedUrl(ground), ownNoProxy(ground.merged.settings))(ground.inputs.environment),
  unbound: Environment.proxyVariable(plannedUrl(ground))(ground.inputs.environment),
})

/** Who frees the host from the environment's proxy: settings of the user's own stand in for the variable. */
const ofNoProxy = ({ layers, merged }: Ground): Source => {
  const variable = from('environment', 'NO_PROXY names this host')
  if (ownNoProxy(merged.settings) === undefined) return variable
  return ofSetting(layers, selectNoProxy, Secret.reveal, 'its no_proxy names this host') ?? variable
}

const ofProxy = (ground: Ground): Source => {
  const own = ofProxySettings(ground)
  if (own !== undefined) return own
  if (!ground.merged.session.ambient.proxies) return nobody('nobody names one')
  const { proxy, unbound } = ambient(ground)
  if (O.isNone(unbound)) return nobody('nobody names one')
  return O.isSome(proxy) ? from('environment', `the variable ${unbound.value.name}`) : ofNoProxy(ground)
}

const droppedProxy = (ground: Ground): ReadonlyArray<Dropped> => {
  const { proxy, unbound } = ambient(ground)
  if (O.isNone(unbound)) return []
  const what = `variable ${unbound.value.name}`
  const value = proxyText(unbound.value.value)
  const drop = (why: string): ReadonlyArray<Dropped> => [{ what, layer: 'environment', value, why }]
  const own = ofProxySettings(ground)
  if (own !== undefined) {
    const isNone = O.isNone(ground.plan.route.proxy)
    return drop(`not used: the ${own.layer} ${isNone ? 'says withoutProxy' : 'names its own proxy'}`)
  }
  if (!ground.merged.session.ambient.proxies) return drop('not used: the session does not trust proxy variables')
  if (O.isSome(proxy)) return []
  const { layer, how } = ofNoProxy(ground)
  return drop(layer === 'environment' ? `not used: ${how}` : `not used: no_proxy of the ${layer} names this host`)
}

// --- TLS, timeouts, limits -----------------------------------------------------------------------------------------

const bundleVariable = ({ inputs }: Ground): string =>
  Secret.reveal(inputs.environment.variables.get('REQUESTS_CA_BUNDLE') ?? '') === ''
    ? 'CURL_CA_BUNDLE'
    : 'REQUESTS_CA_BUNDLE'

const certificateText = (certificate: O.Option<Of<'Certificate'>['certificate']>): string =>
  O.isSome(certificate) ? label({ _tag: 'Certificate', certificate: certificate.value }).value : 'none'

const ofCa = (ground: Ground): Source => {
  const own = ofSetting(
    ground.layers,
    ({ ca }) => ca,
    (text) => label({ _tag: 'Ca', ca: O.some(text) }).value,
  )
  if (own !== undefined) return own
  const ambientCa = ground.merged.session.ambient.certificates
    ? Environment.caBundle(ground.inputs.environment)
    : O.none
  return O.isSome(ambientCa)
    ? from('environment', `the variable ${bundleVariable(ground)}`)
    : nobody('nobody names others')
}

const ms = (value: number): string => `${value} ms`

/** The fields of a route, without the credentials of the proxy: those may come from a Proxy-Authorization header. */
const fieldsOf = ({ proxy, tls, timeouts, limits }: Route): Readonly<Record<string, unknown>> => ({
  Proxy: O.isSome(proxy) ? `${proxy.value.protocol}//${proxy.value.hostname}:${proxy.value.port}` : undefined,
  Verify: tls.verify,
  Ca: O.toUndefined(tls.ca),
  Certificate: O.toUndefined(tls.certificate),
  ...Object.fromEntries(Object.entries(timeouts).map(([phase, value]) => [`Timeout ${phase}`, value])),
  ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [`Limit ${name}`, value])),
})

const fieldOf = (part: RoutePart): string => {
  if (part._tag === 'Timeout') return `Timeout ${part.phase}`
  return part._tag === 'Limit' ? `Limit ${part.name}` : part._tag
}

/** Whether settings and environment gave a field of the route. A custom scheme may have changed it afterwards. */
const isOfSettings = (ground: Ground, part: RoutePart): boolean => {
  const { merged, inputs, plan, before } = ground
  const planned = route(merged.settings, merged.session.ambient, inputs.environment, plannedUrl(ground))
  // The certificate is for the first origin only.
  if (O.isSome(before) && part._tag === 'Certificate' && O.isNone(part.certificate)) return true
  return E.isRight(planned) && fieldsOf(planned.right)[fieldOf(part)] === fieldsOf(plan.route)[fieldOf(part)]
}

/** Where one field of the route came from. */
export const ofRoute = (ground: Ground, part: RoutePart): Source =>
  isOfSettings(ground, part) ? settled(ground, part) : (carried(ground, part) ?? otherwise(ground))

/** A redirect keeps what a custom scheme wrote into the route. */
const carried = ({ before, plan }: Ground, part: RoutePart): Source | undefined => {
  if (O.isNone(before)) return undefined
  const field = fieldOf(part)
  if (fieldsOf(before.value.plan.route)[field] !== fieldsOf(plan.route)[field]) return undefined
  const found = before.value.entries.find((entry) => isRoute(entry.part) && fieldOf(entry.part) === field)
  return found === undefined ? undefined : from(found.layer, found.how, found.overrode)
}

const settled = (ground: Ground, part: RoutePart): Source => {
  const { layers } = ground
  switch (part._tag) {
    case 'Proxy':
      return ofProxy(ground)
    case 'Verify':
      return (
        ofSetting(
          layers,
          ({ verify }) => verify,
          (verify) => label({ _tag: 'Verify', verify }).value,
        ) ?? nobody('only withVerify(false) turns it off')
      )
    case 'Ca':
      return ofCa(ground)
    case 'Certificate':
      if (O.isNone(part.certificate)) return nobody('nobody gives one')
      return (
        ofSetting(
          layers,
          ({ certificate }) => certificate,
          (one) => certificateText(O.some(O.some(one))),
        ) ?? nobody('')
      )
    case 'Timeout':
      return (
        ofSetting(layers, ({ timeouts }) => timeouts.get(part.phase) ?? Override.inherit, ms) ??
        nobody('nobody sets one')
      )
    case 'Limit':
      return (
        ofSetting(
          layers,
          ({ limits }) => limits.get(part.name) ?? Override.inherit,
          (n) => `${n} bytes`,
        ) ?? nobody('what holds unless said')
      )
  }
}

/** Whether a part belongs to the route. */
export const isRoute = (part: Part): part is RoutePart =>
  ['Proxy', 'Verify', 'Ca', 'Certificate', 'Timeout', 'Limit'].includes(part._tag)

const droppedTls = (ground: Ground): ReadonlyArray<Dropped> => {
  const bundle = Environment.caBundle(ground.inputs.environment)
  const found: Dropped[] = []
  if (O.isSome(bundle)) {
    const what = `variable ${bundleVariable(ground)}`
    const drop = (why: string) => found.push({ what, layer: 'environment', value: bundle.value, why })
    if (ground.merged.settings.ca._tag === 'Set') drop('not used: session or request name their own roots')
    else if (!ground.merged.session.ambient.certificates) drop('not used: the session does not trust CA variables')
  }
  const { certificate } = ground.merged.settings
  if (certificate._tag === 'Set' && O.isNone(ground.plan.route.tls.certificate)) {
    const value = certificateText(O.some(O.some(certificate.value)))
    const why = 'the redirect led away from the first origin'
    found.push({
      what: 'client certificate',
      layer:
        ofSetting(
          ground.layers,
          (s) => s.certificate,
          () => '',
        )?.layer ?? 'session',
      value,
      why,
    })
  }
  return found
}

/** What the environment, and the settings, had to say for the route, and is not in it. */
export const dropped = (ground: Ground): ReadonlyArray<Dropped> => [...droppedProxy(ground), ...droppedTls(ground)]

/** Sources of the environment that were not looked into, and had nothing to say. */
export const unasked = (ground: Ground): ReadonlyArray<Unasked> => {
  const { merged, inputs, plan } = ground
  const found: Unasked[] = []
  if (O.isNone(ambient(ground).unbound)) {
    const own = ofProxySettings(ground)
    if (own !== undefined)
      found.push({ input: 'proxy variables', why: `the ${own.layer} has the last word on the proxy` })
    else if (!merged.session.ambient.proxies)
      found.push({ input: 'proxy variables', why: 'the session does not trust them' })
  }
  if (O.isNone(Environment.caBundle(inputs.environment))) {
    if (merged.settings.ca._tag === 'Set')
      found.push({ input: 'CA variables', why: 'session or request name their own roots' })
    else if (!merged.session.ambient.certificates)
      found.push({ input: 'CA variables', why: 'the session does not trust them' })
  }
  if (plan.url.protocol === 'http:' && O.isSome(plan.route.tls.ca)) {
    found.push({ input: 'TLS settings', why: 'the connection is not encrypted' })
  }
  return found
}
