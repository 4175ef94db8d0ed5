/**
 * What the parts that users write must do: schemes of auth, redirect policies, codecs.
 *
 * | of       | laws                                                                                     |
 * |----------|------------------------------------------------------------------------------------------|
 * | a scheme | `signsOnlyItsHeaders` `signsAlike` `staysHttp` `hidesWhatItAdds`                          |
 * | a policy | `givesAVerdict` `judgesAlike`                                                            |
 * | a codec  | `comesBack` `isStable` `refusesNonsense`                                                 |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import type { RedirectAttempt, RedirectPolicy } from '../src/session/RedirectPolicy.js'
import * as Headers from '../src/values/Headers.js'
import * as Secret from '../src/values/Secret.js'
import type { Plan } from '../src/wire/Plan.js'
import { Eq } from './Unsealed.js'

// --- schemes of auth -------------------------------------------------------------------------------------------------

/** A scheme as `Auth.custom` takes it, and the names of the headers that it is there to make. */
export interface Scheme {
  readonly sign: (plan: Plan) => Plan
  readonly headers: ReadonlyArray<string>
}

/** A plan but for what it was made from, which is no part of what is sent. */
const sendable = ({ inputs: _, ...plan }: Plan): unknown => plan

export const signsOnlyItsHeaders =
  ({ sign, headers }: Scheme) =>
  (plan: Plan): boolean => {
    const others = (made: Plan) => sendable({ ...made, headers: Headers.deleteAt(...headers)(made.headers) })
    return Eq.equals(others(sign(plan)), others(plan))
  }

/** The same plan is signed alike, or a plan that is looked at is not the plan that is sent. */
export const signsAlike =
  ({ sign }: Scheme) =>
  (plan: Plan): boolean =>
    Eq.equals(sendable(sign(plan)), sendable(sign(plan)))

/** What it makes can be sent: tokens for names, no line ends in values (RFC 9110 5). */
export const staysHttp =
  ({ sign }: Scheme) =>
  (plan: Plan): boolean =>
    sign(plan).headers.fields.every(([name, value]) => Headers.isName(name) && Headers.isValue(Secret.reveal(value)))

/** What it adds is secret, so that no printer shows it and no redirect takes it to another origin. */
export const hidesWhatItAdds =
  ({ sign, headers }: Scheme) =>
  (plan: Plan): boolean =>
    headers.every((name) => Headers.valuesOf(sign(plan).headers, name).every(Secret.is))

// --- redirect policies -----------------------------------------------------------------------------------------------

const VERDICTS = ['Follow', 'Stop', 'Refuse']

/** Every attempt gets a verdict, and a refusal says why. A policy that throws refutes it. */
export const givesAVerdict =
  (policy: RedirectPolicy) =>
  (attempt: RedirectAttempt): boolean => {
    const verdict = policy(attempt)
    return VERDICTS.includes(verdict._tag) && (verdict._tag !== 'Refuse' || verdict.reason !== '')
  }

/** A policy is a function of the attempt: it counts nothing by itself. */
export const judgesAlike =
  (policy: RedirectPolicy) =>
  (attempt: RedirectAttempt): boolean =>
    Eq.equals(policy(attempt), policy(attempt))

// --- codecs ----------------------------------------------------------------------------------------------------------

/** To something that JSON can hold, and back. */
export interface Codec<A> {
  readonly encode: (value: A) => unknown
  readonly decode: (json: unknown) => E.Either<unknown, A>
}

const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json) ?? 'null')

export const comesBack =
  <A>({ encode, decode }: Codec<A>, { equals }: EqOf<A>) =>
  (value: A): boolean => {
    const again = decode(throughText(encode(value)))
    return E.isRight(again) && equals(again.right, value)
  }

/** What is read back is written as the same text. */
export const isStable =
  <A>({ encode, decode }: Codec<A>) =>
  (value: A): boolean => {
    const text = JSON.stringify(encode(value))
    const again = decode(JSON.parse(text ?? 'null'))
    return E.isRight(again) && JSON.stringify(encode(again.right)) === text
  }

/** What was never encoded is a Left, or can be encoded; nothing throws. */
export const refusesNonsense =
  <A>({ encode, decode }: Codec<A>) =>
  (json: unknown): boolean => {
    const read = decode(json)
    return E.isLeft(read) || encode(read.right) !== undefined
  }
