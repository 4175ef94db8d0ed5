/**
 * tough-cookie's `SerializedCookieJar`: a jar goes into a project that uses tough-cookie, and comes out of one.
 *
 * Lost on the way out: stamps below a millisecond, tombstones, digest challenges; two cookies that differ only in
 * being host-only become one, for tough-cookie does not tell them apart. What goes out has an absolute expiry and never
 * a `maxAge`, which tough-cookie would count anew from every read.
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
import type { SameSite } from './SetCookie.js'

// ECMA-262 21.4.1.1.
const LATEST = 8.64e15

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

/** What `CookieJar.deserialize` of tough-cookie takes. */
export interface SerializedCookieJar {
  readonly version: string
  readonly storeType: string
  readonly rejectPublicSuffixes: boolean
  readonly enableLooseMode: boolean
  readonly cookies: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/** A time beyond what a `Date` can hold is the last one that it can. */
const iso = (ms: number): string => new Date(Math.max(-LATEST, Math.min(LATEST, ms)) || 0).toISOString()

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

/** Writes the live cookies in the clear, in the order of creation, which is all that their order is known by. */
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

const msOf = (given: string | number | null | undefined): number | undefined => {
  const ms = given === null || given === undefined ? Number.NaN : new Date(given).getTime()
  return Number.isNaN(ms) ? undefined : ms
}

/** Max-Age goes before Expires, and counts from the last access: that is how tough-cookie reads its own file. */
const expiryOf = ({ maxAge, expires, lastAccessed, creation }: CookieJson): number | undefined => {
  if (typeof maxAge === 'number') {
    return maxAge <= 0 ? 0 : (msOf(lastAccessed) ?? msOf(creation) ?? 0) + maxAge * 1000
  }
  return maxAge === '-Infinity' ? 0 : msOf(expires)
}

const SAME_SITE: ReadonlyMap<string, SameSite> = new Map([
  ['strict', 'Strict'],
  ['lax', 'Lax'],
  ['none', 'None'],
])

const inputOf = (json: CookieJson): Cookie.Input => {
  const expires = expiryOf(json)
  const sameSite = SAME_SITE.get(json.sameSite?.toLowerCase() ?? '')
  return {
    name: json.key,
    value: json.value,
    domain: json.domain,
    path: json.path,
    hostOnly: json.hostOnly === true,
    secure: json.secure === true,
    httpOnly: json.httpOnly === true,
    ...(expires === undefined ? {} : { expires: new Date(expires) }),
    ...(sameSite === undefined ? {} : { sameSite }),
  }
}

/** Reads a `SerializedCookieJar`, in a loop of our own: tough-cookie's recursion loses cookies above some thousands. */
export const read = (u: unknown): E.Either<Serialization.DecodeError, Jar.Jar> => {
  const json = Serialization.read(ToughJson, u)
  if (E.isLeft(json)) return json
  const entries = json.right.cookies.map((cookie) => ({
    input: inputOf(cookie),
    at: new Date(msOf(cookie.creation) ?? 0),
  }))
  const { jar, problems } = Jar.setAll(entries)(Jar.empty)
  const found = Array.from(problems, ([i, { message }]) => `cookies.${i}: ${message}`)
  return found.length > 0 ? E.left(Serialization.decodeError(found)) : E.right(jar)
}
