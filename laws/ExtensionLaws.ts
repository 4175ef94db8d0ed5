/**
 * Laws of the extensions that users write: authentication schemes, redirect policies, codecs.
 *
 * | of       | laws                                                                                     |
 * |----------|------------------------------------------------------------------------------------------|
 * | a scheme | `signsOnlyItsHeaders` `signsDeterministically` `staysHttp` `hidesWhatItAdds`              |
 * | a policy | `returnsAVerdict` `decidesDeterministically`                                             |
 * | a codec  | `roundTrips` `isStable` `rejectsInvalidInput`                                            |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type { RedirectAttempt, RedirectPolicy } from '../src/session/RedirectPolicy.js'
import * as Headers from '../src/values/Headers.js'
import * as Secret from '../src/values/Secret.js'
import type { Plan } from '../src/wire/Plan.js'
import { Eq } from './Unsealed.js'

// --- authentication schemes ------------------------------------------------------------------------------------------

/** A scheme for `Auth.signer`, and the names of the headers that it sets. */
export interface Scheme {
  readonly sign: (plan: Plan) => Plan
  readonly headers: ReadonlyArray<string>
}

/** The part of a plan that is sent: all of it except the inputs that it was made from. */
const sendable = ({ provenance: _, ...plan }: Plan): unknown => plan

/** States that a scheme changes nothing except the headers that it declares. */
export const signsOnlyItsHeaders =
  ({ sign, headers }: Scheme) =>
  (plan: Plan): boolean => {
    const others = (made: Plan) => sendable({ ...made, headers: Headers.deleteAt(...headers)(made.headers) })
    return Eq.equals(others(sign(plan)), others(plan))
  }

/** Signing one plan twice gives the same result. Otherwise the plan that a user inspects is not the one that is sent. */
export const signsDeterministically =
  ({ sign }: Scheme) =>
  (plan: Plan): boolean =>
    Eq.equals(sendable(sign(plan)), sendable(sign(plan)))

/** The headers that it sets are valid: names are tokens, values have no line ends (RFC 9110 5). */
export const staysHttp =
  ({ sign }: Scheme) =>
  (plan: Plan): boolean =>
    sign(plan).headers.fields.every(([name, value]) => Headers.isName(name) && Headers.isValue(Secret.reveal(value)))

/** The values that it adds are secret, so that no printer shows them and no redirect sends them to another origin. */
export const hidesWhatItAdds =
  ({ sign, headers }: Scheme) =>
  (plan: Plan): boolean =>
    headers.every((name) => Headers.valuesOf(sign(plan).headers, name).every(Secret.is))

// --- redirect policies -----------------------------------------------------------------------------------------------

const VERDICTS = ['Follow', 'Stop', 'Refuse']

/** A policy returns a verdict for each attempt and a reason for each refusal. It does not throw. */
export const returnsAVerdict =
  (policy: RedirectPolicy) =>
  (attempt: RedirectAttempt): boolean => {
    const verdict = policy(attempt)
    return VERDICTS.includes(verdict._tag) && (verdict._tag !== 'Refuse' || verdict.reason !== '')
  }

/** A policy depends only on the attempt: it has no state. */
export const decidesDeterministically =
  (policy: RedirectPolicy) =>
  (attempt: RedirectAttempt): boolean =>
    Eq.equals(policy(attempt), policy(attempt))

// --- codecs ----------------------------------------------------------------------------------------------------------

/** Encodes a value as JSON data, and decodes it. */
export interface Codec<A> {
  readonly encode: (value: A) => unknown
  readonly decode: (json: unknown) => E.Either<unknown, A>
}

const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json) ?? 'null')

/** States that decoding an encoded value, which was JSON text in between, gives an equal value. */
export const roundTrips =
  <A>({ encode, decode }: Codec<A>, { equals }: EqOf<A>) =>
  (value: A): boolean => {
    const again = decode(throughText(encode(value)))
    return E.isRight(again) && equals(again.right, value)
  }

/** Encoding the decoded value gives the same text again. */
export const isStable =
  <A>({ encode, decode }: Codec<A>) =>
  (value: A): boolean => {
    const text = JSON.stringify(encode(value))
    const again = decode(JSON.parse(text ?? 'null'))
    return E.isRight(again) && JSON.stringify(encode(again.right)) === text
  }

/** Decoding any JSON data returns a Left or a value that can be encoded; it does not throw. */
export const rejectsInvalidInput =
  <A>({ encode, decode }: Codec<A>) =>
  (json: unknown): boolean => {
    const read = decode(json)
    return E.isLeft(read) || encode(read.right) !== undefined
  }

/** @deprecated Use `signsDeterministically`. */
export const signsAlike = signsDeterministically
/** @deprecated Use `returnsAVerdict`. */
export const givesAVerdict = returnsAVerdict
/** @deprecated Use `decidesDeterministically`. */
export const judgesAlike = decidesDeterministically
/** @deprecated Use `roundTrips`. */
export const comesBack = roundTrips
/** @deprecated Use `rejectsInvalidInput`. */
export const refusesNonsense = rejectsInvalidInput
