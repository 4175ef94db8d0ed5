// What can go wrong around a durable exchange: its log, its identity, its session, its time.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Body,
  Client,
  Clock,
  Durable,
  Fault,
  Http,
  HttpError,
  Log,
  Request,
  Response,
  Session,
  Transport,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { untyped } from '../untyped.js'
import { killedAt } from './mortal.js'
import { watchedBody } from './watchedBody.js'

const order = pipe(Request.post('http://h.test/orders'), Request.withText('a secret order'))

const shop = () => {
  let orders = 0
  const serve = Transport.memory({
    'POST /orders': { status: 303, headers: { location: '/receipt', 'set-cookie': 'sid=1' } },
    'GET /receipt': { status: 200, body: 'receipt' },
  })
  const transport: Transport.Transport = Object.assign(
    (...[plan, controls]: Parameters<Transport.Transport>) =>
      async () => {
        if (plan.method === 'POST') orders += 1
        return serve(plan, controls)()
      },
    {},
  )
  return { transport, orders: () => orders }
}

const session = Session.empty

const runWith =
  (options: Client.Options) =>
  (log: Log.Log, request = order, id = 'job', keep?: Durable.Keep) =>
    pipe(
      Durable.run({ log, id, ...(keep === undefined ? {} : { keep }) })(request),
      Http.map(Response.text),
      Client.runWith({ session, ...options }),
    )()

type Outcome = Awaited<ReturnType<ReturnType<typeof runWith>>>

const reasonOf = (outcome: Outcome): unknown =>
  E.isRight(outcome)
    ? outcome.right
    : outcome.left._tag === 'LogFailed' || outcome.left._tag === 'InDoubt'
      ? outcome.left.reason
      : outcome.left._tag

const failure = Log.failed({ operation: 'append', log: 'the log', id: 'job' }, 'Unavailable', 'it is down')

/** A log whose operations fail from one of them on. */
const failingFrom = (inner: Log.Log, from: number, how: <A>() => TE.TaskEither<Log.LogError, A>): Log.Log => {
  let count = -1
  const next = <A>(task: TE.TaskEither<Log.LogError, A>): TE.TaskEither<Log.LogError, A> => {
    count += 1
    return count >= from ? how<A>() : task
  }
  return {
    read: (id) => next(inner.read(id)),
    append: (id, seq, events) => next(inner.append(id, seq, events)),
    drop: inner.drop,
    remove: inner.remove,
  }
}

const WAYS: Readonly<Record<string, <A>() => TE.TaskEither<Log.LogError, A>>> = {
  left: () => TE.left(failure),
  throws: () => () => {
    throw new Error('broken')
  },
  rejects: () => () => Promise.reject(new Error('broken')),
  nothing: () => untyped(async () => undefined),
  'no task': () => untyped(undefined),
  'another left': () => untyped(async () => E.left('what')),
}

describe.each(Object.entries(WAYS))('a log that fails (%s)', (_, how) => {
  it('before anything is sent: nothing is sent', async () => {
    for (const from of [0, 1]) {
      const server = shop()
      const outcome = await runWith(server)(failingFrom(Log.memory(), from, how))
      expect(outcome).toMatchObject({ left: { _tag: 'LogFailed', reason: 'Unavailable', id: 'job', outcome: O.none } })
      expect(server.orders()).toBe(0)
    }
  })
  it('after a reply: nothing more is sent, and the reply is not lost', async () => {
    // 2: Answered of the POST. 3: Sending of the GET.
    for (const from of [2, 3]) {
      const [server, log] = [shop(), Log.memory()]
      const outcome = await runWith(server)(failingFrom(log, from, how))
      expect(server.orders()).toBe(1)
      expect(reasonOf(outcome)).toBe('Unavailable')
      const jar = E.isLeft(outcome) ? HttpError.jar(outcome.left) : O.none
      expect(O.isSome(jar) && jar.value.cookies.size).toBe(1)
      expect(reasonOf(await runWith(server)(log))).toBe(from === 2 ? 'NoReply' : 'receipt')
      expect(server.orders()).toBe(1)
    }
  })
  it('after the response: it comes with the error', async () => {
    for (const from of [4, 5]) {
      const [server, log] = [shop(), Log.memory()]
      const outcome = await runWith(server)(failingFrom(log, from, how))
      expect(reasonOf(outcome)).toBe('Unavailable')
      expect(E.isLeft(outcome) && outcome.left._tag === 'LogFailed' && O.isSome(outcome.left.outcome)).toBe(true)
      expect(reasonOf(await runWith(server)(log))).toBe('receipt')
      expect(server.orders()).toBe(1)
    }
  })
})

describe('runs at the same time', () => {
  it('send a request once: all others are fenced, or return its response', async () => {
    for (let round = 0; round < 30; round += 1) {
      const [server, log] = [shop(), Log.memory()]
      const slow: Log.Log = {
        ...log,
        append:
          (...args) =>
          async () => {
            for (let i = Math.random() * 4; i > 0; i -= 1) await new Promise(setImmediate)
            return log.append(...args)()
          },
      }
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => runWith(server)(slow).then(reasonOf)))
      expect(server.orders()).toBe(1)
      expect(outcomes.filter((one) => !['receipt', 'Fenced', 'NoReply'].includes(String(one)))).toEqual([])
      expect(await runWith(server)(log).then(reasonOf)).toBe('receipt')
    }
  })
  it('store nothing after they were fenced, at whatever moment of the other one', async () => {
    for (let moment = 0; moment < 20; moment += 1) {
      const [server, log] = [shop(), Log.memory()]
      const other = killedAt(moment)
      let before: unknown
      const paused: Log.Log = {
        ...log,
        append:
          (...args) =>
          async () => {
            before ??= await other
              .until(() => runWith({ transport: other.transport(server.transport) })(other.log(log)))
              .then(() => log.read('job')())
            return log.append(...args)()
          },
      }
      const outcome = reasonOf(await runWith(server)(paused))
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (outcome !== 'Fenced') continue
      expect(await log.read('job')()).toEqual(before)
      expect(server.orders()).toBeLessThanOrEqual(1)
    }
  })
  it('stop before they send, if another process has continued', async () => {
    const [server, log] = [shop(), Log.memory()]
    // This process reads the log, and is paused before its first append, while another one runs to the end.
    const paused: Log.Log = {
      ...log,
      append:
        (...args) =>
        async () => {
          await runWith(server)(log)
          return log.append(...args)()
        },
    }
    const outcome = await runWith(server)(paused)
    expect(outcome).toMatchObject({ left: { _tag: 'LogFailed', reason: 'Fenced', outcome: O.none } })
    expect(server.orders()).toBe(1)
  })
})

describe('the identity of an exchange', () => {
  it.each([
    ['method', pipe(Request.put('http://h.test/orders'), Request.withText('a secret order'))],
    ['URL', pipe(Request.post('http://h.test/other'), Request.withText('a secret order'))],
    ['body', pipe(Request.post('http://h.test/orders'), Request.withText('another order'))],
  ])('belongs to one request: another %s is a conflict', async (_, other) => {
    const [server, log] = [shop(), Log.memory()]
    await runWith(server)(log)
    const outcome = await runWith(server)(log, other)
    expect(reasonOf(outcome)).toBe('Conflict')
    expect(JSON.stringify(outcome)).not.toContain('secret')
    expect(reasonOf(await runWith(server)(log, other, 'another job'))).not.toBe('Conflict')
  })
  it.each(['', '\n', 'a'.repeat(300), untyped<string>(null)])('must be a name: %j', async (id) => {
    const server = shop()
    expect(reasonOf(await runWith(server)(Log.memory(), order, id))).toBe('Invalid')
    expect(server.orders()).toBe(0)
  })
  it.each<[string, Partial<Durable.Options>]>([
    ['log', { log: untyped(undefined) }],
    ['log', { log: untyped({ read: 1 }) }],
    ['keep', { keep: -1 }],
    ['keep', { keep: untyped('body') }],
    ['keep', { keep: Number.NaN }],
  ])('has valid options: %s', async (_, options) => {
    const server = shop()
    const run = Durable.run({ log: Log.memory(), id: 'job', ...options })(order)
    const outcome = await pipe(run, Http.map(Response.text), Client.runWith({ session, ...server }))()
    expect(reasonOf(outcome)).toBe('Invalid')
    expect(server.orders()).toBe(0)
  })
  it('is that of the first request: later settings do not change it', async () => {
    const log = Log.memory()
    const keys: unknown[] = []
    const transport = Transport.memory((plan) => {
      keys.push(plan.headers.fields.find(([name]) => name === 'Idempotency-Key')?.[1])
      return { status: 503 }
    })
    const cut: Log.Log = failingFrom(log, 2, () => TE.left(failure))
    const withKey = (key: string) => pipe(order, Request.withHeader('Idempotency-Key', key))
    await runWith({ transport })(cut, withKey('first'))
    await runWith({ transport })(log, withKey('second'))
    expect(keys).toEqual(['first', 'first'])
  })
})

describe('a request that cannot be recorded', () => {
  async function* content() {
    yield Buffer.from('x')
  }
  it.each<[string, Request.Request]>([
    ['a body that can be read once', pipe(order, Request.withBody(Body.once(content())))],
    ['a function that makes a body', pipe(order, Request.withStream(content))],
    [
      'a hook',
      pipe(
        order,
        Request.withHook((head) => async () => E.right(head)),
      ),
    ],
  ])('is refused, and not sent: %s', async (_, request) => {
    const [server, log] = [shop(), Log.memory()]
    expect(reasonOf(await runWith(server)(log, request))).toBe('Unwritable')
    expect(server.orders()).toBe(0)
    expect(await log.read('job')()).toEqual(E.right([]))
  })
  it('closes a body that is not sent', async () => {
    const { body, isClosed } = watchedBody()
    await runWith(shop())(Log.memory(), pipe(order, Request.withBody(body)))
    expect(isClosed()).toBe(true)
  })
  it('may have functions in its session', async () => {
    const seen: number[] = []
    const hooked = Session.withHook((head) => async () => {
      seen.push(head.status)
      return E.right(head)
    })(session)
    const [server, log] = [shop(), Log.memory()]
    expect(reasonOf(await runWith({ ...server, session: hooked })(log))).toBe('receipt')
    expect(reasonOf(await runWith({ ...server, session: hooked })(log))).toBe('receipt')
    expect(seen).toEqual([303, 200])
  })
})

describe('events that were changed', () => {
  const change = async (edit: (lines: ReadonlyArray<string>) => ReadonlyArray<string>): Promise<Outcome> => {
    const log = Log.memory()
    await runWith(shop())(log)
    const lines = E.getOrElse((): ReadonlyArray<string> => [])(await log.read('job')())
    const edited = Log.memory()
    await edited.append('job', 0, edit(lines))()
    return runWith(shop())(edited)
  }
  it.each<[string, (lines: ReadonlyArray<string>) => ReadonlyArray<string>]>([
    ['no JSON', (lines) => ['{', ...lines]],
    ['a newer format', (lines) => lines.map((line) => line.replace('"version":1', '"version":2'))],
    ['another event', (lines) => lines.map((line) => line.replace('"Sending"', '"Sent"'))],
    ['another order', (lines) => [...lines].reverse()],
    ['no start', (lines) => lines.slice(1)],
    ['an event twice', (lines) => lines.flatMap((line) => [line, line])],
    ['more after the end', (lines) => [...lines, lines[1] ?? '']],
  ])('are unreadable: %s', async (_, edit) => {
    expect(reasonOf(await change(edit))).toBe('Unreadable')
  })
  it('diverge, if another session would send again to another place', async () => {
    const log = Log.memory()
    const relative = Request.put('orders')
    const at = (base: string) => Session.withBaseUrl(base)(session)
    const cut = failingFrom(log, 2, () => TE.left(failure))
    await runWith({ ...shop(), session: at('http://a.test') })(cut, relative)
    expect(reasonOf(await runWith({ ...shop(), session: at('http://b.test') })(log, relative))).toBe('Diverged')
    expect(E.isRight(await runWith({ ...shop(), session: at('http://a.test') })(log, relative))).toBe(true)
  })
  it('diverge, if they are those of another session', async () => {
    const log = Log.memory()
    const [server, cut] = [shop(), failingFrom(log, 3, () => TE.left(failure))]
    await runWith(server)(cut)
    const refusing = Session.withoutRedirects(session)
    expect(reasonOf(await runWith({ ...server, session: refusing })(log))).toBe('Diverged')
    expect(
      reasonOf(await runWith({ ...server, session: Session.withHeader('User-Agent', 'later')(session) })(log)),
    ).toBe('receipt')
  })
})

describe('time', () => {
  const slowFrom = (log: Log.Log, from: number): Log.Log => failingFrom(log, from, () => () => new Promise(() => {}))

  it('ends at the total timeout, also while the log is slow', async () => {
    for (const from of [1, 2]) {
      const server = shop()
      const limited = Session.withTimeouts({ total: 50 })(session)
      const started = performance.now()
      const outcome = await runWith({ ...server, session: limited })(slowFrom(Log.memory(), from))
      expect(performance.now() - started).toBeLessThan(5000)
      expect(['DeadlineExceeded', 'TimedOut']).toContain(reasonOf(outcome))
      expect(server.orders()).toBe(from - 1)
    }
  })
  it('ends when the signal aborts, and what was not sent is not in doubt', async () => {
    const [server, log] = [shop(), Log.memory()]
    const controller = new AbortController()
    const slow: Log.Log = {
      ...log,
      append:
        (...args) =>
        async () => {
          controller.abort()
          await new Promise((resolve) => setTimeout(resolve, 20))
          return log.append(...args)()
        },
    }
    expect(reasonOf(await runWith({ ...server, signal: controller.signal })(slow))).toBe('Aborted')
    expect(server.orders()).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(reasonOf(await runWith(server)(log))).toBe('receipt')
  })
  it('is not in doubt after an append that was stored, although its acknowledgement was lost', async () => {
    const [server, log] = [shop(), Log.memory()]
    const lossy: Log.Log = {
      ...log,
      append:
        (...args) =>
        async () => {
          await log.append(...args)()
          return E.left(failure)
        },
    }
    expect(reasonOf(await runWith(server)(lossy))).toBe('Unavailable')
    expect(reasonOf(await runWith(server)(log))).toBe('receipt')
    expect(server.orders()).toBe(1)
  })
})

describe('a request that fails', () => {
  const failing = (fault: 'before' | 'after') => {
    let count = 0
    const transport: Transport.Transport = Object.assign(
      (...[plan]: Parameters<Transport.Transport>) =>
        async () => {
          count += 1
          return E.left({ ...Fault.make(fault === 'before' ? 'ConnectTimeout' : 'ReadTimeout', 'no'), plan })
        },
      {},
    )
    return { transport: transport, orders: () => count }
  }
  it('before it was sent, is sent by the next run', async () => {
    const [server, log] = [failing('before'), Log.memory()]
    expect(reasonOf(await runWith(server)(log))).toBe('ConnectTimeout')
    expect(reasonOf(await runWith(server)(log))).toBe('ConnectTimeout')
    expect(reasonOf(await runWith(shop())(log))).toBe('receipt')
  })
  it('after it was sent, is in doubt', async () => {
    const [server, log] = [failing('after'), Log.memory()]
    expect(reasonOf(await runWith(server)(log))).toBe('ReadTimeout')
    const again = await runWith(server)(log)
    expect(again).toMatchObject({ left: { _tag: 'InDoubt', reason: 'NoReply', failedWith: O.some('ReadTimeout') } })
    expect(JSON.stringify(again)).not.toContain('secret')
    expect(server.orders()).toBe(1)
  })
  it('after it was sent, is sent again with an Idempotency-Key', async () => {
    const [server, log] = [failing('after'), Log.memory()]
    const keyed = pipe(order, Request.withHeader('idempotency-key', 'k'))
    expect(reasonOf(await runWith(server)(log, keyed))).toBe('ReadTimeout')
    expect(reasonOf(await runWith(shop())(log, keyed))).toBe('receipt')
  })
  it('because of a hook, is in doubt', async () => {
    const log = Log.memory()
    const rejecting = Session.withHook(() => async () => E.left(new Error('no')))(session)
    expect(reasonOf(await runWith({ ...shop(), session: rejecting })(log))).toBe('HookFailed')
    const again = await runWith(shop())(log)
    expect(again).toMatchObject({ left: { _tag: 'InDoubt', failedWith: O.some('HookFailed') } })
  })
  it('because it cannot be planned, leaves nothing in the log', async () => {
    const log = Log.memory()
    expect(reasonOf(await runWith(shop())(log, Request.post('no url')))).toBe('MissingScheme')
    expect(await log.read('job')()).toEqual(E.right([]))
  })
})

describe('the body of a response', () => {
  const big = Transport.memory(() => ({ status: 200, body: 'x'.repeat(100) }))
  it('is kept up to a limit', async () => {
    const log = Log.memory()
    expect(reasonOf(await runWith({ transport: big })(log, order, 'job', 100))).toHaveLength(100)
    expect(reasonOf(await runWith({ transport: big })(log, order, 'job', 100))).toHaveLength(100)
  })
  it('is lost beyond it: a POST is in doubt, and a GET is sent again', async () => {
    const log = Log.memory()
    await runWith({ transport: big })(log, order, 'post', 99)
    const post = await runWith({ transport: big })(log, order, 'post', 99)
    expect(post).toMatchObject({ left: { _tag: 'InDoubt', reason: 'BodyLost' } })
    const get = Request.get('http://h.test/')
    await runWith({ transport: big })(log, get, 'get', 99)
    expect(reasonOf(await runWith({ transport: big })(log, get, 'get', 99))).toHaveLength(100)
  })
  it('is empty in a later run, if only the head is kept', async () => {
    const log = Log.memory()
    expect(reasonOf(await runWith({ transport: big })(log, order, 'job', 'head'))).toHaveLength(100)
    expect(reasonOf(await runWith({ transport: big })(log, order, 'job', 'head'))).toBe('')
  })
})

describe('drop', () => {
  it('does not mix two runs, if it removes one that still waits', async () => {
    const log = Log.memory()
    let orders = 0
    const transport = Transport.memory(() => {
      orders += 1
      return { status: 201, body: `order ${orders}` }
    })
    // The second run starts while the first one waits for its reply, and is killed before its own.
    const dropping: Log.Log = {
      ...log,
      append: (id, seq, events) => async () => {
        if (seq === 2) {
          await log.drop(new Date(Clock.system.now().getTime() + 1000))()
          const other = killedAt(6)
          await other.until(() => runWith({ transport: other.transport(transport) })(other.log(log)))
        }
        return log.append(id, seq, events)()
      },
    }
    await runWith({ transport })(dropping)
    const [later, sent] = [await runWith({ transport })(log), orders]
    expect(['Unreadable', 'NoReply']).toContain(reasonOf(later))
    expect(sent).toBe(2)
  })

  it('forgets old exchanges, whose ids start anew', async () => {
    const [server, log] = [shop(), Log.memory()]
    await runWith(server)(log)
    expect(await log.drop(new Date(Clock.system.now().getTime() + 1000))()).toEqual(E.right(1))
    await runWith(server)(log)
    expect(server.orders()).toBe(2)
  })
})
