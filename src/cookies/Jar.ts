/**
 * The cookies, digest challenges and access tokens of a session, as an immutable value: each call returns the updated jar.
 *
 * Laws, up to `Eq`:
 *
 *     absorb(u, xs ++ ys) = absorb(u, ys) . absorb(u, xs)     lists of Set-Cookie fields act on jars
 *     join                                                    a bounded semilattice with `empty`
 *     join(j, absorb(j))  = absorb(j)                         and so for every write: a join loses nothing
 *     header . evict(now) = header                            from `now` on
 *     join(j, delta(j)(k)) = join(j, k)
 *
 * Parallel requests therefore fork the jar and join the results. A cookie is sent only to the hosts, paths and schemes
 * that it is for. Reading changes nothing. A removed cookie stays removed if an older fork joins later, until `evict`:
 * call `evict` on saving or loading, never between fork and join. All of this holds for tokens too.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Jar, Secret } from 'requests-ts'
 *
 * const url = new URL('https://www.example.com/account/')
 * const now = new Date(0)
 * const [jar, refused] = Jar.absorb(url, ['sid=1; Domain=example.com; Path=/', 'x=2; Domain=other.test'], now)(Jar.empty)
 * assert.deepEqual(refused.map(({ name, _tag }) => [name, _tag]), [['x', 'DomainMismatch']])
 * assert.equal(Secret.reveal(Jar.header(new URL('https://api.example.com/'), now)(jar) ?? ''), 'sid=1')
 * assert.equal(Jar.header(new URL('https://example.com.evil.test/'), now)(jar), undefined)
 * const removed = Jar.remove({ name: 'sid' })(jar)
 * assert.deepEqual(Jar.lookup('sid')(Jar.join(jar, removed)), E.right(O.none))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as CookieSelection from './CookieSelection.js'
import * as CookieStore from './CookieStore.js'
import { type Jar, records, withRecords } from './JarState.js'
import { tokens, withoutTokens } from './JarTokens.js'
import * as LogicalTime from './LogicalTime.js'
import * as PublicSuffix from './PublicSuffix.js'
import * as SetCookie from './SetCookie.js'
import type * as Site from './Site.js'
import { SiteDraft } from './SiteDraft.js'
import * as TokenStore from './TokenStore.js'

export type { Challenge, Input as ChallengeInput, Query as ChallengeQuery } from './DigestCache.js'
export * from './JarChallenges.js'
export { delta } from './JarDelta.js'
export { decode, encode, JarJson } from './JarJson.js'
export * from './JarState.js'
export * from './JarTokens.js'
export type { PersistentMap } from './PersistentMap.js'
export { matchRejection, type Rejection, type RejectionTag } from './SetCookie.js'

/** The result of storing the Set-Cookie fields of one response. */
export interface Absorbed {
  /** The jar with the cookies that were accepted. */
  readonly jar: Jar
  /** The cookies that were set, in sending order, without deletions. */
  readonly accepted: ReadonlyArray<Cookie.Cookie>
  /** The rejected lines, and why. */
  readonly rejected: ReadonlyArray<SetCookie.Rejection>
}

/** Several cookies have this name, and the selection does not single one out. */
export interface CookieConflict {
  readonly _tag: 'CookieConflict'
  /** The name that several cookies have. */
  readonly name: string
  /** Domain and path of each, to select one of them. */
  readonly places: ReadonlyArray<Pick<Cookie.Key, 'domain' | 'hostOnly' | 'path'>>
  /** The name, the places, and what to do. */
  readonly message: string
}

/** A cookie, and whether it is sent to a URL at a time, or why not. */
export interface Why {
  /** A cookie of the jar that was not deleted. */
  readonly cookie: Cookie.Cookie
  /** `sent`, or the first reason why it is not sent. */
  readonly verdict: Cookie.CookieStatus
  /** Origin and path of the response that set it; `none` if the user set it. */
  readonly setBy: O.Option<string>
}

/** An entry of `setAll`: a cookie, and when it was set, if that is known. */
export interface CookieEntry {
  /** The cookie to set. */
  readonly input: Cookie.Input
  /** When it was set. Absent: after the last write of the jar. */
  readonly at?: Date
}

/** The result of `setAll`. */
export interface SetAll {
  /** The jar with all valid entries. */
  readonly jar: Jar
  /** The entries that are not in the jar, by their index. */
  readonly problems: ReadonlyMap<number, Cookie.InvalidCookie>
}

/** Selects cookies; an absent field matches every cookie. */
export interface Selection {
  /** The domain of the cookie. Cookies of its subdomains do not match. */
  readonly domain?: string
  /** The path of the cookie. Cookies of longer paths do not match. */
  readonly path?: string
}

/** Stores the Set-Cookie fields of one response, in order. */
export const receive =
  (url: Site.CookieScope, setCookies: ReadonlyArray<string | Secret.Secret>, now: Date) =>
  (jar: Jar): Absorbed => {
    const request = Cookie.requestContext(url, now)
    const setBy = O.some(SetCookie.setByOf(url))
    const rejected: SetCookie.Rejection[] = []
    const stored = CookieStore.at(request.site, jar.cookies)
    const draft = new SiteDraft(stored)
    // Over http no Secure cookie can be added, so those that were stored before are all.
    const secure = request.isSecure ? [] : stored.filter((cookie) => cookie.secure)
    let { clock } = jar
    for (const setCookie of setCookies) {
      const response = { request, policy: jar, time: LogicalTime.tick(clock, request.now), setBy }
      const evaluated = SetCookie.evaluate(response, { secure, draft }, Secret.reveal(setCookie))
      if (E.isLeft(evaluated)) {
        rejected.push(evaluated.left)
        continue
      }
      draft.write(evaluated.right)
      clock = response.time
    }
    if (rejected.length === setCookies.length) return { jar, accepted: [], rejected }
    const isNew = (cookie: Cookie.Cookie): boolean =>
      LogicalTime.compare(cookie.updated, jar.clock) > 0 && !Cookie.isTombstone(cookie)
    const { cookies } = draft
    const store = jar.cookies.set(request.site.name, cookies)
    return {
      jar: { cookies: store, challenges: jar.challenges, tokens: jar.tokens, clock, nameless: jar.nameless },
      accepted: CookieSelection.visible(request.now, cookies).filter(isNew),
      rejected,
    }
  }

/** Stores the Set-Cookie fields of a response. Returns the updated jar and the rejected fields; see also `receive`. */
export const absorb =
  (url: Site.CookieScope, setCookies: ReadonlyArray<string | Secret.Secret>, now: Date) =>
  (jar: Jar): readonly [Jar, ReadonlyArray<SetCookie.Rejection>] => {
    const absorbed = receive(url, setCookies, now)(jar)
    return [absorbed.jar, absorbed.rejected]
  }

const write = (jar: Jar, cookie: Cookie.Cookie): Jar => ({
  ...jar,
  cookies: CookieStore.write(cookie, jar.cookies),
  clock: cookie.updated,
})

/** Moves the jar's clock to `now`: cookies that `set` adds later count as set at that time. */
export const at =
  (now: Date) =>
  (jar: Jar): Jar => ({ ...jar, clock: LogicalTime.tick(jar.clock, now.getTime()) })

const withCreationOf = (old: Cookie.Cookie | undefined, cookie: Cookie.Cookie): Cookie.Cookie =>
  old === undefined ? cookie : { ...cookie, created: old.created }

/** Sets a cookie. It replaces one with the same key, at its position in the sending order. Error: `InvalidCookie`. */
export const set =
  (input: Cookie.Input) =>
  (jar: Jar): E.Either<Cookie.InvalidCookie, Jar> => {
    const made = Cookie.make(LogicalTime.next(jar.clock), jar)(input)
    if (E.isLeft(made)) return made
    const cookie = made.right
    const stored = CookieSelection.current(CookieStore.at(PublicSuffix.siteOf(cookie.domain), jar.cookies))
    const old = stored.find((other) => Cookie.sameKey(other, cookie) && !Cookie.isTombstone(other))
    return E.right(write(jar, withCreationOf(old, cookie)))
  }

/** Applies `at` and `set` to many cookies, in order, in O(n log n). Repeated `set` would copy a site's array each time. */
export const setAll =
  (entries: ReadonlyArray<CookieEntry>) =>
  (jar: Jar): SetAll => {
    const problems = new Map<number, Cookie.InvalidCookie>()
    const latest = new Map<string, Cookie.Cookie>()
    for (const cookie of current(jar)) latest.set(Cookie.keyText(cookie), cookie)
    const written: Cookie.Cookie[] = []
    let { clock } = jar
    for (const [i, { input, at: setAt }] of entries.entries()) {
      const start = setAt === undefined ? clock : LogicalTime.tick(clock, setAt.getTime())
      const made = Cookie.make(LogicalTime.next(start), jar)(input)
      if (E.isLeft(made)) {
        problems.set(i, made.left)
        continue
      }
      clock = made.right.updated
      const known = latest.get(Cookie.keyText(made.right))
      const old = known !== undefined && Cookie.isTombstone(known) ? undefined : known
      const cookie = withCreationOf(old, made.right)
      if (old !== undefined && old.secure !== cookie.secure) written.push(Cookie.toTombstone(cookie.updated)(old))
      latest.set(Cookie.keyText(cookie), cookie)
      written.push(cookie)
    }
    return { jar: withRecords([...records(jar), ...written])({ ...jar, clock }), problems }
  }

const matcherOf = ({ domain, path }: Selection): ((cookie: Cookie.Cookie) => boolean) => {
  const host = domain === undefined ? undefined : (Cookie.siteOf(domain)?.host ?? domain)
  return (cookie) => (host === undefined || cookie.domain === host) && (path === undefined || cookie.path === path)
}

/** Replaces every matching cookie by its tombstone. */
const deleteWhere = (jar: Jar, matches: (cookie: Cookie.Cookie) => boolean): Jar =>
  CookieStore.filter((cookie) => matches(cookie) && !Cookie.isTombstone(cookie), jar.cookies).reduce(
    (after, cookie) => write(after, Cookie.toTombstone(LogicalTime.next(after.clock))(cookie)),
    jar,
  )

/** Removes cookies by name. */
export const remove =
  ({ name, ...selection }: Selection & { readonly name: string }) =>
  (jar: Jar): Jar => {
    const matches = matcherOf(selection)
    return deleteWhere(jar, (cookie) => cookie.name === name && matches(cookie))
  }

/** Removes the cookies of a domain or path, by default all cookies and tokens. Keeps challenges: see `withoutChallenges`. */
export const clear =
  (selection: Selection = {}) =>
  (jar: Jar): Jar => {
    const isAll = selection.domain === undefined && selection.path === undefined
    return deleteWhere(isAll ? withoutTokens()(jar) : jar, matcherOf(selection))
  }

/** Removes the cookies without an expiry, as a browser does on closing (RFC 6265bis 5.7). Keeps tokens. */
export const clearSession = (jar: Jar): Jar => deleteWhere(jar, ({ expires }) => O.isNone(expires))

/** Drops tombstones, and what expired, except tokens with a refresh token. An older fork that joins may bring it back. */
export const evict =
  (now: Date) =>
  (jar: Jar): Jar => {
    const live = CookieStore.current(jar.cookies).filter((cookie) => Cookie.isLive(cookie, now.getTime()))
    return withRecords(live)({ ...jar, tokens: TokenStore.evict(jar.tokens, now) })
  }

/**
 * Drops what `evict` drops if it was written more than `horizon` milliseconds before `now`, and the values of other expired
 * cookies and tokens. A join with a fork that is not older than the horizon brings nothing back.
 */
export const compact =
  (now: Date, horizon: number) =>
  (jar: Jar): Jar => {
    const compacted = records(jar).flatMap((cookie) => {
      if (Cookie.isLive(cookie, now.getTime())) return cookie
      return cookie.updated.ms >= now.getTime() - horizon ? Cookie.toTombstone(cookie.updated)(cookie) : []
    })
    return withRecords(compacted)({ ...jar, tokens: TokenStore.compact(jar.tokens, now, horizon) })
  }

/** Maximum size of the Cookie header's value in octets: 8,182, so that the whole field has at most 8,190. */
export const HEADER_LIMIT = CookieSelection.HEADER_LIMIT

/** Returns the cookies for a URL, in sending order. Above `maxOctets`, longer paths and then newer cookies are kept. */
export const cookiesFor =
  (url: Site.CookieScope, now: Date, maxOctets: number = HEADER_LIMIT) =>
  (jar: Jar): ReadonlyArray<Cookie.Cookie> => {
    const request = CookieStore.requestTo(url, now, jar.cookies)
    return CookieSelection.sent(request, CookieStore.at(request.site, jar.cookies), maxOctets)
  }

/** Returns the value of the Cookie header for a URL, if there is one. Memoised until the cookies change or expire. */
export const header =
  (url: Site.CookieScope, now: Date) =>
  (jar: Jar): Secret.Secret | undefined =>
    CookieStore.header(url, now, jar.cookies)

/** Returns the cookies in creation order, including expired ones and those beyond the limit of their site. */
export const current = (jar: Jar): ReadonlyArray<Cookie.Cookie> =>
  CookieStore.current(jar.cookies).filter((cookie) => !Cookie.isTombstone(cookie))

/** Returns the cookies in creation order, including expired ones; of each site at most 180 live at the jar's clock. */
export const toArray = (jar: Jar): ReadonlyArray<Cookie.Cookie> =>
  CookieStore.visible(jar.clock.ms, jar.cookies).filter((cookie) => !Cookie.isTombstone(cookie))

/** Returns the one cookie with a name, like requests' `jar.get`. Error: `CookieConflict` if there are several. */
export const lookup =
  (name: string, selection: Selection = {}) =>
  (jar: Jar): E.Either<CookieConflict, O.Option<Cookie.Cookie>> => {
    const matches = matcherOf(selection)
    const found = toArray(jar).filter((cookie) => cookie.name === name && matches(cookie))
    const [first, second] = found
    if (first === undefined) return E.right(O.none)
    return second === undefined ? E.right(O.some(first)) : E.left(conflict(name, found))
  }

const conflict = (name: string, found: ReadonlyArray<Cookie.Cookie>): CookieConflict => {
  const places = found.map(({ domain, hostOnly, path }) => ({ domain, hostOnly, path }))
  const list = places.map(({ domain, hostOnly, path }) => `${hostOnly ? '' : '.'}${domain}${path}`).join(', ')
  const message = `Several cookies have the name ${JSON.stringify(name)}: ${list}. Select one by its domain or path.`
  return { _tag: 'CookieConflict', name, places, message }
}

/** Returns every cookie, in creation order, with its status at a URL and time. `maxOctets` as for `cookiesFor`. */
export const why =
  (url: Site.CookieScope, now: Date, maxOctets: number = HEADER_LIMIT) =>
  (jar: Jar): ReadonlyArray<Why> => {
    const request = CookieStore.requestTo(url, now, jar.cookies)
    const cookies = CookieStore.at(request.site, jar.cookies)
    const overSiteLimit = CookieSelection.overSiteLimit(request.now, cookies)
    const sent = new Set(CookieSelection.sent(request, cookies, maxOctets))
    const statusOf = (cookie: Cookie.Cookie): Cookie.CookieStatus => {
      const status = Cookie.verdict(cookie, request)
      if (status !== 'sent' || sent.has(cookie)) return status
      return overSiteLimit.has(cookie) ? 'site-limit' : 'header-limit'
    }
    return current(jar).map((cookie) => ({ cookie, verdict: statusOf(cookie), setBy: cookie.setBy }))
  }

/** Returns whether the jar is empty: without cookies, challenges and tokens. */
export const isEmpty = (jar: Jar): boolean =>
  jar.challenges.size === 0 &&
  tokens(jar).length === 0 &&
  jar.cookies.every((cookies) => cookies.every(Cookie.isTombstone))

/** @deprecated Use `Absorbed`. */
export type Received = Absorbed
/** @deprecated Use `CookieEntry`. */
export type Entry = CookieEntry
