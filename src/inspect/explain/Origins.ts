/**
 * Where each field of a plan came from, read from the decisions of the stages.
 *
 * | field                               | origin                                                            |
 * |-------------------------------------|-------------------------------------------------------------------|
 * | method, URL, body                   | the request; after a redirect, the Location and the status        |
 * | a piece of the query                | the URL, then the settings in order                               |
 * | Content-Length, Transfer-Encoding   | the framing that was decided, else the settings                   |
 * | Content-Type                        | the settings, completed by the boundary of a multipart body; else the body |
 * | Authorization                       | the credentials that were chosen                                  |
 * | Cookie                              | the user's header, or the jar and the settings                    |
 * | any other header                    | the settings; after a redirect, the previous plan                 |
 * | route                               | the proxy that was chosen, and the settings; after a redirect, the previous plan |
 *
 * A field that differs from what the stage made was written by a custom scheme, or edited by hand.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../../cookies/Cookie.js'
import * as CookieHeader from '../../stages/prepare/CookieHeader.js'
import type { First } from '../../stages/prepare/Provenance.js'
import * as Body from '../../values/Body.js'
import * as Override from '../../values/Override.js'
import * as Query from '../../values/Query.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import {
  asMade,
  type Context,
  type FieldOrigin,
  finder,
  isChanged,
  isFirst,
  isRedirected,
  ofChange,
  ofHeaderSetting,
  showAuth,
  showHeader,
} from './Context.js'
import { byHand, from, type Layer, type Origin, ofSetting } from './Origin.js'
import { all, type Of, type PlanField, split } from './PlanField.js'
import { ofProxy, ofTls } from './RouteOrigin.js'

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

const bodyText = ({ provenance }: Context<First>): string => BODIES[provenance.given.request.body._tag]

// --- query ---------------------------------------------------------------------------------------------------------

const piecesOf = (search: string): number => (search.length < 2 ? 0 : search.slice(1).split('&').length)

const repeat = (origin: Origin, times: number): ReadonlyArray<Origin> => Array.from({ length: times }, () => origin)

/** The origins of the pieces that the settings add, in order. Of pairs or text, `count` are left. */
const queryOfSettings = ({ layers, provenance }: Context<First>, count: number): ReadonlyArray<Origin> => {
  const { query } = provenance.merged.settings
  if (query._tag === 'Inherit') return []
  if (query.value._tag !== 'Keys') {
    const layer = layers.request.query._tag === 'Inherit' ? 'session' : 'request'
    const overrides = layer === 'request' && layers.session.query._tag !== 'Inherit'
    const overrode = overrides
      ? [{ layer: 'session' as const, value: Query.showSource(layers.session.query.value) }]
      : []
    return repeat(from(layer, 'replaces the whole query', overrode), count)
  }
  return Override.entries(query.value.keys).flatMap(([key, held]) => {
    const origin = ofSetting(layers, queryKey(key), (value) => shownPair(key, value)) ?? byHand
    return repeat(origin, Secret.is(held) ? 1 : Query.fromRecord({ [key]: held }).length)
  })
}

const queryKey =
  (key: string) =>
  ({ query }: Context['layers']['session']): Override.Override<Query.Held> =>
    query._tag !== 'Inherit' && query.value._tag === 'Keys'
      ? (query.value.keys.get(key) ?? Override.inherit)
      : Override.inherit

/** A key of the query and its value, redacted, as they are encoded. */
export const shownPair = (key: string, held: Query.Held): string =>
  Query.write({ _tag: 'Keys', keys: new Map([[key, Override.set(held)]]) }).shown

const ofQuery = (c: Context<First>, count: number): ReadonlyArray<Origin> => {
  const inUrl = Math.min(count, piecesOf(Url.sentSearch(c.provenance.target.url)))
  return [...repeat(from('request', 'in the URL'), inUrl), ...queryOfSettings(c, count - inUrl)]
}

// --- cookies -------------------------------------------------------------------------------------------------------

const ofJar = ({ setBy }: Cookie): Origin => from('jar', O.isSome(setBy) ? `set by ${setBy.value}` : 'set by hand')

const ofCookieSettings = ({ layers, provenance }: Context): ReadonlyArray<Origin> =>
  Override.entries(provenance.merged.settings.cookies).map(
    ([name]) => ofSetting(layers, ({ cookies }) => cookies.get(name) ?? Override.inherit, Secret.show) ?? byHand,
  )

const ofCookies = (c: Context, count: number): ReadonlyArray<Origin> => {
  if (count === 0) return []
  const { cookies, merged, jar, url, now } = c.provenance
  if (cookies === 'Header') return repeat(ofHeaderSetting(c, 'cookie', 'replaces all other cookies') ?? byHand, count)
  const { before, after } = CookieHeader.select(CookieHeader.ownCookies(cookies, merged.settings), jar, url, now)
  return [...before.map(ofJar), ...(cookies === 'Jar' ? [] : ofCookieSettings(c)), ...after.map(ofJar)]
}

// --- headers -------------------------------------------------------------------------------------------------------

/** The layer whose URL has the credentials: the request's URL, or the base URL that it is joined to. */
export const urlLayer = ({ layers, provenance }: Context<First>): Layer =>
  provenance.target.base === 'Joined'
    ? (ofSetting(layers, ({ baseUrl }) => baseUrl, String)?.layer ?? 'session')
    : 'request'

const overriddenHeader = (c: Context, key: string): Origin['overrode'] => {
  const setting = c.provenance.merged.settings.headers.get(key)
  const origin = ofHeaderSetting(c, key)
  if (origin === undefined || setting?._tag !== 'Set') return []
  return [{ layer: origin.layer, value: showHeader(c, key)(setting.value) }, ...origin.overrode]
}

const answers = (origin: string): string => `Digest: answers the challenge of ${origin}`

/** The origin of the Authorization header; `undefined` if it is like any other header. */
const ofCredentials = (c: Context): Origin | undefined => {
  const { plan, provenance, layers } = c
  const { credentials, merged } = provenance
  if (plan.cause === 'Authorize') return from('challenge', answers(plan.url.origin))
  if (credentials.authorization === undefined) return undefined
  switch (credentials.source) {
    case 'Netrc':
      return from('environment', `netrc entry for ${provenance.url.hostname}`)
    case 'Url':
      return isFirst(c) ? from(urlLayer(c), 'user and password in the URL') : undefined
    case 'UrlUser':
      return isFirst(c) ? from(urlLayer(c), 'the user in the URL') : undefined
    case 'Setting': {
      const auth = Override.getOrElse(undefined)(merged.settings.auth)
      const how =
        auth === undefined ? '' : auth._tag === 'Digest' ? `${answers(plan.url.origin)} in the jar` : showAuth(auth)
      const origin = ofSetting(layers, (settings) => settings.auth, showAuth, how)
      const overrode = overriddenHeader(c, 'authorization').slice(0, 1)
      const shown = overrode.map(({ layer, value }) => ({ layer, value: `Authorization: ${value}` }))
      return origin === undefined ? undefined : { ...origin, overrode: [...origin.overrode, ...shown] }
    }
    default:
      return undefined
  }
}

const ofFraming = (c: Context<First>, key: string, value: string): Origin | undefined => {
  const { framing, body } = c.provenance
  if (key === 'transfer-encoding') {
    const isOwn = c.provenance.merged.settings.headers.get(key)?._tag === 'Set'
    return framing === 'Chunked' && !isOwn ? from('prepare', 'the length of the body is not known') : undefined
  }
  if (framing !== 'Length' && framing !== 'Zero') return undefined
  const how = O.isSome(Body.length(body)) ? `the length of the body (${bodyText(c)})` : 'the method expects a body'
  return from(
    'prepare',
    how,
    overriddenHeader(c, key).filter((other) => other.value !== value),
  )
}

const ofContentType = (c: Context<First>): Origin | undefined => {
  switch (c.provenance.contentType) {
    case 'Body':
      return from('prepare', bodyText(c))
    case 'Completed':
      return from('prepare', 'your type with the boundary of the body', overriddenHeader(c, 'content-type'))
    default:
      return undefined
  }
}

const computedHeader = (c: Context, key: string, value: string): Origin | undefined => {
  if (key === 'authorization') return ofCredentials(c)
  if (!isFirst(c)) return undefined
  if (key === 'content-length' || key === 'transfer-encoding') return ofFraming(c, key, value)
  return key === 'content-type' ? ofContentType(c) : undefined
}

// --- the plan as it was made ---------------------------------------------------------------------------------------

type Single = Exclude<PlanField, Of<'Query' | 'Cookie'>>

const ofPlace = ({ layers, provenance }: Context<First>): Origin => {
  switch (provenance.target.base) {
    case 'Joined': {
      const base = ofSetting(layers, ({ baseUrl }) => baseUrl, String)
      return from('request', `joined to the base URL of the ${base?.layer ?? 'session'}`)
    }
    case 'OtherOrigin':
      return from('request', 'another origin than the base URL: credentials of the session are not sent')
    default:
      return from('request')
  }
}

const ofFirst = (c: Context<First>, field: Single): Origin => {
  switch (field._tag) {
    case 'Method':
      return from('request')
    case 'Place':
      return ofPlace(c)
    case 'Fragment':
      return from('request', 'never sent')
    case 'Header': {
      const key = field.name.toLowerCase()
      return computedHeader(c, key, Secret.reveal(field.value)) ?? ofHeaderSetting(c, key) ?? byHand
    }
    case 'Body':
      if (field.body._tag !== 'Empty') return from('request', bodyText(c))
      return from(c.provenance.given.request.body._tag === 'Empty' ? 'defaults' : 'request')
    case 'Proxy':
      return ofProxy(c)
    case 'Cause':
      return from(field.cause === 'Authorize' ? 'challenge' : 'prepare')
    default:
      return ofTls(c, field)
  }
}

/** The fields of a redirected plan: some are new, the others are those of the previous plan. */
const ofRedirected = (c: Context, previous: (field: PlanField) => Origin, field: Single): Origin => {
  if (!isRedirected(c)) return byHand
  const { head, previous: before, body, method, url } = c.provenance
  switch (field._tag) {
    case 'Method':
      return method === before.method
        ? previous(field)
        : from('redirect', `a ${head.status} changes ${before.method} to ${method}`)
    case 'Place':
      return from('redirect', `Location of ${before.url.href}`)
    case 'Fragment':
      return url.hash === before.url.hash ? previous(field) : from('redirect', 'never sent')
    case 'Header':
      return computedHeader(c, field.name.toLowerCase(), '') ?? previous(field)
    case 'Body':
      return body === before.body ? previous(field) : from('redirect', 'the new method has no body')
    case 'Proxy':
      return ofProxy(c)
    case 'Certificate':
      return O.isNone(field.certificate) ? from('defaults', 'not set') : previous(field)
    case 'Cause':
      return from(field.cause === 'Authorize' ? 'challenge' : 'redirect')
    default:
      return previous(field)
  }
}

const originalOrigins = (c: Context): ReadonlyArray<FieldOrigin> => {
  const fields = split(asMade(c))
  const queries = all(fields, 'Query').length
  const location = isRedirected(c) ? from('redirect', `Location of ${c.provenance.previous.url.href}`) : byHand
  const query = (isFirst(c) ? ofQuery(c, queries) : repeat(location, queries))[Symbol.iterator]()
  const cookies = ofCookies(c, all(fields, 'Cookie').length)[Symbol.iterator]()
  const find = finder(c.previous)
  const previous = (field: PlanField): Origin => find(field) ?? byHand
  return fields.map((part): FieldOrigin => {
    if (part._tag === 'Query') return withPart(part, query.next().value ?? byHand)
    if (part._tag === 'Cookie') return withPart(part, cookies.next().value ?? byHand)
    return withPart(part, isFirst(c) ? ofFirst(c, part) : ofRedirected(c, previous, part))
  })
}

const withPart = (part: PlanField, { layer, how, overrode }: Origin): FieldOrigin => ({ part, layer, how, overrode })

const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** A custom scheme may change the body, and so the framing that the user set. */
const ofChangedField = (c: Context, field: PlanField): Origin => {
  const changed = ofChange(c)
  if (field._tag !== 'Header' || changed.layer === 'hand' || !FRAMING.has(field.name.toLowerCase())) return changed
  const value = Secret.reveal(field.value)
  return { ...changed, overrode: overriddenHeader(c, field.name.toLowerCase()).filter((one) => one.value !== value) }
}

/** Returns the origin of every field of a plan, in the order of `split`. */
export const origins = (c: Context): ReadonlyArray<FieldOrigin> => {
  const made = originalOrigins(c)
  if (!isChanged(c)) return made
  const find = finder(made)
  return split(c.plan).map((part) => withPart(part, find(part) ?? ofChangedField(c, part)))
}
