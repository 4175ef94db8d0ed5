/**
 * Runs the operations of a RequestsCookieJar on our jar.
 *
 * | Python                                             | here                                                      |
 * |----------------------------------------------------|-----------------------------------------------------------|
 * | `set(name, value, domain=…)`, `set(name, None)`    | `Jar.set`, `Jar.remove`                                   |
 * | `jar[name] = value`, `update`, `merge` with a dict | `Jar.set` without a domain, which fails                   |
 * | `get`, `jar[name]`, `in`                           | `Jar.lookup`; several matches are a conflict              |
 * | `keys`, `values`, `items`, `len`, `list_…`         | read from `Jar.toArray`, ordered by domain, path and name |
 * | `del jar[name]`, `clear(domain, path, name)`       | `Jar.remove`, `Jar.clear`                                 |
 * | `clear_session_cookies`, `clear_expired_cookies`   | `Jar.clearSession`, `Jar.evict`                           |
 * | an unknown keyword                                 | no counterpart: the types reject it                       |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Cookie, Jar, Secret, Session, Url } from 'requests-ts'
import type { Collection, Output } from '../families/cookies.js'
import { isRecord, type Json } from '../json.js'
import { read } from '../tagged.js'
import { jarOf } from './jar.js'

interface State {
  readonly jar: Jar.Jar
  readonly now: number
}

interface Step {
  readonly state: State
  readonly result: Json
}

const returned = (state: State, value: Json): Step => ({ state, result: { value } })
const failed = (state: State, error: string): Step => ({ state, result: { error } })
const updated = (state: State, jar: Jar.Jar): Step => returned({ ...state, jar }, null)

const text = (u: unknown): string => (typeof u === 'string' ? u : '')

// --- writing --------------------------------------------------------------------------------------------------------

const KNOWN: ReadonlySet<string> = new Set([
  'name',
  'value',
  'domain',
  'path',
  'secure',
  'expires',
  'port',
  'version',
  'discard',
  'rest',
  'rfc2109',
  'comment',
  'comment_url',
])

const setOne = (state: State, spec: Readonly<Record<string, unknown>>): Step => {
  if (Object.keys(spec).some((key) => !KNOWN.has(key))) return failed(state, 'TypeError')
  const { name, value, domain, path, secure, expires } = spec
  if (value === null) {
    const named = { name: text(name), ...(typeof domain === 'string' ? { domain } : {}) }
    return updated(state, Jar.remove(named)(state.jar))
  }
  const made = Jar.set({
    name: text(name),
    value: text(value),
    domain: text(domain),
    hostOnly: !text(domain).startsWith('.'),
    httpOnly: true,
    ...(typeof path === 'string' ? { path } : {}),
    ...(typeof secure === 'boolean' ? { secure } : {}),
    ...(typeof expires === 'number' ? { expires: new Date(expires * 1000) } : {}),
  })(state.jar)
  return E.isLeft(made) ? failed(state, made.left._tag) : updated(state, made.right)
}

const set = (state: State, spec: unknown): Step => {
  if (Array.isArray(spec)) return setOne(state, { name: spec[0], value: spec[1] })
  return setOne(state, isRecord(spec) ? spec : {})
}

/** Sets the cookies of a dictionary, which have no domain. Stops at the first error. */
const setAll = (state: State, dictionary: unknown): Step => {
  const py = read(dictionary)
  const entries = py?._tag === 'Dict' ? py.entries : []
  for (const [key, value] of entries) {
    const name = key._tag === 'Str' ? key.text : ''
    const step = setOne(state, { name, value: value._tag === 'Str' ? value.text : null })
    if (isRecord(step.result) && 'error' in step.result) return step
  }
  return returned(state, null)
}

// --- reading --------------------------------------------------------------------------------------------------------

const selectionOf = (options: unknown): Jar.Selection => {
  const { domain, path } = isRecord(options) ? options : {}
  return {
    ...(typeof domain === 'string' ? { domain } : {}),
    ...(typeof path === 'string' ? { path } : {}),
  }
}

const cookiesOf = ({ jar, now }: State): ReadonlyArray<Cookie.Cookie> =>
  Jar.toArray(jar).filter(({ expires }) => O.isNone(expires) || expires.value > now * 1000)

const valueOf = ({ value }: Cookie.Cookie): string => Secret.reveal(value)

const lookup = (state: State, name: unknown, options: unknown): Step => {
  const found = Jar.lookup(text(name), selectionOf(options))(state.jar)
  if (E.isLeft(found)) return failed(state, 'CookieConflictError')
  return returned(state, O.isNone(found.right) ? null : valueOf(found.right.value))
}

const getItem = (state: State, name: unknown): Step => {
  const step = lookup(state, name, {})
  return isRecord(step.result) && step.result['value'] === null ? failed(state, 'KeyError') : step
}

const header = (state: State, url: unknown): Step => {
  const located = Url.parse(text(url))
  if (E.isLeft(located)) return failed(state, located.left._tag)
  const value = Jar.header(located.right.url, new Date(state.now * 1000))(state.jar)
  return returned(state, value === undefined ? null : Secret.reveal(value))
}

const isSelected =
  ({ domain, path }: Jar.Selection) =>
  (cookie: Cookie.Cookie): boolean =>
    (domain === undefined || cookie.domain === domain) && (path === undefined || cookie.path === path)

const dictionary = (state: State, options: unknown): Step => {
  const found = cookiesOf(state).filter(isSelected(selectionOf(options)))
  return returned(
    state,
    [...new Map(found.map((cookie) => [cookie.name, valueOf(cookie)] as const))].map((pair) => [...pair]),
  )
}

const distinct = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(texts)]

const domainOf = ({ domain, hostOnly }: Cookie.Cookie): string => (hostOnly ? domain : `.${domain}`)

/** Python's `multiple_domains`: despite its name, it returns whether a domain occurs twice. */
const repeatsDomain = (state: State): boolean => {
  const domains = cookiesOf(state).map(domainOf)
  return distinct(domains).length < domains.length
}

/** `clear(domain, path, name)`: a path requires a domain, and a name requires both. */
const clear = (state: State, domain: unknown, path: unknown, name: unknown): Step => {
  const isGiven = (u: unknown): u is string => typeof u === 'string'
  if ((isGiven(name) && !isGiven(path)) || (isGiven(path) && !isGiven(domain))) return failed(state, 'ValueError')
  const selection = selectionOf({ domain, path })
  return updated(state, isGiven(name) ? Jar.remove({ name, ...selection })(state.jar) : Jar.clear(selection)(state.jar))
}

// --- all operations -------------------------------------------------------------------------------------------------

const run = (state: State, [name, first, second, third]: ReadonlyArray<unknown>): Step => {
  switch (name) {
    case 'set':
      return set(state, first)
    case 'setitem':
      return setOne(state, { name: first, value: second })
    case 'update':
    case 'merge':
      return setAll(state, first)
    case 'get':
      return lookup(state, first, second)
    case 'getitem':
      return getItem(state, first)
    case 'contains':
      return returned(
        state,
        cookiesOf(state).some((cookie) => cookie.name === first),
      )
    case 'keys':
      return returned(
        state,
        cookiesOf(state).map((cookie) => cookie.name),
      )
    case 'values':
      return returned(state, cookiesOf(state).map(valueOf))
    case 'items':
      return returned(
        state,
        cookiesOf(state).map((cookie) => [cookie.name, valueOf(cookie)]),
      )
    case 'get_dict':
      return dictionary(state, first)
    case 'list_domains':
      return returned(state, distinct(cookiesOf(state).map(domainOf)))
    case 'list_paths':
      return returned(state, distinct(cookiesOf(state).map(({ path }) => path)))
    case 'multiple_domains':
      return returned(state, repeatsDomain(state))
    case 'len':
    case 'copy_len':
      return returned(state, cookiesOf(state).length)
    case 'delitem':
      return updated(state, Jar.remove({ name: text(first) })(state.jar))
    case 'clear':
      return clear(state, first, second, third)
    case 'clear_session_cookies':
      return updated(state, Jar.clearSession(state.jar))
    case 'clear_expired_cookies':
      return updated(state, Jar.evict(new Date(state.now * 1000))(state.jar))
    case 'advance':
      return returned({ ...state, now: state.now + (typeof first === 'number' ? first : 0) }, null)
    case 'header':
      return header(state, first)
    default:
      return failed(state, 'AttributeError')
  }
}

export const collection = ({ ops }: Collection, now: number): Output => {
  let state: State = { jar: Jar.empty, now }
  const results: Json[] = []
  for (const operation of ops) {
    const step = run(state, operation)
    state = step.state
    results.push(step.result)
  }
  return { results, jar: jarOf(state.jar, Session.empty) }
}
