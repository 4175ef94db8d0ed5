/** A transport that remembers the plans, and the header fields that a plan is given later. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Transport from '../../src/Transport.js'
import * as Secret from '../../src/values/Secret.js'

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
