/**
 * One cookie: its fields, its validation, and when it is sent (RFC 6265bis 5.8.3).
 *
 * | `CookieStatus` | the cookie …                                                                        |
 * |----------------|-------------------------------------------------------------------------------------|
 * | `sent`         | is sent to this URL at this time                                                    |
 * | `domain`       | belongs to another site, or to a host that is not a parent of this one              |
 * | `host-only`    | is only for its own host, and the URL has a subdomain of it                         |
 * | `path`         | is for another path                                                                 |
 * | `secure`       | is Secure, and the connection is not                                                |
 * | `expired`      | has expired or was deleted                                                          |
 * | `site-limit`   | is live, but its site has more than 180 live cookies; Secure, then newest ones stay |
 * | `header-limit` | matches, but the Cookie header would be longer than servers accept                  |
 *
 * Name, domain, host-only flag and path identify a cookie. Its expiry is absolute, fixed when it is set.
 * A deletion is stored as a tombstone: a record without a value that expired at the epoch.
 * SameSite is stored but not enforced, because an HTTP client has no site of its own.
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
import { Ord as TextOrd } from 'fp-ts/lib/string.js'
import * as Printable from '../values/Printable.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as LogicalTime from './LogicalTime.js'
import * as PublicSuffix from './PublicSuffix.js'
import * as Site from './Site.js'

export type { LogicalTime } from './LogicalTime.js'
export type { CookieScope, Site } from './Site.js'

/** Identifies a cookie. */
export interface Key {
  /** Case-sensitive; may be empty. */
  readonly name: string
  /** Canonical, without a leading dot. */
  readonly domain: string
  /** Whether the cookie is not for the subdomains of that host. */
  readonly hostOnly: boolean
  /** Starts with `/`. */
  readonly path: string
}

/** The values of the SameSite attribute (RFC 6265bis 4.1.2.7). */
export type SameSite = 'Strict' | 'Lax' | 'None'

/** How a jar parses cookies. */
export interface Policy {
  /** Whether `Set-Cookie: foo` is a cookie without a name, as in browsers. By default it is ignored. */
  readonly nameless: boolean
}

/** A stored cookie, or a tombstone. */
export interface Cookie extends Key {
  /** Empty for a tombstone. */
  readonly value: Secret.Secret
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: O.Option<SameSite>
  /** Epoch milliseconds; `none` for a session cookie. */
  readonly expires: O.Option<number>
  /** When the cookie was first set, and not deleted since: decides the sending order. */
  readonly created: LogicalTime.LogicalTime
  /** When this record was written: decides which of two records is newer. */
  readonly updated: LogicalTime.LogicalTime
  /** Origin and path of the response that set the cookie; `none` if the user set it. */
  readonly setBy: O.Option<string>
}

/** The status that follows from the cookie alone. */
export type OwnStatus = 'sent' | 'domain' | 'host-only' | 'path' | 'secure' | 'expired'

/** `OwnStatus`, and the limits that depend on the other cookies of the site. */
export type CookieStatus = OwnStatus | 'site-limit' | 'header-limit'

/** A URL and a time, parsed once for many cookies. */
export interface RequestContext {
  readonly site: Site.Site
  readonly path: string
  readonly isSecure: boolean
  /** Epoch milliseconds. */
  readonly now: number
}

/** Returns the parts of a URL that decide which cookies match, and the time. An empty path means `/`. */
export const requestContext = (url: Site.CookieScope, now: Date): RequestContext =>
  Site.requestTo(PublicSuffix.siteOf(url.hostname), url, now)

/** Returns whether the record marks a deleted cookie. */
export const isTombstone = (cookie: Cookie): boolean => O.isSome(cookie.expires) && cookie.expires.value <= 0

/** Returns whether a cookie is neither expired nor deleted, in epoch milliseconds. The jar calls it for each cookie. */
export const isLive = (cookie: Cookie, now: number): boolean =>
  O.isNone(cookie.expires) || (cookie.expires.value > now && cookie.expires.value > 0)

/**
 * Returns whether a cookie is neither expired nor deleted at a time.
 * @since 0.2.0
 * @category predicates
 */
export const isLiveAt =
  (now: Date) =>
  (cookie: Cookie): boolean =>
    isLive(cookie, now.getTime())

/** Returns whether two keys identify the same cookie: name, path, domain and host-only flag are equal. */
export const sameKey = (x: Key, y: Key): boolean =>
  x.name === y.name && x.path === y.path && x.domain === y.domain && x.hostOnly === y.hostOnly

/** Returns a key as text, to index maps by it. */
export const keyText = ({ name, domain, path, hostOnly }: Key): string => JSON.stringify([name, domain, path, hostOnly])

/** Returns whether a request path matches the path of a cookie (RFC 6265bis 5.1.4). */
export const covers = (cookiePath: string, path: string): boolean =>
  cookiePath === '/' ||
  (path.startsWith(cookiePath) &&
    (path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'))

/** 5.8.3 step 3: returns `sent`, or the first reason why the cookie is not sent. */
export const verdict = (cookie: Cookie, { site, path, isSecure, now }: RequestContext): OwnStatus => {
  if (cookie.domain !== site.host) {
    if (!site.domains.includes(cookie.domain)) return 'domain'
    if (cookie.hostOnly) return 'host-only'
  }
  if (!covers(cookie.path, path)) return 'path'
  if (cookie.secure && !isSecure) return 'secure'
  return isLive(cookie, now) ? 'sent' : 'expired'
}

/**
 * Returns `sent`, or the first reason why the cookie is not sent in a request. `Jar.why` also applies the limits.
 * @since 0.2.0
 * @category destructors
 */
export const statusFor =
  (request: RequestContext) =>
  (cookie: Cookie): OwnStatus =>
    verdict(cookie, request)

const compareKeys = (x: Key, y: Key): number =>
  TextOrd.compare(x.name, y.name) ||
  TextOrd.compare(x.domain, y.domain) ||
  TextOrd.compare(x.path, y.path) ||
  Number(x.hostOnly) - Number(y.hostOnly)

/** By creation time. The key decides for jars that were never joined, the Secure flag for two records of one key. */
export const compareCreation = (x: Cookie, y: Cookie): number =>
  LogicalTime.compare(x.created, y.created) || compareKeys(x, y) || Number(x.secure) - Number(y.secure)

/** 5.8.3 step 4: longer paths first, then the older cookie. */
export const compareSending = (x: Cookie, y: Cookie): number => y.path.length - x.path.length || compareCreation(x, y)

// Field by field, because the order of the fields may differ between records.
const content = ({ value, secure, httpOnly, sameSite, expires, created, setBy }: Cookie): string =>
  JSON.stringify([Secret.reveal(value), secure, httpOnly, sameSite, expires, created.ms, created.n, setBy])

/** By age: time, then tombstones after live records, then content. A total order, so that all joins agree. */
export const compareAge = (x: Cookie, y: Cookie): number => {
  if (x === y) return 0
  return (
    LogicalTime.compare(x.updated, y.updated) ||
    Number(isTombstone(x)) - Number(isTombstone(y)) ||
    compareKeys(x, y) ||
    TextOrd.compare(content(x), content(y))
  )
}

/** Compares cookies by their age order, which distinguishes any two different records. */
export const Eq: EqOf<Cookie> = { equals: (x, y) => compareAge(x, y) === 0 }

/** The value and the expiry of a tombstone. */
export const NOTHING = Secret.make('')
/** The expiry of a tombstone: the epoch, in milliseconds. */
export const DELETED = O.some(0)

/** Returns the record that marks a cookie as deleted. */
export const toTombstone =
  (time: LogicalTime.LogicalTime) =>
  (cookie: Cookie): Cookie => ({ ...cookie, value: NOTHING, expires: DELETED, updated: time })

/** A cookie and its path, unless that is the default path. */
type PrefixedCookie = Pick<Cookie, 'name' | 'value' | 'secure' | 'hostOnly'> & { readonly givenPath: O.Option<string> }

/** 5.7 steps 20 to 22 and 5.4: returns how a cookie violates the requirements of its name prefix. */
export const brokenPrefix = ({ name, value, secure, hostOnly, givenPath }: PrefixedCookie): string | undefined => {
  if (name === '') {
    const isDisguised = /^__(?:secure|host)-/i.test(Secret.reveal(value))
    return isDisguised ? 'it has no name, and its value starts with a reserved name prefix' : undefined
  }
  if (!name.startsWith('__')) return undefined
  if (/^__secure-/i.test(name)) return secure ? undefined : 'a __Secure- cookie must be Secure'
  if (!/^__host-/i.test(name)) return undefined
  const isBound = secure && hostOnly && O.isSome(givenPath) && givenPath.value === '/'
  return isBound ? undefined : 'a __Host- cookie must be Secure, have Path=/ and no Domain'
}

/** A cookie that the user sets. */
export interface Input {
  readonly name: string
  readonly value: string | Secret.Secret
  /** A host without port. Sent to its subdomains too, unless `hostOnly` is true. */
  readonly domain: string
  /** Default: `/`. */
  readonly path?: string
  /** Default: false. */
  readonly secure?: boolean
  /** Default: false. */
  readonly httpOnly?: boolean
  /** Default: absent, which is not the same as `None`. */
  readonly sameSite?: SameSite
  /** Default: a session cookie. */
  readonly expires?: Date
  /** Default: false, as for a Set-Cookie with a Domain; true if the domain is a public suffix. */
  readonly hostOnly?: boolean
}

/** Why a cookie is not valid. It never contains the value. */
export interface InvalidCookie {
  readonly _tag: 'InvalidCookie'
  readonly name: string
  /** The problem and what to do, without the value. */
  readonly message: string
}

/** RFC 6265bis 5.6 step 5, in octets: name and value together. */
export const MAX_PAIR = 4096

// What a Set-Cookie can store: octets without control characters and `;`, except a tab inside (5.6 step 1).
const STORABLE =
  /^(?:[\x21-\x3a\x3c-\x7e\x80-\xff](?:[\t\x20-\x3a\x3c-\x7e\x80-\xff]*[\x21-\x3a\x3c-\x7e\x80-\xff])?)?$/

// The same without tabs. Servers would drop a space at the start or end.
const SENDABLE = /^(?:[\x21-\x3a\x3c-\x7e\x80-\xff](?:[\x20-\x3a\x3c-\x7e\x80-\xff]*[\x21-\x3a\x3c-\x7e\x80-\xff])?)?$/

// The path may contain `;`, as the default path of a URL may, because it is never sent.
const PATH = /^\/[\t\x20-\x7e\x80-\xff]*$/

/** Returns the site of a domain that a user wrote, or undefined if it is not just a host. */
export const siteOf = (domain: string): Site.Site | undefined => {
  const bare = domain.startsWith('.') ? domain.slice(1) : domain
  const host = bare.includes(':') && !bare.startsWith('[') ? `[${bare}]` : bare
  const parsed = /[/?#@;\s]/.test(host) ? O.none : O.getRight(Url.parse(`http://${host}/`))
  return O.isSome(parsed) && parsed.value.url.port === '' ? PublicSuffix.siteOf(parsed.value.url.hostname) : undefined
}

/** Why a jar cannot store a record, from whatever source: a response, the user or a file. @internal */
export const storageProblem = (cookie: Cookie, { nameless }: Policy): string | undefined => {
  const { name, value, path, secure, hostOnly } = cookie
  const text = Secret.reveal(value)
  if (name === '' && (!nameless || (text === '' && !isTombstone(cookie)))) return 'it has no name'
  if (!STORABLE.test(name) || name.includes('='))
    return 'its name contains characters that a cookie name must not contain'
  if (!STORABLE.test(text))
    return 'its value contains a control character, ";", a non-Latin-1 character, or a space at the start or end'
  if (name.length + text.length > MAX_PAIR) return `its name and value together are longer than ${MAX_PAIR} octets`
  if (!PATH.test(path)) return 'its path must start with "/" and contain no control or non-Latin-1 characters'
  return brokenPrefix({ name, value, secure, hostOnly, givenPath: O.some(path) })
}

/** Why a user cannot set a cookie. */
const inputProblem = (cookie: Cookie, policy: Policy): string | undefined => {
  const { name, path, expires } = cookie
  const text = Secret.reveal(cookie.value)
  if (O.isSome(expires) && Number.isNaN(expires.value)) return 'its expiry is not a valid date'
  if (name === '' && text === '') return 'it has no name'
  const isSendable = [name, text, path].every((part) => SENDABLE.test(part))
  return storageProblem(cookie, policy) ?? (isSendable ? undefined : 'its name, value or path contains a tab')
}

/** In `http+unix:` URLs the host is the percent-encoded path of a socket. It has no parent domains or subdomains. */
const isSocket = ({ domain, hostOnly }: Key): boolean =>
  hostOnly && /^(?:[\w.~-]|%[\da-f]{2})+$/i.test(domain) && domain.includes('%')

/** Why the domain of a record is not valid. @internal */
export const domainProblem = (cookie: Key): string | undefined => {
  const { domain, hostOnly } = cookie
  if (isSocket(cookie)) return undefined
  const site = siteOf(domain)
  if (site === undefined || site.host !== domain)
    return `its domain ${Printable.quoted(domain)} is not a canonical host`
  return site.isPublicSuffix && !hostOnly ? `its domain ${Printable.quoted(domain)} is a public suffix` : undefined
}

/** Returns why a record from a file is not valid, by the rules for `make` and Set-Cookie. */
export const problemOfRecord = (cookie: Cookie, policy: Policy): string | undefined =>
  domainProblem(cookie) ?? storageProblem(cookie, policy)

const invalid = (name: string, problem: string): E.Either<InvalidCookie, never> =>
  E.left({ _tag: 'InvalidCookie', name, message: `Cookie ${Printable.quoted(name)} is not valid: ${problem}` })

/** Returns a cookie that the user sets. Error: `InvalidCookie`. */
export const make =
  (time: LogicalTime.LogicalTime, policy: Policy) =>
  (input: Input): E.Either<InvalidCookie, Cookie> => {
    const { name, value, domain, path = '/', secure = false, httpOnly = false, sameSite, expires } = input
    const site = siteOf(domain)
    if (site === undefined) return invalid(name, `its domain ${Printable.quoted(domain)} is not a valid host`)
    const { hostOnly = site.isPublicSuffix } = input
    if (site.isPublicSuffix && !hostOnly) {
      const problem = `its domain ${Printable.quoted(site.host)} is a public suffix`
      return invalid(name, `${problem}; set hostOnly, or use a longer domain`)
    }
    const cookie: Cookie = {
      name,
      domain: site.host,
      hostOnly,
      path,
      value: Secret.hide(value),
      secure,
      httpOnly,
      sameSite: O.fromNullable(sameSite),
      expires: expires === undefined ? O.none : O.some(expires.getTime()),
      created: time,
      updated: time,
      setBy: O.none,
    }
    const problem = inputProblem(cookie, policy)
    if (problem !== undefined) return invalid(name, problem)
    return E.right(isTombstone(cookie) ? toTombstone(time)(cookie) : cookie)
  }

/** Returns a cookie as it is sent: `name=value`, or only the value if it has no name (RFC 6265bis 5.8.3). */
export const pair = ({ name, value }: Cookie): string =>
  name === '' ? Secret.reveal(value) : `${name}=${Secret.reveal(value)}`

/** Returns the length of `pair` in octets: each character of a cookie is one octet. */
export const pairSize = ({ name, value }: Cookie): number =>
  (name === '' ? 0 : name.length + 1) + Secret.reveal(value).length

/** @deprecated Use `RequestContext`. */
export type Visit = RequestContext
/** @deprecated Use `requestContext`. */
export const visit = requestContext
/** @deprecated Use `toTombstone`. */
export const bury = toTombstone
/** @deprecated Use `CookieStatus`. */
export type Verdict = CookieStatus
/** @deprecated Use `OwnStatus`. */
export type OwnVerdict = OwnStatus
