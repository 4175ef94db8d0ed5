/**
 * The step that the head of a reply leads to: answer a digest challenge, follow a redirect, end or fail. `ExchangeState` has
 * the types.
 *
 * Cookies and redirects are one step, because a cookie that one hop sets must be sent on the next. Every result and every
 * error has the updated jar.
 */
import * as E from 'fp-ts/lib/Either.js'
import { flow, identity } from 'fp-ts/lib/function.js'
import { concatAll } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../cookies/Jar.js'
import type { Renewable } from '../session/auth/Auth.js'
import * as RedirectPolicy from '../session/RedirectPolicy.js'
import * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Status from '../values/Status.js'
import * as Token from '../values/Token.js'
import * as Fault from '../wire/Fault.js'
import { isReplayable, type Plan } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import {
  type Absorbed,
  absorb,
  answeringProxy,
  appendToHistory,
  NO_COOKIES,
  ownHops,
  rebuildCookies,
} from './Absorb.js'
import { authorize, isLast, renewableFor } from './Authorize.js'
import { type Done, type Exchange, failed, type Next, type Refuse, type Step } from './ExchangeState.js'
import type { Merged } from './Merge.js'
import * as Credentials from './prepare/Credentials.js'
import { refresh } from './prepare/Provenance.js'
import * as ProxyDigest from './prepare/ProxyDigest.js'
import * as Redirect from './Redirect.js'
import * as Renewal from './Renewal.js'
import { hideSecretQuery } from './ReplyRedaction.js'
import { signatureOf, unsigned } from './Signing.js'

// --- the steps -----------------------------------------------------------------------------------------------------

/** Answers a 401 that this exchange can answer. Hooks do not see such a reply. `none`: run the hooks, then `settle`. */
export const challenge =
  (now: Date) =>
  (received: Head) =>
  (x: Exchange): O.Option<Exchange> => {
    const step = answer(now, received, x)
    return step?._tag === 'Next' ? O.some(step.exchange) : O.none
  }

/**
 * `challenge` without closures, because each reply is processed with it. Refuses a reply that it would answer if it could.
 * @internal
 */
export const answer = (now: Date, received: Head, x: Exchange): Next | Refuse | undefined => {
  if (received.status === 407) return answerProxy(now, hideSecretQuery(received, x.merged), x)
  if (x.merged.settings.auth._tag !== 'Set' || !x.credentialsAllowed) return undefined
  const { _tag } = x.merged.settings.auth.value
  if (_tag === 'Digest') return answerDigest(now, hideSecretQuery(received, x.merged), x)
  return _tag === 'Renewable' ? answerRejection(now, hideSecretQuery(received, x.merged), x) : undefined
}

/** Answers the challenge of a proxy once for each hop. The cookies of a proxy are not those of the origin. */
const answerProxy = (now: Date, head: Head, x: Exchange): Next | Refuse | undefined => {
  if (ownHops(x).at(-1)?.head.status === 407) return undefined
  if (O.isNone(ProxyDigest.answer(head, x.plan, x.jar, now, x.entropy))) return undefined
  const after = appendToHistory(head, { exchange: x, cookies: NO_COOKIES, rejected: NO_COOKIES })
  if (!isReplayable(x.plan)) return refuse(Redirect.unrewindableBody(x.plan, 'the challenge of the proxy'), after)
  if (isLast(x.merged) && x.credentialsAllowed) return signedAnew(now, after)
  return { _tag: 'Next', exchange: answeringProxy(now, after) }
}

const signedAnew = (now: Date, x: Exchange): Next | Refuse => {
  const ready = Renewal.authorizedAgain(now, x)
  return E.isLeft(ready) ? { _tag: 'Refuse', error: ready.left } : { _tag: 'Next', exchange: ready.right }
}

const cannotAnswer = (now: Date, head: Head, x: Exchange, what: string): Refuse => {
  const absorbed = absorb(now, head, x)
  return refuse(Redirect.unrewindableBody(absorbed.exchange.plan, what), appendToHistory(head, absorbed))
}

const answerDigest = (now: Date, head: Head, x: Exchange): Next | Refuse | undefined => {
  const answerable = Credentials.digestChallengeIn(head, x)
  if (O.isNone(answerable)) return undefined
  if (!isReplayable(x.plan)) return cannotAnswer(now, head, x, 'the challenge')
  const absorbed = absorb(now, head, x)
  const { exchange } = absorbed
  const answer = Credentials.answerChallenge(answerable.value, x.plan, exchange.jar, now, x.entropy)
  if (O.isNone(answer)) return undefined
  const { authorization, jar } = answer.value
  const rebuild = exchange.jar === x.jar ? identity : rebuildCookies(exchange, now)
  // The plan is made from the jar after this reply. The exchange keeps that jar with the use of the nonce counted.
  const sign = flow(rebuild, Headers.upsertAt('Authorization', authorization))
  const plan = refresh(exchange.jar, now)(sign)(x.plan)
  const next: Exchange = { ...appendToHistory(head, absorbed), plan: { ...plan, cause: 'Authorize' }, jar }
  return { _tag: 'Next', exchange: answeringProxy(now, next) }
}

/** Renews a token that a reply rejects: at most once for each hop, and not if the jar has another one by now. */
const answerRejection = (now: Date, head: Head, x: Exchange): Next | Refuse | undefined => {
  const auth = renewableFor(x.merged, x.plan)
  const used = signatureOf(x.plan)?.token
  if (auth === undefined || used === undefined || x.hasRenewed === true || !rejects(auth, head)) return undefined
  if (!isReplayable(x.plan)) return cannotAnswer(now, head, x, `the rejected token of '${auth.name}'`)
  const absorbed = absorb(now, head, x)
  const { exchange } = absorbed
  const rebuild = exchange.jar === x.jar ? identity : rebuildCookies(exchange, now)
  const plan = refresh(exchange.jar, now)(rebuild)(unsigned(x.plan))
  const main: Exchange = { ...appendToHistory(head, absorbed), plan: { ...plan, cause: 'Authorize' } }
  const held = Jar.token(used)(main.jar)
  const isCurrent = O.isNone(held) || Token.Eq.equals(held.value, used.token)
  const ready = isCurrent ? Renewal.begin(now, main, auth, 'Rejected') : Renewal.authorized(now, main)
  return E.isLeft(ready) ? { _tag: 'Refuse', error: ready.left } : { _tag: 'Next', exchange: ready.right }
}

/** A function of the user that throws does not reject. */
const rejects = (auth: Renewable, head: Head): boolean => {
  try {
    const rejected: unknown = auth.isRejected(head)
    Fault.ignoreRejection(rejected)
    return rejected === true
  } catch {
    return false
  }
}

const DEFAULT_MAX_REDIRECTS = 30

const VERDICTS: ReadonlySet<string> = new Set<RedirectPolicy.Verdict['_tag']>(['Follow', 'Stop', 'Refuse'])

/** Runs the policies. A policy that throws, or returns no verdict, refuses the redirect. */
const evaluate = ({ settings }: Merged, attempt: RedirectPolicy.RedirectAttempt): RedirectPolicy.Verdict => {
  if (settings.redirects._tag === 'Inherit') return RedirectPolicy.toFollow
  try {
    const verdict = concatAll(RedirectPolicy.Monoid)(settings.redirects.value)(attempt)
    // Plain JavaScript may return anything.
    if (VERDICTS.has(verdict._tag)) return verdict
    return RedirectPolicy.toRefuse('the policy returned something else than Follow, Stop or Refuse')
  } catch (cause) {
    return RedirectPolicy.toRefuse(`the policy failed: ${Fault.messageOf(cause)}`)
  }
}

/** Every hop that another plan follows is a redirect or was answered. */
const redirectsIn = (x: Exchange): number => ownHops(x).filter(({ head }) => Status.isRedirect(head.status)).length

const refuse = (error: Redirect.RedirectError, x: Exchange): Refuse => ({
  _tag: 'Refuse',
  error: Renewal.errorIn(x, failed(error)(x)),
})

/** Processes the head of a reply: target and maximum in requests' order, then the policy. A hook may have changed the head. */
export const settle =
  (now: Date) =>
  (received: Head) =>
  (given: Exchange): Step =>
    decide(now, received, given)

/**
 * `settle` without closures, because each reply is processed with it.
 * @internal
 */
export const decide = (now: Date, received: Head, given: Exchange): Step => {
  const head = hideSecretQuery(received, given.merged)
  // Such a reply was not answered before, because its body cannot be sent again.
  const again = answer(now, head, given)
  if (again?._tag === 'Refuse') return again
  const absorbed = absorb(now, head, given)
  const target = Redirect.getRedirectTarget(head)
  return E.isRight(target) && O.isNone(target.right) ? done(absorbed, head, O.none) : follow(now, head, absorbed)
}

const done = ({ exchange, cookies, rejected }: Absorbed, head: Head, next: O.Option<Plan>): Done => ({
  _tag: 'Done',
  exchange,
  head,
  cookies,
  rejected,
  next,
})

/** Decides about a redirect. */
const follow = (now: Date, head: Head, absorbed: Absorbed): Step => {
  const { exchange: x } = absorbed
  const after = appendToHistory(head, absorbed)
  const limit = Override.getOrElse(DEFAULT_MAX_REDIRECTS)(x.merged.settings.maxRedirects)
  if (redirectsIn(x) >= limit) return refuse(Redirect.tooManyRedirects(x.plan, limit), after)
  const following = Redirect.next(now)(head)(x)
  const attempt = { previous: ownHops(after).map((hop) => hop.plan.url), status: head.status }
  if (E.isLeft(following)) {
    // Without a next plan the policy sees the current one: one that stops anyway does not need the target.
    const { _tag } = evaluate(x.merged, { ...attempt, next: x.plan })
    return _tag === 'Stop' ? done(absorbed, head, O.none) : refuse(following.left, after)
  }
  if (O.isNone(following.right)) return done(absorbed, head, O.none) // not reached: there is a target
  const { plan, credentialsAllowed } = following.right.value
  const verdict = evaluate(x.merged, { ...attempt, next: plan })
  switch (verdict._tag) {
    case 'Refuse':
      return refuse(Redirect.redirectRefused(x.plan, verdict.reason), after)
    case 'Stop':
      if (!isReplayable(plan)) return done(absorbed, head, O.none)
      return done(absorbed, head, O.some(credentialsAllowed ? completed(now, after, plan) : plan))
    case 'Follow': {
      if (!isReplayable(plan)) return refuse(Redirect.unrewindableBody(x.plan, `the redirect (${head.status})`), after)
      const counted = credentialsAllowed ? Credentials.countNonce(x.merged, x.jar, plan) : x.jar
      const { history, merged, environment, entropy, waiting } = after
      const exchange: Exchange = {
        plan,
        jar: counted,
        history,
        merged,
        environment,
        entropy,
        credentialsAllowed,
        waiting,
        signing: undefined,
        hasRenewed: false,
      }
      if (credentialsAllowed && isLast(merged)) return authorizedStep(now, exchange)
      return { _tag: 'Next', exchange: answeringProxy(now, exchange) }
    }
  }
}

/** A plan that is not sent, with the credentials that are added last, as far as they are known. */
const completed = (now: Date, x: Exchange, plan: Plan): Plan => {
  const outcome = authorize(x, plan, now, String(x.history.length))
  return E.isLeft(outcome) ? plan : outcome.right.plan
}

const authorizedStep = (now: Date, exchange: Exchange): Step => {
  const ready = Renewal.authorized(now, exchange)
  return E.isLeft(ready) ? { _tag: 'Refuse', error: ready.left } : { _tag: 'Next', exchange: ready.right }
}

/** Runs `challenge`, else `settle`: the step for one reply, without hooks. */
export const receive =
  (now: Date) =>
  (head: Head) =>
  (x: Exchange): Step => {
    const again = answer(now, head, x)
    return again?._tag === 'Next' ? again : decide(now, head, x)
  }
