/**
 * Where each header line of a plan came from, and which stayed away. Cookies are in `Cookies`.
 *
 * | a line                              | comes from                                                     |
 * |-------------------------------------|----------------------------------------------------------------|
 * | Content-Length, Transfer-Encoding   | the body                                                       |
 * | Content-Type                        | the settings, completed by the boundary of a multipart body; else the body |
 * | Authorization                       | see `Authorization`                                            |
 * | any other                           | the settings; after a redirect, the plan before                |
 */
import * as O from 'fp-ts/lib/Option.js'
import { SENSITIVE } from '../../session/Settings.js'
import * as Body from '../../values/Body.js'
import * as HeadersOf from '../../values/Headers.js'
import * as Multipart from '../../values/Multipart.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import * as Authorization from './Authorization.js'
import { bodyInWords, sentInWords } from './Content.js'
import { type Ground, otherwise } from './Ground.js'
import type { Of } from './Part.js'
import { byHand, type Dropped, from, ofSetting, type Said, type Source, sessionLayer } from './Source.js'

// --- lines ---------------------------------------------------------------------------------------------------------

const isSecretName = ({ merged }: Ground, key: string): boolean =>
  SENSITIVE.has(key) || merged.settings.sensitive.get(key)?._tag === 'Set'

const shown =
  (ground: Ground, key: string) =>
  ({ values }: { readonly values: ReadonlyArray<HeadersOf.Value> }): string =>
    values.map((value) => (isSecretName(ground, key) ? Secret.REDACTED : Secret.show(value))).join(', ')

/** Returns the layer whose settings decide a header, and what they overrode; `undefined` if no layer sets it. */
export const ofSettings = (ground: Ground, key: string, how = ''): Source | undefined =>
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

const ofFraming = (ground: Ground, { name, value }: Of<'Header'>): Source | undefined => {
  const key = name.toLowerCase()
  const size = Body.length(ground.plan.body)
  if (key === 'content-length') {
    const isOurs = O.isSome(size) ? Secret.reveal(value) === String(size.value) : Secret.reveal(value) === '0'
    if (!isOurs || (O.isNone(size) && isSaid(ground, { _tag: 'Header', name, value, line: 0 }))) return undefined
    const how = O.isSome(size) ? `the length of the body (${sentInWords(ground)})` : 'the method expects a body'
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
  return otherwise(ground)
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
        ? [{ what: `cookie ${name}`, layer: 'session', value: Secret.REDACTED, why: 'the request takes it away' }]
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
