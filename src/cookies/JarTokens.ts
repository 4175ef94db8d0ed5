/**
 * The access tokens in a jar, as `Jar` exports them: the token of each name and endpoint.
 *
 * | law      |                                                                                     |
 * |----------|-------------------------------------------------------------------------------------|
 * | writes   | `join(j, withToken(k, t, now)(j)) = withToken(k, t, now)(j)`, for each older fork `j` |
 * | removals | `join(j, withoutTokens(s)(j)) = withoutTokens(s)(j)`: no token comes back              |
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Jar, Token } from 'requests-ts'
 *
 * const key = { name: 'api', endpoint: 'https://auth.example.com/token' }
 * const now = new Date(0)
 * const jar = Jar.withToken(key, Token.at(now)({ accessToken: 't0k3n', expiresIn: 3600 }), now)(Jar.empty)
 * assert.deepEqual(pipe(jar, Jar.token(key), O.map(({ expiresAt }) => expiresAt)), O.some(O.some(3_600_000)))
 * const removed = Jar.withoutTokens({ name: 'api' })(jar)
 * assert.deepEqual(Jar.tokens(Jar.join(jar, removed)), [])
 */
import * as O from 'fp-ts/lib/Option.js'
import type * as Token from '../values/Token.js'
import { empty, type Jar } from './JarState.js'
import * as LogicalTime from './LogicalTime.js'
import * as TokenStore from './TokenStore.js'

export type { TokenEntry, TokenKey, TokenRecord, TokenSelection } from './TokenStore.js'

/**
 * Returns the token of a name and endpoint, also if it has expired: see `Token.isFresh`.
 * @since 0.2.0
 * @category destructors
 */
export const token =
  (key: TokenStore.TokenKey) =>
  (jar: Jar): O.Option<Token.Token> =>
    TokenStore.find(key)(jar.tokens)

/**
 * Stores a token that was received at `now`. It replaces the one with the same name and endpoint. A jar stores the newest 180.
 * Returns the same jar if the token is not valid (`Token.problemOf`), the name has control characters, or the endpoint is not
 * an absolute URL.
 * @since 0.2.0
 * @category combinators
 */
export const withToken =
  (key: TokenStore.TokenKey, token: Token.Token, now: Date) =>
  (jar: Jar): Jar => {
    const clock = LogicalTime.tick(jar.clock, now.getTime())
    const tokens = TokenStore.store(key, token, clock)(jar.tokens)
    return tokens === jar.tokens ? jar : { ...jar, tokens, clock }
  }

/**
 * Removes the tokens of a name or endpoint, by default all. They stay removed if an older fork joins later.
 * @since 0.2.0
 * @category combinators
 */
export const withoutTokens =
  (selection: TokenStore.TokenSelection = {}) =>
  (jar: Jar): Jar => {
    const clock = LogicalTime.next(jar.clock)
    const tokens = TokenStore.remove(selection, clock)(jar.tokens)
    return tokens === jar.tokens ? jar : { ...jar, tokens, clock }
  }

/**
 * Returns the tokens in the order in which they were stored, including expired ones.
 * @since 0.2.0
 * @category destructors
 */
export const tokens = (jar: Jar): ReadonlyArray<TokenStore.TokenEntry> =>
  jar.tokens.size === 0
    ? []
    : TokenStore.toArray(jar.tokens).flatMap(({ name, endpoint, token }) =>
        O.isSome(token) ? [{ name, endpoint, token: token.value }] : [],
      )

/**
 * Returns a jar with one token and nothing else, to share the token without the cookies. It has the time of its store, so that
 * a later removal wins.
 * @internal
 */
export const onlyToken =
  (key: TokenStore.TokenKey) =>
  (jar: Jar): Jar => ({ ...empty, tokens: TokenStore.only(key)(jar.tokens), clock: jar.clock })
