/**
 * D1 and D3: which certificates are trusted, in requests' order and in ours.
 *
 * | rule | requests                                   | here                                                        |
 * |------|--------------------------------------------|-------------------------------------------------------------|
 * | D3   | `''`, 0 and None turn the check off         | only False does; the others say nothing                     |
 * | D1   | the environment's bundle beats the session's | a path or False that was said beats the environment        |
 */
import type { Json } from '../json.js'
import { isTruthy, NONE, type Py, write } from '../tagged.js'

export interface Checks {
  readonly session: Py
  readonly request: Py
  /** REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE, where the environment is trusted. */
  readonly bundle: string | undefined
}

/** False is False; anything else that is falsy says nothing. */
const said = (py: Py): Py => (py._tag === 'Bool' || isTruthy(py) ? py : NONE)

/** Whether a side is falsy in any other way than False. */
export const saysOtherFalse = ({ session, request }: Checks): boolean =>
  said(session) !== session || session._tag === 'None' || (said(request) !== request && request._tag !== 'None')

export const withoutFalsy = (checks: Checks): Checks => ({
  ...checks,
  session: said(checks.session),
  request: said(checks.request),
})

const isTrue = (py: Py): boolean => py._tag === 'Bool' && py.value
const isOpen = (py: Py): boolean => py._tag === 'None' || isTrue(py)

/** requests' own order: the environment stands in for a request that says nothing or True. */
export const ambientFirst = ({ session, request, bundle }: Checks): Json => {
  if (bundle !== undefined && isOpen(request)) return bundle
  if (request._tag !== 'None') return write(request)
  return session._tag === 'None' ? true : write(session)
}

/** Ours: a path or False of the request, then of the session; the environment only where both leave it open. */
export const explicitFirst = ({ session, request, bundle }: Checks): Json => {
  if (!isOpen(request)) return write(request)
  // True takes back a path below it; to the environment it leaves only what was open before.
  if (isTrue(request)) return session._tag === 'Str' ? true : (bundle ?? true)
  return isOpen(session) ? (bundle ?? true) : write(session)
}
