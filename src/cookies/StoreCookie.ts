/**
 * A Set-Cookie that arrives: the cookie it makes, or why it makes none (RFC 6265bis 5.7; reasons in `Rejection`).
 *
 * | rule                | RFC 6265bis      | here                                                                   |
 * |---------------------|------------------|------------------------------------------------------------------------|
 * | Domain              | 5.7 steps 7–10   | and never across a public suffix (`Site`)                              |
 * | Path                | 5.7 step 11      | compared as it is, without decoding                                    |
 * | Secure              | 5.7 steps 13, 16 | step 16 sees the whole site, parents and subdomains                    |
 * | SameSite            | 5.7 steps 17–19  | kept, not enforced: a client has no site of its own                    |
 * | prefixes            | 5.7 steps 20–22  | without case                                                           |
 * | Max-Age, Expires    | 5.7 step 6, 5.5  | Max-Age wins; made absolute here, at most 400 days away                |
 * | deletion            | 5.7              | what is over on arrival is kept as a tombstone, without its value      |
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

/** What a Set-Cookie is judged by beside itself: where and when it came, and the stamp it would get. */
export interface Arrival {
  readonly visit: Cookie.Visit
  readonly stamp: LogicalTime
  readonly setBy: O.Option<string>
}

// 5.5.
const LONGEST_LIFE = 400 * 24 * 60 * 60 * 1000

/** 5.7 step 6, with Max-Age made absolute here and now, and 5.5. */
const expiryOf = ({ maxAge, expires }: SetCookie.SetCookie, now: number): O.Option<number> => {
  const time = O.isSome(maxAge) ? O.some(now + maxAge.value * 1000) : expires
  if (O.isNone(time)) return O.none
  return time.value <= now ? Cookie.DELETED : O.some(Math.min(time.value, now + LONGEST_LIFE))
}

type Scope = Pick<Cookie.Key, 'domain' | 'hostOnly'>

/** 5.7 steps 7 to 10. */
const scopeOf = ({ name, domain }: SetCookie.SetCookie, site: Site.Site): E.Either<SetCookie.Rejection, Scope> => {
  const { host, domains, isPublicSuffix } = site
  if (host === '') return E.left(SetCookie.rejection('DomainMismatch', name, 'its URL has no host'))
  if (domain === '') return E.right({ domain: host, hostOnly: true })
  const named = Site.canonical(domain)
  // Step 9.3: a host that is a public suffix may set cookies for itself alone.
  if (named === host) return E.right({ domain: host, hostOnly: isPublicSuffix })
  const covering = domains.find((other) => other === named)
  if (covering !== undefined) return E.right({ domain: covering, hostOnly: false })
  // Above the host and yet none of its domains: at or above a public suffix.
  return named !== undefined && domainMatch(host, named, false) === true
    ? E.left(SetCookie.rejection('PublicSuffix', name, `its Domain ${SetCookie.quoted(named)} is shared by strangers`))
    : E.left(
        SetCookie.rejection('DomainMismatch', name, `its Domain ${SetCookie.quoted(domain)} does not cover ${host}`),
      )
}

/** 5.7 step 16: over http, a cookie may not stand before a Secure one of the same site and name. */
const overlays = (cookie: Cookie.Key, held: ReadonlyArray<Cookie.Cookie>, now: number): boolean =>
  held.some(
    (other) =>
      other.secure &&
      other.name === cookie.name &&
      Cookie.isLive(other, now) &&
      (domainMatch(other.domain, cookie.domain, false) === true ||
        domainMatch(cookie.domain, other.domain, false) === true) &&
      Cookie.covers(other.path, cookie.path),
  )

/** The response that sets a cookie, as its URL without the query. */
export const setByOf = ({ origin, protocol, hostname, pathname, shownPathname = pathname }: Site.CookieScope): string =>
  `${origin === undefined || origin === 'null' ? `${protocol}//${hostname}` : origin}${shownPathname}`

/** One Set-Cookie, judged: the cookie it makes, or why it makes none. `held` is what the jar holds for the site. */
export const evaluate =
  ({ visit, stamp, setBy }: Arrival, policy: SetCookie.Policy) =>
  (held: ReadonlyArray<Cookie.Cookie>) =>
  (header: string): E.Either<SetCookie.Rejection, Cookie.Cookie> => {
    const parsed = SetCookie.parse(policy)(header)
    if (E.isLeft(parsed)) return parsed
    const { name, value, secure, httpOnly, sameSite, path: givenPath } = parsed.right
    const scope = scopeOf(parsed.right, visit.site)
    if (E.isLeft(scope)) return scope
    const { domain, hostOnly } = scope.right
    // Step 11.
    const key: Cookie.Key = {
      name,
      domain,
      hostOnly,
      path: O.isSome(givenPath) ? givenPath.value : defaultPath(visit.path),
    }
    // Step 13.
    if (secure && !visit.isSecure) {
      return E.left(SetCookie.rejection('Insecure', name, 'it is Secure, but came over an insecure connection'))
    }
    // Step 16, for what is not Secure, or it had not come so far.
    if (!visit.isSecure && overlays(key, held, visit.now)) {
      return E.left(SetCookie.rejection('SecureHeld', name, 'over http, it would overlay a Secure cookie'))
    }
    const broken = Cookie.brokenPrefix({ name, value, secure, hostOnly, givenPath })
    if (broken !== undefined) return E.left(SetCookie.rejection('PrefixBroken', name, broken))
    const expires = expiryOf(parsed.right, visit.now)
    // Step 23.3; 5.7 wants what has expired gone by now, so it passes nothing on.
    const old = held.find((other) => Cookie.sameKey(other, key) && Cookie.isLive(other, visit.now))
    // Field by field: a spread costs more than all the rest of this function.
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
      created: old === undefined ? stamp : old.created,
      updated: stamp,
      setBy,
    })
  }
