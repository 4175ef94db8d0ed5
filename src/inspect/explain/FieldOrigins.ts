/**
 * Where each field of a plan came from, read from the decisions of the stages.
 *
 * | field                               | origin                                                            |
 * |-------------------------------------|-------------------------------------------------------------------|
 * | method, URL, body                   | the request; after a redirect, the Location and the status        |
 * | a piece of the query                | the URL, then the settings in order                               |
 * | Content-Length, Transfer-Encoding   | the framing that was decided, else the settings                   |
 * | Content-Encoding                    | the settings: their header, or their compression                  |
 * | Content-Type                        | the settings, completed by the boundary of a multipart body; else the body |
 * | Authorization                       | the credentials that were chosen                                  |
 * | Cookie                              | the user's header, or the jar and the settings                    |
 * | an idempotency key                  | the setting that minted it; after a redirect, the previous plan   |
 * | any other header                    | the settings; after a redirect, the previous plan                 |
 * | route                               | the proxy that was chosen, and the settings; after a redirect, the previous plan |
 *
 * A field that differs from what the stage made was written by a signer, or edited by hand.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../../cookies/Cookie.js'
import * as CookieHeader from '../../stages/prepare/CookieHeader.js'
import type { Signature, TokenReason } from '../../stages/prepare/Provenance.js'
import * as Body from '../../values/Body.js'
import * as Digest from '../../values/Digest.js'
import * as Override from '../../values/Override.js'
import { grouped } from '../../values/Printable.js'
import * as Query from '../../values/Query.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { byHand, type FieldOrigin, from, type Layer, type Origin } from './Explanation.js'
import { finder } from './FieldContent.js'
import { bytesText } from './FieldLabel.js'
import { all, type Of, type PlanField, split } from './PlanField.js'
import {
  AUTH,
  BASE_URL,
  COMPRESSION,
  type Context,
  type FirstContext,
  header,
  KEY,
  layerOf,
  ofHeader,
  ofProxy,
  ofRouteField,
  ofSetting,
  type RedirectedContext,
  type Setting,
  showAuth,
  valueOf,
} from './SettingOrigins.js'

// --- query ---------------------------------------------------------------------------------------------------------

const repeat = (origin: Origin, times: number): ReadonlyArray<Origin> => Array.from({ length: times }, () => origin)

/** A key of the query. Its text is redacted and encoded. */
export const queryKey = (key: string): Setting<Query.Held> => ({
  pick: ({ query }) =>
    (query._tag !== 'Inherit' && query.value._tag === 'Keys' && query.value.keys.get(key)) || Override.inherit,
  show: (held) => Query.showSource({ _tag: 'Keys', keys: new Map([[key, Override.set(held)]]) }),
})

/** The origins of the pieces that the settings add, in order. Of pairs or text, `count` are left. */
const ofQuerySettings = (c: FirstContext, count: number): ReadonlyArray<Origin> => {
  const { query } = c.merged.settings
  if (query._tag === 'Inherit') return []
  if (query.value._tag === 'Keys') {
    return Override.entries(query.value.keys).flatMap(([key, held]) =>
      repeat(ofSetting(c, queryKey(key)) ?? byHand, Secret.is(held) ? 1 : Query.fromRecord({ [key]: held }).length),
    )
  }
  const { request, session } = c.layers
  const layer = request.query._tag === 'Inherit' ? 'session' : 'request'
  const overrides = layer === 'request' && session.query._tag !== 'Inherit'
  const overrode = overrides ? [{ layer: 'session' as const, value: Query.showSource(session.query.value) }] : []
  return repeat(from(layer, 'replaces the whole query', overrode), count)
}

const ofQuery = (c: Context, count: number): ReadonlyArray<Origin> => {
  if (count === 0) return []
  if (c._tag === 'Redirected') return repeat(ofLocation(c), count)
  const written = Url.sentSearch(c.target.url)
  const inUrl = written.length < 2 ? 0 : Math.min(count, written.slice(1).split('&').length)
  return [...repeat(from('request', 'in the URL'), inUrl), ...ofQuerySettings(c, count - inUrl)]
}

const ofLocation = ({ previous }: RedirectedContext): Origin => from('redirect', `Location of ${previous.url.href}`)

// --- cookies -------------------------------------------------------------------------------------------------------

const ofJar = ({ setBy }: Cookie): Origin => from('jar', O.isSome(setBy) ? `set by ${setBy.value}` : 'set by hand')

const ofCookies = (c: Context, count: number): ReadonlyArray<Origin> => {
  if (count === 0) return []
  const { cookies, jar, url, now, merged } = c
  if (cookies === 'Header') return repeat(ofHeader(c, 'cookie', 'replaces all other cookies') ?? byHand, count)
  const { before, after } = CookieHeader.select(CookieHeader.ownCookies(cookies, merged.settings), jar, url, now)
  const own = (cookies === 'JarOnly' ? [] : Override.entries(merged.settings.cookies)).map(
    ([name]) => ofSetting(c, { pick: (s) => s.cookies.get(name) ?? Override.inherit, show: Secret.show }) ?? byHand,
  )
  return [...before.map(ofJar), ...own, ...after.map(ofJar)]
}

// --- headers -------------------------------------------------------------------------------------------------------

/** The layer whose URL has the credentials: the request's URL, or the base URL that it is joined to. */
export const urlLayer = (c: FirstContext): Layer => (c.target.relation === 'Joined' ? layerOf(c, BASE_URL) : 'request')

/** What the settings have for a header that is computed. */
const overriddenHeader = (c: Context, key: string): Origin['overrode'] => {
  const own = valueOf(c, header(c, key))
  return own === undefined ? [] : [own, ...(ofHeader(c, key)?.overrode ?? [])]
}

const answers = (origin: string): string => `Digest: answers the challenge of ${origin}`

const ofAuthSetting = (c: Context): Origin | undefined => {
  const { auth } = c.merged.settings
  if (auth._tag !== 'Set') return undefined
  const how = auth.value._tag === 'Digest' ? `${answers(c.plan.url.origin)} in the jar` : showAuth(auth.value)
  const origin = ofSetting(c, AUTH, how)
  const [replaced] = overriddenHeader(c, 'authorization')
  if (origin === undefined || replaced === undefined) return origin
  const shown = { layer: replaced.layer, value: `Authorization: ${replaced.value}` }
  return { ...origin, overrode: [...origin.overrode, shown] }
}

const fileOf = ({ environment: { netrcPath } }: Context): string => (netrcPath === undefined ? '' : ` in ${netrcPath}`)

/** The origin of the Authorization header; `undefined` if it is like any other header. */
const ofCredentials = (c: Context): Origin | undefined => {
  if (c.plan.cause === 'Authorize') return from('challenge', answers(c.plan.url.origin))
  if (c.credentials.authorization === undefined) return undefined
  switch (c.credentials.source) {
    case 'Netrc':
      return from('environment', `netrc entry for ${c.url.hostname}${fileOf(c)}`)
    case 'Url':
      return c._tag === 'First' ? from(urlLayer(c), 'user and password in the URL') : undefined
    case 'UrlUser':
      return c._tag === 'First' ? from(urlLayer(c), 'the user in the URL') : undefined
    case 'Setting':
      return ofAuthSetting(c)
    default:
      return undefined
  }
}

const BODIES: Readonly<Record<Body.Body['_tag'], string>> = {
  Empty: 'no body',
  Bytes: 'the bytes of the request',
  Text: 'the text of the request',
  Json: 'a JSON body',
  Form: 'a form',
  Multipart: 'a multipart body',
  Stream: 'a stream',
  Once: 'a stream that can be read once',
}

const bodyText = ({ given }: FirstContext): string => BODIES[given.request.body._tag]

/** The body as it is sent. */
const sentText = (c: FirstContext): string =>
  c.coding?._tag === 'Compressed' ? `${bodyText(c)}, compressed with ${c.coding.coding}` : bodyText(c)

const ofCoding = (c: FirstContext): Origin | undefined => {
  if (c.coding?._tag !== 'Compressed') return undefined
  const { size } = c.coding
  return ofSetting(
    c,
    COMPRESSION,
    size === undefined ? 'while it is sent' : `the body has ${bytesText(size)} before it`,
  )
}

const ofLength = (c: FirstContext, value: string): Origin | undefined => {
  if (c.framing !== 'Length' && c.framing !== 'Zero') return undefined
  const how = O.isSome(Body.length(c.body)) ? `the length of the body (${sentText(c)})` : 'the method expects a body'
  return from('prepare', how, replacedBy(c, 'content-length', value))
}

/** The values of the settings that a computed value replaced. */
const replacedBy = (c: Context, key: string, value: string): Origin['overrode'] =>
  overriddenHeader(c, key).filter((other) => other.value !== value)

/** The origin of a header that a stage computes; `undefined` if the settings or the previous plan decide it. */
const ofComputedHeader = (c: Context, { name, value }: Of<'Header'>): Origin | undefined => {
  const key = name.toLowerCase()
  if (key === 'authorization') return ofCredentials(c)
  if (c._tag === 'Redirected') return undefined
  if (c.minted !== undefined && Secret.Eq.equals(c.minted.value, value) && key === c.minted.name.toLowerCase()) {
    const origin = ofSetting(c, KEY, 'minted for this exchange: the same for each attempt')
    return origin && { ...origin, overrode: replacedBy(c, key, Secret.show(c.minted.value)) }
  }
  switch (key) {
    case 'content-length':
      return ofLength(c, Secret.reveal(value))
    case 'transfer-encoding': {
      const isOwn = c.merged.settings.headers.get(key)?._tag === 'Set'
      return c.framing === 'Chunked' && !isOwn ? from('prepare', 'the length of the body is not known') : undefined
    }
    case 'content-encoding':
      return ofCoding(c)
    case 'content-type':
      if (c.contentType === 'Body') return from('prepare', bodyText(c))
      if (c.contentType !== 'BoundaryAdded') return undefined
      return from('prepare', 'your type with the boundary of the body', overriddenHeader(c, key))
    default:
      return undefined
  }
}

// --- the plan as it was made ---------------------------------------------------------------------------------------

type Single = Exclude<PlanField, Of<'Query' | 'Cookie'>>

const ofPlace = (c: FirstContext): Origin => {
  const how: Readonly<Record<FirstContext['target']['relation'], string>> = {
    NoBase: '',
    SameOrigin: '',
    Joined: `joined to the base URL of the ${layerOf(c, BASE_URL)}`,
    OtherOrigin: 'another origin than the base URL: credentials of the session are not sent',
  }
  return from('request', how[c.target.relation])
}

const WHY_TOKEN: Readonly<Record<TokenReason, string>> = {
  Missing: 'the jar has none',
  Expired: 'the one in the jar expires',
  Rejected: 'a reply rejected the one in the jar',
}

const ofCause = ({ obtains }: Context, { cause }: Of<'Cause'>): Origin | undefined => {
  if (cause === 'Authorize') return from('challenge')
  if (cause !== 'Token' || obtains === undefined) return undefined
  return from('prepare', `that of '${obtains.name}': ${WHY_TOKEN[obtains.reason]}`)
}

const ofFirst = (c: FirstContext, field: Single): Origin => {
  switch (field._tag) {
    case 'Method':
      return from('request')
    case 'Place':
      return ofPlace(c)
    case 'Fragment':
      return from('request', 'never sent')
    case 'Header':
      return ofComputedHeader(c, field) ?? ofHeader(c, field.name.toLowerCase()) ?? byHand
    case 'Body':
      if (field.body._tag !== 'Empty') return from('request', sentText(c))
      return from(c.given.request.body._tag === 'Empty' ? 'defaults' : 'request')
    case 'Proxy':
      return ofProxy(c)
    case 'Cause':
      return ofCause(c, field) ?? from('prepare')
    default:
      return ofRouteField(c, field)
  }
}

/** The fields of a redirected plan: some are new, the others are `kept` from the previous plan. */
const ofRedirected = (c: RedirectedContext, field: Single, kept: Origin | undefined): Origin => {
  switch (field._tag) {
    case 'Method':
      return kept ?? from('redirect', `a ${c.head.status} changes ${c.previous.method} to ${c.method}`)
    case 'Place':
      return ofLocation(c)
    case 'Fragment':
      return kept ?? from('redirect', 'never sent')
    case 'Header':
      return ofComputedHeader(c, field) ?? kept ?? byHand
    case 'Body':
      return c.body === c.previous.body ? (kept ?? byHand) : from('redirect', 'the new method has no body')
    case 'Proxy':
      return ofProxy(c)
    case 'Certificate':
      return O.isNone(field.certificate) ? from('defaults', 'not set') : (kept ?? byHand)
    case 'Cause':
      return ofCause(c, field) ?? from('redirect')
    default:
      return kept ?? byHand
  }
}

/** The origins of the plan as the stage made it, before a signature or an edit by hand. */
const ofMade = (c: Context): ReadonlyArray<FieldOrigin> => {
  const { method, url, headers, body, route } = c
  const fields = split({ method, url, headers, body, route: route, cause: c.plan.cause })
  const query = ofQuery(c, all(fields, 'Query').length).values()
  const cookies = ofCookies(c, all(fields, 'Cookie').length).values()
  const find = c._tag === 'First' ? () => undefined : finder(c.earlier)
  return fields.map((part): FieldOrigin => {
    if (part._tag === 'Query') return withPart(part, query.next().value)
    if (part._tag === 'Cookie') return withPart(part, cookies.next().value)
    return withPart(part, c._tag === 'First' ? ofFirst(c, part) : ofRedirected(c, part, find(part)))
  })
}

const withPart = (part: PlanField, { layer, how, overrode }: Origin = byHand): FieldOrigin => ({
  part,
  layer,
  how,
  overrode,
})

// --- changes after the stage -----------------------------------------------------------------------------------------

/** Returns whether a signature or an edit by hand changed the plan after the stage made it. */
const isChanged = ({ plan, method, url, headers, body, route }: Context): boolean =>
  plan.method !== method || plan.url !== url || plan.headers !== headers || plan.body !== body || plan.route !== route

/** Says who wrote the fields of a signature. */
const ofSignature = (c: Context, { scheme, token }: Signature): Origin => {
  if (token === undefined) return from('prepare', `written by the auth scheme '${scheme}'`)
  const { expiresAt } = token.token
  const seconds = O.isSome(expiresAt) ? Math.round((expiresAt.value - c.now.getTime()) / 1000) : undefined
  const expiry = seconds === undefined ? 'expires at an unknown time' : `expires in ${grouped(seconds)} s`
  return from('prepare', `token of '${scheme}', obtained by ${token.method} ${token.endpoint}, ${expiry}`)
}

/** The origins of the fields that a signature wrote. */
const signedFields = (c: Context): ReadonlyArray<FieldOrigin> => {
  if (c.signature === undefined) return []
  const { headers, url } = c.signature.after
  const origin = ofSignature(c, c.signature)
  return split({ ...c.plan, headers, url }).map((part) =>
    withPart(
      part,
      part._tag === 'Header' ? { ...origin, overrode: overriddenHeader(c, part.name.toLowerCase()) } : origin,
    ),
  )
}

/** The answer to the digest challenge of a proxy. */
const ofAnsweredProxy = (part: PlanField): Origin | undefined => {
  if (part._tag !== 'Proxy' || O.isNone(part.proxy) || O.isNone(part.proxy.value.authorization)) return undefined
  const isAnswer = O.isSome(Digest.answered(Secret.reveal(part.proxy.value.authorization.value)))
  return isAnswer ? from('challenge', 'answers the digest challenge of the proxy') : undefined
}

/** Returns the origin of every field of a plan, in the order of `split`. */
export const origins = (c: Context): ReadonlyArray<FieldOrigin> => {
  const made = ofMade(c)
  if (!isChanged(c)) return made
  const find = finder(made)
  const findSigned = finder(signedFields(c))
  return split(c.plan).map((part) => withPart(part, find(part) ?? findSigned(part) ?? ofAnsweredProxy(part) ?? byHand))
}
