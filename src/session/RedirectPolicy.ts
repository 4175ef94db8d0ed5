/**
 * Which redirects are followed: a pure function of the attempt, so a limit needs no counter and a policy no state.
 *
 * | together with | `Follow` | `Stop`   | `Refuse` |
 * |---------------|----------|----------|----------|
 * | `Follow`      | `Follow` | `Stop`   | `Refuse` |
 * | `Stop`        | `Stop`   | `Stop`   | `Refuse` |
 * | `Refuse`      | `Refuse` | `Refuse` | the first |
 *
 * Laws: a monoid with `follow` as identity, and nothing but the verdict counts: two policies that agree on every attempt
 * are the same. `Stop` gives the redirect itself as the response, `Refuse` an error.
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
import type { Url } from '../values/Url.js'
import * as UrlOf from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'

/** What a policy judges. */
export interface RedirectAttempt {
  /** The URLs that have answered so far, oldest first; the last one sent the redirect. */
  readonly previous: ReadonlyArray<Url>
  readonly status: number
  /**
   * What would be sent. Where the Location leads nowhere it is the plan that was answered: `Stop` then gives the redirect as
   * the response, with no plan after it, and any other verdict leaves it an `InvalidRedirect` or `RedirectRefused`.
   */
  readonly next: Plan
}

/** @deprecated Use `RedirectAttempt`. */
export type Attempt = RedirectAttempt

export type Verdict =
  | { readonly _tag: 'Follow' }
  | { readonly _tag: 'Stop' }
  | { readonly _tag: 'Refuse'; readonly reason: string }

export type RedirectPolicy = (attempt: RedirectAttempt) => Verdict

export const toFollow: Verdict = { _tag: 'Follow' }
export const toStop: Verdict = { _tag: 'Stop' }
export const toRefuse = (reason: string): Verdict => ({
  _tag: 'Refuse',
  reason,
})

export const VerdictMonoid: MonoidOf<Verdict> = {
  empty: toFollow,
  concat: (x, y) => (x._tag === 'Refuse' || y._tag === 'Follow' ? x : y),
}

export const Monoid: MonoidOf<RedirectPolicy> = getMonoid(VerdictMonoid)<RedirectAttempt>()

/** Follows every redirect. */
export const follow: RedirectPolicy = () => toFollow

/** Follows none: the redirect is the response, and `Response.next` is what would have been sent. */
export const none: RedirectPolicy = () => toStop

/** At most `n` redirects; `maxRedirects` is the setting that counts by itself. */
export const limit =
  (n: number): RedirectPolicy =>
  ({ previous }) =>
    previous.length <= n ? toFollow : toRefuse(`more than ${n} redirects`)

/** Stops where scheme, host or port would change. */
export const sameOrigin: RedirectPolicy = ({ previous, next }) => {
  const from = previous.at(-1)
  return from !== undefined && UrlOf.sameOrigin(from, next.url) ? toFollow : toStop
}

/** Refuses to leave TLS, and to go on without it. */
export const httpsOnly: RedirectPolicy = ({ next }) =>
  next.url.protocol === 'https:' ? toFollow : toRefuse(`${next.url.origin} is not https`)
