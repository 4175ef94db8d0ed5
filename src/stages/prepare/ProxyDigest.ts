/**
 * Answers the digest challenge (RFC 7616) of a proxy that forwards requests, with the user and the password of the proxy.
 *
 * | request            | answered                                                     | known challenge            |
 * |--------------------|--------------------------------------------------------------|----------------------------|
 * | `http` URL         | here: the 407 is a reply, and the plan is sent again          | in the jar once it was accepted |
 * | `https` URL        | by the transport, when it opens the tunnel (`undici/Tunnel`)  | asked for each tunnel       |
 *
 * The answer is in the route of the plan, so that only the proxy gets it. In the jar, the origin of its challenge is the URL of
 * the proxy with `proxy ` before it: no server has such an origin, so that a challenge is never answered for the other.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as DigestCache from '../../cookies/DigestCache.js'
import * as Jar from '../../cookies/Jar.js'
import * as Digest from '../../values/Digest.js'
import * as Entropy from '../../values/Entropy.js'
import * as Headers from '../../values/Headers.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { Plan, Route } from '../../wire/Plan.js'
import type { Head } from '../../wire/Reply.js'

/** A proxy that forwards a request, and its credentials. */
interface Forwarding {
  readonly proxy: Proxy.Proxy
  readonly credentials: Proxy.Credentials
}

const forwardingOf = ({ proxy }: Route, url: Url.Url): Forwarding | undefined => {
  if (O.isNone(proxy) || O.isNone(proxy.value.credentials)) return undefined
  const isForwarded = Proxy.forwards(url.protocol)(proxy.value)
  return isForwarded ? { proxy: proxy.value, credentials: proxy.value.credentials.value } : undefined
}

const keyOf = ({ proxy, credentials }: Forwarding) => ({
  origin: `proxy ${proxy.protocol}//${proxy.hostname}:${proxy.port}`,
  user: Secret.reveal(credentials.user),
})

const known = (jar: Jar.Jar, forwarding: Forwarding): O.Option<Jar.Challenge> =>
  Jar.challengeFor(keyOf(forwarding))(jar)

/** The request target in absolute form, as the proxy gets it (RFC 9112 3.2.2). */
const targetOf = (url: Url.Url): string => Url.sentHref(Url.withHash('')(url))

/** Whether an answer is made for another send, or replaces one that was not sent: its count is then the same. */
export type Counting = 'Next' | 'Same'

/** How often a nonce was used, by the answer in a route; 0 if the answer is for another nonce. */
const usedIn = ({ proxy }: Route, { realm, nonce }: Jar.Challenge): number => {
  const sent =
    O.isNone(proxy) || O.isNone(proxy.value.authorization) ? '' : Secret.reveal(proxy.value.authorization.value)
  const used = Digest.answered(sent)
  return O.isSome(used) && used.value.nonce === nonce && used.value.realm === realm ? used.value.count : 0
}

/** Returns a jar that counts the uses of a nonce up to this one. */
const countedTo = (count: number, challenge: Jar.Challenge, jar: Jar.Jar): Jar.Jar =>
  count > challenge.count ? Jar.counted({ ...challenge, count: count - 1 })(jar) : jar

interface Answer {
  readonly route: Route
  /** How often the nonce is used, including this time. */
  readonly count: number
}

const answerTo = (
  challenge: Jar.Challenge,
  { proxy, credentials }: Forwarding,
  { method, url, route }: Pick<Plan, 'method' | 'url' | 'route'>,
  entropy: string,
  counting: Counting,
): Answer => {
  const used = usedIn(route, challenge)
  const count = counting === 'Same' && used > 0 ? used : Math.max(challenge.count, used) + 1
  const authorization = Digest.authorization({
    user: Secret.reveal(credentials.user),
    pass: credentials.pass,
    challenge,
    method,
    target: targetOf(url),
    count,
    cnonce: Entropy.draw(entropy, `proxy cnonce ${challenge.nonce} ${count}`).slice(0, 16),
  })
  return { route: { ...route, proxy: O.some({ ...proxy, authorization: O.some(authorization) }) }, count }
}

/** Returns a route with the digest answer of another one to the same proxy. */
export const withAnswerOf = (from: Route, to: Route): Route => {
  if (from === to || O.isNone(from.proxy) || O.isNone(to.proxy)) return to
  const [answered, proxy] = [from.proxy.value, to.proxy.value]
  const isSame = Proxy.show(answered) === Proxy.show(proxy)
  const isDigest = O.isSome(answered.authorization) && isDigestAnswer(Secret.reveal(answered.authorization.value))
  return isSame && isDigest ? { ...to, proxy: O.some({ ...proxy, authorization: answered.authorization }) } : to
}

/** Returns whether the value of a Proxy-Authorization field answers a digest challenge. */
export const isDigestAnswer = (authorization: string): boolean => /^Digest /i.test(authorization)

/** A plan and the jar after it. */
export interface Signed {
  readonly plan: Plan
  /** With the use of the nonce counted. */
  readonly jar: Jar.Jar
}

/** Answers a challenge of the jar in advance. Returns the same plan and jar without one. */
export const signed = (plan: Plan, jar: Jar.Jar, entropy: string, counting: Counting = 'Next'): Signed => {
  if (jar.challenges.size === 0 || entropy === '') return { plan, jar }
  const forwarding = forwardingOf(plan.route, plan.url)
  const challenge = forwarding === undefined ? O.none : known(jar, forwarding)
  if (forwarding === undefined || O.isNone(challenge)) return { plan, jar }
  const { route, count } = answerTo(challenge.value, forwarding, plan, entropy, counting)
  return { plan: { ...plan, route }, jar: countedTo(count, challenge.value, jar) }
}

/** A challenge of a proxy, and the jar that has it. */
interface Asked {
  readonly forwarding: Forwarding
  readonly challenge: Jar.Challenge
  readonly jar: Jar.Jar
}

const asked = (head: Head, plan: Plan, jar: Jar.Jar, now: Date): O.Option<Asked> => {
  const forwarding = forwardingOf(plan.route, plan.url)
  const selected = Digest.select(Headers.valuesOf(head.headers, 'Proxy-Authenticate').map(Secret.reveal))
  if (forwarding === undefined || O.isNone(selected)) return O.none
  const { domain: _, ...challenge } = selected.value // of no meaning for a proxy (RFC 7616 3.3)
  const asking = { ...challenge, ...keyOf(forwarding) }
  const remembered = Jar.remember(asking, now)(jar)
  const stored = DigestCache.ofRealm(asking)(remembered.challenges)
  return O.isNone(stored) ? O.none : O.some({ forwarding, challenge: stored.value, jar: remembered })
}

/** Answers the challenge of a 407. `none`: it is not one, or it cannot be answered. */
export const answer = (
  head: Head,
  plan: Plan,
  jar: Jar.Jar,
  now: Date,
  entropy: string,
  counting: Counting = 'Next',
): O.Option<Signed> => {
  if (head.status !== 407 || entropy === '') return O.none
  const found = asked(head, plan, jar, now)
  if (O.isNone(found)) return O.none
  const { forwarding, challenge, jar: remembered } = found.value
  const { route, count } = answerTo(challenge, forwarding, plan, entropy, counting)
  // Any origin can send a 407. So a proxy that never had digest before is remembered only when it accepts the answer.
  const isKnown = O.isSome(known(jar, forwarding))
  return O.some({ plan: { ...plan, route }, jar: isKnown ? countedTo(count, challenge, remembered) : jar })
}

/** Returns the jar after a proxy has accepted the answer to the challenge of this 407. */
export const accepted = (challenged: Head, plan: Plan, jar: Jar.Jar, now: Date): Jar.Jar => {
  const found = asked(challenged, plan, jar, now)
  if (O.isNone(found) || O.isSome(known(jar, found.value.forwarding))) return jar
  const { challenge, jar: remembered } = found.value
  return countedTo(Math.max(1, usedIn(plan.route, challenge)), challenge, remembered)
}
