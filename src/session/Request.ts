/**
 * What one request asks: method, URL, body, and settings that lie over the session's.
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
import * as Body from '../values/Body.js'
import type * as Multipart from '../values/Multipart.js'
import type * as Query from '../values/Query.js'
import { type Configurable, empty as noSettings, withoutRedirects } from './Settings.js'

export {
  andRedirectPolicy,
  withAuth,
  withBaseUrl,
  withBasicAuth,
  withBearer,
  withCa,
  withClientCertificate,
  withCookie,
  withDigestAuth,
  withHeader,
  withHeaders,
  withHook,
  withHooks,
  withLimits,
  withMaxRedirects,
  withoutAuth,
  withoutCookie,
  withoutHeader,
  withoutProxy,
  withoutRedirects,
  withoutTimeouts,
  withProgress,
  withProxy,
  withQuery,
  withQueryText,
  withRedirectPolicy,
  withSecretHeader,
  withSecretQuery,
  withSensitiveHeaders,
  withSettings,
  withTimeouts,
  withVerify,
} from './Settings.js'

export interface Request extends Configurable {
  readonly method: string
  readonly url: string
  readonly body: Body.Body
}

// --- constructors --------------------------------------------------------------------------------------------------

export const make = (method: string, url: string): Request => ({
  method,
  url,
  body: Body.empty,
  settings: noSettings,
})

export const get = (url: string): Request => make('GET', url)
export const options = (url: string): Request => make('OPTIONS', url)
/** HEAD does not follow redirects unless a policy says so, as in requests. */
export const head = (url: string): Request => withoutRedirects(make('HEAD', url))
export const post = (url: string): Request => make('POST', url)
export const put = (url: string): Request => make('PUT', url)
export const patch = (url: string): Request => make('PATCH', url)
export const del = (url: string): Request => make('DELETE', url)

// --- bodies --------------------------------------------------------------------------------------------------------

export const withBody =
  (body: Body.Body): Endomorphism<Request> =>
  (request) => ({ ...request, body })

/** A JSON body. What JSON cannot hold is `InvalidBody` when it is planned. */
export const withJson = (value: unknown): Endomorphism<Request> => withBody(Body.json(value))
/** A form, from a record or from pairs. */
export const withForm = (input: Query.Input): Endomorphism<Request> => withBody(Body.form(input))
/** Text as UTF-8, without a Content-Type of its own. */
export const withText = (text: string): Endomorphism<Request> => withBody(Body.text(text))
export const withBytes = (bytes: Uint8Array): Endomorphism<Request> => withBody(Body.bytes(bytes))
/** Fields and files (`multipart/form-data`): parts in order, or a record. */
export const withMultipart = (input: Multipart.Input): Endomorphism<Request> => withBody(Body.multipart(input))
/** A body made anew for each send; chunked unless its length in octets is given. */
export const withStream = (open: () => AsyncIterable<Uint8Array>, length?: number): Endomorphism<Request> =>
  withBody(Body.stream(open, length))
/**
 * A body that can be sent once: a redirect or a challenge that needs it again is `UnrewindableBody`, and so is sending it a
 * second time, in this request or in another. Where a send failed before the body was opened, it may be sent again.
 */
export const withOnce = (source: AsyncIterable<Uint8Array>, length?: number): Endomorphism<Request> =>
  withBody(Body.once(source, length))
