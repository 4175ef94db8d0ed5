/**
 * Answers a 401 that demands Digest authentication with the same request, signed.
 *
 * This happens once for each hop, only for an origin that may receive the credentials, and only if the body can be sent
 * again (D24). The jar keeps the challenge, so that the next request to the origin is signed in advance.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as DigestCache from '../cookies/DigestCache.js'
import * as Jar from '../cookies/Jar.js'
import type { Digest as DigestAuth } from '../session/Auth.js'
import * as Digest from '../values/Digest.js'
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import type { Plan } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import type { Merged } from './Merge.js'
import { answerChallenge } from './prepare/Credentials.js'

/** A challenge and the credentials that answer it. */
export interface AnswerableChallenge {
  readonly auth: DigestAuth
  readonly challenge: Digest.Challenge
}

/** Returns the digest challenge of a head, if this exchange can answer it. */
export const digestChallengeIn = (
  head: Head,
  {
    plan,
    merged,
    credentialsAllowed,
  }: { readonly plan: Plan; readonly merged: Merged; readonly credentialsAllowed: boolean },
): O.Option<AnswerableChallenge> => {
  const { auth } = merged.settings
  if (head.status !== 401 || auth._tag !== 'Set' || auth.value._tag !== 'Digest') return O.none
  if (!credentialsAllowed || plan.cause === 'Authorize') return O.none
  const challenge = Digest.select(Headers.valuesOf(head.headers, 'WWW-Authenticate').map(Secret.reveal))
  return O.isNone(challenge) ? O.none : O.some({ auth: auth.value, challenge: challenge.value })
}

/** Stores the next nonce of a reply to a signed plan, unless the jar has a newer one (RFC 7616 3.5). */
export const renewed = (
  head: Head,
  { plan, merged, jar }: { readonly plan: Plan; readonly merged: Merged; readonly jar: Jar.Jar },
  now: Date,
): Jar.Jar => {
  const { auth } = merged.settings
  if (auth._tag !== 'Set' || auth.value._tag !== 'Digest') return jar
  const info = Headers.valuesOf(head.headers, 'Authentication-Info')
  const sent = Headers.find(plan.headers, 'Authorization')
  if (info.length === 0 || sent === undefined) return jar
  const nonce = Digest.nextNonce(info.map(Secret.reveal))
  const used = Digest.answered(Secret.reveal(sent))
  if (O.isNone(nonce) || O.isNone(used)) return jar
  const { realm } = used.value
  const known = DigestCache.ofRealm({ origin: plan.url.origin, realm, user: auth.value.user })(jar.challenges)
  if (O.isNone(known) || known.value.nonce !== used.value.nonce) return jar
  const { count: _, updated: __, ...challenge } = known.value
  return Jar.remember({ ...challenge, nonce: nonce.value }, now)(jar)
}

/** Returns the plan, signed, and the jar with the challenge and its use. */
export const answer = (
  { auth, challenge }: AnswerableChallenge,
  plan: Plan,
  jar: Jar.Jar,
  now: Date,
  entropy: string,
): { readonly plan: Plan; readonly jar: Jar.Jar } => {
  const asking = { ...challenge, origin: plan.url.origin, user: auth.user }
  const remembered = Jar.remember(asking, now)(jar)
  // The realm decides: another realm of the origin may have a newer nonce.
  const known = DigestCache.ofRealm(asking)(remembered.challenges)
  if (O.isNone(known)) return { plan, jar }
  const value = answerChallenge(auth, known.value, entropy, plan)
  return {
    plan: { ...plan, headers: Headers.upsertAt('Authorization', value)(plan.headers), cause: 'Authorize' },
    jar: Jar.counted(known.value)(remembered),
  }
}
