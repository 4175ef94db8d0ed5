/**
 * Converts Python's session and request attributes to settings.
 *
 * | Python                           | here                                                 |
 * |----------------------------------|------------------------------------------------------|
 * | `headers[k] = v`, None           | `withHeader`, `withoutHeader`                        |
 * | `proxies`, `{'http': None}`      | `withProxy`                                          |
 * | `verify` True, False, a path     | `withVerify`, and `withCa` for a path                |
 * | `verify` of any other falsy kind | not set (D3)                                         |
 * | `cert` a path, a pair of paths   | `withClientCertificate`                              |
 * | `timeout` t, (connect, read)     | `withTimeouts`, in milliseconds                      |
 * | `stream`                         | no setting: use `Http.stream` instead of `Http.send` |
 * | `trust_env`                      | `withAmbient`                                        |
 */
import { Override, Session, Settings } from 'requests-ts'
import { mapOf } from '../models/proxy.js'
import type { SessionSpec } from '../shapes.js'
import type { Py } from '../tagged.js'
import { numberOf, textOf } from './values.js'

/** A `with*` function for sessions and requests. */
export type Step = Settings.Configure

export const all = (steps: ReadonlyArray<Step>): Step => {
  const run: Step = (configurable) => steps.reduce((held, step) => step(held), configurable)
  return run
}

export const nothing: Step = (configurable) => configurable

export const proxies = (py: Py | undefined): Step => {
  const map = mapOf(py)
  return map.length === 0 ? nothing : Settings.withProxy(Object.fromEntries(map))
}

const pathOf = (py: Py | undefined): string | undefined => (py?._tag === 'Str' && py.text !== '' ? py.text : undefined)

/** In Python, True replaces a path. Our settings are separate, so both are set. */
export const verify = (py: Py | undefined, below?: Py): Step => {
  const path = pathOf(py)
  if (path !== undefined) return all([Settings.withVerify(true), Settings.withCa(path)])
  if (py?._tag !== 'Bool') return nothing
  const removesPath = py.value && pathOf(below) !== undefined
  const withoutCa = Settings.withSettings({ ...Settings.empty, ca: Override.unset })
  return all([Settings.withVerify(py.value), removesPath ? withoutCa : nothing])
}

export const cert = (py: Py | undefined): Step => {
  const path = pathOf(py)
  if (path !== undefined) return Settings.withClientCertificate({ cert: path })
  if (py?._tag !== 'Tuple') return nothing
  const [certificate, key] = py.items.map(textOf)
  return certificate === undefined || key === undefined
    ? nothing
    : Settings.withClientCertificate({ cert: certificate, key })
}

const milliseconds = (py: Py | undefined): number | undefined =>
  py?._tag === 'Int' || py?._tag === 'Float' ? numberOf(py.text) * 1000 : undefined

export const timeout = (py: Py | undefined): Step => {
  const [connect, read] = py?._tag === 'Tuple' ? py.items.map(milliseconds) : [milliseconds(py), milliseconds(py)]
  return Settings.withTimeouts({
    ...(connect === undefined ? {} : { connect }),
    ...(read === undefined ? {} : { read }),
  })
}

export const trust = (trusts: boolean): ((session: Session.Session) => Session.Session) =>
  Session.withAmbient({ proxies: trusts, netrc: trusts, certificates: trusts })

/** Converts the proxies, verify and cert of a session. */
export const route = ({ proxies: map, verify: checks, cert: certificate }: SessionSpec): Step =>
  all([proxies(map), verify(checks), cert(certificate)])
