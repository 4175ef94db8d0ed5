/**
 * Converts a jar to and from JSON without loss: tombstones, logical times, order, digest challenges and tokens are kept.
 *
 * | version | written for a jar                     | read by                                        |
 * |---------|---------------------------------------|------------------------------------------------|
 * | 1       | that never had a token                | all releases                                   |
 * | 2       | with tokens, or tombstones of tokens  | 0.2.0 and later; 0.1 refuses it as `Unreadable` |
 *
 * An older release that read a file with tokens would drop them when it writes the file, and a refresh token may exist
 * nowhere else. Without tokens, it can use the file as before.
 *
 * Law: `decode(encode({ reveal: true })(jar)) = jar`, and equal jars have the same JSON text, whatever version they were
 * read from.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Jar } from 'requests-ts'
 *
 * const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=1'], new Date(0))(Jar.empty)
 * assert.deepEqual(pipe(jar, Jar.encode(), E.mapLeft(({ paths }) => paths)), E.left(['cookies[0].value (sid)']))
 * const again = pipe(jar, Jar.encode({ reveal: true }), E.flatMap(Jar.decode))
 * assert.equal(E.isRight(again) && Jar.Eq.equals(again.right, jar), true)
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Printable from '../values/Printable.js'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import * as Cookie from './Cookie.js'
import * as DigestCache from './DigestCache.js'
import * as JarState from './JarState.js'
import * as LogicalTime from './LogicalTime.js'
import * as TokenJson from './TokenJson.js'
import * as TokenStore from './TokenStore.js'

const FORMAT = 'requests-ts/jar'
const NEWEST = 2

const { LogicalTimeJson, nullable } = TokenJson

const COOKIE = {
  name: Serialization.Line,
  value: Serialization.Line,
  domain: Serialization.Line,
  hostOnly: t.boolean,
  path: Serialization.Line,
  secure: t.boolean,
  httpOnly: t.boolean,
  sameSite: nullable(t.keyof({ Strict: null, Lax: null, None: null })),
  expires: nullable(Serialization.Time),
  created: LogicalTimeJson,
  updated: LogicalTimeJson,
  setBy: nullable(Serialization.Line),
}

const CHALLENGE = {
  origin: Serialization.Line,
  realm: Serialization.Line,
  user: Serialization.Line,
  nonce: Serialization.Line,
  opaque: nullable(Serialization.Line),
  algorithm: nullable(Serialization.Line),
  qop: t.boolean,
  domain: t.union([t.undefined, t.readonlyArray(Serialization.Line)]),
  count: Serialization.Finite,
  updated: LogicalTimeJson,
}

const FIELDS = {
  format: t.literal(FORMAT),
  nameless: t.boolean,
  clock: LogicalTimeJson,
  cookies: t.readonlyArray(Serialization.record(COOKIE)),
  challenges: t.readonlyArray(Serialization.record(CHALLENGE)),
}
const WithoutTokens = Serialization.record({ ...FIELDS, version: t.literal(1) })
const WithTokens = Serialization.record({
  ...FIELDS,
  version: t.literal(2),
  tokens: t.readonlyArray(TokenJson.TokenJson),
})

/** The names of the fields of all records. */
const NAMES = [FIELDS, { version: 0, tokens: 0 }, COOKIE, CHALLENGE, TokenJson.FIELDS].flatMap(Object.keys)

/** The JSON format, in both versions. */
export const JarJson = t.union([WithoutTokens, WithTokens])
export type JarJson = t.TypeOf<typeof JarJson>

const { timeFromJson, timeToJson } = TokenJson

/**
 * Returns a jar as JSON. A non-empty cookie value and a token need `{ reveal: true }`. Error: `Unwritable`, with the paths,
 * such as `cookies[0].value (sid)` and `tokens[0].accessToken (api)`.
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  (jar: JarState.Jar): E.Either<Serialization.EncodeError, JarJson> => {
    const writer = Serialization.writer(options)
    const records = JarState.records(jar)
    const cookies = records.map((cookie, i) => ({
      name: cookie.name,
      value: writer.secret(`cookies[${i}].value (${cookie.name})`, cookie.value),
      domain: cookie.domain,
      hostOnly: cookie.hostOnly,
      path: cookie.path,
      secure: cookie.secure,
      httpOnly: cookie.httpOnly,
      sameSite: O.toNullable(cookie.sameSite),
      expires: O.toNullable(cookie.expires),
      created: timeToJson(cookie.created),
      updated: timeToJson(cookie.updated),
      setBy: O.toNullable(cookie.setBy),
    }))
    // Field by field, so that the order of the fields does not depend on the challenge.
    const challenges = DigestCache.toArray(jar.challenges).map((challenge) => ({
      origin: challenge.origin,
      realm: challenge.realm,
      user: challenge.user,
      nonce: challenge.nonce,
      opaque: O.toNullable(challenge.opaque),
      algorithm: O.toNullable(challenge.algorithm),
      qop: challenge.qop,
      domain: challenge.domain,
      count: challenge.count,
      updated: timeToJson(challenge.updated),
    }))
    const tokens = TokenJson.write(writer, jar.tokens)
    const { nameless } = jar
    const clock = timeToJson(jar.clock)
    const made = Serialization.written<JarJson>(
      writer,
      tokens.length === 0
        ? { format: FORMAT, version: 1, nameless, clock, cookies, challenges }
        : { format: FORMAT, version: 2, nameless, clock, cookies, challenges, tokens },
    )
    if (E.isLeft(made)) return made
    // An invalid value fails when it is saved, and not when it is loaded.
    const read = readVersion(made.right)
    const problems = E.isLeft(read) ? read.left.problems : problemsOf(jar, records, TokenStore.toArray(jar.tokens))
    return problems.length === 0 ? made : E.left(Serialization.encodeError(problems))
  }

const cookieOf = (json: JarJson['cookies'][number]): Cookie.Cookie => ({
  name: json.name,
  value: Secret.make(json.value),
  domain: json.domain,
  hostOnly: json.hostOnly,
  path: json.path,
  secure: json.secure,
  httpOnly: json.httpOnly,
  sameSite: O.fromNullable(json.sameSite),
  expires: O.fromNullable(json.expires),
  created: timeFromJson(json.created),
  updated: timeFromJson(json.updated),
  setBy: O.fromNullable(json.setBy),
})

const problemsIn = <A extends { readonly name: string }>(
  list: string,
  records: ReadonlyArray<A>,
  problemOf: (record: A) => string | undefined,
): ReadonlyArray<string> =>
  records.flatMap((record, i) => {
    const problem = problemOf(record)
    return problem === undefined ? [] : [`${list}.${i}, ${Printable.quoted(record.name)}, is not valid: ${problem}`]
  })

const isFirstVersion = t.type({ version: t.literal(1) }).is

/** Reads the JSON by the codec of its version, so that an error names the positions of that version only. */
const readVersion = (u: unknown): E.Either<Serialization.DecodeError, JarJson> => {
  const known = Serialization.checkEnvelope(FORMAT, NEWEST, u)
  if (E.isLeft(known)) return known
  return isFirstVersion(u)
    ? Serialization.readRecord(WithoutTokens, NAMES, u)
    : Serialization.readRecord(WithTokens, NAMES, u)
}

/** Returns `Cookie.problemOfRecord` for many records with few domains: parses each domain once. */
const cookieChecker = (policy: Cookie.Policy): ((cookie: Cookie.Cookie) => string | undefined) => {
  const byDomain = new Map<string, string | undefined>()
  return (cookie) => {
    const place = `${cookie.hostOnly} ${cookie.domain}`
    if (!byDomain.has(place)) byDomain.set(place, Cookie.domainProblem(cookie))
    return byDomain.get(place) ?? Cookie.storageProblem(cookie, policy)
  }
}

/** Applies the rules beyond the types of the fields. */
const problemsOf = (
  policy: Cookie.Policy,
  cookies: ReadonlyArray<Cookie.Cookie>,
  tokens: ReadonlyArray<TokenStore.TokenRecord>,
): ReadonlyArray<string> => [
  ...problemsIn('cookies', cookies, cookieChecker(policy)),
  ...problemsIn('tokens', tokens, TokenStore.problemOfRecord),
]

const challengeOf = ({ domain, ...json }: JarJson['challenges'][number]): DigestCache.Challenge => ({
  ...json,
  ...(domain === undefined ? {} : { domain }),
  opaque: O.fromNullable(json.opaque),
  algorithm: O.fromNullable(json.algorithm),
  updated: timeFromJson(json.updated),
})

/**
 * Parses JSON into a jar. Applies the rules of `Jar.set`, `Jar.withToken` and Set-Cookie. Error: `Unreadable`, with the names
 * of cookies and tokens.
 */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, JarState.Jar> => {
  const read = readVersion(u)
  if (E.isLeft(read)) return read
  const json = read.right
  const cookies = json.cookies.map(cookieOf)
  const tokens = json.version === 1 ? [] : json.tokens.map(TokenJson.recordOf)
  const problems = problemsOf(json, cookies, tokens)
  if (problems.length > 0) return E.left(Serialization.decodeError(problems))
  const start: JarState.Jar = {
    ...JarState.make({ nameless: json.nameless }),
    clock: tokens.reduce((latest, { updated }) => LogicalTime.max(latest, updated), timeFromJson(json.clock)),
    tokens: TokenStore.fromArray(tokens),
    challenges: DigestCache.fromArray(json.challenges.map(challengeOf)),
  }
  return E.right(JarState.withRecords(cookies)(start))
}
