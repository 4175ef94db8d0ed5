/**
 * One cookie: what is kept of it, and where it is sent (RFC 6265bis 5.8.3).
 *
 * | `Verdict`   | the cookie is …                                                |
 * |-------------|----------------------------------------------------------------|
 * | `sent`      | sent to that URL at that time                                  |
 * | `domain`    | of another site, or of a host that is not above this one       |
 * | `host-only` | for its own host alone, and this is a subdomain of it          |
 * | `path`      | for another path                                               |
 * | `secure`    | Secure, and the connection is not                              |
 * | `expired`   | over, or deleted                                               |
 * | `site-limit` | live, but its site has more than 180 live cookies: Secure ones, then the newest are kept |
 * | `header-limit` | meant for that URL, but the Cookie header would be longer than servers accept |
 *
 * A cookie is known by name, domain, host-only flag and path. Its expiry is absolute, fixed when it is set.
 * A deletion is a record that has expired at the epoch: its own tombstone.
 * SameSite is kept and never enforced, for a client has no site of its own.
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const [jar] = Jar.absorb(new URL('https://example.com/a/b'), ['id=7; Path=/a; Max-Age=60'], new Date(0))(Jar.empty)
 * const seen = (href: string, ms: number) => Jar.why(new URL(href), new Date(ms))(jar).map(({ verdict }) => verdict)
 * assert.deepEqual(seen('https://example.com/a', 59_999), ['sent'])
 * assert.deepEqual(seen('https://example.com/a', 60_000), ['expired'])
 * assert.deepEqual(seen('https://example.com/ab', 0), ['path'])
 * assert.deepEqual(seen('https://www.example.com/a', 0), ['host-only'])
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import { pathMatch } from 'tough-cookie'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as LogicalTime from './LogicalTime.js'
import * as SetCookie from './SetCookie.js'
import * as Site from './Site.js'

/** What a cookie is known by. */
export interface Key {
  readonly name: string
  /** Canonical, without a leading dot. */
  readonly domain: string
  /** Whether it is for that host alone, and not for the hosts below it. */
  readonly hostOnly: boolean
  readonly path: string
}

export interface Cookie extends Key {
  readonly value: Secret.Secret
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: O.Option<SetCookie.SameSite>
  /** Epoch milliseconds; none for one that lasts as long as the session. */
  readonly expires: O.Option<number>
  /** When this name was first set, without a break since then: the order of sending. */
  readonly created: LogicalTime.LogicalTime
  /** When this record was written: which of two records is newer. */
  readonly updated: LogicalTime.LogicalTime
  /** Origin and path of the response that set it; none for one made by the user. */
  readonly setBy: O.Option<string>
}

/** What a cookie alone says about being sent. */
export type OwnStatus = 'sent' | 'domain' | 'host-only' | 'path' | 'secure' | 'expired'

/** `OwnVerdict`, and the limits that only the other cookies of the site can exceed. */
export type CookieStatus = OwnStatus | 'site-limit' | 'header-limit'

/** A URL at a time, read once for many cookies. */
export interface Visit {
  readonly site: Site.Site
  readonly path: string
  readonly isSecure: boolean
  readonly now: number
}

// --- reading -------------------------------------------------------------------------------------------------------

export const visit = (url: Site.CookieScope, now: Date): Visit => {
  const site = Site.of(url.hostname)
  return { site, path: url.pathname || '/', isSecure: Site.isSecure(url.protocol, site), now: now.getTime() }
}

export const isTombstone = (cookie: Cookie): boolean => O.isSome(cookie.expires) && cookie.expires.value <= 0

export const isLive = (cookie: Cookie, now: number): boolean =>
  O.isNone(cookie.expires) || (cookie.expires.value > now && cookie.expires.value > 0)

export const sameKey = (x: Key, y: Key): boolean =>
  x.name === y.name && x.path === y.path && x.domain === y.domain && x.hostOnly === y.hostOnly

/** A key as text, for maps. */
export const keyText = ({ name, domain, path, hostOnly }: Key): string => JSON.stringify([name, domain, path, hostOnly])

// 5.1.4. `startsWith` first, for the leaf searches the whole of a long path.
export const covers = (cookiePath: string, path: string): boolean =>
  cookiePath === '/' || (path.startsWith(cookiePath) && pathMatch(path, cookiePath))

/** 5.8.3 step 3: whether a cookie is sent, or the first reason why not. */
export const verdict = (cookie: Cookie, { site, path, isSecure, now }: Visit): OwnStatus => {
  if (cookie.domain !== site.host) {
    if (!site.domains.includes(cookie.domain)) return 'domain'
    if (cookie.hostOnly) return 'host-only'
  }
  if (!covers(cookie.path, path)) return 'path'
  if (cookie.secure && !isSecure) return 'secure'
  return isLive(cookie, now) ? 'sent' : 'expired'
}

// --- orders --------------------------------------------------------------------------------------------------------

const compareText = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0)

const compareKeys = (x: Key, y: Key): number =>
  compareText(x.name, y.name) ||
  compareText(x.domain, y.domain) ||
  compareText(x.path, y.path) ||
  Number(x.hostOnly) - Number(y.hostOnly)

/** By creation; keys decide between cookies of jars that never met, the Secure flag between two records of one key. */
export const compareCreation = (x: Cookie, y: Cookie): number =>
  LogicalTime.compare(x.created, y.created) || compareKeys(x, y) || Number(x.secure) - Number(y.secure)

/** 5.8.3 step 4: longer paths first, then the older cookie. */
export const compareSending = (x: Cookie, y: Cookie): number => y.path.length - x.path.length || compareCreation(x, y)

// Field by field, for records of different makers may hold their fields in different order.
const content = ({ value, secure, httpOnly, sameSite, expires, created, setBy }: Cookie): string =>
  JSON.stringify([Secret.reveal(value), secure, httpOnly, sameSite, expires, created.ms, created.n, setBy])

/** By age: stamp, then a tombstone over a live record, then content. A total order, so that joins cannot disagree. */
export const compareAge = (x: Cookie, y: Cookie): number => {
  if (x === y) return 0
  return (
    LogicalTime.compare(x.updated, y.updated) ||
    Number(isTombstone(x)) - Number(isTombstone(y)) ||
    compareKeys(x, y) ||
    compareText(content(x), content(y))
  )
}

export const Eq: EqOf<Cookie> = { equals: (x, y) => compareAge(x, y) === 0 }

// --- constructors --------------------------------------------------------------------------------------------------

export const NOTHING = Secret.make('')
export const DELETED = O.some(0)

/** The record that says a cookie was deleted. */
export const toTombstone =
  (stamp: LogicalTime.LogicalTime) =>
  (cookie: Cookie): Cookie => ({ ...cookie, value: NOTHING, expires: DELETED, updated: stamp })

const startsLike = (prefix: string, text: string): boolean => text.slice(0, prefix.length).toLowerCase() === prefix

interface Promised extends Pick<Cookie, 'name' | 'value' | 'secure' | 'hostOnly'> {
  /** The path, where it was given and not guessed. */
  readonly givenPath: O.Option<string>
}

/** 5.7 steps 20 to 22 and 5.4: what a prefix promises and the cookie does not keep. */
export const brokenPrefix = ({ name, value, secure, hostOnly, givenPath }: Promised): string | undefined => {
  if (name === '') {
    const text = Secret.reveal(value)
    const isDisguised = startsLike('__secure-', text) || startsLike('__host-', text)
    return isDisguised ? 'without a name, its value poses as one with a prefix' : undefined
  }
  if (startsLike('__secure-', name) && !secure) return 'a __Secure- cookie must be Secure'
  if (!startsLike('__host-', name)) return undefined
  const isBound = secure && hostOnly && O.isSome(givenPath) && givenPath.value === '/'
  return isBound ? undefined : 'a __Host- cookie must be Secure, have Path=/ and no Domain'
}

/** A cookie made by the user. */
export interface Input {
  readonly name: string
  readonly value: string | Secret.Secret
  readonly domain: string
  /** `/` where it is absent. */
  readonly path?: string
  readonly secure?: boolean
  readonly httpOnly?: boolean
  readonly sameSite?: SetCookie.SameSite
  readonly expires?: Date
  /** Absent means false, as for a Set-Cookie with a Domain; but true where the domain is a public suffix. */
  readonly hostOnly?: boolean
}

/** Why a cookie cannot be. It never shows the value. */
export interface InvalidCookie {
  readonly _tag: 'InvalidCookie'
  readonly name: string
  readonly message: string
}

/** RFC 6265bis 5.6 step 5, in octets: name and value together. */
export const MAX_PAIR = SetCookie.MAX_PAIR

// Octets without controls and `;`, a tab inside excepted (5.6 step 1): what a Set-Cookie can leave in a jar.
const STORABLE =
  /^(?:[\x21-\x3a\x3c-\x7e\x80-\xff](?:[\t\x20-\x3a\x3c-\x7e\x80-\xff]*[\x21-\x3a\x3c-\x7e\x80-\xff])?)?$/

// The default path of a URL may hold `;`, and it is never sent.
const PATH = /^\/[\t\x20-\x7e\x80-\xff]*$/

// The same without tabs. A blank at an end would be lost on the way, and `=` would end the name early.
const SENDABLE = /^(?:[\x21-\x3a\x3c-\x7e\x80-\xff](?:[\x20-\x3a\x3c-\x7e\x80-\xff]*[\x21-\x3a\x3c-\x7e\x80-\xff])?)?$/

/** The site of the host that a user means by a domain; none where it is more than a host, or no host. */
export const siteOf = (domain: string): Site.Site | undefined => {
  const bare = domain.startsWith('.') ? domain.slice(1) : domain
  const host = bare.includes(':') && !bare.startsWith('[') ? `[${bare}]` : bare
  const parsed = /[/?#@;\s]/.test(host) ? O.none : O.getRight(Url.parse(`http://${host}/`))
  return O.isSome(parsed) && parsed.value.url.port === '' ? Site.of(parsed.value.url.hostname) : undefined
}

/** Why a record cannot be in a jar, whoever wrote it: a reply, the user or a file. A tombstone has no value to judge. */
const storageProblem = (cookie: Cookie, { nameless }: SetCookie.Policy): string | undefined => {
  const { name, value, path, secure, hostOnly } = cookie
  const text = Secret.reveal(value)
  if (name === '' && (!nameless || (text === '' && !isTombstone(cookie)))) return 'it has no name'
  if (!STORABLE.test(name) || name.includes('=')) return 'its name holds what a cookie cannot'
  if (!STORABLE.test(text)) return 'its value holds what a cookie cannot: controls, ;, outer blanks, more than octets'
  if (name.length + text.length > MAX_PAIR) return `name and value are longer than ${MAX_PAIR} octets`
  if (!PATH.test(path)) return 'its path does not start with /, or holds what a path cannot'
  return brokenPrefix({ name, value, secure, hostOnly, givenPath: O.some(path) })
}

const problemOf = (cookie: Cookie, policy: SetCookie.Policy): string | undefined => {
  const { name, value, path, expires } = cookie
  if (O.isSome(expires) && Number.isNaN(expires.value)) return 'its expiry is not a date'
  if (name === '' && Secret.reveal(value) === '') return 'it has no name'
  const isPlain = SENDABLE.test(name) && SENDABLE.test(Secret.reveal(value)) && SENDABLE.test(path)
  return storageProblem(cookie, policy) ?? (isPlain ? undefined : 'its name, value or path holds a tab')
}

/** The path of a socket in `http+unix:` stands for a host, percent-encoded; it has no domains above or below it. */
const isSocket = ({ domain, hostOnly }: Key): boolean =>
  hostOnly && /^(?:[\w.~-]|%[\da-f]{2})+$/i.test(domain) && domain.includes('%')

const domainProblem = (cookie: Key): string | undefined => {
  const { domain, hostOnly } = cookie
  if (isSocket(cookie)) return undefined
  const site = siteOf(domain)
  if (site === undefined || site.host !== domain)
    return `its domain ${SetCookie.quoted(domain)} is not a canonical host`
  return site.isPublicSuffix && !hostOnly ? `its domain ${SetCookie.quoted(domain)} is a public suffix` : undefined
}

/** Why a record that was read from a file cannot be in a jar: the rules that `make` and a Set-Cookie are held to. */
export const problemOfRecord = (cookie: Cookie, policy: SetCookie.Policy): string | undefined =>
  domainProblem(cookie) ?? storageProblem(cookie, policy)

const invalid = (name: string, problem: string): E.Either<InvalidCookie, never> =>
  E.left({ _tag: 'InvalidCookie', name, message: `Cookie ${SetCookie.quoted(name)} is not valid: ${problem}` })

/** A cookie of the user's, checked. */
export const make =
  (stamp: LogicalTime.LogicalTime, policy: SetCookie.Policy) =>
  (input: Input): E.Either<InvalidCookie, Cookie> => {
    const { name, value, domain, path = '/', secure = false, httpOnly = false, sameSite, expires } = input
    const site = siteOf(domain)
    if (site === undefined) return invalid(name, `${SetCookie.quoted(domain)} is not a domain`)
    const { hostOnly = site.isPublicSuffix } = input
    if (site.isPublicSuffix && !hostOnly) return invalid(name, `its domain ${site.host} is shared by strangers`)
    const cookie: Cookie = {
      name,
      domain: site.host,
      hostOnly,
      path,
      value: typeof value === 'string' ? Secret.make(value) : value,
      secure,
      httpOnly,
      sameSite: O.fromNullable(sameSite),
      expires: expires === undefined ? O.none : O.some(expires.getTime()),
      created: stamp,
      updated: stamp,
      setBy: O.none,
    }
    const problem = problemOf(cookie, policy)
    if (problem !== undefined) return invalid(name, problem)
    return E.right(isTombstone(cookie) ? toTombstone(stamp)(cookie) : cookie)
  }

/** How a cookie is sent: `name=value`, or the value alone where it has no name (RFC 6265bis 5.8.3). */
export const pair = ({ name, value }: Cookie): string =>
  name === '' ? Secret.reveal(value) : `${name}=${Secret.reveal(value)}`

/** Octets of `pair`: a cookie's characters stand for octets. */
export const pairSize = ({ name, value }: Cookie): number =>
  (name === '' ? 0 : name.length + 1) + Secret.reveal(value).length
