/**
 * Converts a jar to and from JSON without loss: tombstones, logical times, order and digest challenges are kept.
 *
 * Law: `decode(encode({ reveal: true })(jar)) = jar`, and equal jars have the same JSON text.
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
import type { LogicalTime } from './LogicalTime.js'

const FORMAT = 'requests-ts/jar'
const VERSION = 1

const LogicalTimeJson = t.readonly(t.tuple([Serialization.Time, Serialization.Finite]))
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
    created: LogicalTimeJson,
    updated: LogicalTimeJson,
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
    updated: LogicalTimeJson,
  }),
)

/** The JSON format. */
export const JarJson = t.readonly(
  t.type({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    nameless: t.boolean,
    clock: LogicalTimeJson,
    cookies: t.readonlyArray(CookieJson),
    challenges: t.readonlyArray(ChallengeJson),
  }),
)
export type JarJson = t.TypeOf<typeof JarJson>

const timeFromJson = ([ms, n]: readonly [number, number]): LogicalTime => ({ ms, n })
const timeToJson = ({ ms, n }: LogicalTime): readonly [number, number] => [ms, n]

/** Returns a jar as JSON. A non-empty cookie value needs `{ reveal: true }`. Error: `Unwritable`, with the paths. */
export const encode =
  (options: Serialization.Reveal = {}) =>
  (jar: JarState.Jar): E.Either<Serialization.EncodeError, JarJson> => {
    const writer = Serialization.writer(options)
    const cookies = JarState.records(jar).map((cookie, i) => ({
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
    const made = Serialization.written(writer, {
      format: FORMAT,
      version: VERSION,
      nameless: jar.nameless,
      clock: timeToJson(jar.clock),
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
  created: timeFromJson(json.created),
  updated: timeFromJson(json.updated),
  setBy: O.fromNullable(json.setBy),
})

/** Parses JSON into a jar. Applies the rules of `Jar.set` and Set-Cookie. Error: `Unreadable`, with the cookie names. */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, JarState.Jar> => {
  const known = Serialization.checkEnvelope(FORMAT, VERSION, u)
  if (E.isLeft(known)) return known
  const read = Serialization.read(JarJson, u)
  if (E.isLeft(read)) return read
  const { cookies, challenges, clock, nameless } = read.right
  const records = cookies.map(cookieOf)
  const problems = records.flatMap((cookie, i) => {
    const problem = Cookie.problemOfRecord(cookie, { nameless })
    return problem === undefined ? [] : [`cookies.${i}, ${Printable.quoted(cookie.name)}, is not valid: ${problem}`]
  })
  if (problems.length > 0) return E.left(Serialization.decodeError(problems))
  const start: JarState.Jar = {
    ...JarState.make({ nameless }),
    clock: timeFromJson(clock),
    challenges: DigestCache.fromArray(
      challenges.map(({ domain, ...json }) => ({
        ...json,
        ...(domain === undefined ? {} : { domain }),
        opaque: O.fromNullable(json.opaque),
        algorithm: O.fromNullable(json.algorithm),
        updated: timeFromJson(json.updated),
      })),
    ),
  }
  return E.right(JarState.withRecords(records)(start))
}
