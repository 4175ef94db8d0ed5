/**
 * Converts a jar to and from tough-cookie's `SerializedCookieJar`.
 *
 * Not written: logical times below a millisecond, tombstones, digest challenges, tokens. tough-cookie does not distinguish
 * two cookies that differ only in the host-only flag. Written cookies have an absolute expiry and never a `maxAge`, which
 * tough-cookie would count again from every read.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Jar, ToughJson } from 'requests-ts'
 *
 * const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=1'], new Date(0))(Jar.empty)
 * const again = ToughJson.read(ToughJson.write(new Date(0))(jar))
 * assert.deepEqual(E.isRight(again) && Jar.toArray(again.right).map(({ name }) => name), ['sid'])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import * as Cookie from './Cookie.js'
import * as Jar from './Jar.js'
import { sameSiteOf } from './SetCookie.js'

// ECMA-262 21.4.1.1.
const MAX_TIME_MS = 8.64e15

const time = t.union([t.string, Serialization.Finite])

const CookieJson = t.intersection([
  t.type({ key: Serialization.Line, value: Serialization.Line, domain: Serialization.Line, path: Serialization.Line }),
  t.partial({
    expires: t.union([t.string, t.null]),
    maxAge: t.union([Serialization.Finite, t.string, t.null]),
    secure: t.boolean,
    httpOnly: t.boolean,
    hostOnly: t.union([t.boolean, t.null]),
    creation: t.union([time, t.null]),
    lastAccessed: t.union([time, t.null]),
    sameSite: t.union([t.string, t.null]),
  }),
])
type CookieJson = t.TypeOf<typeof CookieJson>

const ToughJson = t.type({ cookies: t.readonlyArray(CookieJson) })

/** The input of tough-cookie's `CookieJar.deserialize`. */
export interface SerializedCookieJar {
  /** `tough-cookie@` and its version. */
  readonly version: string
  /** The name of the store class of tough-cookie. */
  readonly storeType: string
  /** Whether cookies for public suffixes are rejected: always true. */
  readonly rejectPublicSuffixes: boolean
  /** Whether cookies without a name are read, as the jar does. */
  readonly enableLooseMode: boolean
  /** One record for each cookie, with its value in clear text. */
  readonly cookies: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/** Clamps the time to what a `Date` can represent. */
const iso = (ms: number): string => new Date(Math.max(-MAX_TIME_MS, Math.min(MAX_TIME_MS, ms)) || 0).toISOString()

const jsonOf = (cookie: Cookie.Cookie): Readonly<Record<string, unknown>> => ({
  key: cookie.name,
  value: Secret.reveal(cookie.value),
  domain: cookie.domain,
  path: cookie.path,
  hostOnly: cookie.hostOnly,
  creation: iso(cookie.created.ms),
  lastAccessed: iso(cookie.updated.ms),
  ...(O.isSome(cookie.expires) ? { expires: iso(cookie.expires.value) } : {}),
  ...(cookie.secure ? { secure: true } : {}),
  ...(cookie.httpOnly ? { httpOnly: true } : {}),
  ...(O.isSome(cookie.sameSite) ? { sameSite: cookie.sameSite.value.toLowerCase() } : {}),
})

/** Returns the live cookies, with their values in clear text, in creation order. */
export const write =
  (now: Date) =>
  (jar: Jar.Jar): SerializedCookieJar => ({
    version: 'tough-cookie@6.1.0',
    storeType: 'MemoryCookieStore',
    rejectPublicSuffixes: true,
    enableLooseMode: jar.nameless,
    cookies: Jar.current(jar)
      .filter((cookie) => Cookie.isLive(cookie, now.getTime()))
      .map(jsonOf),
  })

const msOf = (time: string | number | null | undefined): number | undefined => {
  const ms = time === null || time === undefined ? Number.NaN : new Date(time).getTime()
  return Number.isNaN(ms) ? undefined : ms
}

/** Max-Age takes precedence over Expires and counts from the last access, as in tough-cookie. */
const expiryOf = ({ maxAge, expires, lastAccessed, creation }: CookieJson): number | undefined => {
  if (typeof maxAge !== 'number') return maxAge === '-Infinity' ? 0 : msOf(expires)
  return maxAge <= 0 ? 0 : (msOf(lastAccessed) ?? msOf(creation) ?? 0) + maxAge * 1000
}

const inputOf = (json: CookieJson): Cookie.Input => {
  const expires = expiryOf(json)
  const sameSite = sameSiteOf(json.sameSite ?? '')
  return {
    name: json.key,
    value: json.value,
    domain: json.domain,
    path: json.path,
    hostOnly: json.hostOnly === true,
    secure: json.secure === true,
    httpOnly: json.httpOnly === true,
    ...(expires === undefined ? {} : { expires: new Date(expires) }),
    ...(O.isNone(sameSite) ? {} : { sameSite: sameSite.value }),
  }
}

/** Parses a `SerializedCookieJar`. tough-cookie's own recursion loses cookies above some thousands. Error: `Unreadable`. */
export const read = (u: unknown): E.Either<Serialization.DecodeError, Jar.Jar> => {
  const json = Serialization.read(ToughJson, u)
  if (E.isLeft(json)) return json
  const entries = json.right.cookies.map((cookie) => ({
    input: inputOf(cookie),
    at: new Date(msOf(cookie.creation) ?? 0),
  }))
  const { jar, problems } = Jar.setAll(entries)(Jar.empty)
  const messages = Array.from(problems, ([i, { message }]) => `cookies.${i}: ${message}`)
  return messages.length > 0 ? E.left(Serialization.decodeError(messages)) : E.right(jar)
}
