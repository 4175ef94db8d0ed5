/**
 * The cookies of one site: which of them are visible, and which are sent to a URL (RFC 6265bis 5.8.3).
 *
 * | step       | keeps                                                                    |
 * |------------|--------------------------------------------------------------------------|
 * | `current`  | one record for each key                                                  |
 * | `visible`  | of the live cookies, `LIMIT`: Secure ones first, then the newest         |
 * | `sent`     | those that match the URL and fit into `HEADER_LIMIT` octets              |
 *
 * These steps depend on the time, because cookies expire, and therefore run on reading. Stored records do not.
 *
 * @example
 * import { Jar, Secret } from 'requests-ts'
 *
 * const url = new URL('https://example.com/a/')
 * const [jar] = Jar.absorb(url, ['x=1; Path=/', 'y=2; Path=/a', 'z=3; Path=/'], new Date(0))(Jar.empty)
 * assert.equal(Secret.reveal(Jar.header(url, new Date(0))(jar) ?? ''), 'y=2; x=1; z=3')
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as LogicalTime from './LogicalTime.js'

/** The records of one site, in sending order. */
export type SiteCookies = ReadonlyArray<Cookie.Cookie>

/** Maximum number of visible live cookies of a site. RFC 6265bis 6.1 requires at least 50; browsers keep 180. */
export const LIMIT = 180

/** Octets of a Cookie header's value. Apache accepts a field of 8,190 octets, nginx one of 8 KiB; curl sends 8,190. */
export const HEADER_LIMIT = 8190 - 'Cookie: '.length

const NO_COOKIES: ReadonlySet<Cookie.Cookie> = new Set()

/** Of two records with one key, the one written last. If one write touched both, the live one. */
const newerOf = (x: Cookie.Cookie, y: Cookie.Cookie): Cookie.Cookie => {
  const order =
    LogicalTime.compare(x.updated, y.updated) ||
    Number(Cookie.isTombstone(y)) - Number(Cookie.isTombstone(x)) ||
    Cookie.compareAge(x, y)
  return order >= 0 ? x : y
}

const withoutDuplicateKeys = (cookies: SiteCookies): SiteCookies => {
  const newest = new Map<string, Cookie.Cookie>()
  for (const cookie of cookies) {
    const key = Cookie.keyText(cookie)
    const other = newest.get(key)
    newest.set(key, other === undefined ? cookie : newerOf(other, cookie))
  }
  return newest.size === cookies.length
    ? cookies
    : cookies.filter((cookie) => newest.get(Cookie.keyText(cookie)) === cookie)
}

const currentMemo = new WeakMap<SiteCookies, SiteCookies>()

/** Returns one record for each key; the same array if no key occurs twice. Memoised if Secure and other records mix. */
export const current = (cookies: SiteCookies): SiteCookies => {
  if (cookies.every(({ secure }) => secure === cookies[0]?.secure)) return cookies
  const known = currentMemo.get(cookies)
  if (known !== undefined) return known
  const kept = withoutDuplicateKeys(cookies)
  currentMemo.set(cookies, kept)
  return kept
}

/** Returns the live cookies beyond `LIMIT`. Secure cookies are kept before others, newer ones before older ones. */
export const overSiteLimit = (now: number, cookies: SiteCookies): ReadonlySet<Cookie.Cookie> => {
  if (cookies.length <= LIMIT) return NO_COOKIES
  const live = current(cookies).filter((cookie) => Cookie.isLive(cookie, now))
  if (live.length <= LIMIT) return NO_COOKIES
  const leastWorthKeeping = live.sort((x, y) => Number(x.secure) - Number(y.secure) || Cookie.compareAge(x, y))
  return new Set(leastWorthKeeping.slice(0, live.length - LIMIT))
}

/** Returns what is visible at `now`: one record for each key, without the live cookies beyond `LIMIT`. */
export const visible = (now: number, cookies: SiteCookies): SiteCookies => {
  const excess = overSiteLimit(now, cookies)
  return excess.size === 0 ? current(cookies) : current(cookies).filter((cookie) => !excess.has(cookie))
}

/** A Cookie header and its validity: it stays the same from `since` until `until` (epoch milliseconds). */
export interface CookieHeader {
  readonly header: Secret.Secret | undefined
  readonly since: number
  readonly until: number
}

const SEPARATOR = '; '
const sizeOf = (cookie: Cookie.Cookie): number => Cookie.pairSize(cookie) + SEPARATOR.length

/** Returns the cookies that do not fit into `maxOctets`. Cookies with longer paths are kept first, then newer ones. */
const overHeaderLimit = (maxOctets: number, matching: SiteCookies): ReadonlySet<Cookie.Cookie> => {
  let left = maxOctets + SEPARATOR.length
  for (const cookie of matching) left -= sizeOf(cookie)
  if (left >= 0) return NO_COOKIES
  left = maxOctets + SEPARATOR.length
  const excess = new Set<Cookie.Cookie>()
  for (const cookie of [...matching].sort((x, y) => y.path.length - x.path.length || Cookie.compareAge(y, x))) {
    const size = sizeOf(cookie)
    if (size <= left) left -= size
    else excess.add(cookie)
  }
  return excess
}

/** 5.8.3 steps 3 to 6: returns the cookies to send, in sending order. */
export const sent = (request: Cookie.RequestContext, cookies: SiteCookies, maxOctets = HEADER_LIMIT): SiteCookies => {
  const matching = visible(request.now, cookies).filter((cookie) => Cookie.verdict(cookie, request) === 'sent')
  const excess = overHeaderLimit(maxOctets, matching)
  return excess.size === 0 ? matching : matching.filter((cookie) => !excess.has(cookie))
}

/** Returns the Cookie header of a request and the period during which it stays the same. */
export const cookieHeader = (request: Cookie.RequestContext, cookies: SiteCookies): CookieHeader => {
  let since = Number.NEGATIVE_INFINITY
  let until = Number.POSITIVE_INFINITY
  // Above LIMIT, the expiry of any cookie may make another one visible, even if the first is for another URL.
  const isOverLimit = cookies.length > LIMIT
  for (const cookie of cookies) {
    if (O.isNone(cookie.expires)) continue
    const verdict = isOverLimit ? 'sent' : Cookie.verdict(cookie, request)
    if (verdict !== 'sent' && verdict !== 'expired') continue
    if (Cookie.isLive(cookie, request.now)) until = Math.min(until, cookie.expires.value)
    else since = Math.max(since, cookie.expires.value)
  }
  const text = sent(request, cookies).map(Cookie.pair).join(SEPARATOR)
  return { header: text === '' ? undefined : Secret.make(text), since, until }
}
