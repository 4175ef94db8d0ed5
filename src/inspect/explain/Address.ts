/**
 * Where method, URL and query of a plan came from.
 */
import * as O from 'fp-ts/lib/Option.js'
import { spelledMethod } from '../../stages/Prepare.js'
import * as Override from '../../values/Override.js'
import * as Query from '../../values/Query.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { type Ground, otherwise } from './Ground.js'
import { type Piece, sourcesOf } from './InOrder.js'
import type { Of, Part } from './Part.js'
import { byHand, type Dropped, from, ofSetting, type Source } from './Source.js'

const same = (ground: Ground, tag: Part['_tag']): Source | undefined => {
  if (O.isNone(ground.before)) return undefined
  const found = ground.before.value.entries.find(({ part }) => part._tag === tag)
  return found === undefined ? undefined : { layer: found.layer, how: found.how, overrode: found.overrode }
}

/** Where the method came from. */
export const ofMethod = (ground: Ground, { method }: Of<'Method'>): Source => {
  if (O.isNone(ground.before)) {
    return spelledMethod(ground.merged.request.method) === method ? from('request') : otherwise(ground)
  }
  const { plan, head } = ground.before.value
  if (plan.method === method) return same(ground, 'Method') ?? byHand
  return from('redirect', `a ${head.status} turns ${plan.method} into ${method}`)
}

const located = ({ before }: Ground): Source | undefined =>
  O.isNone(before) ? undefined : from('redirect', `Location of ${before.value.plan.url.href}`)

/** Where scheme, host and path came from. */
export const ofPlace = (ground: Ground, { url }: Of<'Place'>): Source => {
  const redirected = located(ground)
  if (redirected !== undefined) return redirected
  const planned = O.toUndefined(ground.url)
  const isPlanned = planned?.origin === url.origin && planned.pathname === url.pathname
  if (Url.isHttp(url) && !isPlanned) return otherwise(ground)
  const { baseUrl } = ground.merged.settings
  const { url: reference } = ground.merged.request
  const isWhole = Url.isAbsolute(reference)
  if (baseUrl._tag !== 'Set' || isWhole) {
    const how = ground.leaves ? 'an absolute URL, away from the base: credentials of the session stay behind' : ''
    return Url.isAbsolute(reference) && url.href.startsWith(url.protocol) ? from('request', how) : otherwise(ground)
  }
  const base = ofSetting(ground.layers, (settings) => settings.baseUrl, String)
  return from('request', `joined to the base URL of the ${base?.layer ?? 'session'}`)
}

/** Where the fragment came from. It is never sent. */
export const ofFragment = (ground: Ground, { text }: Of<'Fragment'>): Source => {
  if (O.isNone(ground.before)) {
    const isPlanned = O.isSome(ground.url) && ground.url.value.hash === `#${text}`
    return isPlanned ? from('request', 'never sent') : otherwise(ground)
  }
  const kept = ground.before.value.plan.url.hash === `#${text}` ? same(ground, 'Fragment') : undefined
  return kept ?? from('redirect', 'never sent')
}

// --- query ---------------------------------------------------------------------------------------------------------

type Pick = Parameters<typeof ofSetting<Query.Held>>[1]

const keyOf =
  (key: string): Pick =>
  ({ query }) =>
    query._tag !== 'Inherit' && query.value._tag === 'Keys'
      ? (query.value.keys.get(key) ?? Override.inherit)
      : Override.inherit

const write = (key: string, held: Query.Held): Query.Written =>
  Query.write({ _tag: 'Keys', keys: new Map([[key, Override.set(held)]]) })

const written = (key: string, held: Query.Held): string => write(key, held).shown

const pieces = (text: string): ReadonlyArray<string> => (text === '' ? [] : Url.quoteQuery(text).split('&'))

/** The pieces that the settings add, each with its layer. */
const added = (ground: Ground): ReadonlyArray<Piece> => {
  const { query } = ground.merged.settings
  const { request, session } = ground.layers
  if (query._tag === 'Inherit' || !ground.plan.url.protocol.startsWith('http')) return []
  if (query.value._tag !== 'Keys') {
    const layer = request.query._tag === 'Inherit' ? 'session' : 'request'
    const takes = layer === 'request' && session.query._tag !== 'Inherit'
    const overrode = takes ? [{ layer: 'session' as const, value: Query.showSource(session.query.value) }] : []
    const source = from(layer, 'a query as a whole', overrode)
    return pieces(Query.write(query.value).sent).map((text) => ({ text, source }))
  }
  return Override.entries(query.value.keys).flatMap(([key, values]) => {
    const source = ofSetting(ground.layers, keyOf(key), (value) => written(key, value)) ?? byHand
    return pieces(write(key, values).sent).map((text) => ({ text, source }))
  })
}

/** The pieces that stood in the URL. */
const inUrl = ({ url }: Ground): ReadonlyArray<Piece> => {
  if (O.isNone(url) || url.value.search === '') return []
  const source = from('request', 'stood in the URL')
  return Url.sentSearch(url.value)
    .slice(1)
    .split('&')
    .map((text) => ({ text, source }))
}

/** Where each piece of the query came from: those of the URL first, then those of the settings. */
export const ofQuery = (ground: Ground, parts: ReadonlyArray<Of<'Query'>>): ReadonlyArray<Source> => {
  const redirected = located(ground)
  if (redirected !== undefined) return parts.map(() => redirected)
  const texts = parts.map(({ text }) => Secret.reveal(text))
  return sourcesOf([...inUrl(ground), ...added(ground)], texts).map((source) => source ?? otherwise(ground))
}

/** Keys of the session's query that the request takes away. */
export const dropped = (ground: Ground): ReadonlyArray<Dropped> => {
  const { session, request } = ground.layers
  if (O.isSome(ground.before) || session.query._tag === 'Inherit') return []
  if (request.query._tag === 'Inherit' || session.query.value._tag !== 'Keys') return []
  const layer = 'session' as const
  if (request.query._tag === 'Replace' || request.query.value._tag !== 'Keys') {
    const value = Query.showSource(session.query.value)
    return [{ what: 'query', layer, value, why: 'the request gives a query as a whole' }]
  }
  const { keys } = session.query.value
  return [...request.query.value.keys].flatMap(([key, override]): ReadonlyArray<Dropped> => {
    const below = keys.get(key)
    if (override._tag !== 'Unset' || below?._tag !== 'Set') return []
    return [{ what: `query ${key}`, layer, value: written(key, below.value), why: 'the request takes it away' }]
  })
}
