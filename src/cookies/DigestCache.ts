/**
 * Digest challenges that servers told us to remember: the nonce for each origin, realm and user, and how often it
 * was used (RFC 7616 3.3).
 *
 * | a challenge that is remembered | its count                             |
 * |--------------------------------|---------------------------------------|
 * | with a new nonce               | 0                                     |
 * | with the nonce that is held    | kept, for a server refuses a repeated one |
 *
 * Laws: `newer` picks by stamp, then by count, then by content, so `join` is a semilattice; as with cookies only the
 * newest are kept, for a hostile server has a new realm for every reply.
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
 * const count = (held: Jar.Jar) => pipe(Jar.challengeFor(challenge)(held), O.map((one) => one.count))
 * assert.deepEqual([count(jar), count(used)], [O.some(0), O.some(1)])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Digest from '../values/Digest.js'
import * as Url from '../values/Url.js'
import * as LogicalTime from './LogicalTime.js'
import * as PersistentMap from './PersistentMap.js'

export interface Challenge extends Digest.Challenge {
  /** Scheme, host and port that challenged. */
  readonly origin: string
  /** Whose credentials answered it. */
  readonly user: string
  /** The targets (path and query) that begin the URLs of its protection space. Absent: the whole origin. */
  readonly domain?: ReadonlyArray<string>
  /** How often the nonce was used: the next `nc` is one more. */
  readonly count: number
  /** When this nonce was remembered; counting does not change it. */
  readonly updated: LogicalTime.LogicalTime
}

/** A challenge as it came. */
export type Input = Omit<Challenge, 'count' | 'updated'>

export type Challenges = PersistentMap.PersistentMap<Challenge>

export const none: Challenges = PersistentMap.empty

/** How many challenges a jar may hold. */
export const LIMIT = 180

const keyOf = ({ origin, realm, user }: Pick<Input, 'origin' | 'realm' | 'user'>): string =>
  JSON.stringify([origin, realm, user])

const content = ({ origin, realm, user, nonce, opaque, algorithm, qop, domain }: Input): string =>
  JSON.stringify([origin, realm, user, nonce, opaque, algorithm, qop, domain ?? null])

/** A total order: by stamp, then by count, then by content. */
const compareAge = (x: Challenge, y: Challenge): number => {
  if (x === y) return 0
  const [one, other] = [content(x), content(y)]
  return LogicalTime.compare(x.updated, y.updated) || x.count - y.count || (one < other ? -1 : one > other ? 1 : 0)
}

/** The one that stands where two meet. */
const newer = (x: Challenge, y: Challenge): Challenge => (compareAge(x, y) >= 0 ? x : y)

const limited = (held: Challenges): Challenges => {
  if (held.size <= LIMIT) return held
  return PersistentMap.fromEntries([...held].sort(([, x], [, y]) => compareAge(y, x)).slice(0, LIMIT))
}

/** Adds a challenge; the very map that is given where nothing is new. */
export const remember =
  (given: Input, stamp: LogicalTime.LogicalTime) =>
  (held: Challenges): Challenges => {
    const challenge = withTargets(given)
    const old = held.get(keyOf(challenge))
    if (old !== undefined && content(old) === content(challenge)) return held
    const count = old !== undefined && old.nonce === challenge.nonce ? old.count : 0
    return limited(held.set(keyOf(challenge), { ...challenge, count, updated: stamp }))
  }

/** Whose challenge is meant, and for which URL. */
export interface Query extends Pick<Challenge, 'origin' | 'user'> {
  /** A URL of that origin. Challenges whose protection space does not contain it are ignored. */
  readonly url?: Url.Url
}

/** A server may list more URIs than this; then the protection space is the whole origin. */
const MAX_URIS = 64

/** RFC 3986 2: the characters of a URI. */
const URI = /^[\w.~:/?#[\]@!$&'()*+,;=%-]+$/

/**
 * The protection space of a challenge (RFC 7616 3.3), resolved once: the targets of those URIs that lead to its own
 * origin. The credentials are not for other origins. Words that are not URIs are ignored: a list of them says nothing.
 */
const withTargets = (given: Input): Input => {
  const { domain, ...challenge } = given
  // What was resolved before may be empty: no URL of the origin.
  if (domain === undefined || domain.length === 0) return given
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

/** A URL is in a protection space if one of its targets is a prefix of the URL's, as the RFC says: text, not segments. */
const covers = ({ domain }: Challenge, url: Url.Url): boolean =>
  domain === undefined || domain.some((target) => Url.target(url).startsWith(target))

/** The newest challenge of that origin for that user, of whatever realm. */
export const find =
  ({ origin, user, url }: Query) =>
  (held: Challenges): O.Option<Challenge> => {
    let found: Challenge | undefined
    for (const challenge of held.values()) {
      if (challenge.origin !== origin || challenge.user !== user) continue
      if (url !== undefined && !covers(challenge, url)) continue
      found = found === undefined ? challenge : newer(found, challenge)
    }
    return O.fromNullable(found)
  }

/** The challenge of that origin and realm for that user. */
export const ofRealm =
  (asked: Pick<Challenge, 'origin' | 'realm' | 'user'>) =>
  (held: Challenges): O.Option<Challenge> =>
    O.fromNullable(held.get(keyOf(asked)))

/** One more use of a nonce; nothing where that nonce is held no more. */
export const counted =
  (challenge: Challenge) =>
  (held: Challenges): Challenges => {
    const old = held.get(keyOf(challenge))
    return old === undefined || old.nonce !== challenge.nonce
      ? held
      : held.set(keyOf(challenge), { ...old, count: old.count + 1 })
  }

const joinAll = PersistentMap.join(newer)

export const join = (x: Challenges, y: Challenges): Challenges => limited(joinAll(x, y))

export const equals: (x: Challenges, y: Challenges) => boolean = PersistentMap.equals((x, y) => compareAge(x, y) === 0)

/** All of them, oldest first. */
export const toArray = (held: Challenges): ReadonlyArray<Challenge> => [...held.values()].sort(compareAge)

export const fromArray = (challenges: ReadonlyArray<Challenge>): Challenges =>
  limited(PersistentMap.fromEntries(challenges.map((challenge) => [keyOf(challenge), challenge] as const)))
