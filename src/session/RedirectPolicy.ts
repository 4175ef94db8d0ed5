/**
 * Decides which redirects are followed. A policy is a pure function of the attempt, which includes all previous URLs, so
 * that a policy needs no state.
 *
 * | first \ second | `Follow` | `Stop`   | `Refuse`  |
 * |----------------|----------|----------|-----------|
 * | `Follow`       | `Follow` | `Stop`   | `Refuse`  |
 * | `Stop`         | `Stop`   | `Stop`   | `Refuse`  |
 * | `Refuse`       | `Refuse` | `Refuse` | the first |
 *
 * `Stop` returns the redirect as the response. `Refuse` is the error `RedirectRefused`. Laws: policies are a monoid with
 * `follow` as identity; two policies with equal verdicts for every attempt are equal.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { RedirectPolicy, Session } from 'requests-ts'
 *
 * const policy = RedirectPolicy.Monoid.concat(RedirectPolicy.sameOrigin, RedirectPolicy.httpsOnly)
 * const session = pipe(Session.defaults, Session.withRedirectPolicy(policy))
 * assert.equal(session.settings.redirects._tag, 'Replace')
 */
import { getMonoid } from 'fp-ts/lib/function.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as Tagged from '../values/Tagged.js'
import * as Url from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'

/** A redirect that a policy decides about. */
export interface RedirectAttempt {
  /** The URLs that have answered so far, oldest first. The last one sent the redirect. */
  readonly previous: ReadonlyArray<Url.Url>
  /** The status of the redirect: 301, 302, 303, 307 or 308. */
  readonly status: number
  /**
   * The plan that would be sent next. If the Location is not a valid URL, it is the plan that was answered. Then `Stop`
   * returns the redirect as the response without a next plan, `Follow` becomes `InvalidRedirect`, and `Refuse`
   * `RedirectRefused`.
   */
  readonly next: Plan
}

/** @deprecated Use `RedirectAttempt`. */
export type Attempt = RedirectAttempt

/** The decision of a policy. */
export type Verdict =
  | { readonly _tag: 'Follow' }
  | { readonly _tag: 'Stop' }
  | { readonly _tag: 'Refuse'; readonly reason: string }

/** Decides about one redirect. It runs after the redirect limit is checked. */
export type RedirectPolicy = (attempt: RedirectAttempt) => Verdict

/** Follows the redirect. */
export const toFollow: Verdict = { _tag: 'Follow' }
/** Ends the exchange with the redirect as its response. */
export const toStop: Verdict = { _tag: 'Stop' }
/** Ends the exchange with `RedirectRefused` and this reason. */
export const toRefuse = (reason: string): Verdict => ({ _tag: 'Refuse', reason })

/**
 * Folds a verdict with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import { RedirectPolicy } from 'requests-ts'
 *
 * const show = RedirectPolicy.match({ Follow: () => 'followed', Stop: () => 'returned', Refuse: ({ reason }) => reason })
 * assert.equal(show(RedirectPolicy.toRefuse('not https')), 'not https')
 */
export const match = Tagged.match<Verdict>()

/** Combines verdicts as in the table. */
export const VerdictMonoid: MonoidOf<Verdict> = {
  empty: toFollow,
  concat: (x, y) => (x._tag === 'Refuse' || y._tag === 'Follow' ? x : y),
}

/** Combines policies by combining their verdicts. */
export const Monoid: MonoidOf<RedirectPolicy> = getMonoid(VerdictMonoid)<RedirectAttempt>()

/** Follows every redirect. */
export const follow: RedirectPolicy = () => toFollow

/** Stops at every redirect: the redirect is the response, and `Response.next` is the plan that was not sent. */
export const none: RedirectPolicy = () => toStop

/** Refuses to follow more than `n` redirects. The setting `maxRedirects` (`TooManyRedirects`) is independent of it. */
export const limit =
  (n: number): RedirectPolicy =>
  ({ previous }) =>
    previous.length <= n ? toFollow : toRefuse(`more than ${n} redirects`)

/** Stops if scheme, host or port would change. */
export const sameOrigin: RedirectPolicy = ({ previous, next }) => {
  const from = previous.at(-1)
  return from !== undefined && Url.sameOrigin(from, next.url) ? toFollow : toStop
}

/** Refuses every redirect to a URL that is not `https`. */
export const httpsOnly: RedirectPolicy = ({ next }) =>
  next.url.protocol === 'https:' ? toFollow : toRefuse(`${next.url.origin} is not https`)
