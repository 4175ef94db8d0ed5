// A log that fails for a moment, and works again: what it has must stay true.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Auth,
  Client,
  Durable,
  Environment,
  Http,
  JarStore,
  Log,
  Plan,
  Request,
  Response,
  Session,
  Transport,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { untyped } from '../untyped.js'
import { watchedBody } from './watchedBody.js'

const order = pipe(Request.post('http://h.test/orders'), Request.withText('an order'))

const counting = (server: Parameters<typeof Transport.memory>[0]) => {
  const sent: string[] = []
  const serve = Transport.memory(server)
  const transport: Transport.Transport = Object.assign(
    (...[plan, controls]: Parameters<Transport.Transport>) =>
      async () => {
        sent.push(`${plan.method} ${plan.url.pathname}`)
        return serve(plan, controls)()
      },
    {},
  )
  return { transport, countOf: (request: string) => sent.filter((one) => one === request).length }
}

const shop = () =>
  counting({
    'POST /orders': { status: 303, headers: { location: '/receipt' } },
    'GET /receipt': { status: 200, body: 'receipt' },
    'POST /moved': { status: 307, headers: { location: '/orders' } },
  })

type Run = (options: Client.Options, log: Log.Log, request?: Request.Request) => ReturnType<typeof start>
const start = (options: Client.Options, log: Log.Log, request: Request.Request) =>
  pipe(
    Durable.run({ log, id: 'job' })(request),
    Http.map(Response.text),
    Client.runWith({ session: Session.empty, environment: Environment.empty, ...options }),
  )()
const run: Run = (options, log, request = order) => start(options, log, request)

const reasonOf = (outcome: Awaited<ReturnType<Run>>): string => {
  if (E.isRight(outcome)) return outcome.right
  return 'reason' in outcome.left ? String(outcome.left.reason) : outcome.left._tag
}

const failureFor = (reason: Log.LogReason) =>
  Log.failed({ operation: 'append', log: 'the log', id: 'job' }, reason, 'it is down for a moment')

type Change = <A>(task: TE.TaskEither<Log.LogError, A>) => TE.TaskEither<Log.LogError, A>

const rejecting: Change = () => () => Promise.reject(new Error('broken'))

const WAYS: Readonly<Record<string, Change>> = {
  'does nothing': () => TE.left(failureFor('Unavailable')),
  'stores, but the acknowledgement is lost': (task) => () => task().then(() => E.left(failureFor('Unavailable'))),
  'ends too late': () => TE.left(failureFor('TimedOut')),
  'stores too late': (task) => () => task().then(() => E.left(failureFor('TimedOut'))),
  'is fenced': () => TE.left(failureFor('Fenced')),
  rejects: rejecting,
}

/** A log of which one operation fails, counted from 0. */
const failingAt = (inner: Log.Log, moment: number, how: Change): Log.Log => {
  let count = 0
  const next: Change = (task) => {
    count += 1
    return count === moment + 1 ? how(task) : task
  }
  return {
    read: (id) => next(inner.read(id)),
    append: (id, seq, events) => next(inner.append(id, seq, events)),
    drop: inner.drop,
    remove: inner.remove,
  }
}

describe.each(Object.entries(WAYS))('a log of which one operation fails (%s)', (_, how) => {
  it.each([
    ['an order', order],
    ['an order after a redirect', pipe(Request.post('http://h.test/moved'), Request.withText('an order'))],
  ])('never leads to a second %s', async (_, request) => {
    for (let moment = 0; moment < 9; moment += 1) {
      const [server, log] = [shop(), Log.memory()]
      await run(server, failingAt(log, moment, how), request)
      await new Promise((resolve) => setTimeout(resolve, 1))
      const outcome = reasonOf(await run(server, log, request))
      expect(['receipt', 'NoReply']).toContain(outcome)
      for (const one of ['POST /orders', 'POST /moved']) expect(server.countOf(one)).toBeLessThanOrEqual(1)
      if (outcome === 'receipt') expect(server.countOf('POST /orders')).toBe(1)
    }
  })
})

describe('an Idempotency-Key', () => {
  const afterLostReply = async (first: Session.Session, later: Session.Session, request = order) => {
    const [server, log] = [shop(), Log.memory()]
    await run({ ...server, session: first }, failingAt(log, 2, rejecting), request)
    const outcome = reasonOf(await run({ ...server, session: later }, log, request))
    return `${outcome}, sent ${server.countOf('POST /orders')}`
  }
  const keyed = (key: string): Session.Session => Session.withHeader('Idempotency-Key', key)(Session.empty)

  it('permits another send, if it is that of the request', async () => {
    const own = pipe(order, Request.withHeader('Idempotency-Key', 'own'))
    expect(await afterLostReply(Session.empty, Session.empty, own)).toBe('receipt, sent 2')
    expect(await afterLostReply(keyed('a'), keyed('b'), own)).toBe('receipt, sent 2')
  })
  it('does not, if it is that of a session, which a later run may not have', async () => {
    expect(await afterLostReply(keyed('a'), keyed('b'))).toBe('NoReply, sent 1')
    expect(await afterLostReply(keyed('a'), Session.empty)).toBe('NoReply, sent 1')
  })
  it('does not, if a signer replaces it', async () => {
    let count = 0
    const signer = Auth.signer('key', (plan) => {
      count += 1
      return Plan.withHeaders({ 'Idempotency-Key': String(count) })(plan)
    })
    const signed = Session.withAuth(signer)(Session.empty)
    expect(await afterLostReply(signed, signed)).toBe('NoReply, sent 1')
    const own = pipe(order, Request.withHeader('Idempotency-Key', 'own'))
    expect(await afterLostReply(signed, signed, own)).toBe('NoReply, sent 1')
  })
})

describe('a signature in the query', () => {
  let count = 0
  const sign = (plan: Plan.Plan): E.Either<never, Plan.Plan> => {
    count += 1
    const url = new URL(plan.url.href)
    url.searchParams.set('signature', String(count))
    return E.right({ ...plan, url: { ...plan.url, href: url.href, search: url.search } })
  }
  const options = { public: ['signature'] }
  it.each<[string, Auth.Auth]>([
    ['a signer', Auth.signer('q', sign)],
    ['a public parameter', Auth.signer('q', sign, options)],
    ['a task', Auth.signerTask('q', (plan) => async () => sign(plan))],
    ['a task, and a public parameter', Auth.signerTask('q', (plan) => async () => sign(plan), options)],
  ])('may be another one in a later run: %s', async (_, auth) => {
    for (const moment of [3, 4, 9]) {
      const [server, log] = [shop(), Log.memory()]
      const session = Session.withAuth(auth)(Session.empty)
      await run({ ...server, session }, failingAt(log, moment, rejecting))
      expect(reasonOf(await run({ ...server, session }, log))).toBe('receipt')
      expect(reasonOf(await run({ ...server, session }, log))).toBe('receipt')
      expect(server.countOf('POST /orders')).toBe(1)
    }
  })
})

describe('a token that cannot be renewed now', () => {
  it('is renewed by a later run', async () => {
    const state = { isRejected: true, isBroken: false }
    const server = counting((plan) => {
      if (plan.url.pathname === '/token') return { status: 200, body: '{"access_token":"t","expires_in":3600}' }
      if (plan.url.pathname === '/warm') return { status: 200 }
      return state.isRejected ? { status: 401 } : { status: 200, body: 'receipt' }
    })
    const obtain = (): Request.Request => {
      if (state.isBroken) throw new Error('the vault is closed')
      return Request.post('http://h.test/token')
    }
    const session = Session.withAuth(Auth.renewable({ name: 'api', obtain }))(Session.empty)
    const [log, jarStore] = [Log.memory(), JarStore.memory()]
    const open = () => Client.open({ ...server, session, jarStore, environment: Environment.empty })()
    const job = pipe(Durable.run({ log, id: 'job' })(order), Http.map(Response.text))
    await pipe(Http.get('http://h.test/warm'), Client.runIn(open()))()
    state.isBroken = true
    expect(await pipe(job, Client.runIn(open()))()).toMatchObject({ left: { _tag: 'TokenFailed' } })
    Object.assign(state, { isRejected: false, isBroken: false })
    expect(await pipe(job, Client.runIn(open()))()).toEqual(E.right('receipt'))
  })
})

describe('a log that does not end', () => {
  const never = (): TE.TaskEither<Log.LogError, never> => () => new Promise(() => {})
  const ends: Readonly<Record<string, () => Client.Options>> = {
    'at the total timeout': () => ({ session: Session.withTimeouts({ total: 30 })(Session.empty) }),
    'when the signal aborts': () => ({ signal: AbortSignal.timeout(30) }),
  }
  it.each(Object.entries(ends))('does not keep a run: it ends %s', async (_, options) => {
    for (let moment = 0; moment < 6; moment += 1) {
      const [server, log] = [shop(), Log.memory()]
      const started = performance.now()
      const outcome = await run({ ...server, ...options() }, failingAt(log, moment, never))
      expect(performance.now() - started).toBeLessThan(2000)
      expect(E.isLeft(outcome)).toBe(true)
      // 0: reading. 1 and 3: before a request.
      if ([0, 1, 3].includes(moment)) expect(['DeadlineExceeded', 'Aborted']).toContain(reasonOf(outcome))
      // The reply is not lost.
      if (moment === 5) expect(outcome).toMatchObject({ left: { outcome: O.some(E.right({ status: 200 })) } })
    }
  })
  it('counts the time of its read to the total timeout', async () => {
    const slow: Change = (task) => () => new Promise((resolve) => setTimeout(resolve, 150)).then(task)
    const session = Session.withTimeouts({ total: 200 })(Session.empty)
    for (const moment of [0, 1]) {
      const started = performance.now()
      const log = failingAt(failingAt(Log.memory(), 0, slow), moment, slow)
      await run({ ...shop(), session }, log)
      expect(performance.now() - started).toBeLessThan(400)
    }
    const log = failingAt(failingAt(Log.memory(), 0, slow), 1, slow)
    expect(reasonOf(await run({ ...shop(), session }, log))).toBe('DeadlineExceeded')
  })
  it('records nothing of a request that was aborted before', async () => {
    const log = Log.memory()
    expect(reasonOf(await run({ ...shop(), signal: AbortSignal.abort() }, log))).toBe('Aborted')
    expect(await log.read('job')()).toEqual(E.right([]))
  })
})

describe('what cannot be read later', () => {
  it.each<[string, Client.Options]>([
    ['a clock', { clock: () => new Date(Number.NaN) }],
    ['a seed', { random: () => 'a\0b' }],
  ])('is not written, and nothing is sent: %s', async (_, options) => {
    const [server, log] = [shop(), Log.memory()]
    expect(reasonOf(await run({ ...server, ...options }, log))).toBe('Unwritable')
    expect(server.countOf('POST /orders')).toBe(0)
    expect(reasonOf(await run(server, log))).toBe('receipt')
  })
  it('is not written by resolve', async () => {
    const [server, log] = [shop(), Log.memory()]
    await run(server, failingAt(log, 2, rejecting))
    for (const as of [untyped<'sent'>('maybe'), untyped<'sent'>(undefined)])
      expect(await Durable.resolve({ log, id: 'job' }, as)()).toMatchObject({ left: { reason: 'Invalid' } })
    expect(reasonOf(await run(server, log))).toBe('NoReply')
  })
})

describe('plain JavaScript', () => {
  it.each([undefined, null, 1, {}, { log: null }, { log: { read: 1 }, id: 'job' }])('may pass %j', async (given) => {
    const options = untyped<Durable.Options>(given)
    const outcomes = [
      await pipe(Durable.run(options)(order), Client.runWith(shop()))(),
      await Durable.read(options)(),
      await Durable.resolve(options, 'sent')(),
    ]
    for (const outcome of outcomes) expect(outcome).toMatchObject({ left: { _tag: 'LogFailed', reason: 'Invalid' } })
  })
  it('may return events that are not text', async () => {
    for (const line of [1, null, undefined, Object.create(null), Symbol('s')]) {
      const log: Log.Log = { ...Log.memory(), read: () => async () => E.right([untyped<string>(line)]) }
      expect(reasonOf(await run(shop(), log))).toBe('Unavailable')
    }
  })
  it('may pass a body that can be read once, which is closed on every path', async () => {
    const paths: ReadonlyArray<Log.Log> = [
      Log.memory(),
      untyped(undefined),
      failingAt(Log.memory(), 0, () => TE.left(failureFor('Unavailable'))),
    ]
    for (const log of paths) {
      const { body, isClosed } = watchedBody()
      await run(shop(), log, pipe(order, Request.withBody(body)))
      expect(isClosed()).toBe(true)
    }
  })
})
