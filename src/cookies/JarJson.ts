/**
 * A jar as JSON, with nothing lost: tombstones, stamps, order, digest challenges.
 *
 * Law: `decode(encode({ reveal: true })(jar)) = jar`, and the same jar gives the same text.
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
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import * as Cookie from './Cookie.js'
import * as DigestCache from './DigestCache.js'
import * as Jar from './Jar.js'
import type * as LogicalTime from './LogicalTime.js'
import * as SetCookie from './SetCookie.js'

const FORMAT = 'requests-ts/jar'
const VERSION = 1

const StampJson = t.readonly(t.tuple([Serialization.Time, Serialization.Finite]))
const nullable = <C extends t.Mixed>(codec: C) => t.union([codec, t.null])

const CookieJson = t.readonly(
  t.type({
    name: Serialization.Line,
    value: Serialization.Line,
    domain: Serialization.Line,
    hostOnly: t.boolean,
    path: Serialization.Line,
    secure: t.boolean,
    httpOnly: t.boolean,
    sameSite: nullable(t.keyof({ Strict: null, Lax: null, None: null })),
    expires: nullable(Serialization.Time),
    created: StampJson,
    updated: StampJson,
    setBy: nullable(Serialization.Line),
  }),
)

const ChallengeJson = t.readonly(
  t.type({
    origin: Serialization.Line,
    realm: Serialization.Line,
    user: Serialization.Line,
    nonce: Serialization.Line,
    opaque: nullable(Serialization.Line),
    algorithm: nullable(Serialization.Line),
    qop: t.boolean,
    domain: t.union([t.undefined, t.readonlyArray(Serialization.Line)]),
    count: Serialization.Finite,
    updated: StampJson,
  }),
)

/** The saved form. */
export const JarJson = t.readonly(
  t.type({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    nameless: t.boolean,
    clock: StampJson,
    cookies: t.readonlyArray(CookieJson),
    challenges: t.readonlyArray(ChallengeJson),
  }),
)
export type JarJson = t.TypeOf<typeof JarJson>

const toStamp = ([ms, n]: readonly [number, number]): LogicalTime.LogicalTime => ({ ms, n })
const fromStamp = ({ ms, n }: LogicalTime.LogicalTime): readonly [number, number] => [ms, n]

/** A jar to JSON. Cookie values are secrets: without `{ reveal: true }` only a jar without any can be written. */
export const encode =
  (options: Serialization.Reveal = {}) =>
  (jar: Jar.Jar): E.Either<Serialization.EncodeError, JarJson> => {
    const writer = Serialization.writer(options)
    const cookies = Jar.records(jar).map((cookie, i) => ({
      name: cookie.name,
      value: writer.secret(`cookies[${i}].value (${cookie.name})`, cookie.value),
      domain: cookie.domain,
      hostOnly: cookie.hostOnly,
      path: cookie.path,
      secure: cookie.secure,
      httpOnly: cookie.httpOnly,
      sameSite: O.toNullable(cookie.sameSite),
      expires: O.toNullable(cookie.expires),
      created: fromStamp(cookie.created),
      updated: fromStamp(cookie.updated),
      setBy: O.toNullable(cookie.setBy),
    }))
    // Field by field, so that the order of the fields is always the same.
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
      updated: fromStamp(challenge.updated),
    }))
    const made = Serialization.written(writer, {
      format: FORMAT,
      version: VERSION,
      nameless: jar.nameless,
      clock: fromStamp(jar.clock),
      cookies,
      challenges,
    } as const)
    return E.isLeft(made) ? made : Serialization.readable<JarJson>(decode)(made.right)
  }

const cookieOf = (json: JarJson['cookies'][number]): Cookie.Cookie => ({
  ...json,
  value: Secret.make(json.value),
  sameSite: O.fromNullable(json.sameSite),
  expires: O.fromNullable(json.expires),
  created: toStamp(json.created),
  updated: toStamp(json.updated),
  setBy: O.fromNullable(json.setBy),
})

/** JSON to a jar. What `Jar.set` and a Set-Cookie are refused is refused here too. Error: `Unreadable`, with the names. */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Jar.Jar> => {
  const known = Serialization.checkEnvelope(FORMAT, VERSION, u)
  if (E.isLeft(known)) return known
  const read = Serialization.read(JarJson, u)
  if (E.isLeft(read)) return read
  const { cookies, challenges, clock, nameless } = read.right
  const records = cookies.map(cookieOf)
  const problems = records.flatMap((cookie, i) => {
    const problem = Cookie.problemOfRecord(cookie, { nameless })
    return problem === undefined ? [] : [`cookies.${i}, ${SetCookie.quoted(cookie.name)}, is not valid: ${problem}`]
  })
  if (problems.length > 0) return E.left(Serialization.decodeError(problems))
  const start: Jar.Jar = {
    ...Jar.make({ nameless }),
    clock: toStamp(clock),
    challenges: DigestCache.fromArray(
      challenges.map(({ domain, ...json }) => ({
        ...json,
        ...(domain === undefined ? {} : { domain }),
        opaque: O.fromNullable(json.opaque),
        algorithm: O.fromNullable(json.algorithm),
        updated: toStamp(json.updated),
      })),
    ),
  }
  return E.right(Jar.withRecords(records)(start))
}
