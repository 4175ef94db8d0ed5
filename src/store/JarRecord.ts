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
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Cookie from '../cookies/Cookie.js'
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
  readonly text: string
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

const cookieRecord = (cookie: CookieJson): JarRecord => ({
  key: keyOfCookie(cookie),
  time: timeOf(cookie.updated),
  isRemoved: cookie.expires !== null && cookie.expires <= 0,
  text: ascii({ version: VERSION, cookie }),
})

const tokenRecord = (token: TokenJson): JarRecord => ({
  key: keyOfToken(token),
  time: timeOf(token.updated),
  isRemoved: token.token === null,
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
      : 'it has no known version',
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

/** What a record is after it was read. */
export type Parsed =
  | { readonly _tag: 'Cookie'; readonly cookie: Cookie.Cookie }
  | { readonly _tag: 'Token'; readonly token: TokenStore.TokenRecord }
  | { readonly _tag: 'Nameless' }

const CHANGED = 'its key or its time is not that of its content, so it was changed by hand'

const isOf = (record: JarRecord, key: string, time: LogicalTime.LogicalTime, isRemoved: boolean): boolean =>
  record.key === key && LogicalTime.Eq.equals(record.time, time) && record.isRemoved === isRemoved

/** Parses a record. The error says why it is not valid. */
export const parse = (record: JarRecord): E.Either<string, Parsed> => {
  const content = contentOf(record.text)
  if (E.isLeft(content)) return content
  if (content.right.nameless === true) return E.right({ _tag: 'Nameless' })
  // A cookie without a name is valid if another record allows it.
  const jar = jarOfContent(content.right, { nameless: true })
  if (E.isLeft(jar)) return jar
  const [cookie] = Jar.records(jar.right)
  const [token] = jar.right.tokens.values()
  if (cookie !== undefined) {
    const isSame = isOf(record, keyOfCookie(cookie), cookie.updated, Cookie.isTombstone(cookie))
    return isSame ? E.right({ _tag: 'Cookie', cookie }) : E.left(CHANGED)
  }
  if (token === undefined) return E.left('it has neither a cookie nor a token')
  const isSame = isOf(record, keyOfToken(token), token.updated, O.isNone(token.token))
  return isSame ? E.right({ _tag: 'Token', token }) : E.left(CHANGED)
}

/** Returns the jar of parsed records. */
export const jarOf = (records: ReadonlyArray<Parsed>): Jar.Jar => {
  const cookies = records.flatMap((one) => (one._tag === 'Cookie' ? [one.cookie] : []))
  const tokens = records.flatMap((one) => (one._tag === 'Token' ? [one.token] : []))
  const clock = tokens.reduce((latest, { updated }) => LogicalTime.max(latest, updated), LogicalTime.zero)
  const nameless = records.some(({ _tag }) => _tag === 'Nameless')
  return Jar.withRecords(cookies)({ ...Jar.make({ nameless }), tokens: TokenStore.fromArray(tokens), clock })
}

/** Returns whether a record was written before a time, and nothing is sent because of it. */
export const isOld = (parsed: Parsed, now: Date, horizon: number): boolean => {
  const since = now.getTime() - horizon
  switch (parsed._tag) {
    case 'Cookie':
      return parsed.cookie.updated.ms < since && !Cookie.isLive(parsed.cookie, now.getTime())
    case 'Token':
      return parsed.token.updated.ms < since && !TokenStore.isUsable(parsed.token, now)
    case 'Nameless':
      return false
  }
}

/** Returns a jar without its old records: those that a store drops. */
export const withoutOld = (jar: Jar.Jar, now: Date, horizon: number): Jar.Jar => {
  const cookies = Jar.records(jar)
  const tokens = [...jar.tokens.values()]
  const keptCookies = cookies.filter((cookie) => !isOld({ _tag: 'Cookie', cookie }, now, horizon))
  const keptTokens = tokens.filter((token) => !isOld({ _tag: 'Token', token }, now, horizon))
  if (keptCookies.length === cookies.length && keptTokens.length === tokens.length) return jar
  return Jar.withRecords(keptCookies)({ ...jar, tokens: TokenStore.fromArray(keptTokens) })
}
