/**
 * What a jar has that an older one does not have, as a jar. `Jar` exports it.
 *
 * | law     |                                                                 |
 * |---------|-----------------------------------------------------------------|
 * | enough  | `join(since, delta(since)(now)) = join(since, now)`             |
 * | no more | of each key, `since` has an older record than the delta, or none |
 * | nothing | `delta(now)(now) = empty`                                       |
 *
 * Jars that share their structure, as forks do, are compared only where they differ.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Jar } from 'requests-ts'
 *
 * const absorb = (line: string, ms: number) => (jar: Jar.Jar) =>
 *   Jar.absorb(new URL('https://h.test/'), [line], new Date(ms))(jar)[0]
 * const since = pipe(Jar.empty, absorb('a=1', 1), absorb('b=1', 2))
 * const now = pipe(since, absorb('b=2', 3))
 * const delta = Jar.delta(since)(now)
 * assert.deepEqual(Jar.toArray(delta).map(({ name }) => name), ['b'])
 * assert.equal(Jar.Eq.equals(Jar.join(since, delta), now), true)
 */
import * as CookieStore from './CookieStore.js'
import * as DigestCache from './DigestCache.js'
import { empty, type Jar } from './JarState.js'
import * as LogicalTime from './LogicalTime.js'
import * as TokenStore from './TokenStore.js'

/**
 * Returns the records of `now` that `since` does not have: cookies, tokens and challenges, with the tombstones of deleted ones.
 * Returns `Jar.empty` if `since` has all of them, unless the clock of `now` is later.
 * @since 0.2.0
 * @category combinators
 */
export const delta =
  (since: Jar) =>
  (now: Jar): Jar => {
    if (since === now) return empty
    const changed: Jar = {
      cookies: CookieStore.delta(since.cookies, now.cookies),
      challenges: DigestCache.delta(since.challenges, now.challenges),
      tokens: TokenStore.delta(since.tokens, now.tokens),
      clock: now.clock,
      // Also if it is not new: the records may need it.
      nameless: now.nameless,
    }
    const isNew = hasContent(changed) || (now.nameless && !since.nameless)
    return isNew || LogicalTime.compare(now.clock, since.clock) > 0 ? changed : empty
  }

/** Returns whether a jar has a cookie, a challenge or a token, tombstones included. */
const hasContent = ({ cookies, challenges, tokens }: Jar): boolean =>
  cookies.size > 0 || challenges.size > 0 || tokens.size > 0
