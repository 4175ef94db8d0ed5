/** A transport that remembers the plans, and the header fields that a plan is given later. */
import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Plan from '../../src/Plan.js'
import * as Response from '../../src/Response.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Transport from '../../src/Transport.js'
import * as Secret from '../../src/values/Secret.js'
import { untyped } from '../untyped.js'

const session = Session.withBaseUrl('http://h.test')(Session.empty)

describe('mock', () => {
  it('answers as memory does, and lists what was sent so far, in its order', async () => {
    const { transport, sent } = Transport.mock({ 'GET /a': { status: 302, headers: { location: '/b' } } })
    const run = Client.runWith({ session, transport })
    expect(sent()).toEqual([])
    expect(await run(Http.get('a'))()).toMatchObject({ right: { status: 404 } })
    const before = sent()
    await run(Http.post('c'))()
    expect(before.map(Plan.show)).toEqual(['GET http://h.test/a', 'GET http://h.test/b'])
    expect(sent().map(Plan.show)).toEqual([...before.map(Plan.show), 'POST http://h.test/c'])
  })
  it('does not list a request that was not sent', async () => {
    const { transport, sent } = Transport.mock({})
    await pipe(Http.get('http://'), Client.runWith({ session, transport }))()
    await pipe(Http.get('a'), Http.withSignal(AbortSignal.abort()), Client.runWith({ session, transport }))()
    transport(E.toUnion(Plan.plan({ session })(Request.get('a'))) as Plan.Plan, {})
    expect(sent()).toEqual([])
  })
})

describe('the header fields of a plan', () => {
  it('replace all lines of their name, in any case, and keep the others and the secrets', () => {
    const request = pipe(
      Request.get('a'),
      Request.withHeader('X-Kept', '1'),
      Request.withHeader('authorization', 'Bearer t0ken'),
      Request.withSecretHeader('X-Key', 'k3y'),
    )
    const plan = pipe(
      request,
      Plan.plan({ session }),
      E.map(Plan.withHeaders({ Authorization: Secret.make('sig'), 'X-New': '2' })),
    )
    expect(
      pipe(
        plan,
        E.map((p) => Plan.wire(p).headers),
      ),
    ).toEqual(
      E.right([
        ['X-Kept', '1'],
        ['Authorization', 'sig'],
        ['X-Key', 'k3y'],
        ['X-New', '2'],
      ]),
    )
    expect(JSON.stringify(plan)).not.toMatch(/t0ken|k3y|sig/)
  })
})

describe('header fields that a transport adds to a plan', () => {
  it('are not printed if their name is sensitive', async () => {
    const adding = (inner: Transport.Transport) =>
      Transport.around(inner)((plan, controls) =>
        inner(Plan.withHeaders({ authorization: 'hunter2', Cookie: 'sid=hunter2' })(plan), controls),
      )
    const { transport, sent } = Transport.mock({})
    const outcome = await pipe(Http.get('a'), Client.runWith({ session, transport, wrapTransport: adding }))()
    expect(Plan.wire(sent()[0] ?? expect.fail()).headers).toEqual([
      ['authorization', 'hunter2'],
      ['Cookie', 'sid=hunter2'],
    ])
    const printed = [inspect(sent(), { depth: 9 }), JSON.stringify([sent(), outcome]), ...sent().map(Plan.toCurl())]
    expect(printed.join()).not.toContain('hunter2')
  })
  it.each([
    [{ a: undefined }, []],
    [null, []],
    [{ a: 5, b: null, c: {} }, [['a', '5']]],
  ])('of plain JavaScript (%o) are text, or ignored', (given, expected) => {
    const plan = pipe(Request.get('a'), Plan.plan({ session }), E.map(Plan.withHeaders(untyped(given))))
    expect(
      pipe(
        plan,
        E.map((p) => Plan.wire(p).headers),
      ),
    ).toEqual(E.right(expected))
  })
})

describe('the json of an answer', () => {
  const replyOf = (answer: Transport.Answer) =>
    pipe(Http.get('a'), Client.runWith({ session, transport: Transport.memory(() => answer) }))()
  const type = (answer: Transport.Answer) => replyOf(answer).then(E.map(Response.header('content-type')))

  it('is the body, with a Content-Type unless the answer has one', async () => {
    const json = { name: 'Ada', list: [1, null] }
    const outcome = await replyOf({ status: 200, json })
    expect(pipe(outcome, E.map(Response.text), E.map(JSON.parse))).toEqual(E.right(json))
    expect(await type({ status: 200, json })).toEqual(E.right(O.some('application/json')))
    const headers = { 'content-type': 'application/problem+json', 'set-cookie': ['a=1', 'b=2'] }
    const typed = await replyOf({ status: 200, json, headers })
    expect(pipe(typed, E.map(Response.header('Content-Type')))).toEqual(E.right(O.some('application/problem+json')))
    expect(
      pipe(
        typed,
        E.map(({ cookies }) => cookies.length),
      ),
    ).toEqual(E.right(2))
    expect(await replyOf({ status: 200, json: null })).toMatchObject({
      right: { bytes: new TextEncoder().encode('null') },
    })
  })
  it.each([{ json: 1n }, { json: Number.NaN }, { json: {}, body: '{}' }])(
    '%o is a ProtocolError if it cannot be sent',
    async (bad) => {
      expect(await replyOf({ status: 200, ...bad })).toMatchObject({ left: { _tag: 'ProtocolError' } })
    },
  )
  it('is the same in a simulation', () => {
    const trace = pipe(
      Request.get('http://h.test/'),
      Exchange.simulate({ session })({ 'GET /': { status: 200, json: [1] } }),
    )
    expect(pipe(trace.outcome, E.map(Response.text))).toEqual(E.right('[1]'))
  })
})
