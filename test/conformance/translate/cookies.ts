/**
 * Converts cookies that a Python program sets by hand.
 *
 * | Python                                      | here                                                |
 * |---------------------------------------------|-----------------------------------------------------|
 * | a dict of a request, `jar.set(name, value)` | `withCookie`, which is sent to the request's origin |
 * | `jar.set(name, value, domain=…)`            | `Jar.set`; a leading dot makes it a domain cookie   |
 * | the same without a domain, but with a path, Secure or an expiry | `Jar.set` for the host of the first URL             |
 * | a value of None                             | `withoutCookie`, `Jar.remove`                       |
 */
import * as E from 'fp-ts/lib/Either.js'
import { Jar, Settings } from 'requests-ts'
import { canonicalHost, partsOf, withBrackets } from '../models/parts.js'
import { strOf } from '../models/python-text.js'
import { type CookieSpec, type Failure, failure } from '../shapes.js'
import type { Py } from '../tagged.js'
import { NO_COUNTERPART } from './query.js'
import { all, nothing, type Step } from './session.js'
import { latin1 } from './values.js'

/** A cookie with its attributes. */
export type Detailed = Exclude<CookieSpec, readonly [string, Py]>

const detailedOf = (spec: CookieSpec): Detailed => (Array.isArray(spec) ? { name: spec[0], value: spec[1] } : spec)

const isPlain = ({ domain = '', path = '/', secure = false, expires = null }: Detailed): boolean =>
  domain === '' && path === '/' && !secure && expires === null

const textOf = (py: Py): string | undefined =>
  py._tag === 'Str' ? py.text : py._tag === 'Bytes' ? latin1(py.bytes) : undefined

const withCookieOf = (name: string, value: Py): E.Either<Failure, Step> => {
  if (value._tag === 'None') return E.right(Settings.withoutCookie(name))
  const text = textOf(value)
  return text === undefined ? NO_COUNTERPART : E.right(Settings.withCookie(name, text))
}

const inTurn = (steps: ReadonlyArray<E.Either<Failure, Step>>): E.Either<Failure, Step> => {
  const rights: Step[] = []
  for (const step of steps) {
    if (E.isLeft(step)) return step
    rights.push(step.right)
  }
  return E.right(all(rights))
}

/** Converts the cookies without attributes to `withCookie`. */
export const settings = (specs: ReadonlyArray<CookieSpec>): E.Either<Failure, Step> =>
  inTurn(
    specs
      .map(detailedOf)
      .filter(isPlain)
      .map(({ name, value }) => withCookieOf(name, value)),
  )

/** Converts a request's dictionary of cookies. */
export const dictionary = (py: Py | undefined): E.Either<Failure, Step> => {
  if (py === undefined || py._tag === 'None') return E.right(nothing)
  if (py._tag !== 'Dict' && py._tag !== 'CiDict') return NO_COUNTERPART
  return inTurn(py.entries.map(([key, value]) => withCookieOf(strOf(key) ?? '', value)))
}

const hostOf = (url: string): string => withBrackets(canonicalHost(partsOf(url.trimStart()).host) ?? '')

const setIn =
  (url: string) =>
  (jar: Jar.Jar, { name, value, domain = '', path, secure, expires }: Detailed): E.Either<Failure, Jar.Jar> => {
    if (value._tag === 'None') {
      return E.right(Jar.remove({ name, ...(domain === '' ? {} : { domain }) })(jar))
    }
    const text = textOf(value)
    if (text === undefined) return NO_COUNTERPART
    const made = Jar.set({
      name,
      value: text,
      domain: domain === '' ? hostOf(url) : domain,
      hostOnly: !domain.startsWith('.'),
      httpOnly: true, // the default `rest` of http.cookiejar for a cookie set by hand
      ...(path === undefined ? {} : { path }),
      ...(secure === undefined ? {} : { secure }),
      ...(expires === undefined || expires === null ? {} : { expires: new Date(expires * 1000) }),
    })(jar)
    return E.isLeft(made) ? E.left(failure(made.left._tag)) : made
  }

/** Adds the cookies with attributes to a jar. `url` supplies a missing domain. */
export const into =
  (specs: ReadonlyArray<CookieSpec>, url: string) =>
  (jar: Jar.Jar): E.Either<Failure, Jar.Jar> => {
    let held: E.Either<Failure, Jar.Jar> = E.right(jar)
    for (const spec of specs.map(detailedOf)) {
      if (E.isRight(held) && !isPlain(spec)) held = setIn(url)(held.right, spec)
    }
    return held
  }
