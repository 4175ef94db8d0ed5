/**
 * Differences of proxies and CA bundles. For NO_PROXY, see `rules/no-proxy.ts`.
 *
 * | rule | Python                                                   | here                                     |
 * |------|----------------------------------------------------------|------------------------------------------|
 * | D28  | accepts any text                                         | text that is not a valid URL is an error |
 * | D14  | userinfo stays in the URL                                | removed                                  |
 * | D27  | urllib3 normalizes the URL when it sends                 | the URL of the plan is sent              |
 * | D19  | the host as it is written                                | the canonical host                       |
 * | D1   | the environment's proxy and CA bundle override the session's | settings override the environment        |
 * | D3   | any falsy `verify` turns verification off                | only False does                          |
 * | D22  | Proxy-Authorization for a SOCKS proxy is sent to the origin, and lost on a redirect | only its proxy receives it               |
 * | D29  | Basic in latin-1; credentials beyond it are an exception | UTF-8 (RFC 7617 2.1)                     |
 * | D48  | a proxy's user without a password is ignored             | the missing half is empty                |
 * | D52  | keys in another spelling match nothing                   | keys are normalized                      |
 * | D31  | `host:port` is a URL of the scheme `host`                | an http proxy                            |
 */
import type { Input, Output } from '../families/proxies.js'
import { basic, inUtf8 } from '../models/netrc.js'
import { onTheWire } from '../models/normal-url.js'
import { partsOf } from '../models/parts.js'
import {
  authorizationFor,
  environmentMap,
  halves,
  isHalf,
  isSocks,
  mapOf,
  normalizedKeys,
  select,
  spelled,
} from '../models/proxy.js'
import { type Failure, isFailure } from '../shapes.js'
import type { Rule } from '../subject.js'
import { NONE } from '../tagged.js'
import { isNamed } from './fields.js'
import * as noProxy from './no-proxy.js'
import { explicitOf, urlOf } from './no-proxy.js'
import { ambientFirst, type Checks, explicitFirst, hasOtherFalsy, withoutFalsy } from './roots.js'
import { urlProblem, withCanonicalHost, withoutUserinfo } from './url.js'

type Out = Output | Failure
type R = Rule<Input, Out>

// --- the URL --------------------------------------------------------------------------------------------------------

const NO_URL: R = {
  id: 'D28',
  when: ({ input }) => input.kind !== 'request' && urlProblem(input.url) !== undefined,
  expect: ({ input }, python) => urlProblem(urlOf(input)) ?? python,
}

/** Returns a rule that rewrites the URL of a prepared request. */
const ofUrl = (id: string, rewrite: (url: string) => string): R => ({
  id,
  when: ({ input }) => input.kind === 'request',
  expect: (_, python) =>
    isFailure(python) || python.url === undefined ? python : { ...python, url: rewrite(python.url) },
})

const USERINFO = ofUrl('D14', withoutUserinfo)
const ON_THE_WIRE = ofUrl('D27', onTheWire)
const CANONICAL_HOST = ofUrl('D19', withCanonicalHost)

// --- the proxy ------------------------------------------------------------------------------------------------------

const EXPLICIT_PROXY: R = {
  id: 'D1',
  when: ({ input }, python) => !isFailure(python) && select(urlOf(input), explicitOf(input)) !== undefined,
  expect: ({ input }, python) => {
    if (isFailure(python)) return python
    const explicit = select(urlOf(input), explicitOf(input)) ?? null
    const isOther = python.authorization !== undefined && python.proxy !== spelled(explicit)
    return {
      ...python,
      proxy: spelled(explicit),
      ...(isOther ? { authorization: isSocks(explicit) ? null : authorizationFor(explicit) } : {}),
    }
  },
}

const mapsOf = (input: Input): ReturnType<typeof mapOf> =>
  input.kind === 'select' || input.kind === 'request_url' ? mapOf(input.proxies) : explicitOf(input)

/** Applies if a key matches only after normalization. */
const NORMALIZED_KEYS: R = {
  id: 'D52',
  when: ({ input }, python) =>
    !isFailure(python) &&
    select(urlOf(input), mapsOf(input)) === undefined &&
    select(urlOf(input), normalizedKeys(mapsOf(input))) !== undefined,
  expect: ({ input }, python) => {
    const found = select(urlOf(input), normalizedKeys(mapsOf(input))) ?? null
    if (isFailure(python) || !('proxy' in python)) return python
    return { ...python, proxy: input.kind === 'select' ? found : spelled(found) }
  },
}

/** Returns the selected proxy as the user wrote it. */
const writtenProxy = (input: Input, chosen: string | null | undefined): string | undefined => {
  const env = 'env' in input ? environmentMap(input.env ?? {}) : []
  const own = [select(urlOf(input), mapsOf(input)), select(urlOf(input), env)]
  return own.find((text): text is string => typeof text === 'string' && spelled(text) === chosen)
}

const HALF: R = {
  id: 'D48',
  when: ({ input }, python) =>
    'proxy' in python && input.kind !== 'select' && isHalf(writtenProxy(input, python.proxy)),
  expect: ({ input }, python) => {
    if (isFailure(python) || typeof python.proxy !== 'string') return python
    const [user, pass] = halves(writtenProxy(input, python.proxy) ?? '')
    const proxy = python.proxy.replace(/\/\/(?:[^@/]*@)?/, () => `//${user}:${pass}@`)
    const isAsked = python.authorization !== undefined && !isSocks(proxy)
    return { ...python, proxy, ...(isAsked ? { authorization: basic(user, pass) } : {}) }
  },
}

const UTF8: R = {
  id: 'D29',
  when: ({ input }, python) =>
    !isFailure(python) && typeof python.authorization === 'string' && python.authorization !== handSet(input),
  expect: (_, python) =>
    isFailure(python) || typeof python.authorization !== 'string'
      ? python
      : { ...python, authorization: inUtf8(python.authorization) },
}

const isProxyAuthorization = isNamed('proxy-authorization')

const handSet = (input: Input): string | undefined =>
  input.kind === 'rebuild' ? input.headers.find(isProxyAuthorization)?.[1] : undefined

/** Returns the Proxy-Authorization: the proxy's own credentials, or the header set by hand. None for SOCKS. */
const sentTo = (proxy: string | null, own: string | null, given: string | undefined): string | null => {
  if (proxy === null || isSocks(proxy)) return null
  return own ?? given ?? null
}

const ONLY_TO_ITS_PROXY: R = {
  id: 'D22',
  when: (_, python) => 'proxy' in python && python.authorization !== undefined,
  expect: ({ input }, python) => {
    if (isFailure(python)) return python
    const { proxy = null, authorization = null, headers } = python
    return {
      ...python,
      authorization: sentTo(proxy, authorization, handSet(input)),
      ...(headers === undefined ? {} : { headers: headers.filter((pair) => !isProxyAuthorization(pair)) }),
    }
  },
}

const BEYOND_LATIN1: R = {
  id: 'D29',
  when: ({ input }, python) => {
    if (input.kind !== 'rebuild' || !isFailure(python) || !input.url.startsWith('http:')) return false
    const { userinfo = '' } = partsOf(select(input.url, explicitOf(input)) ?? '')
    return /[^\0-\xff]/.test(userinfo)
  },
  expect: ({ input }, python) => {
    if (input.kind !== 'rebuild') return python
    const proxy = select(input.url, explicitOf(input)) ?? ''
    const [user = '', pass = ''] = (partsOf(proxy).userinfo ?? '').split(':')
    const headers = input.headers.filter(([name]) => name.toLowerCase() !== 'proxy-authorization')
    return { proxy: spelled(proxy), headers, authorization: basic(user, pass) }
  },
}

const HOST_AND_PORT: R = {
  id: 'D31',
  when: ({ input }, python) =>
    input.kind === 'request_url' &&
    !isFailure(python) &&
    /^[^/:@]+:\d+$/.test(select(input.url, mapOf(input.proxies)) ?? ''),
  expect: ({ input }, python) =>
    input.kind === 'request_url' ? { ...python, proxy: spelled(select(input.url, mapOf(input.proxies))) } : python,
}

// --- CA bundles -----------------------------------------------------------------------------------------------------

const checksOf = (input: Input): Checks | undefined => {
  if (input.kind !== 'merge_env' && input.kind !== 'request') return undefined
  const { session, env = {} } = input
  const request = input.kind === 'merge_env' ? input.verify : (input.request.verify ?? NONE)
  const bundle = env['REQUESTS_CA_BUNDLE'] || env['CURL_CA_BUNDLE']
  const trusted = session.trust_env === true && bundle !== undefined && bundle !== ''
  return { session: session.verify ?? { _tag: 'Bool', value: true }, request, bundle: trusted ? bundle : undefined }
}

const ONLY_FALSE: R = {
  id: 'D3',
  when: ({ input }, python) => {
    const checks = checksOf(input)
    return checks !== undefined && hasOtherFalsy(checks) && 'verify' in python
  },
  expect: ({ input }, python) => {
    const checks = checksOf(input)
    return checks === undefined ? python : { ...python, verify: ambientFirst(withoutFalsy(checks)) }
  },
}

const EXPLICIT_ROOTS: R = {
  id: 'D1',
  when: ({ input }, python) => checksOf(input)?.bundle !== undefined && 'verify' in python,
  expect: ({ input }, python) => {
    const checks = checksOf(input)
    return checks === undefined ? python : { ...python, verify: explicitFirst(withoutFalsy(checks)) }
  },
}

export const all: ReadonlyArray<R> = [
  NO_URL,
  USERINFO,
  ON_THE_WIRE,
  CANONICAL_HOST,
  ...noProxy.all,
  EXPLICIT_PROXY,
  NORMALIZED_KEYS,
  UTF8,
  HALF,
  ONLY_TO_ITS_PROXY,
  BEYOND_LATIN1,
  HOST_AND_PORT,
  ONLY_FALSE,
  EXPLICIT_ROOTS,
]
