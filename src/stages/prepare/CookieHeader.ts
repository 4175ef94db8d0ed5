/**
 * The Cookie header of a plan: what the jar holds for its URL, and what session and request give along.
 *
 * | the user gave               | first plan  | same origin           | another origin (`shouldStripAuth`) |
 * |-----------------------------|-------------|-----------------------|------------------------------------|
 * | a Cookie header             | it alone    | it alone (D6)         | the jar                            |
 * | cookies with `withCookie`   | jar, cookies | jar as it is now, cookies | the jar                        |
 * | nothing                     | jar         | jar as it is now      | the jar                            |
 *
 * Cookies of the jar fill the header up to `Jar.HEADER_LIMIT` octets. What the user gave is never left out.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Cookie from '../../cookies/Cookie.js'
import * as Jar from '../../cookies/Jar.js'
import type { Settings } from '../../session/Settings.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { invalidHeader, type PlanError } from '../PlanError.js'

const NAME = /^[^\0-\x20\x7f;=,]*$/
const VALUE = /^[\t\x20-\x3a\x3c-\x7e\x80-\xff]*$/

const NONE: E.Either<PlanError, string> = E.right('')

/** The cookies that session and request give along, as `a=1; b=2`. Error: `InvalidHeader`. */
export const given = (settings: Settings): E.Either<PlanError, string> => {
  if (settings.cookies.size === 0) return NONE
  const pairs: string[] = []
  for (const [name, override] of settings.cookies) {
    if (override._tag !== 'Set') continue
    const value = Secret.textOf(override.value)
    if (value === undefined) return E.left(invalidHeader('Cookie', `the value of ${JSON.stringify(name)} is not text`))
    if (!NAME.test(name) || !Headers.isValue(name) || !VALUE.test(value)) {
      return E.left(invalidHeader('Cookie', `${JSON.stringify(name)} holds a character that a cookie cannot hold`))
    }
    pairs.push(`${name}=${value}`)
  }
  return E.right(pairs.join('; '))
}

/** The octets that are left for the jar beside the cookies that are given along. */
export const roomBeside = (own: string): number =>
  own === '' ? Jar.HEADER_LIMIT : Math.max(0, Jar.HEADER_LIMIT - own.length - '; '.length)

/** Adds the Cookie header; one that stands there already is the user's, and stands for itself. */
export const withCookies =
  (own: string, jar: Jar.Jar, url: Url.Url, now: Date) =>
  (headers: Headers.Headers): Headers.Headers => {
    if (Headers.has('Cookie')(headers)) return headers
    const place = Url.withSentPathname(url)
    const kept = Url.isHttp(url) ? Jar.header(place, now)(jar) : undefined
    if (own === '') return kept === undefined ? headers : Headers.append('Cookie', kept)(headers)
    const all = kept === undefined ? own : among(Jar.cookiesFor(place, now, roomBeside(own))(jar), own)
    return Headers.append('Cookie', Secret.make(all))(headers)
  }

/** Longer paths first, then the older (RFC 6265bis 5.8.3): those given along have the path `/`, and are the oldest. */
const among = (kept: ReadonlyArray<Cookie.Cookie>, own: string): string => {
  const deep = kept.filter(({ path }) => path.length > 1).map(Cookie.pair)
  const shallow = kept.filter(({ path }) => path.length <= 1).map(Cookie.pair)
  return [...deep, own, ...shallow].join('; ')
}

/** What a later hop knows of the exchange. */
export interface Later {
  readonly settings: Settings
  readonly jar: Jar.Jar
  /** Whether the cookies that were given along may still go along. */
  readonly credentialsAllowed: boolean
}

/** Makes the Cookie header of a later hop. */
export const rebuild =
  ({ settings, jar, credentialsAllowed }: Later, url: Url.Url, now: Date) =>
  (headers: Headers.Headers): Headers.Headers => {
    const isLiteral = settings.headers.get('cookie')?._tag === 'Set'
    if (isLiteral && credentialsAllowed) return headers
    const own = credentialsAllowed ? given(settings) : NONE
    return withCookies(E.isRight(own) ? own.right : '', jar, url, now)(Headers.deleteAt('Cookie')(headers))
  }
