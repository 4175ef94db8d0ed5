import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import type { Machine } from '../../laws/Exchange.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { exchange, http } from '../../laws/rules/exchange.js'
import * as Exchange from '../../src/Exchange.js'
import * as Http from '../../src/Http.js'
import { respond, type TracedHop } from '../../src/stages/Simulate.js'
import * as Headers from '../../src/values/Headers.js'
import * as Jar from '../../src/values/Jar.js'
import * as Secret from '../../src/values/Secret.js'
import * as Memory from '../../src/wire/Memory.js'

describe('Exchange', () => RuleSet.toTests(it, { numRuns: 500 })(exchange(Exchange.simulate)))
describe('Http', () => RuleSet.toTests(it, { numRuns: 200 })(http(Http)))

// --- lawbreakers: the same machine with one step wrong ---------------------------------------------------------------

type Receive = typeof Exchange.receive

const lost = { _tag: 'InvalidSettings', setting: '', message: '', history: [], jar: Jar.empty } as const

/** The pure interpreter around another way to take in a reply. */
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
      const served = Memory.serve(server)(x.plan)
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

const refutedBy = async (machine: Machine): Promise<ReadonlyArray<string>> => [
  ...(await RuleSet.refuted(exchange(machine), { numRuns: 3000 })).keys(),
]

describe('lawbreakers', () => {
  it('credentials follow to any host (requests before 2.3, CVE-2014-1829)', async () => {
    const machine = afterRedirect((before, after) => {
      const kept = Headers.field('Authorization')(before.plan.headers)
      return O.isNone(kept)
        ? after
        : withHeaders(after, Headers.upsertAt('Authorization', kept.value)(after.plan.headers))
    })
    expect(await refutedBy(machine)).toEqual(['no secret crosses an origin, nor comes back'])
  })
  it('custom secrets follow (X-API-Key in requests, D5)', async () => {
    const machine = afterRedirect((before, after) => {
      const kept = Headers.field('X-Vendor-Key')(before.plan.headers)
      return O.isNone(kept)
        ? after
        : withHeaders(after, Headers.upsertAt('X-Vendor-Key', kept.value)(after.plan.headers))
    })
    expect(await refutedBy(machine)).toEqual(['no secret crosses an origin, nor comes back'])
  })
  it('credentials come back on a -> b -> a (Go, CVE-2024-45336)', async () => {
    const machine = afterRedirect((_, after) => {
      const [first] = after.history
      if (first === undefined || first.plan.url.origin !== after.plan.url.origin) return after
      const kept = Headers.field('Authorization')(first.plan.headers)
      return O.isNone(kept)
        ? after
        : withHeaders(after, Headers.upsertAt('Authorization', kept.value)(after.plan.headers))
    })
    expect(await refutedBy(machine)).toEqual(['no secret crosses an origin, nor comes back'])
  })
  it('a digest password answers a foreign challenge (requests, D24)', async () => {
    expect(await refutedBy(afterRedirect((_, after) => ({ ...after, trusted: true })))).toContain(
      'no secret crosses an origin, nor comes back',
    )
  })
  it('cookies are sent by name to every host (Effect, withCookiesRef)', async () => {
    const machine = afterRedirect((_, after) => {
      const all = Jar.toArray(after.jar).map(({ name, value }) => `${name}=${Secret.reveal(value)}`)
      return withHeaders(after, Headers.upsertAt('Cookie', Secret.make(all.join('; ')))(after.plan.headers))
    })
    expect(await refutedBy(machine)).toContain('no cookie reaches a host that it is not for')
  })
  it('redirects and cookies are two steps that do not know each other (fetch, Effect)', async () => {
    const machine = afterRedirect((before, after) => {
      const kept = Headers.field('Cookie')(before.plan.headers)
      const rest = Headers.deleteAt('Cookie')(after.plan.headers)
      return withHeaders(after, O.isNone(kept) ? rest : Headers.append('Cookie', kept.value)(rest))
    })
    expect(await refutedBy(machine)).toContain('a cookie set on one hop is on the next')
  })
  it('the body goes along on a 303 (urllib3, CVE-2023-45803)', async () => {
    const machine = afterRedirect((before, after) => ({ ...after, plan: { ...after.plan, body: before.plan.body } }))
    expect(await refutedBy(machine)).toContain('the body is kept iff the method is')
  })
  it('a 301 drops the body of a PUT that stays a PUT (requests, D4)', async () => {
    const machine = afterRedirect((_, after) => ({ ...after, plan: { ...after.plan, body: { _tag: 'Empty' } } }))
    expect(await refutedBy(machine)).toContain('the body is kept iff the method is')
  })
  it('a challenge is answered for ever (requests #1979)', async () => {
    const eternal: Machine = machineOf((now) => (head) => (x) => {
      const step = Exchange.receive(now)(head)(x)
      const again = head.status === 401 && x.plan.cause === 'Authorize'
      return again ? { _tag: 'Next', exchange: x } : step
    })
    expect(await refutedBy(eternal)).toContain('a challenge is answered once')
  })
  it('the limit is not counted', async () => {
    const machine = machineOf((now) => (head) => (x) => Exchange.receive(now)(head)({ ...x, history: [] }))
    expect(await refutedBy(machine)).toContain('an exchange ends within its limit')
  })
  it('an interpreter that loses the jar of a failure', async () => {
    const found = await RuleSet.refuted(
      http({
        ...Http,
        attempt: (request) => (jar) => (client) => async () => {
          const made = await Http.attempt(request)(jar)(client)()
          return E.isRight(made) && E.isLeft(made.right[0]) ? E.right([made.right[0], jar]) : made
        },
      }),
      { numRuns: 500 },
    )
    expect([...found.keys()]).toEqual(['attempt over memory is simulate', 'errors carry the jar'])
  })
  it('an interpreter that starts again in place of going on', async () => {
    const found = await RuleSet.refuted(
      http({ ...Http, resume: (exchange) => Http.resume({ ...exchange, plan: { ...exchange.plan, method: 'GET' } }) }),
      { numRuns: 500 },
    )
    expect([...found.keys()]).toEqual(['send is start, then resume'])
  })
  it('a plan that is not what is sent', async () => {
    const found = await RuleSet.refuted(
      http({
        ...Http,
        plan: (request) => (jar) => (client) => async () => {
          const planned = await Http.plan(request)(jar)(client)()
          if (E.isLeft(planned)) return planned
          const [plan, after] = planned.right
          return E.right([{ ...plan, headers: Headers.deleteAt('Cookie')(plan.headers) }, after])
        },
      }),
      { numRuns: 500 },
    )
    expect([...found.keys()]).toEqual(['plan is the first plan of send'])
  })
})
