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
import * as Challenge from './Challenge.js'
import * as Cookie from './Cookie.js'
import * as Jar from './Jar.js'
import * as Saved from './Saved.js'
import * as Secret from './Secret.js'
import * as SetCookie from './SetCookie.js'
import type * as Stamp from './Stamp.js'

const FORMAT = 'requests-ts/jar'
const VERSION = 1

const StampJson = t.readonly(t.tuple([Saved.Time, Saved.Finite]))
const nullable = <C extends t.Mixed>(codec: C) => t.union([codec, t.null])

const CookieJson = t.readonly(
  t.type({
    name: Saved.Line,
    value: Saved.Line,
    domain: Saved.Line,
    hostOnly: t.boolean,
    path: Saved.Line,
    secure: t.boolean,
    httpOnly: t.boolean,
    sameSite: nullable(t.keyof({ Strict: null, Lax: null, None: null })),
    expires: nullable(Saved.Time),
    created: StampJson,
    updated: StampJson,
    setBy: nullable(Saved.Line),
  }),
)

const ChallengeJson = t.readonly(
  t.type({
    origin: Saved.Line,
    realm: Saved.Line,
    user: Saved.Line,
    nonce: Saved.Line,
    opaque: nullable(Saved.Line),
    algorithm: nullable(Saved.Line),
    qop: t.boolean,
    domain: t.union([t.undefined, t.readonlyArray(Saved.Line)]),
    count: Saved.Finite,
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

const toStamp = ([ms, n]: readonly [number, number]): Stamp.Stamp => ({ ms, n })
const fromStamp = ({ ms, n }: Stamp.Stamp): readonly [number, number] => [ms, n]

/** A jar to JSON. Cookie values are secrets: without `{ reveal: true }` only a jar without any can be written. */
export const encode =
  (options: Saved.Reveal = {}) =>
  (jar: Jar.Jar): E.Either<Saved.Unwritable, JarJson> => {
    const writer = Saved.writer(options)
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
    const challenges = Challenge.toArray(jar.challenges).map((challenge) => ({
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
    const made = Saved.written(writer, {
      format: FORMAT,
      version: VERSION,
      nameless: jar.nameless,
      clock: fromStamp(jar.clock),
      cookies,
      challenges,
    } as const)
    return E.isLeft(made) ? made : Saved.readable<JarJson>(decode)(made.right)
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
export const decode = (u: unknown): E.Either<Saved.Unreadable, Jar.Jar> => {
  const known = Saved.checkEnvelope(FORMAT, VERSION, u)
  if (E.isLeft(known)) return known
  const read = Saved.read(JarJson, u)
  if (E.isLeft(read)) return read
  const { cookies, challenges, clock, nameless } = read.right
  const records = cookies.map(cookieOf)
  const problems = records.flatMap((cookie, i) => {
    const problem = Cookie.problemOfRecord(cookie, { nameless })
    return problem === undefined ? [] : [`cookies.${i}, ${SetCookie.quoted(cookie.name)}, is not valid: ${problem}`]
  })
  if (problems.length > 0) return E.left(Saved.unreadable(problems))
  const start: Jar.Jar = {
    ...Jar.make({ nameless }),
    clock: toStamp(clock),
    challenges: Challenge.fromArray(
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
