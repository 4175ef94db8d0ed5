/** The method QUERY (RFC 10008): safe and idempotent, with a body. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Arguments from '../../src/cli/Arguments.js'
import * as L from '../../src/index.js'
import {
  Client,
  Clock,
  Durable,
  Exchange,
  Fault,
  Http,
  Log,
  Plan,
  Request,
  Response,
  Session,
  Transport,
} from '../../src/index.js'

const URL_ = 'http://h.test/search'
const search = pipe(Request.query(URL_), Request.withJson({ name: 'Ada' }))

const bodyOf = (plan: Plan.Plan): string =>
  pipe(
    Plan.wire(plan).body,
    O.map((bytes) => Buffer.from(bytes).toString()),
    O.getOrElse(() => ''),
  )

describe('a redirect of a QUERY', () => {
  const hops = (...statuses: ReadonlyArray<number>) => {
    const left = [...statuses]
    const server: L.Exchange.Server = () => {
      const status = left.shift()
      return status === undefined ? { status: 200 } : { status, headers: { location: `/${left.length}` } }
    }
    return pipe(search, Exchange.simulate({ session: Session.empty })(server)).hops.map(({ plan }) => plan)
  }

  it('keeps method, body and the fields that describe it after any sequence of 301, 302, 307 and 308', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(301, 302, 307, 308), { maxLength: 5 }), (statuses) => {
        const plans = hops(...statuses)
        expect(plans).toHaveLength(statuses.length + 1)
        for (const plan of plans) {
          expect([plan.method, bodyOf(plan)]).toEqual(['QUERY', '{"name":"Ada"}'])
          expect(Plan.wire(plan).headers).toEqual([
            ['Content-Length', '14'],
            ['Content-Type', 'application/json'],
          ])
        }
      }),
    )
  })
  it('is a GET without a body after 303', () => {
    const [, next] = hops(303)
    expect(next?.method).toBe('GET')
    expect(next && [bodyOf(next), Plan.wire(next).headers]).toEqual(['', []])
  })
  it('that can be sent once is refused, because the body is needed again', () => {
    async function* content() {
      yield Buffer.from('a')
    }
    const once = pipe(Request.query(URL_), Request.withOnce(content()))
    const { outcome } = pipe(
      once,
      Exchange.simulate({ session: Session.empty })(() => ({ status: 302, headers: { location: '/b' } })),
    )
    expect(E.isLeft(outcome) && outcome.left._tag).toBe('UnrewindableBody')
  })
})

describe('QUERY', () => {
  it('is sent in capitals, whatever its case', () => {
    fc.assert(
      fc.property(fc.mixedCase(fc.constant('query')), (method) => {
        const planned = pipe(Request.make(method, URL_), Plan.plan({ session: Session.empty }))
        expect(E.isRight(planned) && planned.right.method).toBe('QUERY')
      }),
    )
  })
  it('is retried after something was sent', async () => {
    let calls = 0
    const flaky: Transport.Transport = (plan) => async () => {
      calls += 1
      if (calls === 1) return E.left(Transport.failed('ReadTimeout', plan)('silent'))
      return E.right(Transport.reply({ status: calls === 2 ? 503 : 200, body: bodyOf(plan) }))
    }
    const sent = await pipe(
      Http.query(URL_, Request.withText('a=b')),
      Http.map(Response.text),
      Client.runWith({
        session: Session.empty,
        transport: Transport.withRetry({ base: 0 })(flaky),
        clock: Clock.fixed(new Date(0)),
      }),
    )()
    expect([sent, calls]).toEqual([E.right('a=b'), 3])
  })
  it('is sent again by a durable exchange whose first run got no reply', async () => {
    let calls = 0
    const transport: Transport.Transport = (plan) => async () => {
      calls += 1
      return calls === 1
        ? E.left(Transport.failed('ReadTimeout', plan)('silent'))
        : E.right(Transport.reply({ status: 200 }))
    }
    const run = pipe(
      Durable.run({ log: Log.memory(), id: 'a' })(search),
      Client.runWith({ session: Session.empty, transport }),
    )
    expect(E.isLeft(await run())).toBe(true)
    expect(E.isRight(await run())).toBe(true)
    expect(calls).toBe(2)
  })
  it('passes lint, and curl names it', () => {
    const plan = pipe(search, Plan.plan({ session: Session.defaults }))
    if (E.isLeft(plan)) throw new Error(plan.left.message)
    expect(Plan.lint(plan.right)).toEqual([])
    expect(Plan.toCurl({ reveal: true })(plan.right)).toMatch(/^curl -X QUERY /)
  })
  it('is known to fetch', () => {
    const plan = pipe(search, Plan.plan({ session: Session.empty }))
    const refused = pipe(
      plan,
      E.map((one) => L.Fetch.refusals(L.Fetch.node)(one)),
    )
    expect(refused).toEqual(E.right([]))
    expect(Fault.is(refused)).toBe(false)
  })
  it.each(['QUERY', 'query'])('is a method of the command as %s', (method) => {
    const parsed = Arguments.parse(['plan', method, URL_])
    expect(E.isRight(parsed) && parsed.right._tag === 'Invocation' && parsed.right.target).toMatchObject({
      method: 'QUERY',
      url: URL_,
    })
  })
})
