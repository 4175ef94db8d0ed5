/**
 * Prepares a plain request from its input, for the few cases in which Python raises an exception and the library does
 * not, so that there is no Python output to start from.
 *
 * A plain request has headers, a URL, values in query and form, text or JSON, cookies by name, and a pair as auth. Files,
 * netrc and a session's auth are not supported.
 */
import type { Prepared, RequestSpec, SessionSpec } from '../shapes.js'
import { type Entry, isTruthy, type Py, toBase64 } from '../tagged.js'
import { isSettingCookie, pairsOf, settingCookiesIn, settingCookiesOf } from './given-cookies.js'
import { basic } from './netrc.js'
import { preparedUnder, quotedQuery } from './normal-url.js'
import { canonicalHost, credentialsIn, partsOf } from './parts.js'
import { encodedPairs, jsonBody, stringified } from './spelling.js'

export type HeaderPair = readonly [name: string, value: string]

const textOf = (py: Py): string =>
  py._tag === 'Str' ? py.text : py._tag === 'Bytes' ? Buffer.from(py.bytes).toString('latin1') : ''

/** Merges headers. The request replaces spelling and value but keeps the position. None removes a header. */
export const mergedHeaders = (session: SessionSpec, request: RequestSpec): ReadonlyArray<HeaderPair> => {
  const merged = new Map<string, readonly [string, Py]>()
  for (const [key, value] of [...(session.headers ?? []), ...(request.headers ?? [])]) {
    merged.set(textOf(key).toLowerCase(), [textOf(key), value])
  }
  return [...merged.values()].flatMap(
    ([name, value]): ReadonlyArray<HeaderPair> => (value._tag === 'None' ? [] : [[name, textOf(value)]]),
  )
}

/** Replaces the header of the same name, or appends it. */
export const upserted = (
  headers: ReadonlyArray<HeaderPair>,
  name: string,
  value: string,
): ReadonlyArray<HeaderPair> => {
  const at = headers.findIndex(([other]) => other.toLowerCase() === name.toLowerCase())
  return at < 0 ? [...headers, [name, value]] : headers.map((pair, i) => (i === at ? [name, value] : pair))
}

export const without = (
  headers: ReadonlyArray<HeaderPair>,
  ...names: ReadonlyArray<string>
): ReadonlyArray<HeaderPair> => headers.filter(([name]) => !names.includes(name.toLowerCase()))

export const valueOf = (headers: ReadonlyArray<HeaderPair>, name: string): string | undefined =>
  headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1]

const isAbsent = (py: Py | undefined): boolean => py === undefined || py._tag === 'None'

const isPlain = (session: SessionSpec, request: RequestSpec): boolean =>
  [request.files, session.auth].every(isAbsent) &&
  (session.cookies ?? []).every(isSettingCookie) &&
  !(request.cookies !== undefined && 'jar' in request.cookies) &&
  session.trust_env !== true

type Pairs = ReadonlyArray<Entry>

const pairsIn = (py: Py | undefined): Pairs | undefined => {
  if (py === undefined || py._tag === 'None') return []
  return py._tag === 'Dict' || py._tag === 'CiDict' || py._tag === 'Pairs' ? py.entries : undefined
}

/** Merges pairs. The request takes precedence, and None removes a name. */
const merged = (below: Pairs, above: Pairs): Pairs => {
  if (below.length === 0 || above.length === 0) return [...below, ...above]
  const held = new Map([...below, ...above].map(([key, value]) => [textOf(key), [key, value] as const]))
  return [...held.values()].filter(([, value]) => value._tag !== 'None')
}

/** requests merges two mappings. Any other value of the request replaces the session's. */
const plainQuery = ({ params }: SessionSpec, { params: above }: RequestSpec): string | undefined => {
  const below = isAbsent(above) || (above?._tag === 'Dict' && params?._tag === 'Dict') ? params : undefined
  if (isAbsent(below) && above?._tag === 'Str') return quotedQuery(above.text)
  const [lower, upper] = [pairsIn(below), pairsIn(above)]
  return lower === undefined || upper === undefined ? undefined : encodedPairs(merged(lower, upper))
}

interface Content {
  readonly text: string
  readonly type?: string
}

/** Returns the body and its type, null without a body, or undefined if it is not plain. */
const contentOf = (request: RequestSpec): Content | null | undefined => {
  const { data } = request
  const json = jsonBody(request)
  if (json !== undefined) {
    const text = stringified(json)
    return text === undefined ? undefined : { text, type: 'application/json' }
  }
  if (data === undefined || !isTruthy(data)) return null
  if (data._tag === 'Str') return { text: data.text }
  const text = encodedPairs(pairsIn(data) ?? [])
  return pairsIn(data) === undefined || text === undefined
    ? undefined
    : { text, type: 'application/x-www-form-urlencoded' }
}

/** Returns the body of a plain request in base64. */
export const plainBody = (request: RequestSpec): string | null => {
  const content = contentOf(request)
  return content === null || content === undefined ? null : toBase64(Buffer.from(content.text, 'utf8'))
}

const withQuery = (url: string, query: string): string => {
  if (query === '') return url
  const [, base = '', hash = ''] = /^([^#]*)(#.*)?$/.exec(url) ?? []
  return `${base}${base.includes('?') ? '&' : '?'}${query}${hash}`
}

const credentialsOf = (auth: Py | undefined, url: string): readonly [string, string] | undefined => {
  if (auth?._tag === 'Tuple') {
    const [user, pass] = auth.items
    return user === undefined || pass === undefined ? undefined : [textOf(user), textOf(pass)]
  }
  return credentialsIn(url)
}

const cookiePairs = ({ cookies: below }: SessionSpec, { cookies: above }: RequestSpec): ReadonlyArray<string> => {
  const settingCookies = settingCookiesIn(below ?? [])
  const entries = above !== undefined && '_tag' in above && above._tag === 'Dict' ? above.entries : []
  return pairsOf(
    settingCookiesOf(
      entries.map(([key, value]) => [textOf(key), value] as const),
      settingCookies,
    ),
  )
}

const EXPECT_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

const framed = (
  headers: ReadonlyArray<HeaderPair>,
  method: string,
  content: Content | null,
): ReadonlyArray<HeaderPair> => {
  const isIdle = content === null && (valueOf(headers, 'Content-Length') !== undefined || !EXPECT_CONTENT.has(method))
  if (isIdle) return headers
  const length = Buffer.byteLength(content?.text ?? '', 'utf8')
  const sized = upserted(headers, 'Content-Length', String(length))
  const { type } = content ?? {}
  return type === undefined || valueOf(sized, 'Content-Type') !== undefined ? sized : [...sized, ['Content-Type', type]]
}

/** Returns the prepared request, or undefined if it is not plain or its host is invalid. */
export const plainRequest = (session: SessionSpec, request: RequestSpec): Prepared | undefined => {
  const url = textOf(request.url)
  const host = canonicalHost(partsOf(url).host)
  const query = plainQuery(session, request)
  const content = contentOf(request)
  if (!isPlain(session, request) || host === undefined || query === undefined || content === undefined) return undefined
  const method = request.method.toUpperCase()
  const given = mergedHeaders(session, request)
  const cookies = valueOf(given, 'Cookie') === undefined ? cookiePairs(session, request).join('; ') : ''
  const headers = framed(cookies === '' ? given : [...given, ['Cookie', cookies]], method, content)
  const credentials = credentialsOf(request.auth, url)
  return {
    method,
    url: withQuery(preparedUnder(url, host), query),
    headers: credentials === undefined ? headers : upserted(headers, 'Authorization', basic(...credentials)),
    body: content === null ? null : toBase64(Buffer.from(content.text, 'utf8')),
  }
}
