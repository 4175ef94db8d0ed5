/** Runs the operations of a jar on the model. A cookie without a domain is an error and is not stored (D13). */
import type { Collection, Output } from '../families/cookies.js'
import { isRecord, type Json } from '../json.js'
import { type Cookies, isLive, pairOf, placeOf, put, type Stored, sentTo } from '../models/cookie-jar.js'
import { canonicalHost } from '../models/parts.js'
import { modelOf } from '../observe/jar.js'

interface State {
  readonly held: Cookies
  readonly now: number
}

type Answer = readonly [state: State, result: Json]

const text = (u: unknown): string | undefined => (typeof u === 'string' ? u : undefined)

const storedOf = (spec: Readonly<Record<string, unknown>>, domain: string): Stored => ({
  name: text(spec['name']) ?? '',
  value: text(spec['value']) ?? '',
  domain: canonicalHost(domain.replace(/^\.?\[?|\]$/g, '').toLowerCase()) ?? domain,
  hostOnly: !domain.startsWith('.'),
  path: text(spec['path']) ?? '/',
  secure: spec['secure'] === true,
  httpOnly: true,
  expires: typeof spec['expires'] === 'number' ? spec['expires'] * 1000 : null,
  byHand: true,
})

const without = (held: Cookies, isMeant: (cookie: Stored) => boolean): Cookies =>
  held.filter((cookie) => !isMeant(cookie))

const set = (state: State, spec: Readonly<Record<string, unknown>>): Answer => {
  if ('bogus' in spec) return [state, { error: 'TypeError' }]
  const domain = text(spec['domain']) ?? ''
  if (spec['value'] === null) {
    const held = without(state.held, ({ name, ...rest }) => name === spec['name'] && ['', rest.domain].includes(domain))
    return [{ ...state, held }, { value: null }]
  }
  if (domain === '') return [state, { error: 'InvalidCookie' }]
  return [{ ...state, held: put(storedOf(spec, domain))(state.held) }, { value: null }]
}

const isSelected = (options: unknown): ((cookie: Stored) => boolean) => {
  const { domain, path } = isRecord(options) ? options : {}
  return (cookie) => (domain === undefined || cookie.domain === domain) && (path === undefined || cookie.path === path)
}

const lookup = ({ held }: State, name: unknown, options: unknown, missing: Json): Json => {
  const [first, second] = held.filter((cookie) => cookie.name === name && isSelected(options)(cookie))
  if (second !== undefined) return { error: 'CookieConflictError' }
  return first === undefined ? missing : { value: first.value }
}

const domainOf = ({ domain, hostOnly }: Stored): string => (hostOnly ? domain : `.${domain}`)
const distinct = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(texts)]

const reading = (state: State, [name, first, second]: ReadonlyArray<unknown>): Json => {
  const live = state.held.filter((cookie) => isLive(cookie, state.now * 1000))
  const domains = live.map(domainOf)
  switch (name) {
    case 'get':
      return lookup(state, first, second, { value: null })
    case 'getitem':
      return lookup(state, first, undefined, { error: 'KeyError' })
    case 'contains':
      return { value: live.some((cookie) => cookie.name === first) }
    case 'keys':
      return { value: live.map((cookie) => cookie.name) }
    case 'values':
      return { value: live.map((cookie) => cookie.value) }
    case 'items':
      return { value: live.map((cookie) => [cookie.name, cookie.value]) }
    case 'get_dict': {
      const pairs = live.filter(isSelected(first)).map((cookie) => [cookie.name, cookie.value] as const)
      return { value: [...new Map(pairs)].map((pair) => [...pair]) }
    }
    case 'list_domains':
      return { value: distinct(domains) }
    case 'list_paths':
      return { value: distinct(live.map(({ path }) => path)) }
    case 'multiple_domains':
      return { value: distinct(domains).length < domains.length }
    case 'len':
    case 'copy_len':
      return { value: live.length }
    case 'header': {
      const sent = sentTo(state.held, placeOf(text(first) ?? '', state.now * 1000)).map(pairOf)
      return { value: sent.length === 0 ? null : sent.join('; ') }
    }
    default:
      return { error: 'AttributeError' }
  }
}

/** `clear(domain, path, name)`: a path requires a domain, and a name requires both. */
const clear = (state: State, [domain, path, name]: ReadonlyArray<unknown>): Answer => {
  const [ofDomain, ofPath, ofName] = [text(domain)?.replace(/^\[|\]$/g, ''), text(path), text(name)]
  const lacks = (ofName !== undefined && ofPath === undefined) || (ofPath !== undefined && ofDomain === undefined)
  if (lacks) return [state, { error: 'ValueError' }]
  const isMeant = (cookie: Stored): boolean =>
    (ofDomain === undefined || cookie.domain === ofDomain) &&
    (ofPath === undefined || cookie.path === ofPath) &&
    (ofName === undefined || cookie.name === ofName)
  return [{ ...state, held: without(state.held, isMeant) }, { value: null }]
}

const step = (state: State, operation: ReadonlyArray<unknown>): Answer => {
  const [name, first, second] = operation
  const nothing: Json = { value: null }
  switch (name) {
    case 'set':
      if (Array.isArray(first)) return set(state, { name: first[0], value: first[1] })
      return set(state, isRecord(first) ? first : {})
    case 'setitem':
      return set(state, { name: first, value: second })
    case 'update':
    case 'merge':
      return [state, { error: 'InvalidCookie' }]
    case 'delitem':
      return [{ ...state, held: without(state.held, (cookie) => cookie.name === first) }, nothing]
    case 'clear':
      return clear(state, operation.slice(1))
    case 'clear_session_cookies':
      return [{ ...state, held: without(state.held, ({ expires }) => expires === null) }, nothing]
    case 'clear_expired_cookies':
      return [{ ...state, held: state.held.filter((cookie) => isLive(cookie, state.now * 1000)) }, nothing]
    case 'advance':
      return [{ ...state, now: state.now + Number(first) }, nothing]
    default:
      return [state, reading(state, operation)]
  }
}

export const collectionOf = ({ ops }: Collection, now: number): Output => {
  let state: State = { held: [], now }
  const results: Json[] = []
  for (const operation of ops) {
    const [next, result] = step(state, operation)
    state = next
    results.push(result)
  }
  return { results, jar: modelOf(state.held, new Map()) }
}
