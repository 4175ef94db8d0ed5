/**
 * Converts a Python session and request to a session, a request and a jar.
 *
 * | Python                              | here                                                        |
 * |-------------------------------------|-------------------------------------------------------------|
 * | `auth` a pair, HTTPBasicAuth        | `withBasicAuth`                                             |
 * | HTTPDigestAuth                      | `withDigestAuth`                                            |
 * | HTTPProxyAuth                       | the header Proxy-Authorization, and `withoutAuth`           |
 * | an empty tuple                      | `withoutAuth`                                               |
 * | None for a header                   | `withoutHeader`                                             |
 * | no `params`, or `{}`                | `withQuery({})`, which replaces a query text of the session |
 * | falsy `params` of `session.request` | like no `params`; in a `Request`, an empty query            |
 * | `cookies` a jar                     | its cookies in addition to the session's jar                |
 * | `allow_redirects=False`             | `withoutRedirects`                                          |
 */
import * as E from 'fp-ts/lib/Either.js'
import { Jar, Request, Session, Settings } from 'requests-ts'
import { basic } from '../models/netrc.js'
import { mountForeign } from '../observe/plan.js'
import { type Failure, failure, type RequestSpec, type SessionSpec } from '../shapes.js'
import { isTruthy, type Py } from '../tagged.js'
import * as Bodies from './body.js'
import * as Cookies from './cookies.js'
import { keyText, NO_COUNTERPART, query } from './query.js'
import { all, cert, nothing, proxies, type Step, timeout, trust, verify } from './session.js'
import { latin1 } from './values.js'

// --- headers and auth -----------------------------------------------------------------------------------------------

const INVALID_HEADER: E.Either<Failure, never> = E.left(failure('InvalidHeader'))

const headerText = (py: Py): string | undefined =>
  py._tag === 'Str' ? py.text : py._tag === 'Bytes' ? latin1(py.bytes) : undefined

export const headers = (pairs: ReadonlyArray<readonly [Py, Py]>): E.Either<Failure, Step> => {
  const steps: Step[] = []
  const invalid: string[] = []
  for (const [key, value] of pairs) {
    const name = headerText(key)
    if (name === undefined) return NO_COUNTERPART
    const text = headerText(value)
    if (text !== undefined) steps.push(Settings.withHeader(name, text))
    else if (value._tag === 'None') steps.push(Settings.withoutHeader(name))
    else invalid.push(name)
  }
  return invalid.length > 0 ? INVALID_HEADER : E.right(all(steps))
}

/** Applies Python's `str`, as requests does with a value that is not text. */
const credential = (py: Py): string | undefined => (py._tag === 'Bytes' ? latin1(py.bytes) : keyText(py))

const auth = (py: Py | undefined): E.Either<Failure, Step> => {
  if (py === undefined || py._tag === 'None') return E.right(nothing)
  if (!isTruthy(py)) return E.right(Settings.withoutAuth)
  const [user, pass] =
    py._tag === 'Basic' || py._tag === 'Digest' || py._tag === 'ProxyAuth'
      ? [credential(py.user), credential(py.pass)]
      : py._tag === 'Tuple' && py.items.length === 2
        ? py.items.map(credential)
        : []
  if (user === undefined || pass === undefined) return NO_COUNTERPART
  if (py._tag === 'Digest') return E.right(Settings.withDigestAuth(user, pass))
  if (py._tag === 'ProxyAuth') {
    return E.right(all([Settings.withHeader('Proxy-Authorization', basic(user, pass)), Settings.withoutAuth]))
  }
  return E.right(Settings.withBasicAuth(user, pass))
}

/** requests ignores `params` of a session that are not a mapping. */
const sessionQuery = (py: Py | undefined): E.Either<Failure, Step> => {
  const step = query(py)
  const isMapping = py?._tag === 'Dict' || py?._tag === 'CiDict'
  return E.isLeft(step) && !isMapping ? E.right(nothing) : step
}

// --- session --------------------------------------------------------------------------------------------------------

const applied = <C extends Settings.Configurable>(
  to: C,
  steps: ReadonlyArray<E.Either<Failure, Step>>,
): E.Either<Failure, C> => {
  let made = to
  for (const step of steps) {
    if (E.isLeft(step)) return step
    made = step.right(made)
  }
  return E.right(made)
}

/** Converts a session without its cookies that belong in a jar. */
export const session = (spec: SessionSpec): E.Either<Failure, Session.Session> =>
  applied(trust(spec.trust_env === true)(Session.empty), [
    headers(spec.headers ?? []),
    sessionQuery(spec.params),
    auth(spec.auth),
    Cookies.settings(spec.cookies ?? []),
    E.right(proxies(spec.proxies)),
    E.right(verify(spec.verify)),
    E.right(cert(spec.cert)),
    E.right(spec.max_redirects === undefined ? nothing : Settings.withMaxRedirects(spec.max_redirects)),
  ])

// --- request --------------------------------------------------------------------------------------------------------

/** The function of requests that is called. `session.request` ignores falsy `params`. */
export type EntryPoint = 'session.request' | 'prepare_request'

const urlOf = ({ url }: RequestSpec): string =>
  url._tag === 'Bytes' ? Buffer.from(url.bytes).toString('utf8') : (keyText(url) ?? '')

const paramsOf = ({ params }: RequestSpec, entryPoint: EntryPoint): Py | undefined =>
  params !== undefined && entryPoint === 'session.request' && !isTruthy(params) ? undefined : params

type Given = RequestSpec['cookies']
type GivenJar = Extract<Given, { readonly jar: unknown }>

const isJar = (cookies: Given): cookies is GivenJar => cookies !== undefined && 'jar' in cookies

/** Converts the cookies of a request that have no attributes. */
export const cookies = (given: Given): E.Either<Failure, Step> =>
  isJar(given) ? Cookies.settings(given.jar) : Cookies.dictionary(given)

export const request = (
  spec: RequestSpec,
  below: SessionSpec,
  entryPoint: EntryPoint,
): E.Either<Failure, Request.Request> => {
  const body = Bodies.body(spec)
  if (E.isLeft(body)) return body
  return applied(Request.withBody(body.right)(Request.make(spec.method, urlOf(spec))), [
    headers(spec.headers ?? []),
    E.right(Settings.withQuery({})),
    query(paramsOf(spec, entryPoint)),
    auth(spec.auth),
    cookies(spec.cookies),
    E.right(proxies(spec.proxies)),
    E.right(verify(spec.verify, below.verify)),
    E.right(cert(spec.cert)),
    E.right(timeout(spec.timeout)),
    E.right(spec.allow_redirects === false ? Settings.withoutRedirects : nothing),
  ])
}

/** The converted input of a case. */
export interface Ready {
  readonly session: Session.Session
  readonly request: Request.Request
  readonly jar: Jar.Jar
}

export const ready = (spec: SessionSpec, asked: RequestSpec, entryPoint: EntryPoint): E.Either<Failure, Ready> => {
  const made = session(spec)
  if (E.isLeft(made)) return made
  const wanted = request(asked, spec, entryPoint)
  if (E.isLeft(wanted)) return wanted
  const url = urlOf(asked)
  const own = Cookies.into(spec.cookies ?? [], url)(Jar.empty)
  if (E.isLeft(own)) return own
  const jar = isJar(asked.cookies) ? Cookies.into(asked.cookies.jar, url)(own.right) : own
  if (E.isLeft(jar)) return jar
  // `prepare_request` needs no adapter, so a transport is mounted for a foreign scheme.
  const mounted = entryPoint === 'prepare_request' ? mountForeign(url)(made.right) : made.right
  return E.right({ session: mounted, request: wanted.right, jar: jar.right })
}
