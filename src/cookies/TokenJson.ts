/** The tokens of a jar as JSON: the part of `JarJson` for them, and what both share. */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import type { LogicalTime } from './LogicalTime.js'
import * as TokenStore from './TokenStore.js'

export const LogicalTimeJson = t.readonly(t.tuple([Serialization.Time, Serialization.Finite]))
export const nullable = <C extends t.Mixed>(codec: C) => t.union([codec, t.null])

export const timeFromJson = ([ms, n]: readonly [number, number]): LogicalTime => ({ ms, n })
export const timeToJson = ({ ms, n }: LogicalTime): readonly [number, number] => [ms, n]

const TOKEN = {
  accessToken: Serialization.Line,
  type: Serialization.Line,
  refreshToken: nullable(Serialization.Line),
  scope: nullable(Serialization.Line),
  obtainedAt: Serialization.Time,
  expiresAt: nullable(Serialization.Time),
}
const RECORD = {
  name: Serialization.Line,
  endpoint: Serialization.Line,
  token: nullable(Serialization.record(TOKEN)),
  updated: LogicalTimeJson,
}

/** The fields of a record and of its token. */
export const FIELDS = { ...RECORD, ...TOKEN }

/** One record. The token of a tombstone is `null`. */
export const TokenJson = Serialization.record(RECORD)
export type TokenJson = t.TypeOf<typeof TokenJson>

/** Returns the records as JSON, oldest first. The writer refuses the secrets by paths such as `tokens[0].accessToken (api)`. */
export const write = (writer: Serialization.Writer, tokens: TokenStore.Tokens): ReadonlyArray<TokenJson> =>
  TokenStore.toArray(tokens).map(({ name, endpoint, token, updated }, i) => {
    const secret = (field: string, value: Secret.Secret) => writer.secret(`tokens[${i}].${field} (${name})`, value)
    return {
      name,
      endpoint,
      token: pipe(
        token,
        O.map(({ accessToken, type, refreshToken, scope, obtainedAt, expiresAt }) => ({
          accessToken: secret('accessToken', accessToken),
          type,
          refreshToken: O.isNone(refreshToken) ? null : secret('refreshToken', refreshToken.value),
          scope: O.toNullable(scope),
          obtainedAt,
          expiresAt: O.toNullable(expiresAt),
        })),
        O.toNullable,
      ),
      updated: timeToJson(updated),
    }
  })

/** Returns the record that a JSON value stands for. It may be invalid: see `TokenStore.problemOfRecord`. */
export const recordOf = ({ name, endpoint, token, updated }: TokenJson): TokenStore.TokenRecord => ({
  name,
  endpoint,
  token: pipe(
    O.fromNullable(token),
    O.map(({ accessToken, type, refreshToken, scope, obtainedAt, expiresAt }) => ({
      accessToken: Secret.make(accessToken),
      type,
      refreshToken: refreshToken === null ? O.none : O.some(Secret.make(refreshToken)),
      scope: O.fromNullable(scope),
      obtainedAt,
      expiresAt: O.fromNullable(expiresAt),
    })),
  ),
  updated: timeFromJson(updated),
})
