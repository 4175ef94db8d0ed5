/**
 * Converts the route of a plan to the arguments that requests passes to its adapter.
 *
 * | field     | value                                                                           |
 * |-----------|---------------------------------------------------------------------------------|
 * | `proxy`   | the proxy for this URL, in full; for Python's map, the result of `select_proxy` |
 * | `verify`  | false, the path of the CA bundle, or true                                       |
 * | `cert`    | a path or a pair of paths                                                       |
 * | `timeout` | connect and read timeout in seconds; null means no limit                        |
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Plan, Proxy } from 'requests-ts'
import { Secret } from 'requests-ts'
import type { Json } from '../json.js'
import type { Py } from '../tagged.js'
import { numberOf } from '../translate/values.js'

export interface Travel {
  readonly proxy: string | null
  readonly verify: Json
  readonly cert: Json
  readonly timeout: Json
}

export const proxyText = (proxy: O.Option<Proxy.Proxy>): string | null => {
  if (O.isNone(proxy)) return null
  const { protocol, hostname, port, credentials } = proxy.value
  const shown = O.isNone(credentials)
    ? ''
    : `${Secret.reveal(credentials.value.user)}:${Secret.reveal(credentials.value.pass)}@`
  return `${protocol}//${shown}${hostname.replace(/^\[(.*)\]$/, '$1')}:${port}`
}

/** Returns the Proxy-Authorization for the proxy. */
export const authorizationOf = ({ route: { proxy } }: Plan.Plan): string | null =>
  O.isSome(proxy) && O.isSome(proxy.value.authorization) ? Secret.reveal(proxy.value.authorization.value) : null

const revealed = (text: string | Secret.Secret): string => (typeof text === 'string' ? text : Secret.reveal(text))

const certOf = ({ certificate }: Plan.Tls): Json => {
  if (O.isNone(certificate)) return null
  const { cert = '', key } = certificate.value
  return key === undefined ? revealed(cert) : { tuple: [revealed(cert), revealed(key)] }
}

const timeoutOf = ({ connect, read }: Plan.Timeouts): Json => {
  if (connect === undefined && read === undefined) return null
  return [connect, read].map((ms) => (ms === undefined ? null : ms / 1000))
}

export const adapterArguments = ({ route: { proxy, tls, timeouts } }: Plan.Plan): Travel => ({
  proxy: proxyText(proxy),
  verify: tls.verify ? (O.isSome(tls.ca) ? tls.ca.value : true) : false,
  cert: certOf(tls),
  timeout: timeoutOf(timeouts),
})

// --- Python's side --------------------------------------------------------------------------------------------------

const seconds = (py: Py): Json => (py._tag === 'Int' || py._tag === 'Float' ? numberOf(py.text) : null)

/** Converts a timeout of Python. A single number applies to connect and read. */
export const timeoutShown = (py: Py): Json => {
  if (py._tag === 'None') return null
  return py._tag === 'Tuple' ? py.items.map(seconds) : [seconds(py), seconds(py)]
}
