/**
 * Builds the Cookie header of a plan from the jar and from the cookies that session and request add with `withCookie`.
 *
 * | the user set                | first plan   | later, credentials allowed | later, after another origin (`shouldStripAuth`) |
 * |-----------------------------|--------------|--------------------------|------------------------------------|
 * | a Cookie header             | that header  | that header (D6)         | the jar                            |
 * | cookies with `withCookie`   | jar, cookies | current jar, cookies     | the jar                            |
 * | nothing                     | jar          | current jar              | the jar                            |
 *
 * Cookies of the jar fill the header up to `Jar.HEADER_LIMIT` octets. Cookies that the user set are always sent.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Cookie from '../../cookies/Cookie.js'
import * as CookieStore from '../../cookies/CookieStore.js'
import * as Jar from '../../cookies/Jar.js'
import type { Settings } from '../../session/Settings.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { invalidHeader, type PlanError } from '../PlanError.js'

/** Where the cookies of a plan come from: the user's Cookie header, or the jar, with the user's cookies or without. */
export type CookieSource = 'Header' | 'JarAndSettings' | 'JarOnly'

const NAME = /^[^\0-\x20\x7f;=,]*$/
const VALUE = /^[\t\x20-\x3a\x3c-\x7e\x80-\xff]*$/

const NONE: E.Either<PlanError, string> = E.right('')

/** The cookies of the settings, as `a=1; b=2`. Error: `InvalidHeader`. */
export const ofSettings = (settings: Settings): E.Either<PlanError, string> => {
  if (settings.cookies.size === 0) return NONE
  const pairs: string[] = []
  for (const [name, override] of settings.cookies) {
    if (override._tag !== 'Set') continue
    const value = Secret.textOf(override.value)
    if (value === undefined) return E.left(invalidHeader('Cookie', `the value of ${JSON.stringify(name)} is not text`))
    if (!NAME.test(name) || !Headers.isValue(name) || !VALUE.test(value)) {
      return E.left(invalidHeader('Cookie', `${JSON.stringify(name)} contains a character that cookies must not have`))
    }
    pairs.push(`${name}=${value}`)
  }
  return E.right(pairs.join('; '))
}

/** The octets that the cookies of the settings leave for the jar. */
export const octetsForJar = (own: string): number =>
  own === '' ? Jar.HEADER_LIMIT : Math.max(0, Jar.HEADER_LIMIT - own.length - '; '.length)

/** The cookies of the jar that are sent, before and after those of the settings. */
export interface Selected {
  readonly before: ReadonlyArray<Cookie.Cookie>
  readonly after: ReadonlyArray<Cookie.Cookie>
}

/**
 * Selects the cookies of the jar that are sent together with those of the settings. Longer paths come first, then older
 * cookies (RFC 6265bis 5.8.3); cookies of the settings have the path `/` and count as the oldest.
 */
export const select = (own: string, jar: Jar.Jar, url: Url.Url, now: Date): Selected => {
  const scope = Url.withSentPathname(url)
  const sent = Url.isHttp(url) ? Jar.cookiesFor(scope, now, octetsForJar(own))(jar) : []
  const isDeep = ({ path }: Cookie.Cookie): boolean => path.length > 1
  return { before: sent.filter(isDeep), after: sent.filter((cookie) => !isDeep(cookie)) }
}

/** Returns the Cookie header of the jar. For the same cookies it is the same secret. */
const ofJar = (jar: Jar.Jar, url: Url.Url, now: Date): Secret.Secret | undefined =>
  Url.isHttp(url) ? CookieStore.header(Url.withSentPathname(url), now, jar.cookies) : undefined

interface Joined {
  readonly before: Headers.Headers
  readonly after: Headers.Headers
}

/** The jar has one secret for its cookies, and a session one list of its headers: so their sum is the same too. */
const joined = new WeakMap<Secret.Secret, Joined>()

const withJarCookies = (headers: Headers.Headers, cookies: Secret.Secret): Headers.Headers => {
  const known = joined.get(cookies)
  if (known?.before === headers) return known.after
  const after = Headers.append('Cookie', cookies)(headers)
  joined.set(cookies, { before: headers, after })
  return after
}

/** Adds the Cookie header, except where the user set one. */
export const withCookies = (
  own: string,
  jar: Jar.Jar,
  url: Url.Url,
  now: Date,
  headers: Headers.Headers,
): Headers.Headers => {
  if (Headers.find(headers, 'Cookie') !== undefined) return headers
  const cookies = ofJar(jar, url, now)
  if (own === '') return cookies === undefined ? headers : withJarCookies(headers, cookies)
  if (cookies === undefined) return Headers.append('Cookie', Secret.make(own))(headers)
  const { before, after } = select(own, jar, url, now)
  const all = [...before.map(Cookie.pair), own, ...after.map(Cookie.pair)].join('; ')
  return Headers.append('Cookie', Secret.make(all))(headers)
}

/** Returns where the cookies of a plan come from. */
export const sourceOf = (settings: Settings, credentialsAllowed: boolean): CookieSource => {
  if (!credentialsAllowed) return 'JarOnly'
  return settings.headers.get('cookie')?._tag === 'Set' ? 'Header' : 'JarAndSettings'
}

/** Returns the cookies of the settings that a plan with this source sends; `Prepare` has validated them. */
export const ownCookies = (source: CookieSource, settings: Settings): string => {
  const own = source === 'JarOnly' ? NONE : ofSettings(settings)
  return E.isRight(own) ? own.right : ''
}

const COOKIE = ['Cookie']

/** Whether the cookies of the jar are the only ones in the headers, and at the place where they would be added. */
const isUnchanged = (headers: Headers.Headers, cookies: Secret.Secret | undefined): boolean => {
  const given = Headers.valuesOf(headers, 'Cookie')
  if (cookies === undefined) return given.length === 0
  return given.length === 1 && given[0] === cookies && headers.fields[headers.fields.length - 1]?.[1] === cookies
}

/** Rebuilds the Cookie header for a later hop. `credentialsAllowed`: whether cookies that the user set may be sent. */
export const rebuild =
  (hop: Readonly<{ settings: Settings; jar: Jar.Jar; credentialsAllowed: boolean }>, url: Url.Url, now: Date) =>
  (headers: Headers.Headers): Headers.Headers => {
    const source = sourceOf(hop.settings, hop.credentialsAllowed)
    if (source === 'Header') return headers
    const own = ownCookies(source, hop.settings)
    if (own === '' && isUnchanged(headers, ofJar(hop.jar, url, now))) return headers
    return withCookies(own, hop.jar, url, now, Headers.without(headers, COOKIE))
  }
