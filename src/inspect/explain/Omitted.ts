/**
 * What is not in a plan: inputs that were available and not used, with the reason, and inputs that were not read.
 */
import * as O from 'fp-ts/lib/Option.js'
import type * as Cookie from '../../cookies/Cookie.js'
import * as Jar from '../../cookies/Jar.js'
import * as Environment from '../../session/Environment.js'
import type { Settings } from '../../session/Settings.js'
import * as CookieHeader from '../../stages/prepare/CookieHeader.js'
import type { First, Redirected } from '../../stages/prepare/Provenance.js'
import { isOfContent, shouldStripAuth } from '../../stages/Redirect.js'
import * as Headers from '../../values/Headers.js'
import * as Override from '../../values/Override.js'
import * as Proxy from '../../values/Proxy.js'
import * as Query from '../../values/Query.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import {
  type Context,
  headerSetting,
  isFirst,
  isRedirected,
  ofHeaderSetting,
  showAuth,
  showHeader,
  urlUser,
} from './Context.js'
import { label, pem } from './FieldLabel.js'
import { type Dropped, type Layer, ofSetting, sessionLayer, type Unasked } from './Origin.js'
import { shownPair, urlLayer } from './Origins.js'
import { caVariable, ofNoProxy, ofProxySettings, proxyText, proxyVariable } from './RouteOrigin.js'

const HIDDEN = Secret.REDACTED
const REMOVED = 'the request removes it'

/** The layer that set something which the request does not change. */
const layerOf = <A>({ layers }: Context, pick: (settings: Settings) => Override.Override<A>): Layer =>
  ofSetting(layers, pick, () => '')?.layer ?? 'session'

const whose = ({ layers }: Context, isOfRequest: (settings: Settings) => boolean): string =>
  isOfRequest(layers.request) ? 'the request' : 'the session'

// --- settings that the request removes, or that must not leave the base URL's origin ---------------------------------

const removedHeaders = (c: Context): ReadonlyArray<Dropped> => {
  const { session, request, base } = c.layers
  const byRequest = [...request.headers].flatMap(([key, override]): ReadonlyArray<Dropped> => {
    const below = session.headers.get(key)
    if (override._tag !== 'Unset' || below?._tag !== 'Set') return []
    const { name } = below.value
    const value = showHeader(c, key)(below.value)
    return [{ what: `header ${name}`, layer: sessionLayer(c.layers, headerSetting(key)), value, why: REMOVED }]
  })
  const bySession = [...(base?.headers ?? [])].flatMap(([key, override]): ReadonlyArray<Dropped> => {
    if (override._tag !== 'Set' || session.headers.get(key)?._tag !== 'Unset') return []
    const { name } = override.value
    const value = showHeader(c, key)(override.value)
    return [{ what: `header ${name}`, layer: 'defaults', value, why: 'the session removes it' }]
  })
  return [...byRequest, ...bySession]
}

const removedCookies = ({ layers: { session, request } }: Context): ReadonlyArray<Dropped> =>
  [...request.cookies].flatMap(([name, override]): ReadonlyArray<Dropped> => {
    if (override._tag !== 'Unset' || session.cookies.get(name)?._tag !== 'Set') return []
    return [{ what: `cookie ${name}`, layer: 'session', value: HIDDEN, why: REMOVED }]
  })

const removedQuery = ({ layers: { session, request } }: Context): ReadonlyArray<Dropped> => {
  if (session.query._tag === 'Inherit' || request.query._tag === 'Inherit') return []
  if (session.query.value._tag !== 'Keys') return []
  const layer = 'session' as const
  if (request.query._tag === 'Replace' || request.query.value._tag !== 'Keys') {
    const value = Query.showSource(session.query.value)
    return [{ what: 'query', layer, value, why: 'the request replaces the whole query' }]
  }
  const { keys } = session.query.value
  return [...request.query.value.keys].flatMap(([key, override]): ReadonlyArray<Dropped> => {
    const below = keys.get(key)
    if (override._tag !== 'Unset' || below?._tag !== 'Set') return []
    return [{ what: `query ${key}`, layer, value: shownPair(key, below.value), why: REMOVED }]
  })
}

const OTHER_ORIGIN =
  'the URL has another origin than the base URL, so credentials, query and Host of the session are not sent'

const keptFromOtherOrigin = ({ provenance }: Context<First>): ReadonlyArray<Dropped> => {
  if (provenance.target.base !== 'OtherOrigin') return []
  const before = provenance.given.session.settings
  const after = provenance.merged.session.settings
  const drop = (what: string): Dropped => ({ what, layer: 'session', value: HIDDEN, why: OTHER_ORIGIN })
  return [
    ...(before.auth._tag === 'Set' ? [drop('auth')] : []),
    ...(before.query._tag === 'Inherit' ? [] : [drop('query')]),
    ...Override.entries(before.headers).flatMap(([key, { name }]) =>
      after.headers.has(key) ? [] : [drop(`header ${name}`)],
    ),
    ...Override.entries(before.cookies).map(([name]) => drop(`cookie ${name}`)),
    ...(before.certificate._tag === 'Set' ? [drop('client certificate')] : []),
  ]
}

// --- headers of a first plan -----------------------------------------------------------------------------------------

const FRAMED: Readonly<Record<First['framing'], string>> = {
  None: 'there is no body',
  Zero: 'there is no body',
  Length: 'the length of the body is known',
  GivenLength: 'the length of the body is given',
  Chunked: 'the length of the body is not known',
}

const headerReason = ({ plan, provenance }: Context<First>, key: string): string => {
  if (key !== 'proxy-authorization') return FRAMED[provenance.framing]
  return O.isSome(plan.route.proxy) ? 'it is sent to the proxy only' : 'there is no proxy that could receive it'
}

const replacedHeaders = (c: Context<First>): ReadonlyArray<Dropped> =>
  ['content-length', 'transfer-encoding', 'proxy-authorization'].flatMap((key): ReadonlyArray<Dropped> => {
    const setting = c.provenance.merged.settings.headers.get(key)
    if (setting?._tag !== 'Set' || Headers.has(key)(c.plan.headers)) return []
    const { name } = setting.value
    const value = showHeader(c, key)(setting.value)
    return [
      { what: `header ${name}`, layer: ofHeaderSetting(c, key)?.layer ?? 'hand', value, why: headerReason(c, key) },
    ]
  })

// --- what a redirect drops -------------------------------------------------------------------------------------------

const redirectReason = ({ plan, provenance }: Context<Redirected>, name: string, value: Headers.Value): string => {
  const { previous } = provenance
  if (isOfContent(name) && previous.method !== plan.method) return 'the body is not sent again'
  const strips = shouldStripAuth(previous.url, plan.url)
  if (strips && Headers.sameName(name, 'Host')) return 'it names the previous host'
  if (strips && Secret.is(value)) return `it is secret, and ${plan.url.origin} is another origin`
  return 'it was computed again'
}

const droppedLines = (c: Context<Redirected>): ReadonlyArray<Dropped> => {
  const sent = new Set(Secret.reveal(Headers.find(c.plan.headers, 'Cookie') ?? '').split('; '))
  return c.previous.flatMap(({ part, layer }): ReadonlyArray<Dropped> => {
    if (part._tag === 'Cookie') {
      if (sent.has(Secret.reveal(part.pair))) return []
      const why = layer === 'jar' ? 'the jar does not have it for this URL' : 'it is for the first origin only'
      return [{ what: `cookie ${label(part).name}`, layer, value: HIDDEN, why }]
    }
    if (part._tag !== 'Header' || Headers.has(part.name)(c.plan.headers)) return []
    return [
      { what: `header ${part.name}`, layer, value: label(part).value, why: redirectReason(c, part.name, part.value) },
    ]
  })
}

const droppedByRedirect = (c: Context<Redirected>): ReadonlyArray<Dropped> => {
  const { previous, head } = c.provenance
  const found: Dropped[] = [...droppedLines(c)]
  if (previous.body._tag !== 'Empty' && c.plan.body._tag === 'Empty') {
    const value = label({ _tag: 'Body', body: previous.body }).value
    const why = `a ${head.status} changes ${previous.method} to ${c.plan.method}, which has no body`
    found.push({ what: 'body', layer: 'request', value, why })
  }
  const { proxy } = previous.route
  const next = c.plan.route.proxy
  const isOther = O.isSome(proxy) && (O.isNone(next) || !Proxy.sameServer(proxy.value, next.value))
  if (isOther && O.isSome(proxy.value.authorization)) {
    const why = 'the next request does not use that proxy'
    found.push({ what: 'Proxy-Authorization', layer: 'request', value: HIDDEN, why })
  }
  return found
}

// --- cookies of the jar ----------------------------------------------------------------------------------------------

/** Why a cookie is not sent to a URL. */
export const REASONS: Readonly<Record<Exclude<Cookie.CookieStatus, 'sent'>, string>> = {
  domain: 'it is for another host',
  'host-only': 'it is for its own host only, and this host is a subdomain',
  path: 'it is for another path',
  secure: 'it is Secure, and the connection is not',
  expired: 'it has expired',
  'site-limit': 'its site has more than 180 live cookies; Secure and newer cookies are sent first',
  'header-limit':
    'the Cookie header would be longer than servers accept; longer paths and newer cookies are sent first',
}

/** Cookies of the jar that are not sent. Cookies for other hosts are omitted. */
const droppedCookies = ({ provenance }: Context): ReadonlyArray<Dropped> => {
  const { cookies, merged, jar, now } = provenance
  if (jar.cookies.size === 0 || !Url.isHttp(provenance.url)) return []
  const url = Url.withSentPathname(provenance.url)
  const room = CookieHeader.roomBeside(CookieHeader.ownCookies(cookies, merged.settings))
  return Jar.why(
    url,
    now,
    room,
  )(jar).flatMap(({ cookie, verdict }): ReadonlyArray<Dropped> => {
    if (verdict === 'domain' || (verdict === 'sent' && cookies !== 'Header')) return []
    const value = `${HIDDEN}, for ${cookie.hostOnly ? '' : '.'}${cookie.domain}${cookie.path}`
    const why = verdict === 'sent' ? 'your Cookie header replaces all other cookies' : REASONS[verdict]
    return [{ what: `cookie ${cookie.name}`, layer: 'jar', value, why }]
  })
}

// --- credentials -----------------------------------------------------------------------------------------------------

const authReason = (c: Context): string => {
  const { auth } = c.provenance.merged.settings
  const who = whose(c, (settings) => settings.auth._tag !== 'Inherit')
  if (auth._tag === 'Unset' || (auth._tag === 'Set' && auth.value._tag === 'None')) return `${who} uses withoutAuth`
  if (auth._tag === 'Set') return `${who} sets auth (${showAuth(auth.value)})`
  const setter = whose(c, (settings) => settings.headers.get('authorization')?._tag === 'Set')
  return `${setter} sets an Authorization header`
}

/** Why the chosen credentials exclude those of netrc; `undefined` if netrc was read. */
const netrcReason = (c: Context): string | undefined => {
  const { merged, credentials } = c.provenance
  if (!merged.session.ambient.netrc) return 'the session does not allow netrc'
  switch (credentials.source) {
    case 'Netrc':
    case 'UrlUser':
      return undefined
    case 'None':
      return urlUser(c) === undefined ? undefined : 'the URL names another user'
    case 'Url':
      return 'the URL has a user and a password'
    case 'Header':
      return isRedirected(c) && Headers.has('Authorization')(c.provenance.previous.headers)
        ? 'the Authorization header of the previous request is sent'
        : authReason(c)
    default:
      return authReason(c)
  }
}

const hasNetrcEntry = (c: Context): boolean => {
  const { url, environment } = c.provenance
  return Url.isHttp(url) && O.isSome(Environment.credentialsFor(url.hostname, urlUser(c))(environment))
}

const droppedCredentials = (c: Context): ReadonlyArray<Dropped> => {
  const found: Dropped[] = []
  if (isFirst(c) && O.isSome(c.provenance.target.userinfo)) {
    const { source } = c.provenance.credentials
    const { user, pass } = c.provenance.target.userinfo.value
    const isEmpty = user === '' && (O.isNone(pass) || Secret.reveal(pass.value) === '')
    if (!isEmpty && (source === 'Setting' || source === 'Disabled' || source === 'Header')) {
      const what = O.isNone(pass) ? 'user of the URL' : 'user and password of the URL'
      found.push({ what, layer: urlLayer(c), value: HIDDEN, why: authReason(c) })
    }
  }
  const why = netrcReason(c)
  if (why !== undefined && hasNetrcEntry(c)) {
    const what = `netrc entry for ${c.provenance.url.hostname}`
    found.push({ what, layer: 'environment', value: HIDDEN, why: `not used: ${why}` })
  }
  return found
}

// --- route -----------------------------------------------------------------------------------------------------------

const proxyReason = (c: Context): string | undefined => {
  switch (c.provenance.route.proxy) {
    case 'Setting': {
      const layer = ofProxySettings(c)?.layer ?? 'session'
      return O.isNone(c.provenance.travel.proxy) ? `the ${layer} uses withoutProxy` : `the ${layer} sets a proxy`
    }
    case 'NoProxy':
      return 'NO_PROXY lists this host'
    case 'OwnNoProxy':
      return `no_proxy of the ${ofNoProxy(c).layer} lists this host`
    case 'Ignored':
      return 'the session does not allow proxy variables'
    default:
      return undefined
  }
}

const caReason = ({ provenance }: Context): string | undefined => {
  if (provenance.merged.settings.ca._tag === 'Set') return 'session or request set their own roots'
  return provenance.merged.session.ambient.certificates ? undefined : 'the session does not allow CA variables'
}

const droppedRoute = (c: Context): ReadonlyArray<Dropped> => {
  const { environment, merged } = c.provenance
  const found: Dropped[] = []
  const variable = proxyVariable(c)
  const noProxy = proxyReason(c)
  if (O.isSome(variable) && noProxy !== undefined) {
    const { name, value } = variable.value
    found.push({ what: `variable ${name}`, layer: 'environment', value: proxyText(value), why: `not used: ${noProxy}` })
  }
  const bundle = Environment.caBundle(environment)
  const noCa = caReason(c)
  if (O.isSome(bundle) && noCa !== undefined) {
    found.push({
      what: `variable ${caVariable(c)}`,
      layer: 'environment',
      value: pem(bundle.value),
      why: `not used: ${noCa}`,
    })
  }
  const { certificate } = merged.settings
  if (certificate._tag === 'Set' && O.isNone(c.plan.route.tls.certificate)) {
    const value = label({ _tag: 'Certificate', certificate: O.some(certificate.value) }).value
    const layer = layerOf(c, (settings) => settings.certificate)
    found.push({ what: 'client certificate', layer, value, why: 'a redirect left the first origin' })
  }
  return found
}

// --- both lists ------------------------------------------------------------------------------------------------------

/** Returns the inputs that were available and are not in the plan. */
export const dropped = (c: Context): ReadonlyArray<Dropped> => [
  ...(isFirst(c)
    ? [...keptFromOtherOrigin(c), ...removedHeaders(c), ...removedCookies(c), ...replacedHeaders(c), ...removedQuery(c)]
    : []),
  ...(isRedirected(c) ? droppedByRedirect(c) : []),
  ...droppedCookies(c),
  ...droppedCredentials(c),
  ...droppedRoute(c),
]

/** Returns the inputs that were not read, if they have nothing for this plan anyway. */
export const unasked = (c: Context): ReadonlyArray<Unasked> => {
  const { merged, environment, route } = c.provenance
  const found: Unasked[] = []
  const netrc = netrcReason(c)
  if (netrc !== undefined && !hasNetrcEntry(c)) found.push({ input: 'netrc', why: netrc })
  if (O.isNone(proxyVariable(c))) {
    const own = route.proxy === 'Setting' ? ofProxySettings(c) : undefined
    if (own !== undefined) found.push({ input: 'proxy variables', why: `the ${own.layer} decides the proxy` })
    else if (!merged.session.ambient.proxies)
      found.push({ input: 'proxy variables', why: 'the session does not allow them' })
  }
  const ca = caReason(c)
  if (ca !== undefined && O.isNone(Environment.caBundle(environment))) found.push({ input: 'CA variables', why: ca })
  if (c.plan.url.protocol === 'http:' && O.isSome(c.plan.route.tls.ca)) {
    found.push({ input: 'TLS settings', why: 'the connection is not encrypted' })
  }
  return found
}
