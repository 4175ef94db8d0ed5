/**
 * Evaluates a received Set-Cookie field: returns the cookie to store, or a `Rejection` (RFC 6265bis 5.7).
 *
 * | rule                | RFC 6265bis      | here                                                                   |
 * |---------------------|------------------|------------------------------------------------------------------------|
 * | Domain              | 5.7 steps 7–10   | and never across a public suffix (`Site`)                              |
 * | Path                | 5.7 step 11      | compared without decoding                                              |
 * | Secure              | 5.7 steps 13, 16 | step 16 checks the whole site, parents and subdomains                  |
 * | SameSite            | 5.7 steps 17–19  | stored, not enforced: a client has no site of its own                  |
 * | name prefixes       | 5.7 steps 20–22  | ignoring case                                                          |
 * | Max-Age, Expires    | 5.7 step 6, 5.5  | Max-Age wins; made absolute here, at most 400 days away                |
 * | deletion            | 5.7              | an expired cookie is stored as a tombstone, without its value          |
 *
 * @example
 * import { Jar, Secret } from 'requests-ts'
 *
 * const url = new URL('https://example.com/')
 * const [jar] = Jar.absorb(url, ['a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], new Date(0))(Jar.empty)
 * assert.equal(Secret.reveal(Jar.header(url, new Date(59_999))(jar) ?? ''), 'a=1')
 * assert.equal(Jar.header(url, new Date(60_000))(jar), undefined)
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { defaultPath, domainMatch } from 'tough-cookie'
import * as Cookie from './Cookie.js'
import type { LogicalTime } from './LogicalTime.js'
import * as SetCookie from './SetCookie.js'
import * as Site from './Site.js'

/** The response that contains a Set-Cookie field. */
export interface ResponseContext {
  readonly request: Cookie.RequestContext
  /** The logical time of the cookie to store. */
  readonly time: LogicalTime
  readonly setBy: O.Option<string>
}

// 5.5.
const MAX_LIFETIME_MS = 400 * 24 * 60 * 60 * 1000

/** 5.7 step 6 and 5.5: returns the absolute expiry. */
const expiryOf = ({ maxAge, expires }: SetCookie.SetCookie, now: number): O.Option<number> => {
  const time = O.isSome(maxAge) ? O.some(now + maxAge.value * 1000) : expires
  if (O.isNone(time)) return O.none
  return time.value <= now ? Cookie.DELETED : O.some(Math.min(time.value, now + MAX_LIFETIME_MS))
}

type DomainScope = Pick<Cookie.Key, 'domain' | 'hostOnly'>

/** 5.7 steps 7 to 10. */
const scopeOf = (
  { name, domain }: SetCookie.SetCookie,
  site: Site.Site,
): E.Either<SetCookie.Rejection, DomainScope> => {
  const { host, domains, isPublicSuffix } = site
  if (host === '') return E.left(SetCookie.rejection('DomainMismatch', name, 'its URL has no host'))
  if (domain === '') return E.right({ domain: host, hostOnly: true })
  const named = Site.canonical(domain)
  // Step 9.3: a host that is a public suffix may set cookies only for itself.
  if (named === host) return E.right({ domain: host, hostOnly: isPublicSuffix })
  if (named !== undefined && domains.includes(named)) return E.right({ domain: named, hostOnly: false })
  // A parent of the host that is not one of its domains is a public suffix, or the parent of one.
  return named !== undefined && domainMatch(host, named, false) === true
    ? E.left(SetCookie.rejection('PublicSuffix', name, `its Domain ${SetCookie.quoted(named)} is a public suffix`))
    : E.left(
        SetCookie.rejection('DomainMismatch', name, `its Domain ${SetCookie.quoted(domain)} does not cover ${host}`),
      )
}

/** 5.7 step 16: over http, a cookie must not overlay a Secure one of the same site and name. */
const overlays = (cookie: Cookie.Key, stored: ReadonlyArray<Cookie.Cookie>, now: number): boolean =>
  stored.some(
    (other) =>
      other.secure &&
      other.name === cookie.name &&
      Cookie.isLive(other, now) &&
      (domainMatch(other.domain, cookie.domain, false) === true ||
        domainMatch(cookie.domain, other.domain, false) === true) &&
      Cookie.covers(other.path, cookie.path),
  )

/** Returns the URL of the response that sets a cookie, without its query. */
export const setByOf = ({ origin, protocol, hostname, pathname, shownPathname = pathname }: Site.CookieScope): string =>
  `${origin === undefined || origin === 'null' ? `${protocol}//${hostname}` : origin}${shownPathname}`

/** Evaluates one Set-Cookie field. `stored` are the records of its site. Error: `Rejection`. */
export const evaluate =
  ({ request, time, setBy }: ResponseContext, policy: SetCookie.Policy) =>
  (stored: ReadonlyArray<Cookie.Cookie>) =>
  (header: string): E.Either<SetCookie.Rejection, Cookie.Cookie> => {
    const parsed = SetCookie.parse(policy)(header)
    if (E.isLeft(parsed)) return parsed
    const { name, value, secure, httpOnly, sameSite, path: givenPath } = parsed.right
    const scope = scopeOf(parsed.right, request.site)
    if (E.isLeft(scope)) return scope
    const { domain, hostOnly } = scope.right
    // Step 11.
    const key: Cookie.Key = {
      name,
      domain,
      hostOnly,
      path: O.isSome(givenPath) ? givenPath.value : defaultPath(request.path),
    }
    // Step 13.
    if (secure && !request.isSecure) {
      return E.left(SetCookie.rejection('Insecure', name, 'it is Secure, but the connection is not'))
    }
    // Step 16. Over an insecure connection the cookie is not Secure, by step 13.
    if (!request.isSecure && overlays(key, stored, request.now)) {
      return E.left(SetCookie.rejection('SecureHeld', name, 'it was sent over http and would overlay a Secure cookie'))
    }
    const broken = Cookie.brokenPrefix({ name, value, secure, hostOnly, givenPath })
    if (broken !== undefined) return E.left(SetCookie.rejection('PrefixBroken', name, broken))
    const expires = expiryOf(parsed.right, request.now)
    // Step 23.3. An expired cookie does not pass on its creation time, because 5.7 expects it to be gone by now.
    const old = stored.find((other) => Cookie.sameKey(other, key) && Cookie.isLive(other, request.now))
    // Field by field: a spread would cost more than the rest of this function.
    return E.right({
      name,
      domain,
      hostOnly,
      path: key.path,
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
