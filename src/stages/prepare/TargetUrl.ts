/**
 * Where a request goes: its URL, joined to the base and with the query behind it.
 *
 * | base `https://h/v1` and | give                                                    |
 * |-------------------------|---------------------------------------------------------|
 * | `login`, `/login`       | `https://h/v1/login`: exactly one slash between         |
 * | ``, `?a=1`              | `https://h/v1`, `https://h/v1?a=1`                      |
 * | `https://other/x`       | itself; the session's credentials, query and Host stay behind (`leaves`) |
 * | `//other/x`, `../x`     | `InvalidUrl`: it would leave the base without saying so |
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const session = pipe(Session.defaults, Session.withBaseUrl('https://h.test/v1/'))
 * const href = (url: string) => pipe(Request.get(url), Plan.plan({ session }), E.map((plan) => plan.url.href))
 * assert.deepEqual(href('/login'), E.right('https://h.test/v1/login'))
 * assert.equal(E.isLeft(href('../login')), true)
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Settings } from '../../session/Settings.js'
import type * as Override from '../../values/Override.js'
import { trimmed } from '../../values/PercentEncoding.js'
import * as Query from '../../values/Query.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'

/** A URL ready to be sent to, and the credentials that stood in it. */
export interface Address extends Url.Located {
  /** Whether an absolute URL led away from the base's origin. */
  readonly leaves: boolean
}

const bases = new WeakMap<Override.Override<string | Secret.Secret>, E.Either<Url.UrlError, Url.Located>>()

const readBase = (text: string): E.Either<Url.UrlError, Url.Located> => {
  const located = Url.parse(text)
  if (E.isLeft(located)) return located
  const { search, hash } = located.right.url
  return search === '' && hash === ''
    ? located
    : E.left(Url.invalidUrl(text, 'a base URL has neither query nor fragment; use withQuery'))
}

const baseOf = (setting: Override.Set<string | Secret.Secret>): E.Either<Url.UrlError, Url.Located> => {
  const known = bases.get(setting)
  if (known !== undefined) return known
  const text = Secret.textOf(setting.value)
  const base = text === undefined ? E.left(Url.invalidUrl('the base URL', 'it is not text')) : readBase(text)
  bases.set(setting, base)
  return base
}

/** Whether the dot segments of a relative path lead above where it starts; `%2e` is a dot (RFC 3986 6.2.2.2). */
const climbs = (path: string): boolean => {
  let depth = 0
  for (const segment of path.replace(/%2e/gi, '.').split('/')) {
    if (segment === '..') depth -= 1
    else if (segment !== '' && segment !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}

const withoutSlashes = (text: string): string => {
  let end = text.length
  while (text.charAt(end - 1) === '/') end -= 1
  return text.slice(0, end)
}

const join = (base: Url.Located, reference: string): E.Either<Url.UrlError, Url.Located> => {
  if (reference.startsWith('//')) {
    return E.left(
      Url.invalidUrl(
        reference,
        'it begins with // and would leave the base URL; write the scheme if you mean another host',
      ),
    )
  }
  const path = /^[^?#]*/.exec(reference)?.[0] ?? ''
  if (climbs(path)) return E.left(Url.invalidUrl(reference, "its '..' leads above the base URL"))
  const { url } = base
  const root = withoutSlashes(url.href)
  const joined = path === '' ? `${url.href}${reference}` : `${root}/${reference.replace(/^\//, '')}`
  const located = Url.parse(joined)
  return E.isLeft(located) ? located : E.right({ url: located.right.url, userinfo: base.userinfo })
}

const locate = (settings: Settings, reference: string): E.Either<Url.UrlError, Address> => {
  const base = settings.baseUrl._tag === 'Set' ? baseOf(settings.baseUrl) : undefined
  if (base === undefined) {
    const located = Url.parse(reference)
    if (E.isLeft(located)) return located
    return E.right({ url: located.right.url, userinfo: located.right.userinfo, leaves: false })
  }
  if (E.isLeft(base)) return base
  const absolute = Url.isAbsolute(reference)
  const located = absolute ? Url.parse(reference) : join(base.right, reference)
  if (E.isLeft(located)) return located
  const leaves = absolute && !Url.sameOrigin(located.right.url, base.right.url)
  return E.right({ url: located.right.url, userinfo: located.right.userinfo, leaves })
}

/** Adds the query of the settings. Only http-like URLs take one; any other scheme stays as it is (requests D3). */
export const withQuery =
  (settings: Settings) =>
  (address: Address): Address => {
    if (settings.query._tag === 'Inherit' || !address.url.protocol.startsWith('http')) return address
    const { sent, shown } = Query.write(settings.query.value)
    if (sent === '') return address
    return { ...address, url: Url.appendQuery(sent, shown)(address.url) }
  }

/**
 * Joins, splits and quotes. The query of the settings is not in it: which settings count depends on where the URL leads
 * (`withQuery`). Errors: `InvalidUrl`, `MissingScheme`.
 */
export const address = (settings: Settings, reference: string): E.Either<Url.UrlError, Address> =>
  typeof reference === 'string'
    ? locate(settings, trimmed(reference))
    : E.left(Url.invalidUrl(typeof reference, 'it is not text'))
