/**
 * The laws of a cookie jar, as predicates over any implementation with the operations of `Jar`.
 *
 * | group       | laws                                                                                     |
 * |-------------|------------------------------------------------------------------------------------------|
 * | semilattice | `joinIdentity` `joinIdempotent` `joinCommutative` `joinAssociative` `joinInflates` `joinKeepsDeletions` |
 * | delta       | `deltaIsEnough` `deltaIsNew`                                                             |
 * | action      | `absorbActs` `absorbChangesNoOther` `absorbKeepsOld` `parallelIsSequential`              |
 * | reach       | `reachesOnlyItsPlaces` `reachesAllItsPlaces` `sendsInOrder` `expiresOnTime`              |
 * | limits      | `holdsFewForEachSite` `insecureKeepsSecure` `evictIsUnobservable`                        |
 *
 * The matching rules are implemented here again, label by label and segment by segment, independently of the code
 * under test.
 */
import * as O from 'fp-ts/lib/Option.js'
import type * as Cookie from '../src/cookies/Cookie.js'
import type * as JarOf from '../src/cookies/Jar.js'
import * as Secret from '../src/values/Secret.js'
import { absorb, type History, type Operations, type ReceivedCookies, replay } from './JarHistory.js'
import * as JarTokenLaws from './JarTokens.js'

export { absorb, type History, type Operations, type ReceivedCookies, replay, type Step } from './JarHistory.js'

type Jar = JarOf.Jar

const read = (jars: Operations, url: URL, now: Date, jar: Jar): string | undefined => {
  const header = jars.header(url, now)(jar)
  return header === undefined ? undefined : Secret.reveal(header)
}

const keyOf = ({ name, domain, hostOnly, path }: Cookie.Key): string => JSON.stringify([name, domain, hostOnly, path])

/** A site stores up to two records for each key: a Secure one and another one. */
const slotOf = (cookie: Cookie.Cookie): string => `${cookie.secure}${keyOf(cookie)}`

const textOf = (cookie: Cookie.Cookie): string => JSON.stringify({ ...cookie, value: Secret.reveal(cookie.value) })

/** The whole content of a jar, as text. */
const snapshot = (jars: Operations, jar: Jar): string =>
  JSON.stringify([
    jars.records(jar).map(textOf),
    [...jar.challenges.values()],
    jars.tokens(jar).map(tokenText),
    jar.clock,
  ])

// --- semilattice ---------------------------------------------------------------------------------------------------

/** States that joining with the empty jar changes nothing. */
export const joinIdentity =
  (jars: Operations) =>
  (x: Jar): boolean =>
    jars.Eq.equals(jars.join(x, jars.empty), x) && jars.Eq.equals(jars.join(jars.empty, x), x)

/** Tells whether joining two equal jars that share no objects returns the same jar. */
export const joinIdempotent =
  (jars: Operations) =>
  (history: History): boolean => {
    const [x, y] = [replay(jars)(history)(jars.empty), replay(jars)(history)(jars.empty)]
    return jars.Eq.equals(x, y) && jars.Eq.equals(jars.join(x, y), x)
  }

/** States that the order of two jars does not change their join. */
export const joinCommutative =
  (jars: Operations) =>
  (x: Jar, y: Jar): boolean =>
    jars.Eq.equals(jars.join(x, y), jars.join(y, x))

/** States that the grouping of three jars does not change their join. */
export const joinAssociative =
  (jars: Operations) =>
  (x: Jar, y: Jar, z: Jar): boolean =>
    jars.Eq.equals(jars.join(jars.join(x, y), z), jars.join(x, jars.join(y, z)))

/** Tells whether joining the earlier jar loses nothing of a history. */
export const joinInflates =
  (jars: Operations) =>
  (jar: Jar, history: History): boolean => {
    const after = replay(jars)(history)(jar)
    return jars.Eq.equals(jars.join(jar, after), after)
  }

/** Tells whether a removed cookie stays removed when an earlier fork joins. */
export const joinKeepsDeletions =
  (jars: Operations) =>
  (jar: Jar, name: string): boolean => {
    const joined = jars.join(jar, jars.remove({ name })(jar))
    return jars.records(joined).every((cookie) => cookie.name !== name || isDeleted(cookie))
  }

const isDeleted = ({ expires }: Cookie.Cookie): boolean => O.isSome(expires) && expires.value <= 0

// --- delta ---------------------------------------------------------------------------------------------------------

/** Tells whether the delta of two jars, joined with the first, is the same as their join. */
export const deltaIsEnough =
  (jars: Operations) =>
  (since: Jar, now: Jar): boolean =>
    jars.Eq.equals(jars.join(since, jars.delta(since)(now)), jars.join(since, now))

/** Returns whether the older jar lacks each record and token of a delta, and whether the delta of equal jars is empty. */
export const deltaIsNew =
  (jars: Operations) =>
  (since: Jar, now: Jar): boolean => {
    const delta = jars.delta(since)(now)
    const held = new Set(jars.records(since).map(textOf))
    const tokens = new Set(jars.tokens(since).map(tokenText))
    return (
      jars.records(delta).every((cookie) => !held.has(textOf(cookie))) &&
      jars.tokens(delta).every((entry) => !tokens.has(tokenText(entry))) &&
      jars.Eq.equals(jars.delta(now)(now), jars.empty)
    )
  }

const tokenText = ({ name, endpoint, token }: JarOf.TokenEntry): string =>
  JSON.stringify([name, endpoint, JarTokenLaws.textOf(token)])

// --- action --------------------------------------------------------------------------------------------------------

/** Tells whether absorbing two lists in turn equals absorbing their concatenation, with the same rejections. */
export const absorbActs =
  (jars: Operations) =>
  (jar: Jar, { url, setCookies, now }: ReceivedCookies, cut: number): boolean => {
    const [whole, refused] = jars.absorb(url, setCookies, now)(jar)
    const [first, refusedFirst] = jars.absorb(url, setCookies.slice(0, cut), now)(jar)
    const [second, refusedSecond] = jars.absorb(url, setCookies.slice(cut), now)(first)
    const [unchanged, none] = jars.absorb(url, [], now)(jar)
    return (
      jars.Eq.equals(whole, second) &&
      JSON.stringify(refused) === JSON.stringify([...refusedFirst, ...refusedSecond]) &&
      jars.Eq.equals(unchanged, jar) &&
      none.length === 0
    )
  }

/** Tells whether a response changes only the cookies that it sets. For jars below the limit. */
export const absorbChangesNoOther =
  (jars: Operations) =>
  (jar: Jar, arrival: ReceivedCookies): boolean => {
    const after = jars.records(absorb(jars)(arrival)(jar))
    const held = new Map(after.map((cookie) => [slotOf(cookie), textOf(cookie)]))
    const names = new Set(arrival.setCookies.map((field) => field.split('=', 1)[0]))
    const isKept = (cookie: Cookie.Cookie): boolean =>
      names.has(cookie.name) ? held.has(slotOf(cookie)) : held.get(slotOf(cookie)) === textOf(cookie)
    return jars.records(jar).every(isKept) && isForHost(arrival, after, jar)
  }

/** Whether the new records of a jar are for the host that sent them. */
const isForHost = ({ url }: ReceivedCookies, after: ReadonlyArray<Cookie.Cookie>, before: Jar): boolean =>
  after.every(
    (cookie) =>
      cookie.updated.ms < before.clock.ms ||
      (cookie.updated.ms === before.clock.ms && cookie.updated.n <= before.clock.n) ||
      domainCovers(cookie, hostOf(url)),
  )

/** Tells whether a jar stays unchanged by writes and reads. */
export const absorbKeepsOld =
  (jars: Operations) =>
  (jar: Jar, history: History, url: URL, now: Date): boolean => {
    const before = snapshot(jars, jar)
    replay(jars)(history)(jar)
    jars.header(url, now)(jar)
    jars.evict(now)(jar)
    return snapshot(jars, jar) === before
  }

/** Tells whether two parallel responses, joined, equal the same two in sequence; only `created` may differ. */
export const parallelIsSequential =
  (jars: Operations) =>
  (jar: Jar, first: ReceivedCookies, second: ReceivedCookies): boolean => {
    const sequential = absorb(jars)(second)(absorb(jars)(first)(jar))
    const parallel = jars.join(absorb(jars)(first)(jar), absorb(jars)(second)(jar))
    return uncreated(jars, sequential) === uncreated(jars, parallel)
  }

/** The last record of each key, without its creation time; of a deletion only its time. */
const uncreated = (jars: Operations, jar: Jar): string => {
  const newest = new Map<string, Cookie.Cookie>()
  for (const cookie of jars.records(jar)) {
    const held = newest.get(keyOf(cookie))
    const order = held === undefined ? -1 : held.updated.ms - cookie.updated.ms || held.updated.n - cookie.updated.n
    if (held === undefined || order < 0 || (order === 0 && isDeleted(held))) newest.set(keyOf(cookie), cookie)
  }
  const known = Array.from(newest, ([key, cookie]) =>
    isDeleted(cookie)
      ? JSON.stringify([key, cookie.updated])
      : JSON.stringify([key, textOf({ ...cookie, created: cookie.updated })]),
  )
  return JSON.stringify([known.sort(), jar.clock])
}

// --- reach ---------------------------------------------------------------------------------------------------------

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

const isIp = (host: string): boolean => host.includes(':') || host.split('.').every((label) => /^\d+$/.test(label))

const domainCovers = ({ domain, hostOnly }: Cookie.Key, host: string): boolean => {
  if (domain === host) return true
  if (hostOnly || isIp(host)) return false
  const [ours, its] = [host.split('.').reverse(), domain.split('.').reverse()]
  return its.length < ours.length && its.every((label, i) => label === ours[i])
}

const pathCovers = (cookiePath: string, path: string): boolean => {
  const its = cookiePath.split('/')
  const ours = path.split('/')
  if (its[its.length - 1] === '') its.pop()
  return its.length <= ours.length && its.every((segment, i) => segment === ours[i]) && !(cookiePath === `${path}/`)
}

const isTrusted = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || /(^|\.)localhost$|^127\.|^\[::1\]$/.test(hostname)

const isMeantFor = (cookie: Cookie.Cookie, url: URL, now: Date): boolean =>
  domainCovers(cookie, hostOf(url)) &&
  pathCovers(cookie.path, url.pathname) &&
  (!cookie.secure || isTrusted(url)) &&
  (O.isNone(cookie.expires) || (cookie.expires.value > now.getTime() && !isDeleted(cookie)))

/** Tells whether every selected cookie matches the host, path, scheme and time. */
export const reachesOnlyItsPlaces =
  (jars: Operations) =>
  (jar: Jar, url: URL, now: Date): boolean =>
    jars
      .cookiesFor(
        url,
        now,
      )(jar)
      .every((cookie) => isMeantFor(cookie, url, now))

/** Tells whether every matching cookie is sent, and is in the header. For hosts without a public suffix below their site. */
export const reachesAllItsPlaces =
  (jars: Operations) =>
  (jar: Jar, url: URL, now: Date): boolean => {
    const sent = jars.cookiesFor(url, now)(jar)
    const meant = jars.records(jar).filter((cookie) => isMeantFor(cookie, url, now))
    const text = sent
      .map(({ name, value }) => (name === '' ? Secret.reveal(value) : `${name}=${Secret.reveal(value)}`))
      .join('; ')
    return meant.length === sent.length && read(jars, url, now, jar) === (sent.length === 0 ? undefined : text)
  }

/** Tells whether longer paths come first, then older cookies (RFC 6265bis 5.8.3). */
export const sendsInOrder =
  (jars: Operations) =>
  (jar: Jar, url: URL, now: Date): boolean => {
    const sent = jars.cookiesFor(url, now)(jar)
    return sent.every((cookie, i) => {
      const next = sent[i + 1]
      if (next === undefined || cookie.path.length > next.path.length) return true
      const isOlder = cookie.created.ms - next.created.ms || cookie.created.n - next.created.n
      return cookie.path.length === next.path.length && isOlder <= 0
    })
  }

/** Tells whether a lifetime counts from the response that set it, independently of reads. */
export const expiresOnTime =
  (jars: Operations) =>
  (jar: Jar, seconds: number, reads: ReadonlyArray<number>): boolean => {
    const url = new URL('https://example.com/')
    const [held] = jars.absorb(url, [`timed=1; Max-Age=${seconds}`], new Date(0))(jar)
    return reads.every((second) => {
      const text = read(jars, url, new Date(second * 1000), held) ?? ''
      return text.split('; ').includes('timed=1') === second < seconds
    })
  }

// --- limits --------------------------------------------------------------------------------------------------------

/** Tells whether each site has at most 360 Secure and 360 other records, and each key at most one of each kind. */
export const holdsFewForEachSite =
  (jars: Operations) =>
  (jar: Jar): boolean => {
    const slots = jars.records(jar).map(slotOf)
    return (
      new Set(slots).size === slots.length &&
      jar.cookies.every((bucket) =>
        [true, false].every((secure) => bucket.filter((cookie) => cookie.secure === secure).length <= 360),
      )
    )
  }

/** Tells whether responses over http never change or evict a Secure record, however many cookies they set. */
export const insecureKeepsSecure =
  (jars: Operations) =>
  (jar: Jar, replies: ReadonlyArray<ReceivedCookies>): boolean => {
    const secure = (held: Jar): string =>
      JSON.stringify(
        jars
          .records(held)
          .filter((one) => one.secure)
          .map(textOf),
      )
    const after = replies.reduce((held, reply) => absorb(jars)(reply)(held), jar)
    return secure(after) === secure(jar)
  }

/** Tells whether evicting expired records leaves all later Cookie headers unchanged. */
export const evictIsUnobservable =
  (jars: Operations) =>
  (jar: Jar, now: Date, url: URL, later: Date): boolean =>
    later < now || read(jars, url, later, jar) === read(jars, url, later, jars.evict(now)(jar))
