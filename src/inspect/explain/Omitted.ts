/** What is not in a plan: inputs that were available and not used, with the reason, and inputs that were not read. */
import * as O from 'fp-ts/lib/Option.js'
import type * as Cookie from '../../cookies/Cookie.js'
import * as Jar from '../../cookies/Jar.js'
import * as Environment from '../../session/Environment.js'
import type { HeaderSetting } from '../../session/Settings.js'
import * as CookieHeader from '../../stages/prepare/CookieHeader.js'
import * as KeyHeader from '../../stages/prepare/KeyHeader.js'
import { isOfContent, shouldStripAuth } from '../../stages/Redirect.js'
import * as Headers from '../../values/Headers.js'
import * as Override from '../../values/Override.js'
import * as Proxy from '../../values/Proxy.js'
import * as Query from '../../values/Query.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { Consulted, Dropped, Explanation, Unasked } from './Explanation.js'
import { label, pem } from './FieldLabel.js'
import { queryKey, urlLayer } from './FieldOrigins.js'
import { addedLater, tokenForOthers } from './LaterCredentials.js'
import type { Of } from './PlanField.js'
import {
  CERTIFICATE,
  type Context,
  caVariable,
  type FirstContext,
  header,
  ofNoProxy,
  ofProxySettings,
  proxyText,
  proxyVariable,
  type RedirectedContext,
  showAuth,
  valueOf,
} from './SettingOrigins.js'

const HIDDEN = Secret.REDACTED
const REMOVED = 'the request removes it'

// --- settings that are removed, or that must not leave the base URL's origin -----------------------------------------

/** The values of one layer that the layer above it removes. */
const removed = <A>(
  below: Override.Keyed<A>,
  above: Override.Keyed<A>,
  why: string,
  describe: (key: string, value: A) => Omit<Dropped, 'why'>,
): ReadonlyArray<Dropped> =>
  [...above].flatMap(([key, override]) => {
    const held = below.get(key)
    return override._tag === 'Unset' && held?._tag === 'Set' ? [{ ...describe(key, held.value), why }] : []
  })

const removedHeaders = (c: FirstContext): ReadonlyArray<Dropped> => {
  const { base, session, request } = c.layers
  const describe = (key: string, setting: HeaderSetting): Omit<Dropped, 'why'> => ({
    what: `header ${setting.name}`,
    layer:
      Override.getOrElse(undefined)(base.headers.get(key) ?? Override.inherit) === setting ? 'defaults' : 'session',
    value: header(c, key).show(setting),
  })
  return [
    ...removed(session.headers, request.headers, REMOVED, describe),
    ...removed(base.headers, session.headers, 'the session removes it', describe),
  ]
}

const removedQuery = ({ layers: { session, request } }: FirstContext): ReadonlyArray<Dropped> => {
  if (session.query._tag === 'Inherit' || request.query._tag === 'Inherit') return []
  const [below, above] = [session.query.value, request.query.value]
  if (below._tag !== 'Keys') return []
  const layer = 'session'
  if (request.query._tag === 'Replace' || above._tag !== 'Keys') {
    return [{ what: 'query', layer, value: Query.showSource(below), why: 'the request replaces the whole query' }]
  }
  return removed(below.keys, above.keys, REMOVED, (key, held) => ({
    what: `query ${key}`,
    layer,
    value: queryKey(key).show(held),
  }))
}

const keptFromOtherOrigin = ({ target, given, merged }: FirstContext): ReadonlyArray<Dropped> => {
  if (target.relation !== 'OtherOrigin') return []
  const { auth, query, headers, cookies, certificate, idempotencyKey, compression } = given.session.settings
  const lost = [
    ...(auth._tag === 'Set' ? ['auth'] : []),
    ...(query._tag === 'Inherit' ? [] : ['query']),
    ...Override.entries(headers).flatMap(([key, { name }]) =>
      merged.session.settings.headers.has(key) ? [] : [`header ${name}`],
    ),
    ...Override.entries(cookies).map(([name]) => `cookie ${name}`),
    ...(certificate._tag === 'Set' ? ['client certificate'] : []),
    ...(idempotencyKey._tag === 'Set' ? ['idempotency key'] : []),
    ...(compression._tag === 'Set' ? ['compression'] : []),
  ]
  const why = 'the URL has another origin than the base URL, so credentials, query and Host of the session are not sent'
  return lost.map((what) => ({ what, layer: 'session', value: HIDDEN, why }))
}

// --- headers of a first plan -----------------------------------------------------------------------------------------

const FRAMED: Readonly<Record<FirstContext['framing'], string>> = {
  None: 'there is no body',
  Zero: 'there is no body',
  Length: 'the length of the body is known',
  GivenLength: 'the length of the body is given',
  Chunked: 'the length of the body is not known',
}

const replacedHeaders = (c: FirstContext): ReadonlyArray<Dropped> => {
  const hasProxy = O.isSome(c.plan.route.proxy)
  const ofProxy = hasProxy ? 'it is sent to the proxy only' : 'there is no proxy that could receive it'
  return ['content-length', 'transfer-encoding', 'proxy-authorization'].flatMap((key): ReadonlyArray<Dropped> => {
    const name = valueOf(c, { ...header(c, key), show: (setting) => setting.name })
    const lost = valueOf(c, header(c, key))
    if (name === undefined || lost === undefined || Headers.has(key)(c.plan.headers)) return []
    const why = key === 'proxy-authorization' ? ofProxy : FRAMED[c.framing]
    return [{ what: `header ${name.value}`, ...lost, why }]
  })
}

// --- what a redirect drops -------------------------------------------------------------------------------------------

const redirectReason = ({ plan, previous }: RedirectedContext, { name, value }: Of<'Header'>): string => {
  const strips = shouldStripAuth(previous.url, plan.url)
  if (KeyHeader.mintedOf(previous)?.name === name) {
    return strips ? `${plan.url.origin} is another origin` : `a ${plan.method} needs no idempotency key`
  }
  if (isOfContent(name) && previous.method !== plan.method) return 'the body is not sent again'
  if (strips && Headers.sameName(name, 'Host')) return 'it names the previous host'
  if (strips && Secret.is(value)) return `it is secret, and ${plan.url.origin} is another origin`
  return 'it was computed again'
}

const droppedLines = (c: RedirectedContext): ReadonlyArray<Dropped> => {
  const sent = new Set(Secret.reveal(Headers.find(c.plan.headers, 'Cookie') ?? '').split('; '))
  return c.earlier.flatMap(({ part, layer }): ReadonlyArray<Dropped> => {
    const { name, value } = label(part)
    if (part._tag === 'Cookie' && !sent.has(Secret.reveal(part.pair))) {
      const why = layer === 'jar' ? 'the jar does not have it for this URL' : 'it is for the first origin only'
      return [{ what: `cookie ${name}`, layer, value: HIDDEN, why }]
    }
    if (part._tag !== 'Header' || Headers.has(name)(c.plan.headers)) return []
    return [{ what: `header ${name}`, layer, value, why: redirectReason(c, part) }]
  })
}

const droppedByRedirect = (c: RedirectedContext): ReadonlyArray<Dropped> => {
  const { previous, head, plan } = c
  const found: Dropped[] = [...droppedLines(c)]
  if (previous.body._tag !== 'Empty' && plan.body._tag === 'Empty') {
    const { value } = label({ _tag: 'Body', body: previous.body })
    const why = `a ${head.status} changes ${previous.method} to ${plan.method}, which has no body`
    found.push({ what: 'body', layer: 'request', value, why })
  }
  const [before, after] = [previous.route.proxy, plan.route.proxy]
  const isOther = O.isSome(before) && (O.isNone(after) || !Proxy.sameServer(before.value, after.value))
  if (isOther && O.isSome(before.value.authorization)) {
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
const droppedCookies = ({ cookies, merged, jar, now, url }: Context): ReadonlyArray<Dropped> => {
  if (jar.cookies.size === 0 || !Url.isHttp(url)) return []
  const maxOctets = CookieHeader.octetsForJar(CookieHeader.ownCookies(cookies, merged.settings))
  const found = Jar.why(Url.withSentPathname(url), now, maxOctets)(jar)
  return found.flatMap(({ cookie, verdict }): ReadonlyArray<Dropped> => {
    if (verdict === 'domain' || (verdict === 'sent' && cookies !== 'Header')) return []
    const value = `${HIDDEN}, for ${cookie.hostOnly ? '' : '.'}${cookie.domain}${cookie.path}`
    const why = verdict === 'sent' ? 'your Cookie header replaces all other cookies' : REASONS[verdict]
    return [{ what: `cookie ${cookie.name}`, layer: 'jar', value, why }]
  })
}

// --- credentials -----------------------------------------------------------------------------------------------------

/** Why the settings leave no place for other credentials. */
const authReason = ({ merged, layers: { request } }: Context): string => {
  const { auth } = merged.settings
  const who = (isOfRequest: boolean): string => (isOfRequest ? 'the request' : 'the session')
  if (auth._tag === 'Inherit') {
    return `${who(request.headers.get('authorization')?._tag === 'Set')} sets an Authorization header`
  }
  const setter = who(request.auth._tag !== 'Inherit')
  const isOff = auth._tag === 'Unset' || auth.value._tag === 'None'
  return isOff ? `${setter} uses withoutAuth` : `${setter} sets auth (${showAuth(auth.value)})`
}

const droppedUserinfo = (c: FirstContext): ReadonlyArray<Dropped> => {
  const { userinfo } = c.target
  const isUnused = ['Setting', 'Disabled', 'Header'].includes(c.credentials.source)
  if (!isUnused || O.isNone(userinfo) || O.isNone(Proxy.credentialsOf(userinfo))) return []
  const what = O.isNone(userinfo.value.pass) ? 'user of the URL' : 'user and password of the URL'
  return [{ what, layer: urlLayer(c), value: HIDDEN, why: authReason(c) }]
}

// --- the environment -------------------------------------------------------------------------------------------------

/** A source of the environment, what it has for the plan, and why it was not used; `undefined` if it was. */
interface Source {
  readonly input: string
  readonly held: Pick<Dropped, 'what' | 'value'> | undefined
  readonly why: string | undefined
}

/** The user in the URL without a password, so that only that user's netrc entry applies. */
const urlUser = (c: Context): string | undefined => {
  if (c._tag === 'Redirected' || O.isNone(c.target.userinfo)) return undefined
  const { user, pass } = c.target.userinfo.value
  return O.isNone(pass) ? user : undefined
}

const netrcReason = (c: Context): string | undefined => {
  if (!c.merged.session.ambient.netrc) return 'the session does not allow netrc'
  const isSentAgain = c._tag === 'Redirected' && Headers.has('Authorization')(c.previous.headers)
  const reasons: Readonly<Record<Context['credentials']['source'], string | undefined>> = {
    Netrc: undefined,
    UrlUser: undefined,
    None: urlUser(c) === undefined ? undefined : 'the URL names another user',
    Url: 'the URL has a user and a password',
    Header: isSentAgain ? 'the Authorization header of the previous request is sent' : authReason(c),
    Setting: authReason(c),
    Disabled: authReason(c),
  }
  return reasons[c.credentials.source]
}

const hasNetrc = ({ url, environment }: Context): boolean => Secret.reveal(environment.netrc) !== '' && Url.isHttp(url)

const hasNetrcEntry = (c: Context): boolean =>
  hasNetrc(c) && O.isSome(Environment.credentialsFor(c.url.hostname, urlUser(c))(c.environment))

const netrc = (c: Context): Source => {
  const held = hasNetrcEntry(c) ? { what: `netrc entry for ${c.url.hostname}`, value: HIDDEN } : undefined
  return { input: 'netrc', held, why: netrcReason(c) }
}

/** Returns which netrc file was searched for the host, and whether it has an entry. */
const consultedNetrc = (c: Context): ReadonlyArray<Consulted> => {
  if (netrcReason(c) !== undefined || !hasNetrc(c)) return []
  const { netrcPath } = c.environment
  const result = hasNetrcEntry(c) ? `has an entry for ${c.url.hostname}` : `has no entry for ${c.url.hostname}`
  return [{ input: netrcPath === undefined ? 'netrc' : `netrc ${netrcPath}`, result }]
}

const proxySettingReason = (c: Context, isHeld: boolean): string => {
  const layer = ofProxySettings(c)?.layer ?? 'session'
  if (!isHeld) return `the ${layer} decides the proxy`
  return O.isNone(c.route.proxy) ? `the ${layer} uses withoutProxy` : `the ${layer} sets a proxy`
}

const proxyReason = (c: Context, isHeld: boolean): string | undefined => {
  switch (c.routeDecision.proxy) {
    case 'Setting':
      return proxySettingReason(c, isHeld)
    case 'Variable':
      return undefined
    case 'NoProxy':
      return 'NO_PROXY lists this host'
    case 'OwnNoProxy':
      return `no_proxy of the ${ofNoProxy(c).layer} lists this host`
    case 'Ignored':
      return 'the session does not allow proxy variables'
    case 'None':
      return c.merged.session.ambient.proxies ? undefined : 'the session does not allow them'
  }
}

const proxyVariables = (c: Context): Source => {
  const variable = proxyVariable(c)
  const why = proxyReason(c, O.isSome(variable))
  if (O.isNone(variable)) return { input: 'proxy variables', held: undefined, why }
  const { name, value } = variable.value
  return { input: 'proxy variables', held: { what: `variable ${name}`, value: proxyText(value) }, why }
}

const caVariables = (c: Context): Source => {
  const { ambient } = c.merged.session
  const refused = ambient.certificates ? undefined : 'the session does not allow CA variables'
  const why = c.merged.settings.ca._tag === 'Set' ? 'session or request set their own roots' : refused
  const bundle = Environment.caBundle(c.environment)
  const held = O.isSome(bundle) ? { what: `variable ${caVariable(c)}`, value: pem(bundle.value) } : undefined
  return { input: 'CA variables', held, why }
}

const droppedCertificate = (c: Context): ReadonlyArray<Dropped> => {
  const certificate = valueOf(c, CERTIFICATE)
  if (certificate === undefined || O.isSome(c.plan.route.tls.certificate)) return []
  return [{ what: 'client certificate', ...certificate, why: 'a redirect left the first origin' }]
}

// --- both lists ------------------------------------------------------------------------------------------------------

const droppedFromFirst = (c: FirstContext): ReadonlyArray<Dropped> => [
  ...keptFromOtherOrigin(c),
  ...removedHeaders(c),
  ...removed(c.layers.session.cookies, c.layers.request.cookies, REMOVED, (name) => ({
    what: `cookie ${name}`,
    layer: 'session',
    value: HIDDEN,
  })),
  ...replacedHeaders(c),
  ...removedQuery(c),
]

/**
 * Returns the inputs that were available and are not in the plan, what is added later, the inputs that were not read, and the
 * netrc if it was.
 */
export const omitted = (c: Context): Pick<Explanation, 'dropped' | 'later' | 'unasked' | 'consulted'> => {
  const dropped = [
    ...(c._tag === 'First' ? droppedFromFirst(c) : droppedByRedirect(c)),
    ...droppedCookies(c),
    ...(c._tag === 'First' ? droppedUserinfo(c) : []),
    ...tokenForOthers(c),
  ]
  const unasked: Unasked[] = []
  for (const { input, held, why } of [netrc(c), proxyVariables(c), caVariables(c)]) {
    if (why === undefined) continue
    if (held === undefined) unasked.push({ input, why })
    else dropped.push({ what: held.what, layer: 'environment', value: held.value, why: `not used: ${why}` })
  }
  if (c.plan.url.protocol === 'http:' && O.isSome(c.plan.route.tls.ca)) {
    unasked.push({ input: 'TLS settings', why: 'the connection is not encrypted' })
  }
  const consulted = consultedNetrc(c)
  return { dropped: [...dropped, ...droppedCertificate(c)], later: addedLater(c), unasked, consulted }
}
