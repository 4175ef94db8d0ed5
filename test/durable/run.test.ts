import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Durable, Http, Log, Request, Response, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { killedAt } from './mortal.js'

// --- a server that counts ----------------------------------------------------------------------------------------------

interface Counting {
  readonly transport: Transport.Transport
  /** How often each request was received. */
  readonly counts: Map<string, number>
}

const counting = (server: Parameters<typeof Transport.memory>[0]): Counting => {
  const counts = new Map<string, number>()
  const serve = Transport.memory(server)
  const transport: Transport.Transport = Object.assign(
    (...[plan, controls]: Parameters<Transport.Transport>) =>
      async () => {
        const key = `${plan.method} ${plan.url.pathname}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
        return serve(plan, controls)()
      },
    {},
  )
  return { transport, counts }
}

/** POST an order, follow to its receipt; the session cookie rotates. */
const shop = () =>
  counting({
    'POST /orders': { status: 303, headers: { location: '/receipt', 'set-cookie': 'order=1' } },
    'GET /receipt': (plan) => ({
      status: 200,
      headers: { 'set-cookie': 'seen=1' },
      body:
        String(plan.headers.fields.find(([name]) => name === 'Cookie')?.[1] ?? 'no cookie').length > 0 ? 'receipt' : '',
    }),
    'PUT /moved': { status: 307, headers: { location: '/target' } },
    'PUT /target': { status: 200, body: 'stored' },
    'POST /twice': { status: 307, headers: { location: '/again' } },
    'POST /again': { status: 201, body: 'made' },
    'POST /fails': { status: 500, body: 'failed' },
    'GET /loop': { status: 302, headers: { location: '/loop' } },
  })

const requests = {
  order: pipe(Request.post('http://h.test/orders'), Request.withJson({ item: 1 })),
  put: pipe(Request.put('http://h.test/moved'), Request.withText('content')),
  twice: pipe(Request.post('http://h.test/twice'), Request.withText('content')),
  key: pipe(Request.post('http://h.test/twice'), Request.withHeader('Idempotency-Key', 'k1')),
  fails: Request.post('http://h.test/fails'),
  loop: pipe(Request.get('http://h.test/loop'), Request.withMaxRedirects(2)),
} as const

const REPEATABLE = /^(GET|PUT) /

const run = (log: Log.Log, request: Request.Request, transport: Transport.Transport, keep?: Durable.Keep) =>
  pipe(
    Durable.run({ log, id: 'job', ...(keep === undefined ? {} : { keep }) })(request),
    Http.map((response) => [response.status, Response.text(response)] as const),
    Client.runWith({ transport, session: Session.empty }),
  )

describe('a durable exchange', () => {
  it.each(Object.entries(requests))('has the outcome of an ordinary one: %s', async (_, request) => {
    const ordinary = await pipe(
      Http.send(request),
      Http.map((response) => [response.status, Response.text(response)] as const),
      Client.runWith({ transport: shop().transport, session: Session.empty }),
    )()
    const durable = await run(Log.memory(), request, shop().transport)()
    expect(E.isLeft(durable) ? durable.left._tag : durable).toEqual(E.isLeft(ordinary) ? ordinary.left._tag : ordinary)
  })
  it('sends nothing in a later run, which has the same outcome', async () => {
    for (const request of Object.values(requests)) {
      const [log, server] = [Log.memory(), shop()]
      const first = await run(log, request, server.transport)()
      const sent = new Map(server.counts)
      const again = await run(log, request, server.transport)()
      expect(server.counts).toEqual(sent)
      expect(E.isLeft(again) ? again.left._tag : again).toEqual(E.isLeft(first) ? first.left._tag : first)
    }
  })
})

describe('a process that is killed at any moment', () => {
  it.each(Object.entries(requests))('never sends twice what may not be repeated: %s', async (name, request) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 16 }), { maxLength: 4 }), async (moments) => {
        const [log, server] = [Log.memory(), shop()]
        for (const moment of moments) {
          const mortal = killedAt(moment)
          await mortal.until(run(mortal.log(log), request, mortal.transport(server.transport)))
        }
        const outcome = await run(log, request, server.transport)()
        for (const [key, count] of server.counts) if (!REPEATABLE.test(key) && name !== 'key') expect(count).toBe(1)
        if (E.isRight(outcome)) return
        const tag = outcome.left._tag
        if (name === 'loop') expect(tag).toBe('TooManyRedirects')
        else expect(tag).toBe('InDoubt')
        // In doubt only if a request was really sent or about to be.
        if (tag === 'InDoubt') expect(moments.length).toBeGreaterThan(0)
      }),
    )
  })
  it.each(['put', 'key', 'loop'] as const)('is never in doubt about what may be repeated: %s', async (name) => {
    for (let moment = 0; moment < 20; moment += 1) {
      const [log, server] = [Log.memory(), shop()]
      const mortal = killedAt(moment)
      await mortal.until(run(mortal.log(log), requests[name], mortal.transport(server.transport)))
      const outcome = await run(log, requests[name], server.transport)()
      expect(E.isLeft(outcome) ? outcome.left._tag : outcome.right[0]).toBe(
        { put: 200, key: 201, loop: 'TooManyRedirects' }[name],
      )
    }
  })
  it('is in doubt at most once, and resolve decides', async () => {
    for (const as of ['sent', 'notSent'] as const)
      for (let moment = 0; moment < 24; moment += 1) {
        const [log, server] = [Log.memory(), shop()]
        const mortal = killedAt(moment)
        await mortal.until(run(mortal.log(log), requests.order, mortal.transport(server.transport)))
        const outcome = await run(log, requests.order, server.transport)()
        if (E.isRight(outcome)) {
          expect(outcome.right).toEqual([200, 'receipt'])
          expect(server.counts.get('POST /orders')).toBe(1)
          const resolved = await Durable.resolve({ log, id: 'job' }, as)()
          expect(E.isLeft(resolved) && resolved.left.reason).toBe('Conflict')
          continue
        }
        expect(outcome.left).toMatchObject({ _tag: 'InDoubt', method: 'POST', id: 'job' })
        expect(await Durable.resolve({ log, id: 'job' }, as)()).toEqual(E.right(undefined))
        expect(await Durable.resolve({ log, id: 'job' }, as)()).toEqual(E.right(undefined))
        const last = await run(log, requests.order, server.transport)()
        if (as === 'notSent') expect(last).toEqual(E.right([200, 'receipt']))
        else expect(E.isLeft(last) && last.left).toMatchObject({ _tag: 'InDoubt', reason: 'ResolvedAsSent' })
      }
  })
})

describe('the moments of a crash', () => {
  /** Returns what a later run returns after a process was killed at each of its effects. */
  const afterKillAtEach = async (request: Request.Request, keep?: Durable.Keep): Promise<ReadonlyArray<string>> => {
    const outcomes: string[] = []
    for (let moment = 0; ; moment += 1) {
      const [log, server] = [Log.memory(), shop()]
      const mortal = killedAt(moment)
      const killed = await mortal.until(run(mortal.log(log), request, mortal.transport(server.transport), keep))
      if (killed !== 'killed') return outcomes
      const outcome = await run(log, request, server.transport, keep)()
      const reason = E.isLeft(outcome) && outcome.left._tag === 'InDoubt' ? outcome.left.reason : ''
      const count = [...server.counts.values()].reduce((sum, one) => sum + one, 0)
      outcomes.push(`${E.isLeft(outcome) ? `${outcome.left._tag} ${reason}` : outcome.right[1]}, sent ${count}`)
    }
  }
  const times = (n: number, text: string): ReadonlyArray<string> => Array.from({ length: n }, () => text)

  it('decide what is known of a POST', async () => {
    expect(await afterKillAtEach(requests.fails)).toEqual([
      ...times(3, 'failed, sent 1'), // reading the log, before Sending is stored
      ...times(2, 'InDoubt NoReply, sent 0'), // Sending is stored
      ...times(2, 'InDoubt NoReply, sent 1'), // the server has it
      ...times(2, 'InDoubt BodyLost, sent 1'), // Answered is stored
      'failed, sent 1', // Finished is stored
    ])
  })
  it('lose no reply whose body is not wanted', async () => {
    expect(await afterKillAtEach(requests.fails, 'head')).toEqual([
      ...times(3, 'failed, sent 1'),
      ...times(2, 'InDoubt NoReply, sent 0'),
      ...times(2, 'InDoubt NoReply, sent 1'),
      ', sent 1',
    ])
  })
  it('send a GET again', async () => {
    const outcomes = await afterKillAtEach(Request.get('http://h.test/receipt'))
    expect(new Set(outcomes)).toEqual(new Set(['receipt, sent 1', 'receipt, sent 2']))
  })
})
