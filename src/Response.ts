/**
 * Readers of a response. They are pure, because the body has been read already.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as t from 'io-ts'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 *
 * const { outcome } = pipe(
 *   Request.get('http://h.test/'),
 *   Exchange.simulate({ session: Session.defaults })(() => ({ status: 200, body: '{"name":"me"}' })))
 * const name = pipe(
 *   outcome,
 *   E.flatMap(Response.ok),
 *   E.flatMap(Response.json(t.type({ name: t.string }).decode)),
 *   E.map(({ name }) => name))
 * assert.deepEqual(name, E.right('me'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { statusError } from './errors/StatusFailure.js'
import * as Charset from './values/Charset.js'
import * as Headers from './values/Headers.js'
import * as Printable from './values/Printable.js'
import type { Decoder, SchemaIssue, StandardSchema } from './values/StandardSchema.js'
import * as Status from './values/Status.js'
import * as JsonDecoding from './wire/JsonDecoding.js'
import { ownLink } from './wire/OwnLink.js'
import type { Plan } from './wire/Plan.js'
import type { Head, Response } from './wire/Reply.js'
import * as ResponseError from './wire/ResponseError.js'
import type { Timings } from './wire/Timings.js'

export type { Decoder, SchemaIssue, SchemaResult, StandardSchema } from './values/StandardSchema.js'
export { links } from './wire/OwnLink.js'
export { type Problem, problem } from './wire/Problem.js'
export type { Head, Hop, Response, Unread } from './wire/Reply.js'
export type {
  InEvent,
  InLine,
  InResponse,
  InvalidPayload,
  JsonOrigin,
  NotJson,
  SchemaFailed,
  StatusError,
} from './wire/ResponseError.js'
export type { Timings } from './wire/Timings.js'

/** Returns the response if its status is below 400. Error: `StatusError`. */
export const ok = (response: Response): E.Either<ResponseError.StatusError, Response> =>
  response.status < 400 ? E.right(response) : E.left(statusError(response))

/** Decodes the body as text: by a byte order mark, else the declared charset, else UTF-8 (D10). */
export const text = ({ bytes, encoding }: Response): string => Charset.decode(encoding)(bytes)

type Issues = ReadonlyArray<SchemaIssue>

const parseJson = (response: Response): E.Either<ResponseError.NotJson, unknown> => {
  const parsed = Printable.parseJson(Charset.decodeJson(response.encoding)(response.bytes))
  return E.isRight(parsed)
    ? parsed
    : E.left(ResponseError.notJson({ response }, ResponseError.bodyOf(response.plan), parsed.left))
}

/**
 * Parses the body as JSON and decodes the value with a decoder, such as one of io-ts, or with a Standard Schema (zod, valibot,
 * arktype). Errors: `NotJson`, `InvalidPayload`, which has the `paths` that were rejected, and for a schema `SchemaFailed`:
 * it threw, or it is asynchronous, which needs `Http.json` or `schemaTask`.
 */
export function json<A>(
  schema: StandardSchema<A>,
): (
  response: Response,
) => E.Either<ResponseError.NotJson | ResponseError.InvalidPayload<Issues> | ResponseError.SchemaFailed, A>
export function json<E, A>(
  decode: Decoder<E, A>,
): (response: Response) => E.Either<ResponseError.NotJson | ResponseError.InvalidPayload<E>, A>
export function json<D, A>(decoder: JsonDecoding.Decoding<D, A>) {
  return (
    response: Response,
  ): E.Either<ResponseError.NotJson | JsonDecoding.DecodingError<D, ResponseError.InResponse>, A> => {
    const parsed = parseJson(response)
    if (E.isLeft(parsed)) return parsed
    const decoded = JsonDecoding.decodeSync(decoder, parsed.right)
    return E.isRight(decoded) ? decoded : E.left(rejectionOf(response, parsed.right, decoded.left))
  }
}

const rejectionOf = <D>(
  response: Response,
  json: unknown,
  rejection: JsonDecoding.Rejection<D>,
): JsonDecoding.DecodingError<D, ResponseError.InResponse> =>
  JsonDecoding.errorOf({ response }, ResponseError.bodyOf(response.plan), json, rejection)

/**
 * Parses the body as JSON and checks the value with a Standard Schema, as `json` does.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 * import * as z from 'zod'
 *
 * const { outcome } = pipe(
 *   Request.get('http://h.test/'),
 *   Exchange.simulate({ session: Session.defaults })(() => ({ status: 200, body: '{"name":"me"}' })))
 * const User = z.object({ name: z.string() })
 * assert.deepEqual(pipe(outcome, E.flatMap(Response.schema(User))), E.right({ name: 'me' }))
 */
export const schema = <A>(
  schema: StandardSchema<A>,
): ((
  response: Response,
) => E.Either<ResponseError.NotJson | ResponseError.InvalidPayload<Issues> | ResponseError.SchemaFailed, A>) =>
  json(schema)

/**
 * Parses the body as JSON and checks the value with a Standard Schema, which may be asynchronous. Errors: those of `schema`.
 *
 * @since 0.2.0
 * @category destructors
 */
export const schemaTask =
  <A>(schema: StandardSchema<A>) =>
  (
    response: Response,
  ): TaskEither<ResponseError.NotJson | ResponseError.InvalidPayload<Issues> | ResponseError.SchemaFailed, A> =>
  async () => {
    const parsed = parseJson(response)
    if (E.isLeft(parsed)) return parsed
    const decoded = await JsonDecoding.decode<never, A>(schema, parsed.right)
    return E.isRight(decoded) ? decoded : E.left(rejectionOf(response, parsed.right, decoded.left))
  }

/** Splits the body into lines at `\n`, `\r\n` and `\r`. The end of the last line does not start an empty one. */
export const lines = (response: Response): ReadonlyArray<string> => {
  const all = text(response).split(/\r\n|\n|\r/)
  return all.at(-1) === '' ? all.slice(0, -1) : all
}

/**
 * Returns the value of a header field, of several lines the first. A sensitive one, such as Set-Cookie, is `‹secret›`:
 * `Headers` reads it.
 *
 * @since 0.2.0
 * @category destructors
 */
export const header =
  (name: string) =>
  ({ headers }: Pick<Response, 'headers'>): O.Option<string> =>
    Headers.lookup(name)(headers)

/** Returns the absolute URL of a relation such as `next`. Links of other resources are ignored (RFC 8288 3.2). */
export const link =
  (rel: string) =>
  (response: Response): O.Option<string> => {
    const found = ownLink(rel, response)
    return found === undefined || E.isLeft(found.resolved) ? O.none : O.some(found.resolved.right.url.href)
  }

/**
 * Returns how long the phases of the last attempt took, if the transport records it: `Transport.undici({ timings: true })`. `history`
 * has the timings of earlier hops.
 *
 * @since 0.2.0
 * @category destructors
 */
export const timings = ({ timings }: Pick<Head, 'timings'>): O.Option<Timings> => O.fromNullable(timings)

/** Returns whether the response is a redirect with a Location (requests' `is_redirect`). */
export const isRedirect = ({ status, headers }: Response): boolean =>
  Status.isRedirect(status) && Headers.has('Location')(headers)

/** Returns whether it is a permanent redirect, 301 or 308 (requests' `is_permanent_redirect`). */
export const isPermanentRedirect = ({ status, headers }: Response): boolean =>
  Status.isPermanentRedirect(status) && Headers.has('Location')(headers)

/** Returns the plan of a redirect that was not followed. */
export const next = (response: Response): O.Option<Plan> => response.next
