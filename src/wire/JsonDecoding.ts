/**
 * Decodes JSON with a decoder function or with a Standard Schema. A value that is accepted costs no object, and no text that only
 * an error needs: `errorOf` makes the error of a rejected one.
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
export type Decoding<D, A> = StandardSchema.Decoder<D, A> | StandardSchema.StandardSchema<A>

type Issues = ReadonlyArray<StandardSchema.SchemaIssue>

/** Why a value was not accepted. */
export type Rejection<D> =
  | {
      readonly _tag: 'Rejected'
      readonly errors: D | Issues
      /** `undefined` for a function. */
      readonly schema: unknown
    }
  | StandardSchema.Broken

/** The errors of decoding JSON with a decoder or a schema. */
export type DecodingError<D, Origin extends JsonOrigin> = InvalidPayload<D | Issues, Origin> | SchemaFailed<Origin>

type Outcome<D, A> = E.Either<Rejection<D>, A>

const ofSchema = <A>(schema: unknown, verdict: StandardSchema.Verdict<A>): Outcome<never, A> => {
  if (verdict._tag === 'Valid') return E.right(verdict.value)
  return E.left(verdict._tag === 'Rejected' ? { _tag: 'Rejected', errors: verdict.issues, schema } : verdict)
}

const ofDecoder = <D, A>(decode: StandardSchema.Decoder<D, A>, json: unknown): Outcome<D, A> => {
  const decoded = decode(json)
  return E.isRight(decoded) ? decoded : E.left({ _tag: 'Rejected', errors: decoded.left, schema: undefined })
}

/** Decodes a JSON value, at once. A schema that returns a promise is `Broken`. */
export const decodeSync = <D, A>(decoding: Decoding<D, A>, json: unknown): Outcome<D, A> =>
  StandardSchema.isDecoder(decoding)
    ? ofDecoder(decoding, json)
    : ofSchema(decoding, StandardSchema.checkSync(decoding, json))

/** Decodes a JSON value. Returns a promise if the schema does. */
export const decode = <D, A>(decoding: Decoding<D, A>, json: unknown): Outcome<D, A> | Promise<Outcome<D, A>> => {
  if (StandardSchema.isDecoder(decoding)) return ofDecoder(decoding, json)
  const verdict = StandardSchema.check(decoding, json)
  return verdict instanceof Promise
    ? verdict.then((settled) => ofSchema(decoding, settled))
    : ofSchema(decoding, verdict)
}

/** Returns the error of a JSON value that was not accepted. `where` is the name of its text. */
export const errorOf = <D, Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  json: unknown,
  rejection: Rejection<D>,
): DecodingError<D, Origin> =>
  rejection._tag === 'Rejected'
    ? invalidPayload(origin, where, json, rejection.errors, rejection.schema)
    : schemaFailed(origin, where, rejection)
