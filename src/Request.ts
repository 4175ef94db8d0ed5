/** What one request asks, the request of a curl line, and files as bodies. See `session/Request.ts`. */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { type Request, withStream } from './session/Request.js'
import { contentOf, type FilePart } from './transport/FileUpload.js'
import * as UserInput from './values/UserInput.js'

export { type FromCurl, fromCurl, type InvalidCurl, type LeftOut } from './inspect/FromCurl.js'
export * from './session/Request.js'
export { decode, encode, RequestJson } from './session/RequestJson.js'

/**
 * Sets a body that sends a file, which is opened each time the request is sent. Adds no Content-Type. Given a path, the body
 * is chunked; given the part of `Multipart.statFile`, it has a Content-Length. Error, when it is sent:
 * `RequestBodyFailed`, with the path, if the file cannot be read.
 *
 * @since 0.2.0
 * @category combinators
 *
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Multipart, Request } from 'requests-ts'
 *
 * const chunked = pipe(Request.put('https://example.com/big.bin'), Request.withFile('/tmp/big.bin'))
 * assert.equal(chunked.body._tag, 'Stream')
 * const sized = pipe(
 *   Multipart.statFile('/tmp/big.bin'),
 *   TE.map((file) => pipe(Request.put('https://example.com/big.bin'), Request.withFile(file))))
 * assert.equal(typeof sized, 'function')
 */
export const withFile = (file: string | URL | FilePart): Endomorphism<Request> => {
  const content = contentOf(file)
  return withStream(content.open, UserInput.get(content, 'length'))
}
