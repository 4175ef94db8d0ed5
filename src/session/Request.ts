/**
 * A request: method, URL, body, and settings that have precedence over the session's.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request } from 'requests-ts'
 *
 * const request = pipe(Request.post('https://example.com/'), Request.withJson({ a: 1 }), Request.withHeader('X-A', '1'))
 * assert.equal(request.method, 'POST')
 * assert.equal(request.body._tag, 'Json')
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type { Show as ShowOf } from 'fp-ts/lib/Show.js'
import * as Body from '../values/Body.js'
import { same, struct } from '../values/Equality.js'
import type * as Multipart from '../values/Multipart.js'
import * as Printable from '../values/Printable.js'
import type * as Query from '../values/Query.js'
import * as Url from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import { withoutRedirects } from './Configure.js'
import * as SettingsEq from './SettingsEq.js'
import { type Configurable, empty as noSettings } from './SettingsRecord.js'
import * as SettingsText from './SettingsText.js'

export * from './Configure.js'

/** A request as data. Nothing is validated before it is planned. */
export interface Request extends Configurable {
  /** A standard method may have any case: `get` is sent as `GET`. Others are sent as they are. */
  readonly method: string
  /** Absolute, or relative to the base URL. */
  readonly url: string
  /** `Body.Empty` by default. */
  readonly body: Body.Body
}

/**
 * Returns a request with any method, without a body and without settings. A `URL` object is stored as its text.
 *
 * @example
 * import { Request } from 'requests-ts'
 *
 * assert.equal(Request.make('PURGE', new URL('/a', 'https://example.com')).url, 'https://example.com/a')
 */
export const make = (method: string, url: string | URL): Request => ({
  method,
  url: UserInput.urlText(url),
  body: Body.empty,
  settings: noSettings,
})

/** Returns a GET request. The URL may be relative to the base URL of the session. */
export const get = (url: string | URL): Request => make('GET', url)
/** Returns an OPTIONS request. */
export const options = (url: string | URL): Request => make('OPTIONS', url)
/** Returns a HEAD request, which follows no redirects unless a policy is set, as in requests. */
export const head = (url: string | URL): Request => withoutRedirects(make('HEAD', url))
/** Returns a POST request. */
export const post = (url: string | URL): Request => make('POST', url)
/** Returns a PUT request. */
export const put = (url: string | URL): Request => make('PUT', url)
/** Returns a PATCH request. */
export const patch = (url: string | URL): Request => make('PATCH', url)
/**
 * Returns a QUERY request (RFC 10008): safe and idempotent as GET is, with a body that says what is searched. `withQuery` sets the
 * query of the URL instead.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request } from 'requests-ts'
 *
 * const search = pipe(Request.query('https://example.com/users'), Request.withJson({ name: 'Ada' }))
 * assert.equal(search.method, 'QUERY')
 */
export const query = (url: string | URL): Request => make('QUERY', url)
/** Returns a DELETE request. Its other name is `delete`. */
export const del = (url: string | URL): Request => make('DELETE', url)
export { del as delete }

/** Sets the body. */
export const withBody =
  (body: Body.Body): Endomorphism<Request> =>
  (request) => ({ ...request, body })

/** Sets a JSON body. Planning reports a value that JSON cannot represent as `InvalidBody`. */
export const withJson = (value: unknown): Endomorphism<Request> => withBody(Body.json(value))
/**
 * Sets a form body, from a record or from pairs. A value that is `null` or `undefined`, alone or in a list, is omitted, as
 * in requests.
 */
export const withForm = (input: Query.Input): Endomorphism<Request> => withBody(Body.form(input))
/** Sets a text body in UTF-8. Adds no Content-Type. */
export const withText = (text: string): Endomorphism<Request> => withBody(Body.text(text))
/** Sets a body of bytes. Adds no Content-Type. */
export const withBytes = (bytes: Uint8Array): Endomorphism<Request> => withBody(Body.bytes(bytes))
/**
 * Sets a `multipart/form-data` body of fields and files, from a list of parts or a record. In a record a value that is
 * `null` or `undefined` is omitted.
 */
export const withMultipart = (input: Multipart.Input): Endomorphism<Request> => withBody(Body.multipart(input))
/** Sets a body that `open` creates anew for each send. It is chunked unless its length in octets is given. */
export const withStream = (open: () => AsyncIterable<Uint8Array>, length?: number): Endomorphism<Request> =>
  withBody(Body.stream(open, length))
/**
 * Sets a body that can be sent only once. A redirect, a challenge or another request that needs it again is
 * `UnrewindableBody`. If sending failed before the body was opened, it can still be sent.
 */
export const withOnce = (source: AsyncIterable<Uint8Array>, length?: number): Endomorphism<Request> =>
  withBody(Body.once(source, length))

/** Returns whether a value has the shape of a request. A function of the user may return anything. */
export const is = (u: unknown): u is Request => {
  const { method, url, body, settings }: Partial<Record<keyof Request, unknown>> = Object(u)
  const isText = typeof method === 'string' && typeof url === 'string'
  return isText && typeof body === 'object' && body !== null && typeof settings === 'object' && settings !== null
}

/**
 * Compares requests. Equal requests of equal sessions plan equal plans. Method and URL are compared as text, bodies by what
 * they send (`Body.Eq`), settings by `Settings.Eq`.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request } from 'requests-ts'
 *
 * const create = (name: string) => pipe(Request.post('/users'), Request.withJson({ name }))
 * assert.equal(Request.Eq.equals(create('ada'), create('ada')), true)
 * assert.equal(Request.Eq.equals(create('ada'), create('bob')), false)
 */
export const Eq: EqOf<Request> = struct<Request>({ method: same, url: same, body: Body.Eq, settings: SettingsEq.Eq })

const BODIES: Readonly<Record<Body.Body['_tag'], string>> = {
  Empty: '',
  Bytes: 'bytes',
  Text: 'text',
  Json: 'JSON',
  Form: 'form',
  Multipart: 'multipart',
  Stream: 'stream',
  Once: 'one-shot stream',
}

/** Returns one line with the method, the URL without userinfo, the kind of the body, and the settings. Shows no secret. */
const show = ({ method, url, body, settings }: Request): string => {
  const parts = [BODIES[body._tag] ?? '', SettingsText.show(settings)].filter((part) => part !== '')
  const details = parts.length === 0 ? '' : ` (${parts.join('; ')})`
  return Printable.escapeControls(`${method} ${Url.masked(String(url))}${details}`)
}

/**
 * Prints a request as one line, without secrets.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request } from 'requests-ts'
 *
 * const request = pipe(Request.post('/users'), Request.withJson({ name: 'ada' }), Request.withBearer('token'))
 * assert.equal(Request.Show.show(request), 'POST /users (JSON; auth: Bearer)')
 */
export const Show: ShowOf<Request> = { show }
