// What a later process sends: the credentials and cookies of now, and not those of the log.
import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import {
  Auth,
  Client,
  Durable,
  Environment,
  Http,
  Jar,
  JarStore,
  Log,
  Request,
  Response,
  Secret,
  Session,
  Transport,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { strictDigest } from '../strictDigest.js'
import { killedAt, type Mortal } from './mortal.js'

type Plan = Parameters<Transport.Transport>[0]
type Server = (plan: Plan) => {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

const header = (plan: Plan, wanted: string): string => {
  const found = plan.headers.fields.find(([name]) => name === wanted)?.[1]
  return found === undefined ? '' : Secret.reveal(found)
}

/** Runs with a process that is killed at each of its effects, and then with another one that has the same store. */
const afterKillAtEach = async (
  open: () => { readonly server: Server; readonly check: (outcome: E.Either<Durable.RunError, string>) => void },
  session: Session.Session,
  request: Request.Request,
): Promise<number> => {
  for (let moment = 0; moment < 60; moment += 1) {
    const { server, check } = open()
    const [log, jarStore] = [Log.memory(), JarStore.memory()]
    const transport = Transport.memory((plan) => ({ body: '', ...server(plan) }))
    const run = (mortal?: Mortal) => {
      const [ownLog, ownTransport] =
        mortal === undefined ? [log, transport] : [mortal.log(log), mortal.transport(transport)]
      const client = Client.open({ transport: ownTransport, session, jarStore, environment: Environment.empty })()
      return pipe(Durable.run({ log: ownLog, id: 'job' })(request), Http.map(Response.text), Client.runIn(client))
    }
    await pipe(Http.get('http://h.test/warm'), Client.runIn(Client.open({ transport, session, jarStore })()))()
    const mortal = killedAt(moment)
    const first = await mortal.until(run(mortal))
    if (first !== 'killed') return moment
    const outcome = await run()()
    if (E.isLeft(outcome) && outcome.left._tag === 'JarStoreFailed') throw new Error(outcome.left.message)
    // The cast: the other errors are those of the exchange.
    check(outcome as E.Either<Durable.RunError, string>)
  }
  throw new Error('it does not end')
}

const isDone = (outcome: E.Either<Durable.RunError, string>): boolean => {
  if (E.isRight(outcome)) return true
  expect(outcome.left._tag).toBe('InDoubt')
  return false
}

describe('a durable exchange', () => {
  it('with digest answers a challenge again, and never sends twice what was accepted', async () => {
    let doubts = 0
    const session = Session.withDigestAuth('me', 'pw')(Session.empty)
    const request = pipe(Request.post('http://h.test/orders'), Request.withText('x'))
    const moments = await afterKillAtEach(
      () => {
        const digest = strictDigest('r')
        let accepted = 0
        const server: Server = (plan) => {
          const sent = header(plan, 'Authorization')
          if (sent !== '' && digest.problemOf(sent, plan.method, plan.url.pathname) === undefined) {
            accepted += plan.method === 'POST' ? 1 : 0
            return { status: 201, body: 'made' }
          }
          digest.nextNonce()
          return { status: 401, headers: { 'www-authenticate': digest.challenge() } }
        }
        const check = (outcome: E.Either<Durable.RunError, string>): void => {
          expect(accepted).toBeLessThanOrEqual(1)
          if (isDone(outcome)) expect(accepted).toBe(1)
          else doubts += 1
        }
        return { server, check }
      },
      session,
      request,
    )
    expect(moments).toBeGreaterThan(12)
    expect(doubts).toBeLessThan(moments - 4)
  })

  it.each(['known', 'rejected'])(
    'with a token (%s) obtains it again, and never sends twice what was accepted',
    async (kind) => {
      let doubts = 0
      const auth = Auth.renewable({ name: 'api', obtain: Request.post('http://h.test/token') })
      const session = Session.withAuth(auth)(Session.empty)
      const request = pipe(Request.post('http://h.test/orders'), Request.withText('x'))
      const moments = await afterKillAtEach(
        () => {
          let [issued, accepted, refusals] = [0, 0, kind === 'rejected' ? 1 : 0]
          const server: Server = (plan) => {
            if (plan.url.pathname === '/token') {
              issued += 1
              return { status: 200, body: JSON.stringify({ access_token: `t${issued}`, expires_in: 3600 }) }
            }
            if (plan.url.pathname === '/warm') return { status: 200 }
            if (refusals > 0 || header(plan, 'Authorization') !== `Bearer t${issued}`) {
              refusals -= 1
              return { status: 401 }
            }
            accepted += 1
            return { status: 303, headers: { location: '/receipt' } }
          }
          const receipts: Server = (plan) =>
            plan.url.pathname === '/receipt' && header(plan, 'Authorization') === `Bearer t${issued}`
              ? { status: 200, body: 'receipt' }
              : server(plan)
          const check = (outcome: E.Either<Durable.RunError, string>): void => {
            expect(accepted).toBeLessThanOrEqual(1)
            if (!isDone(outcome)) doubts += 1
            else {
              expect(outcome).toEqual(E.right('receipt'))
              expect(accepted).toBe(1)
            }
          }
          return { server: receipts, check }
        },
        session,
        request,
      )
      expect(moments).toBeGreaterThan(14)
      expect(doubts).toBeLessThan(moments / 2)
    },
  )

  it('sends a cookie of another process that is newer than its own', async () => {
    const [log, jarStore] = [Log.memory(), JarStore.memory()]
    const sent: string[] = []
    const transport = Transport.memory((plan) => {
      if (plan.url.pathname === '/receipt') sent.push(header(plan, 'Cookie'))
      if (plan.url.pathname === '/login') return { status: 200, headers: { 'set-cookie': 'sid=newer; Path=/' } }
      return plan.method === 'POST'
        ? { status: 303, headers: { location: '/receipt', 'set-cookie': 'sid=older; Path=/' } }
        : { status: 200 }
    })
    const open = () => Client.open({ transport, jarStore, session: Session.empty, environment: Environment.empty })()
    const order = Request.post('http://h.test/orders')
    // Killed after the reply to the order was recorded: before the request for the receipt.
    const mortal = killedAt(6)
    await mortal.until(pipe(Durable.run({ log: mortal.log(log), id: 'job' })(order), Client.runIn(open())))
    // At one millisecond, the content would decide which one is newer.
    await new Promise((resolve) => setTimeout(resolve, 5))
    await pipe(Http.get('http://h.test/login'), Client.runIn(open()))()
    const outcome = await pipe(Durable.run({ log, id: 'job' })(order), Client.runIn(open()))()
    expect(E.isRight(outcome) && outcome.right.history.map(({ head }) => head.status)).toEqual([303])
    expect(sent).toEqual(['sid=newer'])
    const jar = await jarStore.load()
    expect(E.isRight(jar) && Jar.toArray(jar.right).map(({ value }) => Secret.reveal(value))).toEqual(['newer'])
  })

  it('keeps the cookies that it has received before the crash', async () => {
    const [log, jarStore] = [Log.memory(), JarStore.memory()]
    const transport = Transport.memory((plan) =>
      plan.method === 'POST'
        ? { status: 303, headers: { location: '/receipt', 'set-cookie': 'sid=1; Path=/' } }
        : { status: 200, body: header(plan, 'Cookie') },
    )
    const open = () => Client.open({ transport, jarStore, session: Session.empty, environment: Environment.empty })()
    const order = Request.post('http://h.test/orders')
    for (const moment of [8, 9, 10, 12]) {
      const id = `job ${moment}`
      const mortal = killedAt(moment)
      await mortal.until(pipe(Durable.run({ log: mortal.log(log), id })(order), Client.runIn(open())))
      const outcome = await pipe(Durable.run({ log, id })(order), Http.map(Response.text), Client.runIn(open()))()
      expect(outcome).toEqual(E.right('sid=1'))
    }
  })

  it('signs again what it sends again', async () => {
    let now = 0
    const session = Session.withAuth(
      Auth.signer('time', (plan, { now: at }) =>
        E.right({
          ...plan,
          headers: {
            fields: [
              ...plan.headers.fields,
              ['X-Signed', createHash('sha1').update(`${at.getTime()}`).digest('hex')] as const,
            ],
          },
        }),
      ),
    )(Session.empty)
    const seen: string[] = []
    const transport = Transport.memory((plan) => {
      seen.push(header(plan, 'X-Signed'))
      return plan.url.pathname === '/b' ? { status: 200 } : { status: 302, headers: { location: '/b' } }
    })
    const log = Log.memory()
    const clock = () => {
      now += 1000
      return new Date(now)
    }
    const get = Request.get('http://h.test/a')
    const mortal = killedAt(6)
    const options = { session, transport, clock, environment: Environment.empty }
    await mortal.until(pipe(Durable.run({ log: mortal.log(log), id: 'job' })(get), Client.runWith(options)))
    expect(E.isRight(await pipe(Durable.run({ log, id: 'job' })(get), Client.runWith(options))())).toBe(true)
    expect(new Set(seen).size).toBe(2)
  })
})
