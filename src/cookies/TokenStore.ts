/**
 * The access tokens of a jar, one for each name and token endpoint.
 *
 * | write        | record                                                            |
 * |--------------|-------------------------------------------------------------------|
 * | store        | the token; it replaces the one with the same key                  |
 * | remove       | a tombstone, so that an older fork does not bring the token back  |
 *
 * Laws: records are ordered by time and content, and of two writes at one time a removal wins, so `join` is a semilattice.
 * Only the newest records are kept. Tombstones count like others: otherwise the result of several joins would depend on
 * their grouping.
 *
 * Every token in a store is valid (`Token.problemOf`), and every endpoint has its canonical form.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { getEq } from 'fp-ts/lib/ReadonlyArray.js'
import { Ord as TextOrd } from 'fp-ts/lib/string.js'
import * as Token from '../values/Token.js'
import * as Url from '../values/Url.js'
import * as LogicalTime from './LogicalTime.js'
import * as PersistentMap from './PersistentMap.js'

/**
 * Identifies a token in a jar.
 * @since 0.2.0
 * @category model
 */
export interface TokenKey {
  /** The name of the credentials, such as the service that they are for. */
  readonly name: string
  /** Origin and path of the URL that issues the token, such as `https://auth.example.com/token`. */
  readonly endpoint: string
}

/**
 * A token in a jar.
 * @since 0.2.0
 * @category model
 */
export interface TokenEntry extends TokenKey {
  /** The token that is stored. */
  readonly token: Token.Token
}

/**
 * A token of a jar, or that it was removed.
 * @since 0.2.0
 * @category model
 */
export interface TokenRecord extends TokenKey {
  /** `none` if the token was removed. */
  readonly token: O.Option<Token.Token>
  /** When it was stored or removed. */
  readonly updated: LogicalTime.LogicalTime
}

/**
 * Selects tokens; an absent field matches every token.
 * @since 0.2.0
 * @category model
 */
export interface TokenSelection extends Partial<TokenKey> {}

export type Tokens = PersistentMap.PersistentMap<TokenRecord>
export const none: Tokens = PersistentMap.make()

/** Maximum number of records in a jar. */
export const LIMIT = 180

const keyOf = ({ name, endpoint }: TokenKey): string => JSON.stringify([name, endpoint])

/** Returns the origin and path of a URL. A scheme of a mount has no origin, so its host is used. */
export const toEndpoint = ({ protocol, hostname, port, origin, pathname }: Url.Url): string =>
  (origin === 'null' ? `${protocol}//${hostname}${port === '' ? '' : `:${port}`}` : origin) + pathname

/** Returns a URL as an endpoint: its origin and path. Undefined if it is not a URL with a host. */
export const endpointOf = (url: string): string | undefined => {
  const parsed = Url.parse(url)
  if (E.isLeft(parsed)) return undefined
  const { url: found } = parsed.right
  return found.hostname === '' ? undefined : toEndpoint(found)
}

const NAME = /^[^\0-\x1f\x7f]+$/

/** Returns why a key is not valid, or undefined. A stored endpoint has its canonical form. */
export const problemOfKey = ({ name, endpoint }: TokenKey): string | undefined => {
  if (typeof name !== 'string' || !NAME.test(name)) return 'its name must be text without control characters'
  const canonical = endpointOf(endpoint)
  if (canonical === undefined) return 'its endpoint must be an absolute URL, such as https://auth.example.com/token'
  return canonical === endpoint ? undefined : 'its endpoint must be the origin and path of a URL, in canonical form'
}

/** Returns why a record of a file is not valid, by the rules for `store`, or undefined. */
export const problemOfRecord = (record: TokenRecord): string | undefined =>
  problemOfKey(record) ?? (O.isNone(record.token) ? undefined : Token.problemOf(record.token.value))

/** A removal is the greatest of the writes at its time. */
const compareTokens = (x: O.Option<Token.Token>, y: O.Option<Token.Token>): number => {
  if (O.isNone(x) || O.isNone(y)) return Number(O.isNone(x)) - Number(O.isNone(y))
  return Token.Ord.compare(x.value, y.value)
}

const compareAge = (x: TokenRecord, y: TokenRecord): number => {
  if (x === y) return 0
  return (
    LogicalTime.compare(x.updated, y.updated) || compareTokens(x.token, y.token) || TextOrd.compare(keyOf(x), keyOf(y))
  )
}

const newer = (x: TokenRecord, y: TokenRecord): TokenRecord => (compareAge(x, y) >= 0 ? x : y)

const limited = (tokens: Tokens): Tokens => {
  if (tokens.size <= LIMIT) return tokens
  return PersistentMap.make([...tokens].sort(([, x], [, y]) => compareAge(y, x)).slice(0, LIMIT))
}

/** Returns the record of a key. The endpoint may be any URL with this origin and path. */
const recordOf = (key: TokenKey, tokens: Tokens): TokenRecord | undefined =>
  tokens.size === 0
    ? undefined
    : (tokens.get(keyOf(key)) ?? tokens.get(keyOf({ ...key, endpoint: endpointOf(key.endpoint) ?? '' })))

/** Returns the token with a key, unless it was removed. The endpoint may be any URL with this origin and path. */
export const find =
  (key: TokenKey) =>
  (tokens: Tokens): O.Option<Token.Token> =>
    recordOf(key, tokens)?.token ?? O.none

/** Stores a token. Returns the same map if the name, the endpoint or the token is not valid. */
export const store =
  ({ name, endpoint }: TokenKey, token: Token.Token, updated: LogicalTime.LogicalTime) =>
  (tokens: Tokens): Tokens => {
    const key = { name, endpoint: endpointOf(endpoint) ?? '' }
    if (problemOfKey(key) !== undefined || Token.problemOf(token) !== undefined) return tokens
    return limited(tokens.set(keyOf(key), { ...key, token: O.some(token), updated }))
  }

const toTombstone = ({ name, endpoint }: TokenKey, updated: LogicalTime.LogicalTime): TokenRecord => ({
  name,
  endpoint,
  token: O.none,
  updated,
})

/** Returns a function that tells whether a key is selected. An endpoint may be any URL with its origin and path. */
const matcherOf = ({ name, endpoint }: TokenSelection): ((key: TokenKey) => boolean) => {
  const canonical = endpoint === undefined ? undefined : endpointOf(endpoint)
  return (key) => (name === undefined || key.name === name) && (endpoint === undefined || key.endpoint === canonical)
}

/** Replaces every selected token by its tombstone. Returns the same map if no token is selected. */
export const remove =
  (selection: TokenSelection, updated: LogicalTime.LogicalTime) =>
  (tokens: Tokens): Tokens => {
    if (tokens.size === 0) return tokens
    const matches = matcherOf(selection)
    const selected = [...tokens].filter(([, record]) => O.isSome(record.token) && matches(record))
    return selected.reduce((rest, [key, record]) => rest.set(key, toTombstone(record, updated)), tokens)
  }

const filterMap = (tokens: Tokens, f: (record: TokenRecord) => TokenRecord | undefined): Tokens => {
  let changed = tokens
  for (const [key, record] of tokens.size === 0 ? [] : tokens) {
    const kept = f(record)
    changed = kept === undefined ? changed.delete(key) : changed.set(key, kept)
  }
  return changed
}

/** Returns whether a record has a token that can be sent or renewed. */
export const isUsable = ({ token }: TokenRecord, now: Date): boolean =>
  O.isSome(token) && Token.isUsable(now)(token.value)

/** Drops tombstones, and tokens that expired and have no refresh token. */
export const evict = (tokens: Tokens, now: Date): Tokens =>
  filterMap(tokens, (record) => (isUsable(record, now) ? record : undefined))

/** Does the same for records that were written more than `horizon` ms before `now`. Of later ones only the token is dropped. */
export const compact = (tokens: Tokens, now: Date, horizon: number): Tokens =>
  filterMap(tokens, (record) => {
    if (isUsable(record, now)) return record
    if (record.updated.ms < now.getTime() - horizon) return undefined
    return O.isNone(record.token) ? record : toTombstone(record, record.updated)
  })

/** Returns the newer record of each key. If one map already has them all, and is larger, it is returned unchanged. */
export const join = (x: Tokens, y: Tokens): Tokens => {
  if (x === y) return x
  const [large, small] = x.size >= y.size ? [x, y] : [y, x]
  return limited(large.mergeWith(newer, small))
}

/** Returns what `join` would add to `since`. */
export const delta = (since: Tokens, now: Tokens): Tokens =>
  PersistentMap.make(
    now.changesSince(since).filter(([key, added]) => {
      const known = since.get(key)
      return known === undefined || compareAge(known, added) < 0
    }),
  )

const equalLists = getEq<TokenRecord>({ equals: (x, y) => compareAge(x, y) === 0 }).equals

export const equals = (x: Tokens, y: Tokens): boolean =>
  x === y || (x.size === y.size && equalLists(toArray(x), toArray(y)))

/** Returns all records, oldest first. */
export const toArray = (tokens: Tokens): ReadonlyArray<TokenRecord> => [...tokens.values()].sort(compareAge)

/** Makes a map of records. Of several records with one key, the newest is kept. */
export const fromArray = (records: ReadonlyArray<TokenRecord>): Tokens =>
  records.length === 0
    ? none
    : limited(
        none.mergeWith(
          newer,
          records.map((record) => [keyOf(record), record]),
        ),
      )

/** Returns the record of one key alone, with its tombstone. The endpoint may be any URL with this origin and path. */
export const only =
  (key: TokenKey) =>
  (tokens: Tokens): Tokens => {
    const record = recordOf(key, tokens)
    return record === undefined ? none : none.set(keyOf(record), record)
  }
