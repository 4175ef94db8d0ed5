/**
 * Decodes JSON with a decoder function or with a Standard Schema. The errors are those of `ResponseError`: a decoder fails with
 * `InvalidPayload`, and a schema also with `SchemaFailed`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as StandardSchema from '../values/StandardSchema.js'
import {
  type InvalidPayload,
  invalidPayload,
  type JsonOrigin,
  type SchemaFailed,
  schemaFailed,
} from './ResponseError.js'

/** What decodes JSON: a function, or a schema. */
export type Decoding<E, A> = StandardSchema.Decoder<E, A> | StandardSchema.StandardSchema<A>

/** The errors of decoding JSON with a decoder or a schema. */
export type DecodingError<E, Origin extends JsonOrigin> =
  | InvalidPayload<E | ReadonlyArray<StandardSchema.SchemaIssue>, Origin>
  | SchemaFailed<Origin>

/** Returns the outcome of a schema. */
const schemaOutcome = <A, Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  json: unknown,
  verdict: StandardSchema.Verdict<A>,
): E.Either<DecodingError<never, Origin>, A> => {
  if (verdict._tag === 'Valid') return E.right(verdict.value)
  if (verdict._tag === 'Rejected') return E.left(invalidPayload(origin, where, json, verdict.issues))
  return E.left(schemaFailed(origin, where, verdict))
}

const decoderOutcome = <D, A, Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  json: unknown,
  decode: StandardSchema.Decoder<D, A>,
): E.Either<InvalidPayload<D, Origin>, A> => {
  const decoded = decode(json)
  return E.isRight(decoded) ? decoded : E.left(invalidPayload(origin, where, json, decoded.left))
}

/** Decodes a JSON value, at once. A schema that returns a promise is `SchemaFailed`. */
export const decodeSync = <D, A, Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  json: unknown,
  decoding: Decoding<D, A>,
): E.Either<DecodingError<D, Origin>, A> =>
  StandardSchema.isDecoder(decoding)
    ? decoderOutcome(origin, where, json, decoding)
    : schemaOutcome(origin, where, json, StandardSchema.checkSync(decoding, json))

/** Decodes a JSON value. Waits for a schema that returns a promise. */
export const decode = <D, A, Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  json: unknown,
  decoding: Decoding<D, A>,
): E.Either<DecodingError<D, Origin>, A> | Promise<E.Either<DecodingError<D, Origin>, A>> => {
  if (StandardSchema.isDecoder(decoding)) return decoderOutcome(origin, where, json, decoding)
  const verdict = StandardSchema.check(decoding, json)
  return verdict instanceof Promise
    ? verdict.then((settled) => schemaOutcome(origin, where, json, settled))
    : schemaOutcome(origin, where, json, verdict)
}
