/**
 * D2: the precedence of credentials.
 *
 * | here, the first that is set       | Python                        |
 * |-----------------------------------|-------------------------------|
 * | `auth` of request or session      | the same                      |
 * | an Authorization header           | userinfo and netrc replace it |
 * | no credentials if `auth` is empty | netrc                         |
 * | userinfo of the URL               | netrc takes precedence        |
 */
import { basic, inUtf8 } from '../models/netrc.js'
import { credentialsIn, isHttpLike, partsOf, unquoted } from '../models/parts.js'
import { type HeaderPair, mergedHeaders } from '../models/plain-request.js'
import type { RequestSpec, SessionSpec } from '../shapes.js'
import { isTruthy, type Py } from '../tagged.js'
import { isNamed, type Pairs } from './fields.js'

const isAuthorization = isNamed('authorization')

const isEmpty = (auth: Py | undefined): boolean => auth !== undefined && auth._tag !== 'None' && !isTruthy(auth)

/** Returns whether `auth` is set without credentials for the origin: `auth=()`, or credentials for a proxy. */
export const disablesAuth = (auth: Py | undefined): boolean => isEmpty(auth) || auth?._tag === 'ProxyAuth'

/** Returns the Authorization that we send, null for none, or undefined if it does not differ from requests. */
export const ownAuthorization = (session: SessionSpec, request: RequestSpec): HeaderPair | null | undefined => {
  const auth = request.auth === undefined || request.auth._tag === 'None' ? session.auth : request.auth
  if (auth !== undefined && isTruthy(auth) && auth._tag !== 'ProxyAuth') return undefined
  const header = mergedHeaders(session, request).find(isAuthorization)
  if (header !== undefined) return header
  if (disablesAuth(auth)) return null
  const url = request.url._tag === 'Str' ? request.url.text.trimStart() : ''
  const credentials = isHttpLike(url) ? credentialsIn(url) : undefined
  return credentials?.some((text) => text !== '') === true ? ['Authorization', basic(...credentials)] : undefined
}

/** Returns Basic for a URL with a user and no password, if there are no other credentials (D48). */
export const halfAuthorization = (
  session: SessionSpec,
  request: RequestSpec,
  headers: Pairs,
): HeaderPair | undefined => {
  const auth = request.auth === undefined || request.auth._tag === 'None' ? session.auth : request.auth
  const text = request.url._tag === 'Str' ? request.url.text.trimStart() : ''
  const { userinfo = '' } = isHttpLike(text) ? partsOf(text) : {}
  if (userinfo === '' || userinfo.includes(':') || headers.some(isAuthorization)) return undefined
  return auth === undefined || auth._tag === 'None' ? ['Authorization', basic(unquoted(userinfo), '')] : undefined
}

/** Encodes the credentials of requests in UTF-8 (D29). Keeps a header set by the user. */
export const inUtf8Unless = (given: Pairs, headers: Pairs): Pairs =>
  headers.map((pair): HeaderPair => {
    const isOwn = given.some(([name, value]) => isAuthorization([name, value]) && value === pair[1])
    return isAuthorization(pair) && !isOwn ? [pair[0], inUtf8(pair[1])] : pair
  })

/** Replaces the Authorization header that requests wrote. */
export const withAuthorization = (headers: Pairs, own: HeaderPair | null): Pairs =>
  own === null
    ? headers.filter((pair) => !isAuthorization(pair))
    : headers.map((pair) => (isAuthorization(pair) ? own : pair))
