/** A dispatcher of undici that the caller made: used for every request, never closed, and no setting is ignored. */
import * as fs from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Environment, Http, Jar, type Observer, Request, Response, Session, Transport } from 'requests-ts'
import { Agent, interceptors, MockAgent, ProxyAgent } from 'undici/index.js'
import { afterEach, describe, expect, test } from 'vitest'
import { untyped } from '../untyped.js'
import { ok, pkiPath, proxy as proxyServer, raw, secure, until, web } from './servers.js'

const opened: Array<{ destroy(): Promise<void> }> = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.destroy()))
})
const own = <D extends { destroy(): Promise<void> }>(dispatcher: D): D => {
  opened.push(dispatcher)
  return dispatcher
}
const mock = (): MockAgent => {
  const agent = new MockAgent() // it opens no connection, and cannot be destroyed
  agent.disableNetConnect()
  return agent
}
const configured = (options: Transport.Options, session = Session.empty): Client.Options => ({
  session,
  environment: Environment.empty,
  transport: Transport.undici(options),
})
const send = (options: Transport.Options, request: Request.Request, session = Session.empty) =>
  pipe(Http.send(request), Client.use(configured(options, session)))()

describe('a MockAgent', () => {
  test('answers, and redirects and cookies are handled by this library', async () => {
    const agent = mock()
    const pool = agent.get('http://h.test')
    pool.intercept({ path: '/a' }).reply(302, '', { headers: { location: '/b', 'set-cookie': ['sid=1', 'x=2'] } })
    pool.intercept({ path: '/b', headers: { cookie: 'sid=1; x=2' } }).reply(200, 'welcome')
    const outcome = await send({ dispatcher: agent }, Request.get('http://h.test/a'))
    if (E.isLeft(outcome)) expect.fail(outcome.left.message)
    const [response, jar] = outcome.right
    expect([response.status, Response.text(response), response.history.length]).toEqual([200, 'welcome', 1])
    expect(Jar.toArray(jar).map(({ name }) => name)).toEqual(['sid', 'x'])
    agent.assertNoPendingInterceptors()
  })
  test('receives method, body and header fields', async () => {
    const agent = mock()
    agent
      .get('https://h.test')
      .intercept({ path: '/a?q=1', method: 'POST', body: /^\{"a":1\}$/, headers: { 'x-a': '1' } })
      .reply(201, '')
    const request = pipe(
      Request.post('https://h.test/a?q=1'),
      Request.withJson({ a: 1 }),
      Request.withHeader('X-A', '1'),
    )
    expect(await send({ dispatcher: agent }, request)).toMatchObject({ right: [{ status: 201 }, {}] })
  })
  test('without an answer is a Left', async () => {
    const outcome = await send({ dispatcher: mock() }, Request.get('http://h.test/a'))
    expect(outcome).toMatchObject({ left: { message: expect.stringMatching(/mock|not matched/i) } })
  })
})

describe('an Agent', () => {
  test('sends, and is not closed with the client', async () => {
    const server = await web((request, response) => request.pipe(response))
    const dispatcher = own(new Agent())
    for (const text of ['one', 'two']) {
      const outcome = await send({ dispatcher }, pipe(Request.put(server.url), Request.withText(text)))
      expect(
        pipe(
          outcome,
          E.map(([response]) => Response.text(response)),
        ),
      ).toEqual(E.right(text))
    }
    expect(dispatcher.closed).toBe(false)
  })
  test('reports no connection, because it is not known whether it was used before', async () => {
    const server = await web((_, response) => response.end('ok'))
    const connections: unknown[] = []
    const observe =
      ({ result }: Observer.ReplyEvent) =>
      () =>
        void connections.push(E.isRight(result) && 'connection' in result.right)
    const session = Session.withObserver({ onReply: observe })(Session.empty)
    const dispatcher = own(new Agent())
    for (const _ of [1, 2]) await send({ dispatcher }, Request.get(server.url), session)
    expect(connections).toEqual([false, false])
  })
  test('streams bodies with progress', async () => {
    const server = await web((request, response) => request.pipe(response))
    const counts = { up: 0, down: 0 }
    async function* content() {
      for (let i = 0; i < 20; i += 1) yield Buffer.alloc(50_000)
    }
    const request = pipe(
      Request.put(server.url),
      Request.withStream(content),
      Request.withProgress(({ direction, bytes }) => () => {
        counts[direction] = bytes
      }),
    )
    const outcome = await send({ dispatcher: own(new Agent()) }, request)
    expect(
      pipe(
        outcome,
        E.map(([{ bytes }]) => bytes.length),
      ),
    ).toEqual(E.right(1_000_000))
    expect(counts).toEqual({ up: 1_000_000, down: 1_000_000 })
  })
  test.each([
    ['ReadTimeout', Request.withTimeouts({ read: 60 })],
    ['DeadlineExceeded', Request.withTimeouts({ total: 60 })],
  ])('of a silent server is %s', async (tag, configure) => {
    const server = await web(() => undefined)
    const outcome = await send({ dispatcher: own(new Agent()) }, configure(Request.get(server.url)))
    expect(outcome).toMatchObject({ left: { _tag: tag } })
  })
  test('ends its request on abort, and when the client is closed', async () => {
    let requests = 0
    const server = await web(() => {
      requests += 1
    })
    const dispatcher = own(new Agent())
    const abort = new AbortController()
    const aborted = pipe(
      Http.send(Request.get(server.url)),
      Http.withSignal(abort.signal),
      Client.use(configured({ dispatcher })),
    )()
    await until(() => requests === 1)
    abort.abort()
    expect(await aborted).toMatchObject({ left: { _tag: 'Aborted' } })
    const client = Client.open(configured({ dispatcher }))()
    const closed = Http.send(Request.get(server.url))(Jar.empty)(client)()
    await until(() => requests === 2)
    await client.close()
    expect(await closed).toMatchObject({ left: { _tag: 'ClientClosed' } })
    expect(dispatcher.closed).toBe(false)
  })
  test('that cannot connect is an unsent ConnectFailed', async () => {
    const outcome = await send({ dispatcher: own(new Agent()) }, Request.get('http://127.0.0.1:1/'))
    expect(outcome).toMatchObject({ left: { _tag: 'ConnectFailed', unsent: true } })
  })
  test('that was destroyed is a Left', async () => {
    const dispatcher = new Agent()
    await dispatcher.destroy()
    expect(await send({ dispatcher }, Request.get('http://127.0.0.1:1/'))).toMatchObject({
      left: { _tag: 'ClientClosed' },
    })
  })
  test('verifies certificates by its own settings', async () => {
    const server = await secure((_, response) => response.end('ok'))
    const ca = fs.readFileSync(pkiPath('ca.pem'), 'utf8')
    const trusting = own(new Agent({ connect: { ca } }))
    expect(await send({ dispatcher: trusting }, Request.get(server.url))).toMatchObject({
      right: [{ status: 200 }, {}],
    })
    expect(await send({ dispatcher: own(new Agent()) }, Request.get(server.url))).toMatchObject({ _tag: 'Left' })
  })
  test('with the interceptor responseError fails with the status and what to do, not as if there was no connection', async () => {
    const server = await web((_, response) => response.writeHead(503).end('{"a":1}'))
    const dispatcher = own(new Agent()).compose(interceptors.responseError())
    const outcome = await send({ dispatcher }, Request.get(server.url))
    expect(outcome).toMatchObject({
      left: { _tag: 'ProtocolError', status: 503, cause: { code: 'UND_ERR_RESPONSE' } },
    })
    expect(E.isLeft(outcome) && outcome.left).not.toHaveProperty('unsent')
  })
  test('with interceptors that change the head passes the changed one', async () => {
    const server = await web((_, response) => response.setHeader('set-cookie', ['a=1', 'b=2']).end('ok'))
    const dispatcher = own(new Agent()).compose(interceptors.dns(), interceptors.dump())
    const outcome = await send({ dispatcher }, Request.get(server.url))
    expect(
      pipe(
        outcome,
        E.map(([{ status }, jar]) => [status, Jar.toArray(jar).length]),
      ),
    ).toEqual(E.right([200, 2]))
  })
})

test('a ProxyAgent sends through its proxy', async () => {
  const server = await web((_, response) => response.end('ok'))
  const through = await proxyServer()
  const dispatcher = own(new ProxyAgent(through.url))
  expect(await send({ dispatcher }, Request.get(server.url))).toMatchObject({ right: [{ status: 200 }, {}] })
})

test.each([
  ['an Agent', () => new Agent()],
  ['a ProxyAgent', (url: string) => new ProxyAgent(url)],
])('%s sends every line of a repeated header', async (_, open) => {
  const server = await raw((socket, head) =>
    socket.write(head.startsWith('CONNECT') ? 'HTTP/1.1 200 OK\r\n\r\n' : ok()),
  )
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['X-A', '1'],
    ['X-A', '2'],
    ['X-B', '3'],
    ['X-A', '4'],
  ]
  const request = Request.withHeaders(lines)(Request.get(server.url))
  expect(await send({ dispatcher: own(open(server.url)) }, request)).toMatchObject({ right: [{ status: 200 }, {}] })
  const sent = server.received.join('').match(/^x-.*$/gim)
  expect(sent).toEqual(['X-A: 1', 'X-A: 2', 'X-A: 4', 'X-B: 3'])
})

describe('what a dispatcher decides itself', () => {
  const get = Request.get('https://h.test/')
  test.each<readonly [string, Request.Request, string]>([
    ['a proxy', Request.withProxy('http://p.test')(get), 'ProxyFailed'],
    ['a CA', Request.withCa('/ca.pem')(get), 'TlsFailed'],
    ['withVerify(false)', Request.withVerify(false)(get), 'TlsFailed'],
    ['a client certificate', Request.withClientCertificate({ cert: '/c.pem' })(get), 'TlsFailed'],
  ])('is an error in a plan: %s', async (_, request, tag) => {
    const dispatcher = { dispatch: () => expect.fail('must not be used') }
    expect(await send({ dispatcher }, request)).toMatchObject({ left: { _tag: tag, unsent: true } })
  })
  test.each<readonly [string, Transport.Options]>([
    ['http2', { http2: true }],
    ['socketPath', { socketPath: '/s' }],
    ['localAddress', { localAddress: '127.0.0.1' }],
    ['connections', { connections: 1 }],
  ])('is an error as an option: %s', async (name, options) => {
    const dispatcher = { dispatch: () => expect.fail('must not be used') }
    const outcome = await send({ ...options, dispatcher }, get)
    expect(outcome).toMatchObject({ left: { _tag: 'ConnectFailed', message: expect.stringContaining(name) } })
  })
  test.each([null, 5, 'text', {}, { dispatch: 1 }])('is an error if it is not a dispatcher: %j', async (given) => {
    expect(await send({ dispatcher: untyped(given) }, get)).toMatchObject({
      left: { _tag: 'ConnectFailed', unsent: true },
    })
  })
  test('is a Left if it returns a promise that rejects', async () => {
    const dispatch = async () => Promise.reject(new Error('broken'))
    expect(await send({ dispatcher: untyped({ dispatch }) }, get)).toMatchObject({
      left: { message: expect.stringContaining('broken') },
    })
  })
  const throws = () => {
    throw new Error('thrown by the controller')
  }
  test.each([
    ['missing', undefined],
    ['empty', {}],
    ['throwing', { abort: throws, pause: throws, resume: throws }],
  ])('does not raise an error if its controller is %s', async (_, controller) => {
    const raised: unknown[] = []
    const dispatch = (_: object, handler: Record<string, (...args: ReadonlyArray<unknown>) => void>): boolean => {
      setImmediate(() => {
        try {
          handler['onRequestStart']?.(controller)
          handler['onResponseStart']?.(controller, 200, {}, 'OK')
          for (let i = 0; i < 100; i += 1) handler['onResponseData']?.(controller, Buffer.alloc(65_536))
        } catch (error) {
          raised.push(error)
        }
      })
      return true
    }
    const outcome = await send({ dispatcher: untyped({ dispatch }) }, Request.withTimeouts({ total: 200 })(get))
    expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded' } })
    expect(raised).toEqual([])
  })
  test('is used as it is if it throws or only has a record of the header fields', async () => {
    const throwing = {
      dispatch: () => {
        throw new Error('broken')
      },
    }
    expect(await send({ dispatcher: throwing }, get)).toMatchObject({ _tag: 'Left' })
    const minimal: Transport.Dispatcher = {
      dispatch: (_, handler) => {
        const { onRequestStart, onResponseStart, onResponseData, onResponseEnd } =
          untyped<Record<string, (...args: ReadonlyArray<unknown>) => void>>(handler)
        const controller = { abort: () => {}, pause: () => {}, resume: () => {} }
        onRequestStart?.(controller)
        onResponseStart?.(controller, 200, { 'set-cookie': ['a=1', 'b=2'], 'x-a': '1' }, 'OK')
        onResponseData?.(controller, Buffer.from('body'))
        onResponseEnd?.(controller, {})
        return true
      },
    }
    const outcome = await send({ dispatcher: minimal }, get)
    expect(
      pipe(
        outcome,
        E.map(([response, jar]) => [Response.text(response), Jar.toArray(jar).length]),
      ),
    ).toEqual(E.right(['body', 2]))
  })
})
