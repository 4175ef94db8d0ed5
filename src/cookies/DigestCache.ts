/**
 * A cache of digest challenges: the nonce for each origin, realm and user, and how often it was used (RFC 7616 3.3).
 *
 * | stored challenge       | count                                                  |
 * |------------------------|--------------------------------------------------------|
 * | with a new nonce       | 0                                                      |
 * | with the known nonce   | kept, because servers refuse a repeated nonce count    |
 *
 * Laws: challenges are ordered by time, count and content, so `join` is a semilattice. Only the newest are kept, because
 * a hostile server could send a new realm with every response.
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Jar } from 'requests-ts'
 *
 * const challenge = { origin: 'https://example.com', realm: 'r', user: 'me', nonce: 'n1',
 *   opaque: O.none, algorithm: O.some('SHA-256'), qop: true }
 * const jar = Jar.remember(challenge, new Date(0))(Jar.empty)
 * const found = Jar.challengeFor({ origin: 'https://example.com', user: 'me' })(jar)
 * const used = O.isSome(found) ? Jar.counted(found.value)(jar) : jar
 * const count = (jar: Jar.Jar) => pipe(Jar.challengeFor(challenge)(jar), O.map((one) => one.count))
 * assert.deepEqual([count(jar), count(used)], [O.some(0), O.some(1)])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { getEq } from 'fp-ts/lib/ReadonlyArray.js'
import { Ord as TextOrd } from 'fp-ts/lib/string.js'
import type * as Digest from '../values/Digest.js'
import * as Url from '../values/Url.js'
import * as LogicalTime from './LogicalTime.js'
import * as PersistentMap from './PersistentMap.js'

/** A digest challenge that a server sent. */
export interface Challenge extends Digest.Challenge {
  /** Scheme, host and port of the server that sent the challenge. */
  readonly origin: string
  /** The user whose credentials answered it. */
  readonly user: string
  /** The targets (path and query) that begin the URLs of its protection space. Absent: the whole origin. */
  readonly domain?: ReadonlyArray<string>
  /** How often the nonce was used: the next `nc` is one more. */
  readonly count: number
  /** When this nonce was stored; counting does not change it. */
  readonly updated: LogicalTime.LogicalTime
}

/** A challenge as received. */
export type Input = Omit<Challenge, 'count' | 'updated'>

export type Challenges = PersistentMap.PersistentMap<Challenge>
export const none: Challenges = PersistentMap.make()

/** Maximum number of challenges in a jar. */
export const LIMIT = 180

const keyOf = ({ origin, realm, user }: Pick<Input, 'origin' | 'realm' | 'user'>): string =>
  JSON.stringify([origin, realm, user])

const content = ({ origin, realm, user, nonce, opaque, algorithm, qop, domain }: Input): string =>
  JSON.stringify([origin, realm, user, nonce, opaque, algorithm, qop, domain ?? null])

const compareAge = (x: Challenge, y: Challenge): number => {
  if (x === y) return 0
  return LogicalTime.compare(x.updated, y.updated) || x.count - y.count || TextOrd.compare(content(x), content(y))
}

const newer = (x: Challenge, y: Challenge): Challenge => (compareAge(x, y) >= 0 ? x : y)

const limited = (challenges: Challenges): Challenges => {
  if (challenges.size <= LIMIT) return challenges
  return PersistentMap.make([...challenges].sort(([, x], [, y]) => compareAge(y, x)).slice(0, LIMIT))
}

/** Adds a challenge. Returns the same map if it already has it. */
export const remember =
  (input: Input, time: LogicalTime.LogicalTime) =>
  (challenges: Challenges): Challenges => {
    const challenge = withTargets(input)
    const old = challenges.get(keyOf(challenge))
    if (old !== undefined && content(old) === content(challenge)) return challenges
    const count = old !== undefined && old.nonce === challenge.nonce ? old.count : 0
    return limited(challenges.set(keyOf(challenge), { ...challenge, count, updated: time }))
  }

/** Selects a challenge by origin, user and optionally URL. */
export interface Query extends Pick<Challenge, 'origin' | 'user'> {
  /** A URL of that origin. Challenges whose protection space does not contain it are ignored. */
  readonly url?: Url.Url
}

/** If a server lists more URIs than this, the protection space is the whole origin. */
const MAX_URIS = 64

/** RFC 3986 2: the characters of a URI. */
const URI = /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/

/** Resolves the `domain` URIs of a challenge to targets (RFC 7616 3.3). Drops URIs that are invalid or foreign. */
const withTargets = (input: Input): Input => {
  const { domain, ...challenge } = input
  // A resolved list may be empty: then no URL of the origin is in the protection space.
  if (domain === undefined || domain.length === 0) return input
  const root = Url.parse(`${challenge.origin}/`)
  if (domain.length > MAX_URIS || E.isLeft(root)) return challenge
  const { url } = root.right
  const urls = domain.flatMap((uri) => {
    const absolute = URI.test(uri) ? Url.resolve(url)(uri) : E.left(undefined)
    return E.isLeft(absolute) ? [] : [absolute.right.url]
  })
  if (urls.length === 0) return challenge
  return { ...challenge, domain: [...new Set(urls.filter(({ origin }) => origin === url.origin).map(Url.target))] }
}

/** A URL is in a protection space if a target is a prefix of the URL's target, compared as text as in RFC 7616 3.3. */
const covers = ({ domain }: Challenge, url: Url.Url): boolean =>
  domain === undefined || domain.some((target) => Url.target(url).startsWith(target))

/** Returns the newest challenge of an origin for a user, in any realm. */
export const find =
  ({ origin, user, url }: Query) =>
  (challenges: Challenges): O.Option<Challenge> => {
    let found: Challenge | undefined
    for (const challenge of challenges.values()) {
      if (challenge.origin !== origin || challenge.user !== user) continue
      if (url !== undefined && !covers(challenge, url)) continue
      found = found === undefined ? challenge : newer(found, challenge)
    }
    return O.fromNullable(found)
  }

export const ofRealm =
  (key: Pick<Challenge, 'origin' | 'realm' | 'user'>) =>
  (challenges: Challenges): O.Option<Challenge> =>
    O.fromNullable(challenges.get(keyOf(key)))

/** Counts one use of a nonce, after those that either count. Returns the same map if it has another nonce by now. */
export const counted =
  (challenge: Challenge) =>
  (challenges: Challenges): Challenges => {
    const old = challenges.get(keyOf(challenge))
    return old === undefined || old.nonce !== challenge.nonce
      ? challenges
      : challenges.set(keyOf(challenge), { ...old, count: Math.max(old.count, challenge.count) + 1 })
  }

/** Returns the newer challenge of each key. If one map already has them all, and is larger, it is returned unchanged. */
export const join = (x: Challenges, y: Challenges): Challenges => {
  if (x === y) return x
  const [large, small] = x.size >= y.size ? [x, y] : [y, x]
  return limited(large.mergeWith(newer, small))
}

/** Returns what `join` would add to `since`. */
export const delta = (since: Challenges, now: Challenges): Challenges =>
  PersistentMap.make(
    now.changesSince(since).filter(([key, added]) => {
      const known = since.get(key)
      return known === undefined || compareAge(known, added) < 0
    }),
  )

const equalLists = getEq<Challenge>({ equals: (x, y) => compareAge(x, y) === 0 }).equals

export const equals = (x: Challenges, y: Challenges): boolean => x === y || equalLists(toArray(x), toArray(y))

/** Returns all challenges, oldest first. */
export const toArray = (challenges: Challenges): ReadonlyArray<Challenge> => [...challenges.values()].sort(compareAge)

export const fromArray = (challenges: ReadonlyArray<Challenge>): Challenges =>
  limited(PersistentMap.make(challenges.map((challenge) => [keyOf(challenge), challenge])))
