/**
 * A received Set-Cookie field: parsing (RFC 6265bis 5.6), and the cookie to store or the reason for rejection (5.7).
 *
 * | `Rejection`        | when                                                                               |
 * |--------------------|------------------------------------------------------------------------------------|
 * | `Nameless`         | no name, unless the policy allows nameless cookies; neither name nor value         |
 * | `ControlCharacter` | it contains a control character other than HTAB                                    |
 * | `TooLong`          | name and value together are longer than 4,096 octets                               |
 * | `DomainMismatch`   | its Domain does not cover the host that sent it, or is not a valid domain          |
 * | `PublicSuffix`     | its Domain is a public suffix                                                      |
 * | `Insecure`         | it is Secure, but the connection is not                                            |
 * | `SecureHeld`       | sent over an insecure connection, it would overlay a Secure cookie                 |
 * | `PrefixBroken`     | it violates the requirements of its name prefix `__Secure-` or `__Host-`           |
 *
 * | rule                | RFC 6265bis      | here                                                                   |
 * |---------------------|------------------|------------------------------------------------------------------------|
 * | Domain              | 5.7 steps 7–10   | and never across a public suffix (`PublicSuffix`); an empty one is ignored     |
 * | Path                | 5.7 step 11      | compared without decoding                                              |
 * | Secure              | 5.7 steps 13, 16 | step 16 checks the whole site, parents and subdomains                  |
 * | SameSite            | 5.7 steps 17–19  | stored, not enforced: a client has no site of its own                  |
 * | name prefixes       | 5.7 steps 20–22  | ignoring case                                                          |
 * | Max-Age, Expires    | 5.7 step 6, 5.5  | Max-Age wins; made absolute here, at most 400 days away                |
 * | deletion            | 5.7              | an expired cookie is stored as a tombstone, without its value          |
 *
 * Each character is one octet, as in a header: UTF-8 is stored and sent back as the received octets. Ignoring an empty
 * Domain is RFC 6265 5.2.3: an earlier one applies. RFC 6265bis would make the cookie host-only.
 *
 * @example
 * import { Jar, Secret } from 'requests-ts'
 *
 * const at = (href: string, line: string) => Jar.absorb(new URL(href), [line], new Date(0))(Jar.empty)
 * const [, [refused]] = at('http://example.com/', 'sid=hunter2; Secure')
 * assert.equal(refused?.message, 'Cookie "sid" rejected: it is Secure, but the connection is not')
 * const [jar] = at('https://example.com/', 'a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
 * const header = (ms: number) => Jar.header(new URL('https://example.com/'), new Date(ms))(jar)
 * assert.equal(Secret.reveal(header(59_999) ?? ''), 'a=1')
 * assert.equal(header(60_000), undefined)
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { defaultPath, domainMatch, parseDate } from 'tough-cookie'
import * as HeaderSyntax from '../values/HeaderSyntax.js'
import * as Printable from '../values/Printable.js'
import * as Secret from '../values/Secret.js'
import * as Tagged from '../values/Tagged.js'
import * as Cookie from './Cookie.js'
import type { LogicalTime } from './LogicalTime.js'
import * as PublicSuffix from './PublicSuffix.js'
import type * as Site from './Site.js'
import type { SiteDraft } from './SiteDraft.js'

export interface SetCookie {
  readonly name: string
  readonly value: Secret.Secret
  /** As written, without its leading dot; empty if absent. */
  readonly domain: string
  /** `none` if it is absent or does not start with a slash: then the default path applies. */
  readonly path: O.Option<string>
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: O.Option<Cookie.SameSite>
  /** Seconds; may be infinite. */
  readonly maxAge: O.Option<number>
  /** Epoch milliseconds. */
  readonly expires: O.Option<number>
}

/** Why a Set-Cookie field is not stored. */
export type RejectionTag =
  | 'Nameless'
  | 'ControlCharacter'
  | 'TooLong'
  | 'DomainMismatch'
  | 'PublicSuffix'
  | 'Insecure'
  | 'SecureHeld'
  | 'PrefixBroken'

/** Why a Set-Cookie was not stored. It contains the name and attributes, never the value. */
export interface Rejection {
  readonly _tag: RejectionTag
  /** The name of the cookie; empty if the line does not contain a valid one. */
  readonly name: string
  /** Why the cookie was rejected, without its value. */
  readonly message: string
}

/**
 * Folds a rejection with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const [, refused] = Jar.absorb(new URL('http://a.test/'), ['sid=1; Secure'], new Date(0))(Jar.empty)
 * const why = Jar.matchRejection({
 *   Nameless: () => 'it has no name',
 *   ControlCharacter: () => 'it is not valid',
 *   TooLong: () => 'it is too long',
 *   DomainMismatch: () => 'it is for another domain',
 *   PublicSuffix: () => 'it is for a public suffix',
 *   Insecure: ({ name }) => `${name} needs https`,
 *   SecureHeld: ({ name }) => `a Secure ${name} exists`,
 *   PrefixBroken: () => 'it violates its name prefix',
 * })
 * assert.deepEqual(refused.map(why), ['sid needs https'])
 */
export const matchRejection = Tagged.match<Rejection>()

const rejected = (_tag: RejectionTag, name: string, problem: string): E.Either<Rejection, never> =>
  E.left({ _tag, name, message: `Cookie ${Printable.quoted(name)} rejected: ${problem}` })

// --- parsing (5.6) -------------------------------------------------------------------------------------------------

const MAX_ATTRIBUTE = 1024
const LINE_END = /[\r\n\0]/
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

const SAME_SITE: ReadonlyMap<string, O.Option<Cookie.SameSite>> = new Map([
  ['strict', O.some<Cookie.SameSite>('Strict')],
  ['lax', O.some<Cookie.SameSite>('Lax')],
  ['none', O.some<Cookie.SameSite>('None')],
])

/** Returns the SameSite value of a text, ignoring case. */
export const sameSiteOf = (text: string): O.Option<Cookie.SameSite> => SAME_SITE.get(text.toLowerCase()) ?? O.none

type Attributes = Omit<SetCookie, 'name' | 'value'>
const NO_ATTRIBUTES: Attributes = {
  domain: '',
  path: O.none,
  secure: false,
  httpOnly: false,
  sameSite: O.none,
  maxAge: O.none,
  expires: O.none,
}

/** 5.6.1 to 5.6.7: applies one attribute. An attribute with an invalid value is ignored. */
const withAttribute = (read: Attributes, name: string, value: string): Attributes => {
  switch (name) {
    case 'secure':
      return { ...read, secure: true }
    case 'httponly':
      return { ...read, httpOnly: true }
    case 'path':
      return { ...read, path: value.startsWith('/') ? O.some(value) : O.none }
    case 'domain': {
      const domain = value.replace(/^\./, '').toLowerCase()
      return domain === '' ? read : { ...read, domain }
    }
    case 'max-age':
      return /^-?\d+$/.test(value) ? { ...read, maxAge: O.some(Number(value)) } : read
    case 'expires': {
      const date = parseDate(value)
      return date === undefined ? read : { ...read, expires: O.some(date.getTime()) }
    }
    case 'samesite':
      return { ...read, sameSite: sameSiteOf(value) }
    default:
      return read
  }
}

/** 5.6: applies the attributes in order, so the last one wins. One with more than 1,024 octets is ignored. */
const readAttributes = (attributes: string): Attributes => {
  let read = NO_ATTRIBUTES
  for (const attribute of attributes.split(';')) {
    const equals = attribute.indexOf('=')
    const name = HeaderSyntax.trimBlanks(equals < 0 ? attribute : attribute.slice(0, equals)).toLowerCase()
    const value = equals < 0 ? '' : HeaderSyntax.trimBlanks(attribute.slice(equals + 1))
    if (value.length <= MAX_ATTRIBUTE) read = withAttribute(read, name, value)
  }
  return read
}

// Memoises the last result, because the cookies of a response mostly have the same attributes.
let recent: { readonly text: string; readonly attributes: Attributes } = { text: '', attributes: NO_ATTRIBUTES }

const attributesOf = (text: string, start: number): Attributes => {
  // Not a slice, which would be made for each cookie.
  if (text.length - start !== recent.text.length || !text.endsWith(recent.text)) {
    const attributes = text.slice(start)
    recent = { text: attributes, attributes: readAttributes(attributes) }
  }
  return recent.attributes
}

/** Parses one field value. Errors: `Nameless`, `ControlCharacter`, `TooLong`. */
export const parse = (policy: Cookie.Policy, header: string): E.Either<Rejection, SetCookie> => {
  // 5.6 step 1 rejects the field; web-platform-tests cut it at a line end. HTTP fields contain neither.
  const isClean = !CONTROL.test(header)
  const cut = isClean ? -1 : header.search(LINE_END)
  const text = cut < 0 ? header : header.slice(0, cut)
  const semicolon = text.indexOf(';')
  const pair = semicolon < 0 ? text : text.slice(0, semicolon)
  const equals = pair.indexOf('=')
  const name = equals < 0 ? '' : HeaderSyntax.trimBlanks(pair.slice(0, equals))
  const value = HeaderSyntax.trimBlanks(pair.slice(equals + 1))
  // 5.7 step 2 and the policy: RFC 6265, tough-cookie and requests ignore cookies without a name.
  if (name === '' && (value === '' || !policy.nameless)) return rejected('Nameless', name, 'it has no name')
  // 5.6 step 1.
  if (!isClean && CONTROL.test(text)) return rejected('ControlCharacter', name, 'it contains a control character')
  // 5.6 step 5.
  if (name.length + value.length > Cookie.MAX_PAIR) {
    return rejected('TooLong', name, `its name and value together are longer than ${Cookie.MAX_PAIR} octets`)
  }
  const attributes = semicolon < 0 ? NO_ATTRIBUTES : attributesOf(text, semicolon + 1)
  const { domain, path, secure, httpOnly, sameSite, maxAge, expires } = attributes
  // Field by field: a spread would cost more than the rest of this function.
  return E.right({ name, value: Secret.make(value), domain, path, secure, httpOnly, sameSite, maxAge, expires })
}

// --- storing (5.7) -------------------------------------------------------------------------------------------------

/** The response that contains a Set-Cookie field. */
export interface ResponseContext {
  readonly request: Cookie.RequestContext
  readonly policy: Cookie.Policy
  /** The logical time of the cookie to store. */
  readonly time: LogicalTime
  readonly setBy: O.Option<string>
}

const MAX_LIFETIME_MS = 400 * 24 * 60 * 60 * 1000

/** 5.7 step 6 and 5.5: returns the absolute expiry. */
const expiryOf = ({ maxAge, expires }: SetCookie, now: number): O.Option<number> => {
  const time = O.isSome(maxAge) ? O.some(now + maxAge.value * 1000) : expires
  if (O.isNone(time)) return O.none
  return time.value <= now ? Cookie.DELETED : O.some(Math.min(time.value, now + MAX_LIFETIME_MS))
}

/** 5.7 steps 7 to 10. */
const scopeOf = (
  { name, domain }: SetCookie,
  { host, domains, isPublicSuffix }: Site.Site,
): E.Either<Rejection, Pick<Cookie.Key, 'domain' | 'hostOnly'>> => {
  if (host === '') return rejected('DomainMismatch', name, 'its URL has no host')
  if (domain === '') return E.right({ domain: host, hostOnly: true })
  const named = PublicSuffix.canonical(domain)
  // Step 9.3: a host that is a public suffix may set cookies only for itself.
  if (named === host) return E.right({ domain: host, hostOnly: isPublicSuffix })
  if (named !== undefined && domains.includes(named)) return E.right({ domain: named, hostOnly: false })
  // A parent of the host that is not one of its domains is a public suffix, or the parent of one.
  return named !== undefined && domainMatch(host, named, false) === true
    ? rejected('PublicSuffix', name, `its Domain ${Printable.quoted(named)} is a public suffix`)
    : rejected('DomainMismatch', name, `its Domain ${Printable.quoted(domain)} does not cover ${host}`)
}

/** 5.7 step 16: over http, a cookie must not overlay a Secure one of the same site and name. */
const overlays = (cookie: Cookie.Key, secure: ReadonlyArray<Cookie.Cookie>, now: number): boolean =>
  secure.length > 0 &&
  secure.some(
    (other) =>
      other.name === cookie.name &&
      Cookie.isLive(other, now) &&
      (domainMatch(other.domain, cookie.domain, false) === true ||
        domainMatch(cookie.domain, other.domain, false) === true) &&
      Cookie.covers(other.path, cookie.path),
  )

/** Returns the URL of the response that sets a cookie, without its query. */
export const setByOf = ({ origin, protocol, hostname, pathname, shownPathname = pathname }: Site.CookieScope): string =>
  `${origin === undefined || origin === 'null' ? `${protocol}//${hostname}` : origin}${shownPathname}`

/** The records of the site of a response. */
export interface StoredCookies {
  /** The Secure ones that were stored before an insecure response; otherwise not needed. */
  readonly secure: ReadonlyArray<Cookie.Cookie>
  /** All of them, with those that the response has set already. */
  readonly draft: Pick<SiteDraft, 'find'>
}

/** Evaluates one Set-Cookie field. Error: `Rejection`. */
export const evaluate = (
  { request, policy, time, setBy }: ResponseContext,
  { secure: secureCookies, draft }: StoredCookies,
  header: string,
): E.Either<Rejection, Cookie.Cookie> => {
  const parsed = parse(policy, header)
  if (E.isLeft(parsed)) return parsed
  const { name, value, secure, httpOnly, sameSite, path: givenPath } = parsed.right
  const scope = scopeOf(parsed.right, request.site)
  if (E.isLeft(scope)) return scope
  const { domain, hostOnly } = scope.right
  // Step 11.
  const path = O.isSome(givenPath) ? givenPath.value : defaultPath(request.path)
  const key: Cookie.Key = { name, domain, hostOnly, path }
  // Step 13.
  if (secure && !request.isSecure) return rejected('Insecure', name, 'it is Secure, but the connection is not')
  // Step 16. Over an insecure connection the cookie is not Secure, by step 13.
  if (!request.isSecure && overlays(key, secureCookies, request.now)) {
    return rejected('SecureHeld', name, 'it was sent over http and would overlay a Secure cookie')
  }
  const broken = Cookie.brokenPrefix({ name, value, secure, hostOnly, givenPath })
  if (broken !== undefined) return rejected('PrefixBroken', name, broken)
  const expires = expiryOf(parsed.right, request.now)
  // Step 23.3. An expired cookie does not pass on its creation time, because 5.7 expects it to be gone by now.
  const old = draft.find(key, request.now)
  // Field by field: a spread would cost more than the rest of this function.
  return E.right({
    name,
    domain,
    hostOnly,
    path,
    value: expires === Cookie.DELETED ? Cookie.NOTHING : value,
    secure,
    httpOnly,
    sameSite,
    expires,
    created: old === undefined ? time : old.created,
    updated: time,
    setBy,
  })
}
