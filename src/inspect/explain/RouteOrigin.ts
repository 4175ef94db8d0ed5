/**
 * Where proxy, TLS settings, timeouts and limits of a plan came from.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Environment from '../../session/Environment.js'
import { empty as noSettings, type Settings } from '../../session/Settings.js'
import { selectedKey, selectNoProxy, selectProxy } from '../../stages/prepare/Route.js'
import * as Override from '../../values/Override.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type { Context } from './Context.js'
import { label } from './FieldLabel.js'
import { from, type Origin, ofSetting } from './Origin.js'
import type { Of } from './PlanField.js'

/** A proxy URL without its credentials. */
export const proxyText = (text: Secret.Secret): string => {
  const parsed = Proxy.parse(Secret.reveal(text))
  return E.isRight(parsed) ? Proxy.show(parsed.right) : Secret.REDACTED
}

/** Both layers are searched as one record, so a narrow key of the session beats a wide key of the request. */
export const ofProxySettings = ({ layers, provenance }: Context): Origin | undefined => {
  const { merged, url } = provenance
  const key = selectedKey(merged.settings, url)
  if (key === undefined) return undefined
  const isOfRequest = selectedKey(layers.request, url) === key
  const pick = (settings: Settings) => selectProxy(settings, url)
  return ofSetting(isOfRequest ? layers : { ...layers, request: noSettings }, pick, proxyText)
}

/** The list of hosts that excludes this host from the proxy variable. */
export const ofNoProxy = ({ layers, provenance }: Context): Origin => {
  const variable = from('environment', 'NO_PROXY lists this host')
  if (provenance.route.proxy !== 'OwnNoProxy') return variable
  return ofSetting(layers, selectNoProxy, Secret.reveal, 'its no_proxy lists this host') ?? variable
}

/** Returns the proxy variable for the URL of a plan. */
export const proxyVariable = ({ provenance }: Context): O.Option<Environment.Variable> =>
  Environment.proxyVariable(provenance.url)(provenance.environment)

export const ofProxy = (c: Context): Origin => {
  switch (c.provenance.route.proxy) {
    case 'Setting':
      return ofProxySettings(c) ?? from('defaults', 'not set')
    case 'Variable': {
      const variable = proxyVariable(c)
      return from('environment', O.isSome(variable) ? `the variable ${variable.value.name}` : '')
    }
    case 'NoProxy':
    case 'OwnNoProxy':
      return ofNoProxy(c)
    case 'Ignored':
    case 'None':
      return from('defaults', 'not set')
  }
}

/** Returns the name of the CA variable that is used. */
export const caVariable = ({ provenance }: Context): string =>
  Secret.reveal(provenance.environment.variables.get('REQUESTS_CA_BUNDLE') ?? '') === ''
    ? 'CURL_CA_BUNDLE'
    : 'REQUESTS_CA_BUNDLE'

type TlsField = Of<'Verify' | 'Ca' | 'Certificate' | 'Timeout' | 'Limit'>

/** The setting that decides a field, and its text. */
const settingOf = ({ layers }: Context, field: TlsField): Origin | undefined => {
  switch (field._tag) {
    case 'Verify':
      return ofSetting(
        layers,
        (s) => s.verify,
        (verify) => label({ _tag: 'Verify', verify }).value,
      )
    case 'Ca':
      return ofSetting(
        layers,
        (s) => s.ca,
        (ca) => label({ _tag: 'Ca', ca: O.some(ca) }).value,
      )
    case 'Certificate':
      return ofSetting(
        layers,
        (s) => s.certificate,
        (one) => label({ _tag: 'Certificate', certificate: O.some(one) }).value,
      )
    case 'Timeout':
      return ofSetting(
        layers,
        (s) => s.timeouts.get(field.phase) ?? Override.inherit,
        (ms) => `${ms} ms`,
      )
    case 'Limit':
      return ofSetting(
        layers,
        (s) => s.limits.get(field.name) ?? Override.inherit,
        (octets) => `${octets} bytes`,
      )
  }
}

/** The origin of a TLS field, a timeout or a limit. */
export const ofTls = (c: Context, field: TlsField): Origin => {
  if (field._tag === 'Ca' && c.provenance.route.isAmbientCa) {
    return from('environment', `the variable ${caVariable(c)}`)
  }
  return (
    settingOf(c, field) ??
    from('defaults', field._tag === 'Limit' || field._tag === 'Verify' ? 'by default' : 'not set')
  )
}
