/** Implementations of `simulate` and of the operations of `Http`, each with one mistake. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Machine } from '../../../laws/Exchange.js'
import type { Operations } from '../../../laws/Http.js'
import { exchange } from '../../../laws/rules/exchange.js'
import { http } from '../../../laws/rules/http.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Http from '../../../src/Http.js'
import * as Exchange from '../../../src/stages/Exchange.js'
import { respond, type TracedHop } from '../../../src/stages/Exchange.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Secret from '../../../src/values/Secret.js'
import * as MockServer from '../../../src/wire/MockServer.js'
import type { Case, Lawbreaker } from './Lawbreaker.js'

type Receive = typeof Exchange.receive

const lost = { _tag: 'InvalidSettings', setting: '', message: '', history: [], jar: Jar.empty } as const

/** `simulate` with another function that processes a reply. */
const machineOf =
  (receive: Receive): Machine =>
  (context) =>
  (server) =>
  (request) => {
    const now = context.now ?? new Date(0)
    const begun = Exchange.start(context)(request)
    if (E.isLeft(begun)) return { hops: [], hooks: [], jar: Jar.empty, outcome: begun }
    const hops: TracedHop[] = []
    for (let x = begun.right; hops.length < 50; ) {
      const served = MockServer.serve(server)(x.plan)
      if (E.isLeft(served)) break
      const step = receive(now)(served.right.head)(x)
      const jar = step._tag === 'Refuse' ? step.error.jar : step.exchange.jar
      hops.push({ plan: x.plan, head: served.right.head, jar })
      if (step._tag === 'Refuse') return { hops, hooks: [], jar, outcome: E.left(step.error) }
      if (step._tag === 'Done') return { hops, hooks: [], jar, outcome: E.right(respond(step, new Uint8Array())) }
      x = step.exchange
    }
    return { hops, hooks: [], jar: Jar.empty, outcome: E.left(lost) }
  }

/** Changes the exchange after each redirect. */
const afterRedirect = (change: (before: Exchange.Exchange, after: Exchange.Exchange) => Exchange.Exchange): Machine =>
  machineOf((now) => (head) => (x) => {
    const step = Exchange.receive(now)(head)(x)
    if (step._tag !== 'Next' || step.exchange.plan.cause !== 'Follow') return step
    return { ...step, exchange: change(x, step.exchange) }
  })

const withHeaders = (x: Exchange.Exchange, headers: Headers.Headers): Exchange.Exchange => ({
  ...x,
  plan: { ...x.plan, headers },
})

/** Copies a header from one plan to the next. */
const keeping = (name: string, before: Exchange.Exchange, after: Exchange.Exchange): Exchange.Exchange => {
  const kept = Headers.field(name)(before.plan.headers)
  return O.isNone(kept) ? after : withHeaders(after, Headers.upsertAt(name, kept.value)(after.plan.headers))
}

const wrong = (mistake: string, history: string, law: string, machine: Machine): Lawbreaker => ({
  mistake,
  history,
  breaks: [law],
  rules: exchange(machine),
})

const SECRETS = 'no secret crosses an origin, nor comes back'

export const exchanges: Case = {
  set: 'exchange',
  lawful: exchange(Exchange.simulate),
  breakers: [
    wrong(
      'credentials are sent to any host',
      'requests before 2.3, CVE-2014-1829',
      SECRETS,
      afterRedirect((before, after) => keeping('Authorization', before, after)),
    ),
    wrong(
      'custom secrets are sent to any host',
      'X-API-Key in requests (D5)',
      SECRETS,
      afterRedirect((before, after) => keeping('X-Vendor-Key', before, after)),
    ),
    wrong(
      'credentials are sent again on a -> b -> a',
      'Go, CVE-2024-45336',
      SECRETS,
      afterRedirect((before, after) => {
        const [first] = after.history
        const isHome = first?.plan.url.origin === after.plan.url.origin
        return isHome ? keeping('Authorization', { ...before, plan: first.plan }, after) : after
      }),
    ),
    wrong(
      'a digest password answers the challenge of another origin',
      'requests (D24)',
      SECRETS,
      afterRedirect((_, after) => ({ ...after, credentialsAllowed: true })),
    ),
    wrong(
      'cookies are sent by name to every host',
      '@effect/platform withCookiesRef',
      'no cookie is sent to a host that it does not match',
      afterRedirect((_, after) => {
        const all = Jar.toArray(after.jar).map(({ name, value }) => `${name}=${Secret.reveal(value)}`)
        return withHeaders(after, Headers.upsertAt('Cookie', Secret.make(all.join('; ')))(after.plan.headers))
      }),
    ),
    wrong(
      'redirects and cookies are two separate steps',
      'fetch with a jar around it (undici #3784), Effect',
      'a cookie set on one hop is sent on the next',
      afterRedirect((before, after) => {
        const rest = withHeaders(after, Headers.deleteAt('Cookie')(after.plan.headers))
        return keeping('Cookie', before, rest)
      }),
    ),
    wrong(
      'the body is sent again on a 303',
      'urllib3, CVE-2023-45803',
      'the body is kept iff the method is',
      afterRedirect((before, after) => ({ ...after, plan: { ...after.plan, body: before.plan.body } })),
    ),
    wrong(
      'a 301 drops the body of a PUT that stays a PUT',
      'requests (D4)',
      'the body is kept iff the method is',
      afterRedirect((_, after) => ({ ...after, plan: { ...after.plan, body: { _tag: 'Empty' } } })),
    ),
    wrong(
      'every challenge is answered',
      'requests #1979',
      'a challenge is answered once',
      machineOf((now) => (head) => (x) => {
        const step = Exchange.receive(now)(head)(x)
        const again = head.status === 401 && x.plan.cause === 'Authorize'
        return again ? { _tag: 'Next', exchange: x } : step
      }),
    ),
    wrong(
      'the limit is not counted',
      'a counter that a nested call resets',
      'an exchange ends within its limit',
      machineOf((now) => (head) => (x) => Exchange.receive(now)(head)({ ...x, history: [] })),
    ),
    wrong(
      'a history that loses the challenges',
      'HTTPie #1447: the history does not show digest',
      'history, jar and plan agree',
      machineOf((now) => (head) => (x) => {
        const step = Exchange.receive(now)(head)(x)
        if (step._tag !== 'Next' || step.exchange.plan.cause !== 'Authorize') return step
        return { ...step, exchange: { ...step.exchange, history: x.history } }
      }),
    ),
  ],
}

// --- operations of Http ----------------------------------------------------------------------------------------------

const operations: Operations = Http

const misread = (
  mistake: string,
  history: string,
  breaks: ReadonlyArray<string>,
  change: Partial<Operations>,
): Lawbreaker => ({ mistake, history, breaks, rules: http({ ...operations, ...change }) })

export const https: Case = {
  set: 'http',
  lawful: http(operations),
  breakers: [
    misread(
      'the jar of a failure is lost',
      'any exception, which loses the jar',
      ['attempt over memory is simulate', 'errors carry the jar'],
      {
        attempt: (request) => (jar) => (client) => async () => {
          const made = await Http.attempt(request)(jar)(client)()
          return E.isRight(made) && E.isLeft(made.right[0]) ? E.right([made.right[0], jar]) : made
        },
      },
    ),
    misread(
      'send forgets the jar of the redirects before the last',
      'httpx #1404: cookies of intermediate hops',
      ['send returns the outcome of attempt'],
      {
        send: (request) => (jar) => (client) => async () => {
          const sent = await Http.send(request)(jar)(client)()
          return E.isLeft(sent) ? sent : E.right([sent.right[0], jar])
        },
      },
    ),
    misread('an edited plan is prepared again', 'requests #5833: two ways to prepare', ['send is start, then resume'], {
      resume: (exchange) => Http.resume({ ...exchange, plan: { ...exchange.plan, method: 'GET' } }),
    }),
    misread(
      'a plan that is not what is sent',
      'reqwest adds cookies and defaults in execute, after build',
      ['plan is the first plan of send'],
      {
        plan: (request) => (jar) => (client) => async () => {
          const planned = await Http.plan(request)(jar)(client)()
          if (E.isLeft(planned)) return planned
          const [plan, after] = planned.right
          return E.right([{ ...plan, headers: Headers.deleteAt('Cookie')(plan.headers) }, after])
        },
      },
    ),
  ],
}
