/**
 * Laws of an exchange, as predicates over its trace. They apply to any implementation of `Exchange.simulate`.
 *
 * | law                    | states                                                                           |
 * |------------------------|----------------------------------------------------------------------------------|
 * | `endsWithinLimit`      | an exchange follows at most as many redirects as the session allows              |
 * | `keepsSecretsAtHome`   | a credential is not sent to another origin, and is not sent again once it was dropped |
 * | `keepsCookiesAtHome`   | a host-only cookie is not sent to another host                                   |
 * | `carriesCookies`       | a cookie that one hop sets is sent with the next hop that it matches             |
 * | `bodyIffMethod`        | the body is sent again if and only if the method stays the same                  |
 * | `answersOnce`          | a challenge is answered at most once for each hop                                |
 * | `agreesWithHistory`    | history, jar and plan of the response are those of the hops                      |
 *
 * This module implements the rules for credentials itself, so that it does not depend on the code under test.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../src/cookies/Jar.js'
import type * as Simulate from '../src/stages/Exchange.js'
import * as Headers from '../src/values/Headers.js'
import * as Secret from '../src/values/Secret.js'
import type { Url } from '../src/values/Url.js'
import type { Plan } from '../src/wire/Plan.js'
import { wire } from '../src/wire/Plan.js'
import type { Chain } from './arbitrary/Chain.js'
import { CANARY, contextOf, requestOf, serverOf } from './arbitrary/Chain.js'
import { Eq } from './Unsealed.js'

/** An implementation of `Exchange.simulate`. */
export type Machine = typeof Simulate.simulate
type Trace = Simulate.Trace

const run = (simulate: Machine, chain: Chain): Trace => simulate(contextOf(chain))(serverOf(chain))(requestOf(chain))

const pairs = <A>(items: ReadonlyArray<A>): ReadonlyArray<readonly [A, A]> =>
  items.slice(1).map((item, i) => [items[i] ?? item, item])

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** States that an exchange follows at most as many redirects as the session allows. */
export const endsWithinLimit =
  (simulate: Machine) =>
  (chain: Chain): boolean => {
    const { hops } = run(simulate, chain)
    return hops.slice(0, -1).filter(({ head }) => isRedirect(head.status)).length <= chain.limit
  }

/** Whether a redirect keeps credentials: the same host and port, or from http to https on the default ports. */
const keepsCredentials = (from: Url, to: Url): boolean => {
  const [a, b] = [new URL(from.href), new URL(to.href)]
  if (a.hostname !== b.hostname) return false
  return a.protocol === b.protocol ? a.port === b.port : a.protocol === 'http:' && a.port === '' && b.port === ''
}

const showsCanary = (plan: Plan): boolean => wire(plan).headers.some(([, value]) => value.includes(CANARY))

/** States that a credential is not sent to another origin, and is not sent again once it was dropped. */
export const keepsSecretsAtHome =
  (simulate: Machine) =>
  (chain: Chain): boolean => {
    const { hops, outcome } = run(simulate, chain)
    const next = E.isRight(outcome) && O.isSome(outcome.right.next) ? [outcome.right.next.value] : []
    const plans = [...hops.map(({ plan }) => plan), ...next]
    const left = pairs(plans).findIndex(([from, to]) => !keepsCredentials(from.url, to.url))
    return left < 0 || plans.slice(left + 1).every((plan) => !showsCanary(plan))
  }

const cookieOf = (plan: Plan): string => {
  const value = Headers.find(plan.headers, 'Cookie')
  return value === undefined ? '' : Secret.reveal(value)
}

/** The servers of a chain set cookies whose value names the host that set them. */
export const keepsCookiesAtHome =
  (simulate: Machine) =>
  (chain: Chain): boolean =>
    run(simulate, chain).hops.every(({ plan }) =>
      [...cookieOf(plan).matchAll(/host-only\.([^;]+)/g)].every(([, host]) => host === plan.url.hostname),
    )

/** States that a cookie that one hop sets is sent with the next hop that it matches. */
export const carriesCookies =
  (simulate: Machine) =>
  (chain: Chain): boolean =>
    pairs(run(simulate, chain).hops).every(([before, { plan }]) => {
      const expected = Jar.header(plan.url, contextOf(chain).now ?? new Date(0))(before.jar)
      if (expected === undefined || chain.literalCookie) return true
      const sent = cookieOf(plan).split('; ')
      return Secret.reveal(expected)
        .split('; ')
        .every((pair) => sent.includes(pair))
    })

const OF_CONTENT = ['Content-Length', 'Content-Type', 'Transfer-Encoding']

/** States that the body is sent again if and only if the method stays the same. */
export const bodyIffMethod =
  (simulate: Machine) =>
  (chain: Chain): boolean =>
    pairs(run(simulate, chain).hops).every(([{ plan: before }, { plan }]) =>
      plan.method === before.method
        ? Eq.equals(plan.body, before.body)
        : plan.method === 'GET' &&
          plan.body._tag === 'Empty' &&
          OF_CONTENT.every((name) => !Headers.has(name)(plan.headers)),
    )

/** States that a challenge is answered at most once for each hop. */
export const answersOnce =
  (simulate: Machine) =>
  (chain: Chain): boolean =>
    pairs(run(simulate, chain).hops).every(
      ([before, after]) => !(before.plan.cause === 'Authorize' && after.plan.cause === 'Authorize'),
    )

/** States that history, jar and plan of the response are those of the hops. */
export const agreesWithHistory =
  (simulate: Machine) =>
  (chain: Chain): boolean => {
    const { hops, jar, outcome } = run(simulate, chain)
    const last = hops.at(-1)
    if (E.isLeft(outcome) || last === undefined) return true
    const { history, plan, status } = outcome.right
    const before = hops.slice(0, -1).map(({ jar: _, ...hop }) => hop)
    return (
      Eq.equals(history, before) &&
      Eq.equals(plan, last.plan) &&
      status === last.head.status &&
      Jar.Eq.equals(outcome.right.jar, jar)
    )
  }
