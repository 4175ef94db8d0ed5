/** A request as JSON. Separate from `Request`, so that a bundle contains the codecs only if it uses `encode` or `decode`. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Serialization from '../values/Serialization.js'
import * as BodyJson from './BodyJson.js'
import type { Request } from './Request.js'
import * as SettingsJson from './SettingsJson.js'

const FORMAT = 'requests-ts/request'
const VERSION = 1

/** The codec of a saved request. */
export const RequestJson = t.readonly(
  t.strict({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    method: Serialization.Line,
    url: Serialization.Line,
    body: BodyJson.BodyJson,
    settings: SettingsJson.SettingsJson,
  }),
)
export type RequestJson = t.TypeOf<typeof RequestJson>

/**
 * Converts a request to JSON. Error: `Unwritable`, with the paths of functions, of bodies that are streams, and of secrets that
 * need `{ reveal: true }`: `auth.pass`, `body`, `body.parts[0].content (file)`.
 *
 * Laws: `decode(encode({ reveal: true })(request))` equals the request (`Request.Eq`), if it has neither functions nor streams.
 * Whatever `encode` returns, `decode` accepts.
 *
 * @since 0.2.0
 * @category formats
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request } from 'requests-ts'
 *
 * const request = pipe(Request.post('https://example.com/'), Request.withJson({ a: 1 }), Request.withBearer('token'))
 * assert.deepEqual(pipe(request, Request.encode(), E.mapLeft(({ paths }) => paths)), E.left(['auth.token']))
 * const again = pipe(request, Request.encode({ reveal: true }), E.flatMap(Request.decode))
 * assert.equal(E.isRight(again) && Request.Eq.equals(again.right, request), true)
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  ({ method, url, body, settings }: Request): E.Either<Serialization.EncodeError, RequestJson> => {
    const writer = Serialization.writer(options)
    const json: RequestJson = {
      format: FORMAT,
      version: VERSION,
      method: writer.secret('method', method),
      url: writer.secret('url', url),
      body: BodyJson.write(writer, body),
      settings: SettingsJson.write(writer, settings),
    }
    return E.flatMap(Serialization.readable<RequestJson>(decode))(Serialization.written(writer, json))
  }

/**
 * Converts JSON to a request. Error: `Unreadable`.
 *
 * @since 0.2.0
 * @category formats
 */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Request> => {
  const json = Serialization.readVersion(FORMAT, VERSION, RequestJson, u)
  if (E.isLeft(json)) return json
  const { method, url, settings } = json.right
  const body = BodyJson.read(json.right.body)
  if (E.isLeft(body)) return E.left(Serialization.decodeError([body.left]))
  return E.right({ method, url, body: body.right, settings: SettingsJson.read(settings) })
}
