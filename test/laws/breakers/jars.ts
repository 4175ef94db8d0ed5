/** Incorrect jars, and the laws that each of them breaks. */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Laws from '../../../laws/Jar.js'
import { type JarLaw, jar as jarRules } from '../../../laws/rules/jar.js'
import * as Cookie from '../../../src/cookies/Cookie.js'
import * as CookieStore from '../../../src/cookies/CookieStore.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as PersistentMap from '../../../src/cookies/PersistentMap.js'
import type { Case } from './Lawbreaker.js'

type Jars = Laws.Operations

interface Mistake {
  readonly history: string
  readonly jars: Jars
  readonly breaks: ReadonlyArray<JarLaw>
}

/** Returns a jar that sends the cookies that `isSent` selects. */
const sendingWhere = (isSent: (cookie: Cookie.Cookie, at: URL, request: Cookie.RequestContext) => boolean): Jars => ({
  ...Jar,
  cookiesFor: (at, now) => (jar) =>
    Jar.records(jar).filter((cookie) => {
      const request = Cookie.requestContext(at, now)
      return (
        Cookie.isLive(cookie, request.now) &&
        isSent(cookie, new URL(`${at.protocol}//${at.hostname}${at.pathname}`), request)
      )
    }),
})

const isRight = (part: 'domain' | 'path' | 'secure') => (cookie: Cookie.Cookie, request: Cookie.RequestContext) => {
  const elsewhere = { domain: { domain: request.site.host }, path: { path: '/' }, secure: { secure: false } }
  return Cookie.verdict({ ...cookie, ...elsewhere[part] }, request) === 'sent'
}

const unlikeKeys = (jar: Jar.Jar, names: ReadonlySet<string>, keep: Jar.Jar): Jar.Jar =>
  Jar.withRecords(Jar.records(jar).filter((cookie) => !names.has(cookie.name) || !Jar.records(keep).includes(cookie)))(
    jar,
  )

const byRecords =
  (pick: (x: ReadonlyArray<Cookie.Cookie>, y: ReadonlyArray<Cookie.Cookie>) => ReadonlyArray<Cookie.Cookie>) =>
  (x: Jar.Jar, y: Jar.Jar): Jar.Jar => {
    const joined = Jar.join(x, y)
    return { ...joined, cookies: CookieStore.fromRecords(pick(Jar.records(x), Jar.records(y))) }
  }

const slidingReads = new WeakMap<Jar.Jar, number>()

const mistakes: Readonly<Record<string, Mistake>> = {
  'a domain that is contained somewhere in the host': {
    history: "http4s' CookieJar, `contains`",
    jars: sendingWhere((cookie, at, request) => at.host.includes(cookie.domain) && isRight('domain')(cookie, request)),
    breaks: ['no cookie is sent to a URL that it does not match'],
  },
  'a domain that the host ends with, with or without a dot': {
    history: 'the usual `endsWith` of hand-written jars',
    jars: sendingWhere(
      (cookie, at, request) => at.hostname.endsWith(cookie.domain) && isRight('domain')(cookie, request),
    ),
    breaks: ['no cookie is sent to a URL that it does not match'],
  },
  'host-only cookies for subdomains': {
    history: "Python's http.cookiejar, and so requests (D13)",
    jars: sendingWhere((cookie, _, request) => Cookie.verdict({ ...cookie, hostOnly: false }, request) === 'sent'),
    breaks: ['no cookie is sent to a URL that it does not match'],
  },
  'a path that is a prefix and does not end at a /': {
    history: 'RFC 2109 4.3.4, taken literally',
    jars: sendingWhere(
      (cookie, at, request) => at.pathname.startsWith(cookie.path) && isRight('path')(cookie, request),
    ),
    breaks: ['no cookie is sent to a URL that it does not match'],
  },
  'Secure cookies over http': {
    history: '@effect/platform withCookiesRef',
    jars: sendingWhere((cookie, _, request) => isRight('secure')(cookie, request)),
    breaks: ['no cookie is sent to a URL that it does not match'],
  },
  'domain cookies that are sent only to their own host': {
    history: 'jars that are a map by host name',
    jars: sendingWhere(
      (cookie, _, request) => cookie.domain === request.site.host && Cookie.verdict(cookie, request) === 'sent',
    ),
    breaks: ['every cookie is sent to the URLs that it matches'],
  },
  'the order of creation, whatever the path': {
    history: 'maps in the order of insertion',
    jars: sendingWhere((cookie, _, request) => Cookie.verdict(cookie, request) === 'sent'),
    breaks: ['longer paths and older cookies go first'],
  },
  'cookies that are identified only by name': {
    history: '@effect/platform Cookies, a record by name',
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const [after, refused] = Jar.absorb(at, fields, now)(jar)
        const names = new Set(Jar.receive(at, fields, now)(jar).accepted.map((cookie) => cookie.name))
        return [unlikeKeys(after, names, jar), refused]
      },
    },
    breaks: ['a reply changes only what it sets'],
  },
  'Max-Age that slides on every read': {
    history: 'tough-cookie 6: expiry is lastAccessed + Max-Age',
    jars: {
      ...Jar,
      header: (at, now) => (jar) => {
        const last = slidingReads.get(jar) ?? now.getTime()
        const slid = Jar.header(at, new Date(now.getTime() - last))(jar)
        if (slid !== undefined) slidingReads.set(jar, now.getTime())
        return slid
      },
    },
    breaks: ['a lifetime is counted from the reply that set it'],
  },
  'an expiry rounded up to the next minute': {
    history: 'lifetimes kept in coarse units',
    jars: { ...Jar, header: (at, now) => Jar.header(at, new Date(Math.floor(now.getTime() / 60000) * 60000)) },
    breaks: ['a lifetime is counted from the reply that set it', 'every cookie is sent to the URLs that it matches'],
  },
  'a merge in which the left wins': {
    history: 'an object spread of two jars',
    jars: {
      ...Jar,
      join: byRecords((x, y) => [...x, ...y.filter((cookie) => !x.some((other) => Cookie.sameKey(other, cookie)))]),
    },
    breaks: [
      'join is commutative',
      'join loses nothing that happened',
      'what was deleted stays deleted in a join',
      'parallel is sequential for increasing times',
    ],
  },
  'a merge that forgets tombstones': {
    history: 'a union of two maps: the older write is back',
    jars: {
      ...Jar,
      join: byRecords((x, y) => [...x, ...y].filter((cookie) => !Cookie.isTombstone(cookie))),
    },
    breaks: [
      'the empty jar is the identity of join',
      'join loses nothing that happened',
      'what was deleted stays deleted in a join',
    ],
  },
  'a merge that drops tombstones afterwards': {
    history: 'replicated maps that collect tombstones too early',
    jars: {
      ...Jar,
      join: (x, y) => {
        const joined = Jar.join(x, y)
        return {
          ...joined,
          cookies: CookieStore.fromRecords(Jar.records(joined).filter((one) => !Cookie.isTombstone(one))),
        }
      },
    },
    breaks: ['join is associative', 'join is idempotent'],
  },
  'the wall clock decides which record is newer': {
    history: 'last-writer-wins by Date.now()',
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const [after, refused] = Jar.absorb(at, fields, now)(jar)
        const wall = { ms: now.getTime(), n: 0 }
        const old = new Set(Jar.records(jar))
        const stamped = Jar.records(after).map((cookie) => (old.has(cookie) ? cookie : { ...cookie, updated: wall }))
        return [Jar.withRecords(stamped)({ ...after, clock: wall }), refused]
      },
    },
    breaks: ['join loses nothing that happened'],
  },
  'a limit that drops the newest': {
    history: 'an eviction in reverse order',
    jars: {
      ...Jar,
      join: (x, y) => {
        const joined = Jar.join(x, y)
        const union = new Map([...Jar.records(x), ...Jar.records(y)].map((cookie) => [JSON.stringify(cookie), cookie]))
        const eldest = [...union.values()].sort(Cookie.compareAge).slice(0, CookieStore.MAX_RECORDS)
        return union.size <= CookieStore.MAX_RECORDS ? joined : { ...joined, cookies: CookieStore.fromRecords(eldest) }
      },
    },
    breaks: ['join loses nothing that happened'],
  },
  'a merge that keeps only the challenges of the left jar': {
    history: 'digest nonces outside the merge',
    jars: { ...Jar, join: (x, y) => ({ ...Jar.join(x, y), challenges: x.challenges }) },
    breaks: ['join is commutative', 'join loses nothing that happened'],
  },
  'a merge in which the tokens of the right jar win': {
    history: 'an object spread of two stores of tokens, in the order of insertion',
    jars: {
      ...Jar,
      join: (x, y) => ({ ...Jar.join(x, y), tokens: x.tokens.mergeWith((_, added) => added, y.tokens) }),
    },
    breaks: [
      'join is commutative',
      'a stored token is found unchanged',
      'a token that was removed stays removed in a join',
    ],
  },
  'a token that loses its refresh token when it is stored': {
    history: 'clients that store the last response of the token endpoint, which does not repeat the refresh token',
    jars: { ...Jar, withToken: (key, token, now) => Jar.withToken(key, { ...token, refreshToken: O.none }, now) },
    breaks: ['a stored token is found unchanged'],
  },
  'one token for all endpoints of a name': {
    history: 'a store of tokens by the name of the service only: one server gets the token of another',
    jars: {
      ...Jar,
      token:
        ({ name }) =>
        (jar) =>
          pipe(
            Jar.tokens(jar).findLast((entry) => entry.name === name),
            O.fromNullable,
            O.map(({ token }) => token),
          ),
    },
    breaks: ['a stored token is found unchanged'],
  },
  'a removal that deletes the record of a token': {
    history: 'a logout while another request still has the token',
    jars: {
      ...Jar,
      withoutTokens: (selection) => (jar) => {
        const isKept = new Set(Jar.tokens(Jar.withoutTokens(selection)(jar)).map(({ token }) => token))
        const kept = [...jar.tokens].filter(([, { token }]) => O.isNone(token) || isKept.has(token.value))
        return { ...jar, tokens: PersistentMap.make(kept) }
      },
    },
    breaks: ['a token that was removed stays removed in a join', 'join loses nothing that happened'],
  },
  'an evict that drops every expired token': {
    history: 'a cache of access tokens with a time to live: the refresh token is dropped too',
    jars: {
      ...Jar,
      evict: (now) => (jar) => {
        const isLive = ({ token }: Jar.TokenEntry) => O.isNone(token.expiresAt) || token.expiresAt.value > now.getTime()
        const expired = Jar.tokens(jar).filter((entry) => !isLive(entry))
        return expired.reduce(
          (rest, { name, endpoint }) => Jar.withoutTokens({ name, endpoint })(rest),
          Jar.evict(now)(jar),
        )
      },
    },
    breaks: ['evict drops no token that can be used or renewed'],
  },
  'a delta of the records that are newer than the clock of the older jar': {
    history: 'a query for rows after the last time that was seen: writes of a slower clock are skipped',
    jars: {
      ...Jar,
      delta: (since) => (now) => {
        const isNew = ({ updated }: Cookie.Cookie): boolean =>
          updated.ms > since.clock.ms || (updated.ms === since.clock.ms && updated.n > since.clock.n)
        return { ...Jar.delta(since)(now), cookies: CookieStore.fromRecords(Jar.records(now).filter(isNew)) }
      },
    },
    breaks: ['a delta has all that a join would add'],
  },
  'a delta without deletions': {
    history: 'a comparison of the live cookies of two jars: a logout is not shared',
    jars: {
      ...Jar,
      delta: (since) => (now) => {
        const delta = Jar.delta(since)(now)
        const live = Jar.records(delta).filter((cookie) => !Cookie.isTombstone(cookie))
        return { ...delta, cookies: CookieStore.fromRecords(live) }
      },
    },
    breaks: ['a delta has all that a join would add'],
  },
  'a delta that is the whole jar': {
    history: 'a session store that saves everything after each request',
    jars: { ...Jar, delta: () => (now) => now },
    breaks: ['a delta has nothing that the older jar has'],
  },
  'no limit in a merge': {
    history: 'a limit that only set applies',
    jars: {
      ...Jar,
      join: (x, y) => ({
        ...Jar.join(x, y),
        cookies: x.cookies.mergeWith((mine, its) => [...mine, ...its], y.cookies),
      }),
    },
    breaks: ['no site has more than 360 records of a kind', 'join is idempotent'],
  },
  'one limit for all cookies of a site': {
    history: 'RFC 6265 jars before cookies were left secure alone: the oldest goes, Secure or not',
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const [after, refused] = Jar.absorb(at, fields, now)(jar)
        const newest = [...Jar.records(after)].sort(Cookie.compareAge).slice(-180)
        return [{ ...after, cookies: CookieStore.fromRecords(newest) }, refused]
      },
    },
    breaks: ['no reply over http evicts a Secure cookie'],
  },
  'an absorb that mutates the array of a site': {
    history: 'every mutable jar: tough-cookie, http.cookiejar',
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const { jar: after, accepted, rejected } = Jar.receive(at, fields, now)(jar)
        // The cast makes the mistake possible: it writes to a readonly array.
        for (const bucket of jar.cookies.values()) if (bucket.length < 9) (bucket as Cookie.Cookie[]).push(...accepted)
        return [after, rejected]
      },
    },
    breaks: ['old jars never change'],
  },
  'an absorb that reads the last Set-Cookie first': {
    history: 'Set-Cookie read from a header map, last line first',
    jars: { ...Jar, absorb: (at, fields, now) => Jar.absorb(at, fields.toReversed(), now) },
    breaks: ['lists of Set-Cookie act on jars'],
  },
  'an evict that also removes session cookies': {
    history: 'MozillaCookieJar.save without ignore_discard',
    jars: {
      ...Jar,
      evict: (now) => (jar) => Jar.evict(now)(Jar.clearSession(jar)),
    },
    breaks: ['evict changes no later Cookie header'],
  },
}

export const jars: Case = {
  set: 'jar',
  lawful: jarRules(Jar),
  breakers: Object.entries(mistakes).map(([mistake, { jars, ...rest }]) => ({
    mistake,
    ...rest,
    rules: jarRules(jars),
  })),
}
