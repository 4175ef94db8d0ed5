/**
 * Joins the URL of a request to the base URL (`targetUrl`), and adds the query of the settings (`withQuery`).
 *
 * | base `https://h/v1` and | result                                                  |
 * |-------------------------|---------------------------------------------------------|
 * | `login`, `/login`       | `https://h/v1/login`: exactly one slash between         |
 * | ``, `?a=1`              | `https://h/v1`, `https://h/v1?a=1`                      |
 * | `https://other/x`       | itself; what the session may send only to its base URL is left out (`OtherOrigin`) |
 * | `//other/x`, `../x`     | `InvalidUrl`: the result would leave the base URL unnoticed |
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

/**
 * How the request's URL relates to the base URL.
 *
 * | relation      | when                                                        |
 * |---------------|-------------------------------------------------------------|
 * | `NoBase`      | there is no base URL                                        |
 * | `Joined`      | the request's URL is relative                               |
 * | `SameOrigin`  | the request's URL is absolute, with the origin of the base  |
 * | `OtherOrigin` | the request's URL is absolute, with another origin          |
 */
export type BaseRelation = 'NoBase' | 'Joined' | 'SameOrigin' | 'OtherOrigin'

/** The URL before the query of the settings is added, and the credentials that the URL contains. */
export interface TargetUrl extends Url.Located {
  readonly relation: BaseRelation
}

type UrlOrError = E.Either<Url.UrlError, Url.Located>

const bases = new WeakMap<Override.Override<string | Secret.Secret>, UrlOrError>()

const readBase = (text: string): UrlOrError => {
  const located = Url.parse(text)
  if (E.isLeft(located)) return located
  const { search, hash } = located.right.url
  return search === '' && hash === ''
    ? located
    : E.left(Url.invalidUrl(text, 'a base URL must not have a query or a fragment; use withQuery'))
}

const baseOf = (setting: Override.Set<string | Secret.Secret>): UrlOrError => {
  const known = bases.get(setting)
  if (known !== undefined) return known
  const text = Secret.textOf(setting.value)
  const base = text === undefined ? E.left(Url.invalidUrl('the base URL', 'it is not text')) : readBase(text)
  bases.set(setting, base)
  return base
}

/** Returns whether dot segments lead above the start of a relative path; `%2e` is a dot (RFC 3986 6.2.2.2). */
const leadsAbove = (path: string): boolean => {
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

const join = (base: Url.Located, reference: string): UrlOrError => {
  if (reference.startsWith('//')) {
    const problem = 'it starts with // and would leave the base URL; add the scheme to address another host'
    return E.left(Url.invalidUrl(reference, problem))
  }
  const path = /^[^?#]*/.exec(reference)?.[0] ?? ''
  if (leadsAbove(path)) return E.left(Url.invalidUrl(reference, "its '..' segments lead above the base URL"))
  const { url } = base
  const root = withoutSlashes(url.href)
  const joined = path === '' ? `${url.href}${reference}` : `${root}/${reference.replace(/^\//, '')}`
  const located = Url.parse(joined)
  return E.isLeft(located) ? located : E.right({ url: located.right.url, userinfo: base.userinfo })
}

const withRelation = (relation: BaseRelation, located: UrlOrError): E.Either<Url.UrlError, TargetUrl> =>
  E.isLeft(located) ? located : E.right({ url: located.right.url, userinfo: located.right.userinfo, relation })

const locate = (settings: Settings, reference: string): E.Either<Url.UrlError, TargetUrl> => {
  if (settings.baseUrl._tag !== 'Set') return withRelation('NoBase', Url.parse(reference))
  const base = baseOf(settings.baseUrl)
  if (E.isLeft(base)) return base
  if (!Url.isAbsolute(reference)) return withRelation('Joined', join(base.right, reference))
  const located = Url.parse(reference)
  // Stricter than `shouldStripAuth`: http to https leads to another origin.
  const isSame = E.isRight(located) && Url.sameOrigin(located.right.url, base.right.url)
  return withRelation(isSame ? 'SameOrigin' : 'OtherOrigin', located)
}

/** Adds the query of the settings. Only http-like URLs take one; any other scheme stays unchanged, as in requests. */
export const withQuery =
  (settings: Settings) =>
  (url: Url.Url): Url.Url => {
    if (settings.query._tag === 'Inherit' || !url.protocol.startsWith('http')) return url
    const { sent, shown } = Query.write(settings.query.value)
    return sent === '' ? url : Url.appendQuery(sent, shown)(url)
  }

/**
 * Joins, parses and quotes the request's URL, without the query of the settings: which settings apply depends on where
 * the URL leads. Errors: `InvalidUrl`, `MissingScheme`.
 */
export const targetUrl = (settings: Settings, reference: string): E.Either<Url.UrlError, TargetUrl> =>
  typeof reference === 'string'
    ? locate(settings, trimmed(reference))
    : E.left(Url.invalidUrl(typeof reference, 'it must be a string or a URL object'))
