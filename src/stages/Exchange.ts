/**
 * The machine: one request and all that follows from it, as data. It reads no clock and sends nothing.
 *
 *     start ─▶ Exchange ──▶ (send its plan) ──▶ Head ─┬─ challenge ─▶ Next          a 401 answered
 *                 ▲                                   └─ settle ────▶ Done | Next | Refuse
 *                 └───────────────────────────────────────────────────────┘
 *
 * Two interpreters run it: `Http.attempt` around a transport, `simulate` around a pure server. Cookies and redirects
 * are one step, for a cookie set on one hop must be on the next, and the jar comes back on every path.
 *
 * Laws: it ends within the limit; nothing secret crosses an origin or comes back; a challenge is answered once;
 * `attempt` over `Transport.memory(server)` is `simulate(server)`.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 *
 * const trace = pipe(
 *   Request.get('http://h.test/a'),
 *   Exchange.simulate({ session: Session.defaults })({
 *     'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': 'sid=1' } },
 *     'GET /b': (plan) => ({ status: 200, body: plan.url.href }) }))
 * assert.deepEqual(pipe(trace.outcome, E.map(Response.text)), E.right('http://h.test/b'))
 * assert.deepEqual(trace.hops.map(({ head }) => head.status), [302, 200])
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { concatAll } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import * as Jar from '../cookies/Jar.js'
import type * as Site from '../cookies/Site.js'
import type { Environment } from '../session/Environment.js'
import * as RedirectPolicy from '../session/RedirectPolicy.js'
import type { Request } from '../session/Request.js'
import * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { isReplayable } from '../wire/Plan.js'
import type { Head, Hop } from '../wire/Reply.js'
import type { TransportError } from '../wire/Transport.js'
import * as Challenge from './Challenge.js'
import { type Merged, merge } from './Merge.js'
import { noEntropy, type PlanError } from './PlanError.js'
import { type Context, prepared, type World, withDefaults } from './Prepare.js'
import * as CookieHeader from './prepare/CookieHeader.js'
import * as Credentials from './prepare/Credentials.js'
import { later } from './prepare/Provenance.js'
import * as Redirect from './Redirect.js'

// --- model ---------------------------------------------------------------------------------------------------------

/** A started exchange: the plan to send now, and all that the next hop needs. */
export interface Exchange {
  readonly plan: Plan
  readonly jar: Jar.Jar
  /** The hops that are answered, oldest first. */
  readonly history: ReadonlyArray<Hop>
  readonly merged: Merged
  readonly environment: Environment
  /** Seed of every draw of this exchange. */
  readonly entropy: string
  /** Whether every hop so far stayed where the credentials may go; once false it stays so. */
  readonly credentialsAllowed: boolean
}

/** A hook did not let the reply pass. */
export interface HookFailed {
  readonly _tag: 'HookFailed'
  readonly plan: Plan
  /** The name of its function. */
  readonly hook: string
  /** Its left, or what it threw, as it was. */
  readonly error: unknown
  readonly message: string
}

/** An error with all that was gathered until then: from before the first byte, no history, and the jar as it was. */
export type Started<E> = E & { readonly history: ReadonlyArray<Hop>; readonly jar: Jar.Jar }
export type ExchangeError = Started<TransportError | Redirect.RedirectError | HookFailed>
export type SendError = Started<PlanError> | ExchangeError

export interface Next {
  readonly _tag: 'Next'
  readonly exchange: Exchange
}
export interface Done {
  readonly _tag: 'Done'
  /** With the jar after the last reply; its plan is the one that was answered. */
  readonly exchange: Exchange
  readonly head: Head
  /** The cookies that this reply set. */
  readonly cookies: ReadonlyArray<Cookie>
  /** What would have been sent, where a policy stopped at a redirect. */
  readonly next: O.Option<Plan>
}
export interface Refuse {
  readonly _tag: 'Refuse'
  readonly error: ExchangeError
}
export type Step = Next | Done | Refuse

export type { Context } from './Prepare.js'

// --- start ---------------------------------------------------------------------------------------------------------

/** The first plan; a digest that signs unasked uses its nonce once more, so the jar counts it here. */
export const start =
  (context: Context) =>
  (request: Request): E.Either<Started<PlanError>, Exchange> => {
    const world = withDefaults(context)
    const merged = merge(context.session)(request)
    const made = isWithoutCnonce(world, merged)
      ? E.left(noEntropy('the cnonce of a digest answer'))
      : prepared(world)(merged)
    if (E.isLeft(made)) return E.left(failed(made.left)({ history: [], jar: world.jar }))
    const { plan, merged: kept } = made.right
    return E.right({
      plan,
      jar: countDigest(kept, world.jar, plan),
      history: [],
      merged: kept,
      environment: world.environment,
      entropy: world.entropy,
      credentialsAllowed: true,
    })
  }

/** An exchange may have to answer a digest challenge on any hop. */
const isWithoutCnonce = ({ entropy }: World, { settings: { auth } }: Merged): boolean =>
  entropy === '' && auth._tag === 'Set' && auth.value._tag === 'Digest'

/** The jar after a plan that may have been signed unasked. */
const countDigest = ({ settings: { auth } }: Merged, jar: Jar.Jar, { url }: Plan): Jar.Jar => {
  if (auth._tag !== 'Set' || auth.value._tag !== 'Digest') return jar
  const known = Credentials.knownChallenge(jar, auth.value, url)
  return O.isNone(known) ? jar : Jar.counted(known.value)(jar)
}

// --- errors --------------------------------------------------------------------------------------------------------

/** Of what is no error, and has no message, nothing is shown: nobody knows what it is. */
const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? `: ${Fault.messageOf(error)}` : ''

export const nameOf = ({ name }: { readonly name: string }): string => name || 'anonymous'

export const hookFailed = (
  plan: Plan,
  hook: { readonly name: string },
  how: 'Refused' | 'Threw',
  error: unknown,
): HookFailed => ({
  _tag: 'HookFailed',
  plan,
  hook: nameOf(hook),
  error,
  message:
    `The hook '${nameOf(hook)}' ${how === 'Refused' ? 'refused' : 'failed on'} the reply to ` +
    `${plan.method} ${plan.url.href}${reasonOf(error)}`,
})

/** An error with the history and the jar of its exchange. */
export const failed =
  <E extends PlanError | TransportError | Redirect.RedirectError | HookFailed>(error: E) =>
  ({ history, jar }: Pick<Exchange, 'history' | 'jar'>): Started<E> => ({ ...error, history, jar })

/** A request whose body exists once is sent a second time. */
export const bodyConsumed = (x: Exchange): ExchangeError =>
  failed(Redirect.unrewindableBody(x.plan, 'sending it a second time'))(x)

const refuse = (error: Redirect.RedirectError, x: Exchange): Refuse => ({ _tag: 'Refuse', error: failed(error)(x) })

// --- replies -------------------------------------------------------------------------------------------------------

interface Received {
  readonly exchange: Exchange
  readonly cookies: ReadonlyArray<Cookie>
}

const NO_COOKIES: ReadonlyArray<Cookie> = []

/** The path that is sent decides about a cookie; what the jar keeps of its origin is the path that may be shown. */
const placeOf = (url: Url.Url): Site.CookieScope =>
  url.sealedPathname === undefined ? url : { ...Url.withSentPathname(url), shownPathname: url.pathname }

/** Takes in a head: its cookies and its next nonce go into the jar. */
const absorb = (now: Date, head: Head, given: Exchange): Received => {
  const renewed = Challenge.renewed(head, given, now)
  const x = renewed === given.jar ? given : { ...given, jar: renewed }
  const lines = Headers.valuesOf(head.headers, 'Set-Cookie')
  if (lines.length === 0) return { exchange: x, cookies: NO_COOKIES }
  const { jar, accepted } = Jar.receive(placeOf(x.plan.url), lines, now)(x.jar)
  return { exchange: { ...x, jar }, cookies: accepted }
}

/** What an exchange is after a reply that a transport did not return, and what the next attempt sends. */
export interface Superseded {
  readonly exchange: Exchange
  readonly headers: Endomorphism<Headers.Headers>
}

/**
 * Stores the cookies of a reply that is followed by another attempt at the same plan. Without a reply the header fields
 * are those of the exchange all the same: an attempt below may have met one.
 */
export const superseded =
  (now: Date) =>
  (reply: O.Option<Head>) =>
  (x: Exchange): Superseded => {
    const exchange = O.isNone(reply) ? x : absorb(now, Redirect.withoutEchoes(reply.value, x.merged), x).exchange
    const { plan, merged, credentialsAllowed, jar } = exchange
    const rebuild = CookieHeader.rebuild({ settings: merged.settings, jar, credentialsAllowed }, plan.url, now)
    const headers = (sent: Headers.Headers): Headers.Headers => {
      const made = rebuild(sent)
      return isSameCookie(sent, made) ? sent : made
    }
    if (jar === x.jar) return { exchange: x, headers }
    const again = later(jar, now)({ ...plan, headers: headers(plan.headers) })
    return { exchange: { ...exchange, plan: again }, headers }
  }

const isSameCookie = (x: Headers.Headers, y: Headers.Headers): boolean =>
  Secret.Eq.equals(Headers.find(x, 'Cookie') ?? '', Headers.find(y, 'Cookie') ?? '')

const passed = (head: Head, x: Exchange): Exchange => ({ ...x, history: [...x.history, { plan: x.plan, head }] })

/** Answers a 401 that this exchange can answer; hooks never see it. None: go on to the hooks and to `settle`. */
export const challenge =
  (now: Date) =>
  (received: Head) =>
  (x: Exchange): O.Option<Exchange> => {
    const head = Redirect.withoutEchoes(received, x.merged)
    const asked = Challenge.digestChallengeIn(head, x)
    if (O.isNone(asked) || !isReplayable(x.plan)) return O.none
    const { exchange } = absorb(now, head, x)
    const meanwhile = { settings: x.merged.settings, jar: exchange.jar, credentialsAllowed: x.credentialsAllowed }
    const headers =
      exchange.jar === x.jar ? x.plan.headers : CookieHeader.rebuild(meanwhile, x.plan.url, now)(x.plan.headers)
    const again = later(exchange.jar, now)({ ...x.plan, headers })
    const { plan, jar } = Challenge.answer(asked.value, again, exchange.jar, now, x.entropy)
    return O.some({ ...passed(head, exchange), plan, jar })
  }

const DEFAULT_MAX_REDIRECTS = 30

const policiesOf = ({ settings }: Merged): ReadonlyArray<RedirectPolicy.RedirectPolicy> =>
  Override.layerOrElse<ReadonlyArray<RedirectPolicy.RedirectPolicy>>([])(settings.redirects)

/** A policy is the user's code: if it throws, that is a refusal. */
const judge = (merged: Merged, attempt: RedirectPolicy.RedirectAttempt): RedirectPolicy.Verdict => {
  try {
    return concatAll(RedirectPolicy.Monoid)(policiesOf(merged))(attempt)
  } catch (cause) {
    return RedirectPolicy.toRefuse(`the policy failed: ${Fault.messageOf(cause)}`)
  }
}

const redirectsIn = (history: ReadonlyArray<Hop>): number => history.filter(({ head }) => head.status !== 401).length

/** Takes in the head of a reply, and says what comes next. The order is requests': target, maximum, policy. */
export const settle =
  (now: Date) =>
  (received: Head) =>
  (given: Exchange): Step => {
    const head = Redirect.withoutEchoes(received, given.merged)
    const { exchange: x, cookies } = absorb(now, head, given)
    if (O.isSome(Challenge.digestChallengeIn(head, x)) && !isReplayable(x.plan)) {
      return refuse(Redirect.unrewindableBody(x.plan, 'the challenge'), passed(head, x))
    }
    const stay = (next: O.Option<Plan>): Done => ({ _tag: 'Done', exchange: x, head, cookies, next })
    const target = Redirect.getRedirectTarget(head)
    if (E.isRight(target) && O.isNone(target.right)) return stay(O.none)
    const after = passed(head, x)
    const limit = Override.getOrElse(DEFAULT_MAX_REDIRECTS)(x.merged.settings.maxRedirects)
    if (redirectsIn(x.history) >= limit) return refuse(Redirect.tooManyRedirects(x.plan, limit), after)
    const following = Redirect.next(now)(head)(x)
    const attempt = { previous: after.history.map((hop) => hop.plan.url), status: head.status }
    if (E.isLeft(following)) {
      // It leads nowhere, which is no matter to a policy that would not have gone there.
      const { _tag } = judge(x.merged, { ...attempt, next: x.plan })
      return _tag === 'Stop' ? stay(O.none) : refuse(following.left, after)
    }
    if (O.isNone(following.right)) return stay(O.none)
    const { plan, credentialsAllowed } = following.right.value
    const verdict = judge(x.merged, { ...attempt, next: plan })
    switch (verdict._tag) {
      case 'Refuse':
        return refuse(Redirect.redirectRefused(x.plan, verdict.reason), after)
      case 'Stop':
        return stay(isReplayable(plan) ? O.some(plan) : O.none)
      case 'Follow':
        if (!isReplayable(plan))
          return refuse(Redirect.unrewindableBody(x.plan, `the redirect (${head.status})`), after)
        return {
          _tag: 'Next',
          exchange: {
            ...after,
            plan,
            credentialsAllowed,
            jar: credentialsAllowed ? countDigest(x.merged, x.jar, plan) : x.jar,
          },
        }
    }
  }

/** `challenge`, else `settle`: one reply to a chain that has no hooks. */
export const receive =
  (now: Date) =>
  (head: Head) =>
  (x: Exchange): Step => {
    const again = challenge(now)(head)(x)
    return O.isSome(again) ? { _tag: 'Next', exchange: again.value } : settle(now)(head)(x)
  }

/** What to do with each kind of step. */
export const match =
  <B>(
    onNext: (exchange: Exchange) => B,
    onDone: (exchange: Exchange, head: Head) => B,
    onRefuse: (error: ExchangeError) => B,
  ) =>
  (step: Step): B => {
    switch (step._tag) {
      case 'Next':
        return onNext(step.exchange)
      case 'Done':
        return onDone(step.exchange, step.head)
      case 'Refuse':
        return onRefuse(step.error)
    }
  }
