/**
 * Differences of credentials, proxies and other headers of a redirected request.
 *
 * | rule   | Python                                           | here                                           |
 * |--------|--------------------------------------------------|------------------------------------------------|
 * | D5     | secret headers, `Host` and the certificate are sent anywhere | only to their origin, and not after leaving it |
 * | D2     | netrc replaces credentials again on every hop    | only without other credentials                 |
 * | D1     | the environment's proxy overrides the session's  | settings override the environment              |
 * | D12    | keeps the proxy of hop 1; its own NO_PROXY rules | selected for each hop (`models/no-proxy.ts`)   |
 * | D22    | a Proxy-Authorization set by hand is sent to the origin, and lost on a redirect | sent only to its proxy                         |
 * | D3, D1 | CA bundles                                       | as without redirects                           |
 */
import type { Input, Output } from '../families/redirect.js'
import { bypasses } from '../models/no-proxy.js'
import { canonicalHost, partsOf } from '../models/parts.js'
import { mergedHeaders, valueOf } from '../models/plain-request.js'
import { authorizationFor, environmentMap, isSocks, mapOf, type ProxyMap, select, spelled } from '../models/proxy.js'
import { stripsAuth } from '../models/strip.js'
import { type Hop, hopsOf, isTrusted, mapHops, type R, rewriting, walk } from './chain.js'
import { disablesAuth, halfAuthorization, inUtf8Unless, ownAuthorization, withAuthorization } from './credentials.js'
import { isNamed } from './fields.js'
import { ambientFirst, type Checks, explicitFirst, hasOtherFalsy, withoutFalsy } from './roots.js'

// --- sensitive headers ----------------------------------------------------------------------------------------------

/** Authorization and Cookie have rules of their own. */
const isSensitive = isNamed('x-api-key', 'x-auth-token', 'private-token', 'host')

const STAYS_BEHIND = rewriting('D5', (python) => {
  const hops = hopsOf(python)
  return mapHops(python, (hop, i) =>
    isTrusted(hops, i)
      ? hop
      : {
          ...hop,
          headers: hop.headers.filter((pair) => !isSensitive(pair)),
          ...(hop.cert === undefined ? {} : { cert: null }),
        },
  )
})

// --- netrc ----------------------------------------------------------------------------------------------------------

const isAuthorization = isNamed('authorization')

/** Existing credentials are not replaced. `auth=()` disables netrc. */
const NETRC_IS_LAST = rewriting('D2', (python, { input: { session, request } }) => {
  const own = ownAuthorization(session, request)
  const first = mapHops(python, (hop, i) =>
    i > 0 || own === undefined ? hop : { ...hop, headers: withAuthorization(hop.headers, own) },
  )
  return walk(first, (hop, before) => {
    const held = stripsAuth(before.url, hop.url) === false ? before.headers.find(isAuthorization) : undefined
    if (held !== undefined) return { ...hop, headers: withAuthorization(hop.headers, held) }
    return disablesAuth(request.auth) ? { ...hop, headers: withAuthorization(hop.headers, null) } : hop
  })
})

/** Must run before the rules that add credentials. */
export const UTF8 = rewriting('D29', (python, { input: { session, request } }) =>
  mapHops(python, (hop) => ({ ...hop, headers: inUtf8Unless(mergedHeaders(session, request), hop.headers) })),
)

const HALF = rewriting('D48', (python, { input: { session, request } }) => {
  const [first] = hopsOf(python)
  const half = first === undefined ? undefined : halfAuthorization(session, request, first.headers)
  if (half === undefined) return python
  const begun = mapHops(python, (hop, i) => (i > 0 ? hop : { ...hop, headers: [...hop.headers, half] }))
  return walk(begun, (hop, before) =>
    stripsAuth(before.url, hop.url) !== false || hop.headers.some(isAuthorization) || !before.headers.includes(half)
      ? hop
      : { ...hop, headers: [...hop.headers, half] },
  )
})

// --- proxies --------------------------------------------------------------------------------------------------------

const explicitOf = ({ session, request }: Input): ProxyMap => [...mapOf(request.proxies), ...mapOf(session.proxies)]

const EXPLICIT_PROXY = rewriting('D1', (python, { input }) =>
  mapHops(python, (hop) => {
    const explicit = select(hop.url, explicitOf(input))
    if (hop.proxy === undefined || explicit === undefined || hop.proxy === spelled(explicit)) return hop
    return { ...hop, proxy: spelled(explicit), authorization: own(explicit) }
  }),
)

const own = (proxy: string | null): string | null => (proxy === null || isSocks(proxy) ? null : authorizationFor(proxy))

const ambientProxy = ({ env = {}, session, request }: Input, url: string): string | null => {
  if (session.trust_env !== true) return null
  const list = mapOf(request.proxies).find(([key]) => key === 'no_proxy')?.[1] ?? (env['no_proxy'] || env['NO_PROXY'])
  const { host, port } = partsOf(url)
  if (bypasses(list ?? '', canonicalHost(host) ?? host, port)) return null
  return select(url, environmentMap(env)) ?? null
}

const CHOSEN_ANEW = rewriting('D12', (python, { input }) =>
  mapHops(python, (hop) => {
    if (hop.proxy === undefined || select(hop.url, explicitOf(input)) !== undefined) return hop
    const proxy = ambientProxy(input, hop.url)
    return spelled(proxy) === hop.proxy ? hop : { ...hop, proxy: spelled(proxy), authorization: own(proxy) }
  }),
)

const isProxyAuthorization = isNamed('proxy-authorization')

const handSet = ({ session, request }: Input): string | undefined => {
  const { auth } = request
  if (auth?._tag === 'ProxyAuth') {
    const [user, pass] = [auth.user, auth.pass].map((py) => (py._tag === 'Str' ? py.text : ''))
    return `Basic ${Buffer.from(`${user}:${pass}`, 'latin1').toString('base64')}`
  }
  return valueOf(mergedHeaders(session, request), 'Proxy-Authorization')
}

/** The header is sent as long as the hops use the proxy of the first hop and it has no credentials of its own. */
const ONLY_TO_ITS_PROXY = rewriting('D22', (python, { input }) => {
  const given = handSet(input) ?? null
  const [first] = python.requests
  let isSame = true
  return mapHops(python, (hop) => {
    const bare: Hop = { ...hop, headers: hop.headers.filter((pair) => !isProxyAuthorization(pair)) }
    if (hop.proxy === undefined || hop.authorization === undefined) return bare
    isSame = isSame && hop.proxy === first?.proxy
    if (hop.proxy === null || isSocks(hop.proxy)) return { ...bare, authorization: null }
    const asked = /\/\/[^@]*@/.test(hop.proxy) ? hop.authorization : isSame ? given : null
    return { ...bare, authorization: asked }
  })
})

// --- CA bundles -----------------------------------------------------------------------------------------------------

const checksOf = ({ session, request, env = {} }: Input): Checks => {
  const bundle = env['REQUESTS_CA_BUNDLE'] || env['CURL_CA_BUNDLE']
  return {
    session: session.verify ?? { _tag: 'Bool', value: true },
    request: request.verify ?? { _tag: 'None' },
    bundle: session.trust_env === true && bundle !== undefined && bundle !== '' ? bundle : undefined,
  }
}

const withVerify = (python: Output, verify: ReturnType<typeof ambientFirst>): Output =>
  mapHops(python, (hop) => (hop.verify === undefined ? hop : { ...hop, verify }))

const ONLY_FALSE = rewriting('D3', (python, { input }) =>
  hasOtherFalsy(checksOf(input)) ? withVerify(python, ambientFirst(withoutFalsy(checksOf(input)))) : python,
)

const EXPLICIT_ROOTS = rewriting('D1', (python, { input }) =>
  checksOf(input).bundle === undefined ? python : withVerify(python, explicitFirst(withoutFalsy(checksOf(input)))),
)

export const all: ReadonlyArray<R> = [
  STAYS_BEHIND,
  NETRC_IS_LAST,
  HALF,
  EXPLICIT_PROXY,
  CHOSEN_ANEW,
  ONLY_TO_ITS_PROXY,
  ONLY_FALSE,
  EXPLICIT_ROOTS,
]
