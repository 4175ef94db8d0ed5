/**
 * D1 and D3: the precedence of CA bundles, in requests and here.
 *
 * | rule | requests                                         | here                                                      |
 * |------|--------------------------------------------------|-----------------------------------------------------------|
 * | D3   | `''`, 0 and None turn verification off           | only False does; the others count as not set              |
 * | D1   | the environment's bundle overrides the session's | a path or False in the settings overrides the environment |
 */
import type { Json } from '../json.js'
import { isTruthy, NONE, type Py, write } from '../tagged.js'

export interface Checks {
  readonly session: Py
  readonly request: Py
  /** REQUESTS_CA_BUNDLE, or by default CURL_CA_BUNDLE, if the environment is used. */
  readonly bundle: string | undefined
}

/** Treats a falsy value other than False as not set. */
const definite = (py: Py): Py => (py._tag === 'Bool' || isTruthy(py) ? py : NONE)

/** Returns whether the session or the request has a falsy value other than False. */
export const hasOtherFalsy = ({ session, request }: Checks): boolean =>
  definite(session) !== session || session._tag === 'None' || (definite(request) !== request && request._tag !== 'None')

export const withoutFalsy = (checks: Checks): Checks => ({
  ...checks,
  session: definite(checks.session),
  request: definite(checks.request),
})

const isTrue = (py: Py): boolean => py._tag === 'Bool' && py.value
const isOpen = (py: Py): boolean => py._tag === 'None' || isTrue(py)

/** The order of requests: the environment overrides a request without a value or with True. */
export const ambientFirst = ({ session, request, bundle }: Checks): Json => {
  if (bundle !== undefined && isOpen(request)) return bundle
  if (request._tag !== 'None') return write(request)
  return session._tag === 'None' ? true : write(session)
}

/** Our order: a path or False of the request, then of the session, then the environment. */
export const explicitFirst = ({ session, request, bundle }: Checks): Json => {
  if (!isOpen(request)) return write(request)
  // True removes a path of the session. Without such a path, the environment applies.
  if (isTrue(request)) return session._tag === 'Str' ? true : (bundle ?? true)
  return isOpen(session) ? (bundle ?? true) : write(session)
}
