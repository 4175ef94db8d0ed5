/**
 * Where each header line and each cookie of a plan came from, and which stayed away.
 *
 * | a line                              | comes from                                                     |
 * |-------------------------------------|----------------------------------------------------------------|
 * | Content-Length, Transfer-Encoding   | the body                                                       |
 * | Content-Type                        | the settings, completed by the boundary of a multipart body; else the body |
 * | Authorization                       | see `Authorization`                                            |
 * | a cookie                            | the jar, the settings, or a Cookie header of the user's        |
 * | any other                           | the settings; after a redirect, the plan before                |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { SENSITIVE } from '../../session/Settings.js'
import * as Cookies from '../../stages/Cookies.js'
import * as Body from '../../values/Body.js'
import type * as Cookie from '../../values/Cookie.js'
import * as HeadersOf from '../../values/Headers.js'
import * as Jar from '../../values/Jar.js'
import * as Multipart from '../../values/Multipart.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import * as Authorization from './Authorization.js'
import { customScheme, type Ground, otherwise, plannedUrl } from './Ground.js'
import type { Of } from './Part.js'
import { byHand, type Dropped, from, ofSetting, type Said, type Source, sessionLayer } from './Source.js'

// --- lines ---------------------------------------------------------------------------------------------------------

const isSecretName = ({ merged }: Ground, key: string): boolean =>
  SENSITIVE.has(key) || merged.settings.sensitive.get(key)?._tag === 'Set'

const shown =
  (ground: Ground, key: string) =>
  ({ values }: { readonly values: ReadonlyArray<HeadersOf.Value> }): string =>
    values.map((value) => (isSecretName(ground, key) ? '‹secret›' : Secret.show(value))).join(', ')

const ofSettings = (ground: Ground, key: string, how = ''): Source | undefined =>
  ofSetting(ground.layers, (settings) => settings.headers.get(key) ?? Override.inherit, shown(ground, key), how)

const isSaid = ({ merged }: Ground, { name, value }: Of<'Header'>): boolean => {
  const setting = merged.settings.headers.get(name.toLowerCase())
  return setting?._tag === 'Set' && setting.value.values.some((one) => Secret.Eq.equals(one, value))
}

/** What the settings said of a header that a stage has worked out itself. */
const outvoted = (ground: Ground, key: string): ReadonlyArray<Said> => {
  const source = ofSettings(ground, key)
  const setting = ground.merged.settings.headers.get(key)
  if (source === undefined || setting?._tag !== 'Set') return []
  return [{ layer: source.layer, value: shown(ground, key)(setting.value) }, ...source.overrode]
}

const MEDIA: Readonly<Record<Body.Body['_tag'], string>> = {
  Empty: 'no body',
  Bytes: 'the bytes given',
  Text: 'the text given',
  Json: 'a JSON body',
  Form: 'a form',
  Multipart: 'a multipart body',
  Stream: 'a stream',
  Once: 'a stream that can be read once',
}

/** In words what the request's body is. */
export const bodyInWords = ({ merged }: Ground): string => MEDIA[merged.request.body._tag]

const ofFraming = (ground: Ground, { name, value }: Of<'Header'>): Source | undefined => {
  const key = name.toLowerCase()
  const size = Body.length(ground.plan.body)
  if (key === 'content-length') {
    const isOurs = O.isSome(size) ? Secret.reveal(value) === String(size.value) : Secret.reveal(value) === '0'
    if (!isOurs || (O.isNone(size) && isSaid(ground, { _tag: 'Header', name, value, line: 0 }))) return undefined
    const how = O.isSome(size) ? `the length of the body (${bodyInWords(ground)})` : 'the method expects a body'
    const others = outvoted(ground, key).filter((other) => other.value !== Secret.reveal(value))
    return from('prepare', how, others)
  }
  if (key === 'transfer-encoding' && O.isNone(size) && ground.plan.body._tag !== 'Empty') {
    return isSaid(ground, { _tag: 'Header', name, value, line: 0 })
      ? undefined
      : from('prepare', 'the length of the body is not known')
  }
  return undefined
}

const ofContentType = (ground: Ground, key: string): Source | undefined => {
  const { body } = ground.merged.request
  const says = body._tag === 'Json' || body._tag === 'Form' || body._tag === 'Multipart'
  return key === 'content-type' && says ? from('prepare', bodyInWords(ground)) : undefined
}

/** A multipart type of the settings without a boundary, to which the body added its own. */
const ofBoundary = (ground: Ground, { name, value }: Of<'Header'>): Source | undefined => {
  const setting = ground.merged.settings.headers.get('content-type')
  if (!HeadersOf.sameName(name, 'Content-Type') || setting?._tag !== 'Set') return undefined
  if (ground.merged.request.body._tag !== 'Multipart') return undefined
  const boundary = Multipart.boundaryOf(Secret.reveal(value))
  const isCompleted = setting.value.values.some(
    (given) =>
      boundary !== undefined &&
      Multipart.isMultipart(Secret.reveal(given)) &&
      Multipart.withBoundary(Secret.reveal(given), boundary) === Secret.reveal(value),
  )
  return isCompleted
    ? from('prepare', 'your type with the boundary of the body', outvoted(ground, 'content-type'))
    : undefined
}

const carried = (ground: Ground, part: Of<'Header'>): Source | undefined => {
  if (O.isNone(ground.before)) return undefined
  const found = ground.before.value.entries.find(
    (entry) =>
      entry.part._tag === 'Header' &&
      HeadersOf.sameName(entry.part.name, part.name) &&
      Secret.Eq.equals(entry.part.value, part.value),
  )
  return found === undefined ? undefined : { layer: found.layer, how: found.how, overrode: found.overrode }
}

/** Where a line came from. */
export const ofHeader = (ground: Ground, part: Of<'Header'>): Source => {
  const key = part.name.toLowerCase()
  if (key === 'authorization') {
    const source = Authorization.source(ground, part)
    if (source !== undefined) return source
  }
  const kept = carried(ground, part)
  if (kept !== undefined) return kept
  const framed = O.isNone(ground.before) ? ofFraming(ground, part) : undefined
  if (framed !== undefined) return framed
  if (isSaid(ground, part)) return ofSettings(ground, key) ?? byHand
  const completed = ofBoundary(ground, part)
  if (completed !== undefined) return completed
  if (ground.merged.settings.headers.get(key)?._tag !== 'Set' && O.isNone(ground.before)) {
    const content = ofContentType(ground, key)
    if (content !== undefined) return content
  }
  const scheme = customScheme(ground)
  return scheme === undefined ? byHand : from('prepare', `the scheme '${scheme}' of auth wrote it`)
}

// --- cookies -------------------------------------------------------------------------------------------------------

const nameIn = (text: string): string => text.slice(0, Math.max(0, text.indexOf('=')))

const trusted = ({ before }: Ground): boolean => O.isNone(before) || before.value.trusted

/** Whether the user wrote the Cookie header, so that it stands for itself. */
const isLiteral = (ground: Ground): boolean =>
  trusted(ground) && ground.merged.settings.headers.get('cookie')?._tag === 'Set'

const isInLiteral = ({ merged }: Ground, pair: string): boolean => {
  const setting = merged.settings.headers.get('cookie')
  return (
    setting?._tag === 'Set' && setting.value.values.some((value) => Secret.reveal(value).split('; ').includes(pair))
  )
}

const given = (ground: Ground, name: string): Override.Override<Secret.Secret> =>
  trusted(ground) ? (ground.merged.settings.cookies.get(name) ?? Override.inherit) : Override.inherit

/** What the cookies of session and request leave for those of the jar. */
const roomOf = (ground: Ground): number => {
  const own = trusted(ground) ? Cookies.given(ground.merged.settings) : E.right('')
  return Cookies.roomBeside(E.isRight(own) ? own.right : '')
}

/** Where a cookie of the Cookie header came from. */
export const ofCookie = (ground: Ground, { pair }: Of<'Cookie'>): Source => {
  const text = Secret.reveal(pair)
  if (isLiteral(ground)) {
    const source = ofSettings(ground, 'cookie', 'a Cookie header stands for itself')
    return source !== undefined && isInLiteral(ground, text) ? source : otherwise(ground)
  }
  const name = nameIn(text)
  const value = text.slice(text.indexOf('=') + 1)
  const own = given(ground, name)
  if (own._tag === 'Set' && Secret.reveal(own.value) === value) {
    const pick = (settings: Ground['merged']['settings']) => settings.cookies.get(name) ?? Override.inherit
    return ofSetting(ground.layers, pick, Secret.show) ?? byHand
  }
  const { inputs } = ground
  const held = Jar.cookiesFor(plannedUrl(ground), inputs.now, roomOf(ground))(inputs.jar)
  const found = held.find(
    (cookie) => text === (cookie.name === '' ? '' : `${cookie.name}=`) + Secret.reveal(cookie.value),
  )
  if (found !== undefined) return from('jar', O.isSome(found.setBy) ? `set by ${found.setBy.value}` : 'set by hand')
  const scheme = customScheme(ground)
  return scheme === undefined ? byHand : from('prepare', `the scheme '${scheme}' of auth wrote it`)
}

/** Why a cookie is not sent to a URL, in words. */
export const REASONS: Readonly<Record<Exclude<Cookie.Verdict, 'sent'>, string>> = {
  domain: 'it is for another host',
  'host-only': 'it is for its own host alone, and this one is below it',
  path: 'it is for another path',
  secure: 'it is Secure, and the connection is not',
  expired: 'it has expired',
  'site-limit': 'its site has more than 180 live cookies, and Secure and newer ones go first',
  'header-limit': 'the Cookie header would be longer than servers accept, and longer paths and newer cookies go first',
}

/** Cookies of the jar that were near and not sent. Those of other hosts are legion, and not named. */
export const droppedCookies = (ground: Ground): ReadonlyArray<Dropped> => {
  const { inputs } = ground
  const url = plannedUrl(ground)
  if (!Url.isHttp(url)) return []
  return Jar.why(
    url,
    inputs.now,
    roomOf(ground),
  )(inputs.jar).flatMap(({ cookie, verdict }): ReadonlyArray<Dropped> => {
    const what = `cookie ${cookie.name}`
    const value = `‹secret›, for ${cookie.hostOnly ? '' : '.'}${cookie.domain}${cookie.path}`
    if (verdict === 'domain') return []
    if (verdict !== 'sent') return [{ what, layer: 'jar', value, why: REASONS[verdict] }]
    const why = 'a Cookie header of your own stands for itself'
    return isLiteral(ground) ? [{ what, layer: 'jar', value, why }] : []
  })
}

// --- what stayed away ----------------------------------------------------------------------------------------------

/** Headers that a request, or the session over its defaults, takes away. */
const unset = (ground: Ground): ReadonlyArray<Dropped> => {
  const { session, request, base } = ground.layers
  const pick = (key: string) => (settings: Ground['merged']['settings']) =>
    settings.headers.get(key) ?? Override.inherit
  const byRequest = [...request.headers].flatMap(([key, override]): ReadonlyArray<Dropped> => {
    const below = session.headers.get(key)
    if (override._tag !== 'Unset' || below?._tag !== 'Set') return []
    const value = shown(ground, key)(below.value)
    const layer = sessionLayer(ground.layers, pick(key))
    return [{ what: `header ${below.value.name}`, layer, value, why: 'the request takes it away' }]
  })
  const bySession = [...(base?.headers ?? [])].flatMap(([key, override]): ReadonlyArray<Dropped> => {
    if (override._tag !== 'Set' || session.headers.get(key)?._tag !== 'Unset') return []
    const value = shown(ground, key)(override.value)
    return [{ what: `header ${override.value.name}`, layer: 'defaults', value, why: 'the session takes it away' }]
  })
  const cookies = [...request.cookies].flatMap(
    ([name, override]): ReadonlyArray<Dropped> =>
      override._tag === 'Unset' && session.cookies.get(name)?._tag === 'Set'
        ? [{ what: `cookie ${name}`, layer: 'session', value: '‹secret›', why: 'the request takes it away' }]
        : [],
  )
  return [...byRequest, ...bySession, ...cookies]
}

const framing = (ground: Ground): ReadonlyArray<Dropped> => {
  const { plan, merged } = ground
  const isEmpty = plan.body._tag === 'Empty'
  return ['content-length', 'transfer-encoding', 'proxy-authorization'].flatMap((key): ReadonlyArray<Dropped> => {
    const setting = merged.settings.headers.get(key)
    if (setting?._tag !== 'Set' || HeadersOf.has(key)(plan.headers)) return []
    const layer = ofSettings(ground, key)?.layer ?? 'hand'
    const isMoved = O.isSome(plan.route.proxy) && key === 'proxy-authorization'
    const why =
      key !== 'proxy-authorization'
        ? isEmpty
          ? 'there is no body'
          : 'the length of the body is known'
        : isMoved
          ? 'it is for the proxy, and travels with the route'
          : 'there is no proxy to show it to'
    return [{ what: `header ${setting.value.name}`, layer, value: shown(ground, key)(setting.value), why }]
  })
}

/** What the settings said for the headers, and the plan does not have. */
export const dropped = (ground: Ground): ReadonlyArray<Dropped> => [...unset(ground), ...framing(ground)]
