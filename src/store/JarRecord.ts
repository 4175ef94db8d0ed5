/**
 * A jar as records, each of which a store keeps and compares on its own.
 *
 * | record   | key                                              | text                                  |
 * |----------|--------------------------------------------------|---------------------------------------|
 * | a cookie | name, domain, path, Secure and host-only flag    | `{"version":1,"cookie":{…}}`          |
 * | a token  | name and endpoint                                | `{"version":1,"token":{…}}`           |
 * | a policy | `["nameless"]`, if the jar takes such cookies    | `{"version":1,"nameless":true}`       |
 *
 * The fields of a cookie and a token are those of `Jar.encode`. Keys and texts have ASCII characters only, so that they do not
 * depend on the encoding of a database. A key longer than an index allows is replaced by its hash.
 *
 * Law: `jarOf(recordsOf(jar)) = jar`, without its challenges; the clock is the latest time of a record.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type * as Cookie from '../cookies/Cookie.js'
import * as Jar from '../cookies/Jar.js'
import type { JarJson } from '../cookies/JarJson.js'
import * as LogicalTime from '../cookies/LogicalTime.js'
import * as TokenStore from '../cookies/TokenStore.js'
import * as Hash from '../values/Hash.js'
import * as Printable from '../values/Printable.js'
import * as Serialization from '../values/Serialization.js'

/** A record as a store keeps it. */
export interface JarRecord {
  readonly key: string
  /** When it was written: the newer of two records with one key wins. */
  readonly time: LogicalTime.LogicalTime
  /** Whether it marks something as deleted. Of two records with one time, such a record wins. */
  readonly isRemoved: boolean
  /**
   * From when on nothing is sent because of it, in epoch milliseconds: 0 for a deletion. `undefined` if it does not end. Always
   * an integer of at most 15 digits.
   */
  readonly endsAt: number | undefined
  readonly text: string
  /** When the database wrote it, by its own clock, in epoch milliseconds. Absent before that. */
  readonly storedAt?: number
}

const VERSION = 1

/** PostgreSQL indexes at most 2,700 bytes. */
const MAX_KEY = 512

const ascii = (value: unknown): string =>
  JSON.stringify(value).replace(/[\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

const keyOf = (...parts: ReadonlyArray<string | boolean>): string => {
  const key = ascii(parts)
  return key.length <= MAX_KEY ? key : `sha256:${Hash.hex('sha256', key)}`
}

const NAMELESS: JarRecord = {
  key: keyOf('nameless'),
  time: LogicalTime.zero,
  isRemoved: false,
  endsAt: undefined,
  text: ascii({ version: VERSION, nameless: true }),
}

type CookieJson = JarJson['cookies'][number]
type TokenJson = Extract<JarJson, { readonly version: 2 }>['tokens'][number]

const keyOfCookie = ({
  name,
  domain,
  path,
  secure,
  hostOnly,
}: Pick<Cookie.Cookie, keyof Cookie.Key | 'secure'>): string => keyOf('cookie', name, domain, path, secure, hostOnly)

const keyOfToken = ({ name, endpoint }: TokenStore.TokenKey): string => keyOf('token', name, endpoint)

const timeOf = ([ms, n]: CookieJson['updated']): LogicalTime.LogicalTime => ({ ms, n })

/** PostgreSQL before 12 shows 15 digits of a number, and later ones do so with `extra_float_digits = 0`. */
const MAX_END = 10 ** 15 - 1

/** Returns when something ends that expires at a time, which may be a fraction and as late as a `Date` can be. */
const endOf = (expires: number): number => Math.min(Math.max(Math.ceil(expires), 0), MAX_END)

const cookieRecord = (cookie: CookieJson): JarRecord => ({
  key: keyOfCookie(cookie),
  time: timeOf(cookie.updated),
  isRemoved: cookie.expires !== null && cookie.expires <= 0,
  endsAt: cookie.expires === null ? undefined : endOf(cookie.expires),
  text: ascii({ version: VERSION, cookie }),
})

/** A token with a refresh token can be renewed. */
const endOfToken = ({ token }: TokenJson): number | undefined => {
  if (token === null) return 0
  return token.refreshToken !== null || token.expiresAt === null ? undefined : endOf(token.expiresAt)
}

const tokenRecord = (token: TokenJson): JarRecord => ({
  key: keyOfToken(token),
  time: timeOf(token.updated),
  isRemoved: token.token === null,
  endsAt: endOfToken(token),
  text: ascii({ version: VERSION, token }),
})

/** Returns the records of a jar. Error: `Unwritable`, if it has a value that could not be read again. */
export const recordsOf = (jar: Jar.Jar): E.Either<Serialization.EncodeError, ReadonlyArray<JarRecord>> => {
  const encoded = Jar.encode({ reveal: true })(Jar.withoutChallenges(jar))
  if (E.isLeft(encoded)) return encoded
  const json = encoded.right
  const tokens = json.version === 1 ? [] : json.tokens
  return E.right([...json.cookies.map(cookieRecord), ...tokens.map(tokenRecord), ...(json.nameless ? [NAMELESS] : [])])
}

/** What a record is after it was read. */
export type Parsed =
  | { readonly _tag: 'Cookie'; readonly cookie: Cookie.Cookie }
  | { readonly _tag: 'Token'; readonly token: TokenStore.TokenRecord }
  | { readonly _tag: 'Nameless' }

/** Returns what `parse` returns for the records of a jar, in the order of `recordsOf`, without parsing them. */
export const contentsOf = (jar: Jar.Jar): ReadonlyArray<Parsed> => [
  ...Jar.records(jar).map((cookie): Parsed => ({ _tag: 'Cookie', cookie })),
  ...TokenStore.toArray(jar.tokens).map((token): Parsed => ({ _tag: 'Token', token })),
  ...(jar.nameless ? [{ _tag: 'Nameless' } as const] : []),
]

const Content = t.readonly(t.partial({ version: t.number, cookie: t.unknown, token: t.unknown, nameless: t.boolean }))

/** The content of a record: of the three fields it has one. */
type Content = t.TypeOf<typeof Content>

const contentOf = (text: string): E.Either<string, Content> => {
  const json = Printable.parseJson(text)
  if (E.isLeft(json)) return json
  const read = Serialization.read(Content, json.right)
  if (E.isLeft(read)) return E.left(read.left.problems.join('; '))
  const { version } = read.right
  if (version === VERSION) return E.right(read.right)
  return E.left(
    version !== undefined && version > VERSION
      ? `its version is ${version}, but this release reads up to version ${VERSION}; update requests-ts`
      : `its version must be ${VERSION}`,
  )
}

/** Returns the jar of one record alone, by the rules for a saved jar. */
const jarOfContent = ({ cookie, token, nameless }: Content, policy: Cookie.Policy): E.Either<string, Jar.Jar> => {
  const decoded = Jar.decode({
    format: 'requests-ts/jar',
    version: 2,
    nameless: policy.nameless || nameless === true,
    clock: [0, 0],
    cookies: cookie === undefined ? [] : [cookie],
    challenges: [],
    tokens: token === undefined ? [] : [token],
  })
  return E.isLeft(decoded) ? E.left(decoded.left.problems.join('; ')) : decoded
}

const CHANGED = 'its key, its time or its end is not that of its content, so it was changed by hand'

const isOf = (record: JarRecord, own: JarRecord | undefined): boolean =>
  own !== undefined &&
  record.key === own.key &&
  LogicalTime.Eq.equals(record.time, own.time) &&
  record.isRemoved === own.isRemoved &&
  record.endsAt === own.endsAt

/** Parses a record. The error says why it is not valid. */
export const parse = (record: JarRecord): E.Either<string, Parsed> => {
  const content = contentOf(record.text)
  if (E.isLeft(content)) return content
  const { nameless, cookie: hasCookie, token: hasToken } = content.right
  if ([nameless, hasCookie, hasToken].filter((field) => field !== undefined).length !== 1)
    return E.left('it must have a cookie, a token or a policy')
  if (nameless === true) return isOf(record, NAMELESS) ? E.right({ _tag: 'Nameless' }) : E.left(CHANGED)
  // A cookie without a name is valid if another record allows it.
  const jar = jarOfContent(content.right, { nameless: true })
  if (E.isLeft(jar)) return jar
  const [own] = E.getOrElse((): ReadonlyArray<JarRecord> => [])(recordsOf({ ...jar.right, nameless: true }))
  if (!isOf(record, own)) return E.left(CHANGED)
  const [cookie] = Jar.records(jar.right)
  const [token] = jar.right.tokens.values()
  if (cookie !== undefined) return E.right({ _tag: 'Cookie', cookie })
  return token === undefined ? E.left('it has neither a cookie nor a token') : E.right({ _tag: 'Token', token })
}

/** Returns the jar of parsed records. */
export const jarOf = (records: ReadonlyArray<Parsed>): Jar.Jar => {
  const cookies = records.flatMap((one) => (one._tag === 'Cookie' ? [one.cookie] : []))
  const tokens = records.flatMap((one) => (one._tag === 'Token' ? [one.token] : []))
  const clock = tokens.reduce((latest, { updated }) => LogicalTime.max(latest, updated), LogicalTime.zero)
  const nameless = records.some(({ _tag }) => _tag === 'Nameless')
  return Jar.withRecords(cookies)({ ...Jar.make({ nameless }), tokens: TokenStore.fromArray(tokens), clock })
}

/** Returns whether nothing is sent because of a record, and it was stored before the horizon. */
export const isOld = ({ endsAt, storedAt }: JarRecord, now: number, horizon: number): boolean =>
  endsAt !== undefined && endsAt <= now && storedAt !== undefined && storedAt < now - horizon
