/**
 * The laws of the access tokens in a cookie jar, as predicates over any implementation with the operations of `Jar`. The
 * semilattice laws of `JarLaws` cover tokens too.
 *
 * | law                      | a mistake that it finds                                             |
 * |--------------------------|---------------------------------------------------------------------|
 * | `storedIsFound`          | a token that loses its refresh token, or replaces one of another key |
 * | `joinKeepsRemovals`      | a removal that leaves nothing behind                                |
 * | `evictKeepsUsable`       | tokens that are dropped on expiry although they can be renewed      |
 */
import * as O from 'fp-ts/lib/Option.js'
import type * as JarOf from '../src/cookies/Jar.js'
import * as Secret from '../src/values/Secret.js'
import type { Token } from '../src/values/Token.js'

type Jar = JarOf.Jar

/** The operations that the laws use. */
export type Operations = Pick<typeof JarOf, 'token' | 'tokens' | 'withToken' | 'withoutTokens' | 'evict' | 'join'>

/** Everything in a token as text, with its secrets. */
export const textOf = (token: Token): string =>
  JSON.stringify([
    Secret.reveal(token.accessToken),
    token.type,
    O.toNullable(O.map(Secret.reveal)(token.refreshToken)),
    O.toNullable(token.scope),
    token.obtainedAt,
    O.toNullable(token.expiresAt),
  ])

const isSameKey = (x: JarOf.TokenKey, y: JarOf.TokenKey): boolean => x.name === y.name && x.endpoint === y.endpoint

const othersThan = (jars: Operations, key: JarOf.TokenKey, jar: Jar): string =>
  JSON.stringify(
    jars
      .tokens(jar)
      .filter((entry) => !isSameKey(entry, key))
      .map(({ name, endpoint, token }) => [name, endpoint, textOf(token)]),
  )

const isFound = (jars: Operations, key: JarOf.TokenKey, token: Token, jar: Jar): boolean => {
  const found = jars.token(key)(jar)
  return (
    O.isSome(found) &&
    textOf(found.value) === textOf(token) &&
    jars.tokens(jar).some((entry) => isSameKey(entry, key) && textOf(entry.token) === textOf(token))
  )
}

/** Tells whether a stored token is found unchanged, also after a join with the older jar, and others stay as they are. */
export const storedIsFound =
  (jars: Operations) =>
  (jar: Jar, key: JarOf.TokenKey, token: Token, now: Date): boolean => {
    const after = jars.withToken(key, token, now)(jar)
    return (
      [after, jars.join(jar, after), jars.join(after, jar)].every((one) => isFound(jars, key, token, one)) &&
      othersThan(jars, key, after) === othersThan(jars, key, jar) &&
      jars.tokens(after).every((entry) => isFound(jars, entry, entry.token, after))
    )
  }

/** Tells whether removed tokens, and only they, are missing, also after a join with the jar that still has them. */
export const joinKeepsRemovals =
  (jars: Operations) =>
  (jar: Jar, selection: JarOf.TokenSelection): boolean => {
    const isSelected = ({ name, endpoint }: JarOf.TokenKey): boolean =>
      (selection.name ?? name) === name && (selection.endpoint ?? endpoint) === endpoint
    const removed = jars.withoutTokens(selection)(jar)
    const kept = jars.tokens(jar).filter((entry) => !isSelected(entry))
    return [removed, jars.join(jar, removed), jars.join(removed, jar)].every((one) => {
      const left = jars.tokens(one)
      return (
        left.length === kept.length && left.every((entry) => O.isSome(jars.token(entry)(one)) && !isSelected(entry))
      )
    })
  }

const canBeUsed = ({ refreshToken, expiresAt }: Token, now: Date): boolean =>
  O.isSome(refreshToken) || O.isNone(expiresAt) || expiresAt.value > now.getTime()

/** Tells whether evicting keeps every token that has not expired or has a refresh token, as it is. */
export const evictKeepsUsable =
  (jars: Operations) =>
  (jar: Jar, now: Date): boolean => {
    const after = jars.evict(now)(jar)
    return jars.tokens(jar).every((entry) => !canBeUsed(entry.token, now) || isFound(jars, entry, entry.token, after))
  }
