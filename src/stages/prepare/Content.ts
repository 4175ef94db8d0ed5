/**
 * Encodes the body of a plan, and decides the header fields that describe it: Content-Type, Content-Length and
 * Transfer-Encoding (RFC 9110 8.3, 8.6; RFC 9112 6).
 *
 * | framing       | when                                               | field                                |
 * |---------------|----------------------------------------------------|--------------------------------------|
 * | `None`        | no body, and the method does not expect one (D18)  | neither                              |
 * | `Zero`        | no body, and the method expects one                | `Content-Length: 0`                  |
 * | `Length`      | a body of known length                             | `Content-Length`                     |
 * | `GivenLength` | a stream of unknown length, and the user set one   | `Content-Length`, as the user set it |
 * | `Chunked`     | any other stream                                   | `Transfer-Encoding: chunked`         |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import * as Multipart from '../../values/Multipart.js'
import * as Secret from '../../values/Secret.js'
import { invalidBody, noEntropy, type PlanError } from '../PlanError.js'

export type Framing = 'None' | 'Zero' | 'Length' | 'GivenLength' | 'Chunked'

/** What decides Content-Type: nothing, the user, the body, or the user's value completed with the boundary of the body. */
export type ContentType = 'Absent' | 'Given' | 'Body' | 'BoundaryAdded'

const NO_BODY: E.Either<PlanError, Body.Encoded> = E.right({ payload: Body.empty, contentType: undefined })

/** Encodes the body. Empty text and an empty form count as an empty body (D25). Errors: `InvalidBody`, `InvalidSettings`. */
export const encode = (
  body: Body.Body,
  headers: Headers.Headers,
  entropy: string,
): E.Either<PlanError, Body.Encoded> => {
  if (body._tag === 'Empty') return NO_BODY
  const given = body._tag === 'Multipart' ? Headers.find(headers, 'Content-Type') : undefined
  const type = given === undefined ? undefined : Secret.reveal(given)
  if (entropy === '' && Body.needsEntropy(type)(body)) return E.left(noEntropy('the boundary of a multipart body'))
  const encoded = Body.encodeWith(body, { contentType: type, entropy })
  if (E.isLeft(encoded)) return E.left(invalidBody(encoded.left))
  const { payload, contentType } = encoded.right
  const isNothing = payload._tag === 'Bytes' && contentType === undefined && Secret.open(payload.bytes).length === 0
  return isNothing ? E.right({ payload: Body.empty, contentType }) : encoded
}

// RFC 9110 8.6: no Content-Length if the method does not expect content.
const EXPECTS_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/** Decides how the body is delimited. The user's length counts only for a stream of unknown length. */
export const decideFraming = (headers: Headers.Headers, method: string, payload: Body.Payload): Framing => {
  if (payload._tag === 'Empty') return EXPECTS_CONTENT.has(method) ? 'Zero' : 'None'
  if (O.isSome(Body.length(payload))) return 'Length'
  return Headers.has('Content-Length')(headers) ? 'GivenLength' : 'Chunked'
}

const TRANSFER_ENCODING = ['Transfer-Encoding']
const FRAMING_FIELDS = ['Content-Length', ...TRANSFER_ENCODING]

const orZero = O.getOrElse(() => 0)
const lengthOf = (payload: Body.Payload): string => String(orZero(Body.length(payload)))

/** Writes the fields of a framing. */
export const withFraming = (decided: Framing, payload: Body.Payload, headers: Headers.Headers): Headers.Headers => {
  switch (decided) {
    case 'None':
      return Headers.without(headers, FRAMING_FIELDS)
    case 'Zero':
    case 'Length':
      return Headers.upsertAt('Content-Length', lengthOf(payload))(Headers.without(headers, TRANSFER_ENCODING))
    case 'GivenLength':
      return Headers.without(headers, TRANSFER_ENCODING)
    case 'Chunked':
      return Headers.upsertAt('Transfer-Encoding', 'chunked')(headers)
  }
}

/**
 * Decides who determines Content-Type; `ofBody` is the type that `encode` returned. A multipart type of the user without the
 * required boundary (RFC 2046 5.1.1) is completed in `ofBody`.
 */
export const decideContentType = (headers: Headers.Headers, ofBody: string | undefined): ContentType => {
  const given = Headers.find(headers, 'Content-Type')
  if (given === undefined) return ofBody === undefined ? 'Absent' : 'Body'
  if (ofBody === undefined || !Multipart.isMultipart(ofBody)) return 'Given'
  const text = Secret.reveal(given)
  return Multipart.isMultipart(text) && Multipart.boundaryOf(text) === undefined ? 'BoundaryAdded' : 'Given'
}

/** Writes the Content-Type of a decision. */
export const withContentType = (
  decided: ContentType,
  ofBody: string | undefined,
  headers: Headers.Headers,
): Headers.Headers => {
  if (ofBody === undefined || decided === 'Absent' || decided === 'Given') return headers
  if (decided === 'Body') return Headers.append('Content-Type', ofBody)(headers)
  const isSecret = Secret.is(Headers.find(headers, 'Content-Type'))
  return Headers.upsertAt('Content-Type', isSecret ? Secret.make(ofBody) : ofBody)(headers)
}
