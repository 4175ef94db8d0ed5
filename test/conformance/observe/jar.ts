/**
 * Converts a jar to the form of http.cookiejar.
 *
 * | field              | value                                                                   |
 * |--------------------|-------------------------------------------------------------------------|
 * | `domain`           | with a dot for a Domain attribute; a dotless or IPv6 host gets `.local` |
 * | `domain_specified` | true for a Domain attribute and for cookies set by hand                 |
 * | `expires`          | epoch seconds                                                           |
 *
 * Cookies of `Session.withCookie` have no domain. They are listed with the domain `""`, as in http.cookiejar.
 * `path_specified` and `port` are internal to http.cookiejar and are not compared.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { type Cookie, Jar, Secret, type Session } from 'requests-ts'
import type { Json } from '../json.js'
import type { Cookies, Stored } from '../models/cookie-jar.js'
import type { SettingCookies } from '../models/given-cookies.js'

export interface JarCookie {
  readonly name: string
  readonly value: string | null
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly expires: number | null
  readonly domain_specified: boolean
  readonly http_only: boolean
}

const Spec = t.type({
  name: t.string,
  value: t.union([t.string, t.null]),
  domain: t.string,
  path: t.string,
  secure: t.boolean,
  expires: t.union([t.number, t.null]),
  domain_specified: t.boolean,
  http_only: t.boolean,
})
export const JarSpec = t.array(Spec)

/** Keeps the compared fields of Python's cookies. */
export const readJar = (specs: t.TypeOf<typeof JarSpec>): ReadonlyArray<JarCookie> =>
  specs.map(({ name, value, domain, path, secure, expires, domain_specified, http_only }) => ({
    name,
    value,
    domain,
    path,
    secure,
    expires,
    domain_specified,
    http_only,
  }))

const shownHost = (host: string): string => {
  if (host.includes(':')) return `[${host}].local`
  return host.includes('.') ? host : `${host}.local`
}

const compareText = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0)

const sorted = (cookies: ReadonlyArray<JarCookie>): ReadonlyArray<JarCookie> =>
  [...cookies].sort(
    (x, y) => compareText(x.domain, y.domain) || compareText(x.path, y.path) || compareText(x.name, y.name),
  )

/** The fields that a cookie of our jar and of the model have in common. */
type CookieFields = Omit<Stored, 'expires'> & { readonly expires: number | null }

const shown = ({
  name,
  value,
  domain,
  hostOnly,
  path,
  secure,
  httpOnly,
  expires,
  byHand,
}: CookieFields): JarCookie => ({
  name,
  value,
  domain: hostOnly ? (byHand ? domain : shownHost(domain)) : `.${domain}`,
  path,
  secure,
  expires: expires === null ? null : Math.floor(expires / 1000),
  domain_specified: byHand || !hostOnly,
  http_only: httpOnly,
})

const settingCookie = (name: string, value: string): JarCookie => ({
  name,
  value,
  domain: '',
  path: '/',
  secure: false,
  expires: null,
  domain_specified: false,
  http_only: true,
})

const fieldsOf = ({ value, expires, setBy, ...cookie }: Cookie.Cookie): CookieFields => ({
  ...cookie,
  value: Secret.reveal(value),
  expires: O.isNone(expires) ? null : expires.value,
  byHand: O.isNone(setBy),
})

/** Lists the cookies of our jar and of the session's settings. */
export const jarOf = (jar: Jar.Jar, { settings }: Pick<Session.Session, 'settings'>): ReadonlyArray<JarCookie> => {
  const given = [...settings.cookies].flatMap(([name, override]) =>
    override._tag === 'Set' ? [settingCookie(name, Secret.reveal(override.value))] : [],
  )
  return sorted([...given, ...Jar.toArray(jar).map((cookie) => shown(fieldsOf(cookie)))])
}

/** Lists the cookies of the model's jar and of the settings. */
export const modelOf = (cookies: Cookies, given: SettingCookies): ReadonlyArray<JarCookie> =>
  sorted([...[...given].map(([name, value]) => settingCookie(name, value)), ...cookies.map(shown)])

/** Sorts pairs of name and value, for outputs without a defined order. */
export const pairsOf = (pairs: ReadonlyArray<readonly [string, string]>): Json =>
  [...pairs].sort(([x, a], [y, b]) => compareText(x, y) || compareText(a, b)).map(([name, value]) => [name, value])
