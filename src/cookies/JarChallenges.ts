/** The digest challenges in a jar, as `Jar` exports them: the newest of each origin, realm and user. See `DigestCache`. */
import * as O from 'fp-ts/lib/Option.js'
import * as DigestCache from './DigestCache.js'
import type { Jar } from './JarState.js'
import * as LogicalTime from './LogicalTime.js'

/** Stores a digest challenge: a new nonce starts at count 0, a known nonce keeps its count. */
export const remember =
  (challenge: DigestCache.Input, now: Date) =>
  (jar: Jar): Jar => {
    const clock = LogicalTime.tick(jar.clock, now.getTime())
    const challenges = DigestCache.remember(challenge, clock)(jar.challenges)
    return challenges === jar.challenges ? jar : { ...jar, challenges, clock }
  }

/** Counts one use of a nonce. */
export const counted =
  (challenge: DigestCache.Challenge) =>
  (jar: Jar): Jar => {
    const challenges = DigestCache.counted(challenge)(jar.challenges)
    return challenges === jar.challenges ? jar : { ...jar, challenges }
  }

/** Drops the digest challenges, so that two forks never count the same nonce. */
export const withoutChallenges = (jar: Jar): Jar =>
  jar.challenges.size === 0 ? jar : { ...jar, challenges: DigestCache.none }

/** Returns the newest challenge of an origin for a user, and for a URL if the query has one. */
export const challengeFor =
  (query: DigestCache.Query) =>
  (jar: Jar): O.Option<DigestCache.Challenge> =>
    jar.challenges.size === 0 ? O.none : DigestCache.find(query)(jar.challenges)
