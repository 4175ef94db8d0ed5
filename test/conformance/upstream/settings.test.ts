/** Counterparts of requests' tests for adapters, hooks, certificates, timeouts and pickling. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Environment, Http, HttpError, Mount, Plan, Request, Response, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { always, mute, ok, pkiPath, secure } from '../../transport/servers.js'
import { ambientSession, error, planned, right, tagOf, value } from './setting.js'

describe('mounts', () => {
  const mounted = (...prefixes: ReadonlyArray<string>) => {
    const transports = new Map(prefixes.map((prefix) => [prefix, Transport.memory({})]))
    const session = [...transports].reduce((s, [prefix, one]) => Session.mount(prefix, one)(s), Session.empty)
    return (url: string) => {
      const { protocol, hostname, port, pathname } = new URL(url)
      const found = Mount.find({ protocol, hostname, port, pathname })(session)
      return [...transports].find(([, one]) => O.isSome(found) && found.value === one)?.[0]
    }
  }
  const PREFIXES = ['http://', 'http://git', 'http://github.com', 'http://github.com/about', 'http://github.com/about/']
  it('[requests:settings-1] select the longest matching prefix, in any mount order', () => {
    for (const prefixes of [PREFIXES, [...PREFIXES].reverse()]) {
      const find = mounted(...prefixes)
      expect(find('http://github.com/about/x')).toMatch(/^http:\/\/github\.com\/about\/?$/)
      expect(find('http://github.com/other')).toBe('http://github.com')
      expect(find('http://elsewhere.test/')).toBe('http://')
    }
  })
  it('[requests:settings-2] compare scheme and host without case, and paths by whole segments', () => {
    const find = mounted('https://', 'hTTps://eXamPle.CoM/MyPath')
    expect(find('https://example.com/MyPath')).toBe('hTTps://eXamPle.CoM/MyPath')
    expect(find('https://example.com/MyPath/x')).toBe('hTTps://eXamPle.CoM/MyPath')
    expect(find('https://EXAMPLE.com/MyPathology')).toBe('https://')
    const host = mounted('https://', 'https://example.com')
    expect(host('https://example.com/')).toBe('https://example.com')
    expect(host('https://example.com.evil.test/')).toBe('https://')
    expect(host('https://another.example.com/')).toBe('https://')
  })
  it('send a request and its redirects through the mounted transport', async () => {
    const transport = Transport.memory({
      'GET /a': { status: 302, headers: { location: '/b' } },
      'GET /b': { status: 200, body: 'mounted' },
    })
    const session = Session.mount('http://m.test', transport)(Session.empty)
    expect(Response.text(await value(Http.get('http://m.test/a'), { session }))).toBe('mounted')
  })
})

describe('hooks', () => {
  const adding =
    (letter: string) =>
    (head: Response.Head): (() => Promise<E.Either<unknown, Response.Head>>) =>
    async () =>
      E.right({ ...head, reason: head.reason + letter })
  const reasonOf = async (
    session: Session.Session,
    ...build: ReadonlyArray<(r: Request.Request) => Request.Request>
  ) => {
    const server = await always('HTTP/1.1 200 R\r\nContent-Length: 0\r\n\r\n')
    return (await value(Http.get(server.url, ...build), { session })).reason
  }
  it('[requests:settings-3] run in order; each receives the result of the one before it', async () => {
    const session = pipe(Session.empty, Session.withHook(adding('a')), Session.withHook(adding('b')))
    expect(await reasonOf(session)).toBe('Rab')
    expect(await reasonOf(session, Request.withHook(adding('c')))).toBe('Rabc')
  })
  it("[requests:settings-4] of a request replace the session's hooks if it uses withHooks", async () => {
    const session = Session.withHook(adding('s'))(Session.empty)
    expect(await reasonOf(session, Request.withHooks([adding('r')]))).toBe('Rr')
    expect(await reasonOf(session, Request.withHooks([]))).toBe('R')
  })
  it('[requests:settings-5] receive the plan of the response, with its timeouts and TLS settings', async () => {
    const seen: Plan.Plan[] = []
    const hook = Request.withHook((head, plan) => async () => {
      seen.push(plan)
      return E.right(head)
    })
    await reasonOf(Session.empty, hook, Request.withTimeouts({ read: 5_000 }), Request.withVerify(false))
    expect(seen.map(({ method, route }) => [method, route.timeouts.read, route.tls.verify])).toEqual([
      ['GET', 5_000, false],
    ])
  })
})

describe('certificates', () => {
  it.each<[Readonly<Record<string, string>>, string | undefined]>([
    [{}, undefined],
    [{ REQUESTS_CA_BUNDLE: '/some/path' }, '/some/path'],
    [{ CURL_CA_BUNDLE: '/curl/path' }, '/curl/path'],
    [{ REQUESTS_CA_BUNDLE: '/some/path', CURL_CA_BUNDLE: '/curl/path' }, '/some/path'],
    [{ REQUESTS_CA_BUNDLE: '', CURL_CA_BUNDLE: '/curl/path' }, '/curl/path'],
    [{ REQUESTS_CA_BUNDLE: '', CURL_CA_BUNDLE: '' }, undefined],
  ])('[requests:settings-6] keep verification on and read the CA bundle from %j: %s', (variables, ca) => {
    const { tls } = right(
      planned(Request.get('https://h/'), { session: ambientSession, environment: Environment.make(variables) }),
    ).route
    expect([tls.verify, tls.ca]).toEqual([true, O.fromNullable(ca)])
  })
  it('[requests:settings-7] fail with TlsFailed and the path if a file does not exist', async () => {
    const server = await secure()
    for (const build of [
      Request.withCa('/garbage/ca'),
      Request.withClientCertificate({ cert: '/garbage/cert' }),
      Request.withClientCertificate({ cert: pkiPath('client.pem'), key: '/garbage/key' }),
    ]) {
      const failure = await error(Http.get(server.url, build))
      expect([failure._tag, failure.message.includes('/garbage/')]).toEqual(['TlsFailed', true])
    }
    expect(server.connections()).toBe(0)
  })
  it('[requests:settings-8] of an unknown CA are rejected; settings of one request do not affect the next', async () => {
    const server = await secure()
    expect((await error(Http.get(server.url)))._tag).toBe('TlsFailed')
    expect(Response.text(await value(Http.get(server.url, Request.withVerify(false))))).toBe('secure')
    expect((await error(Http.get(server.url)))._tag).toBe('TlsFailed')
    expect(Response.text(await value(Http.get(server.url, Request.withCa(pkiPath('ca.pem')))))).toBe('secure')
  })
  it('[requests:settings-9] are not read for http URLs', async () => {
    const server = await always(ok())
    expect((await value(Http.get(server.url, Request.withClientCertificate({ cert: '/garbage' })))).status).toBe(200)
  })
})

describe('timeouts', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    '[requests:settings-10] are rejected with InvalidSettings if they are %d',
    (ms) =>
      expect(tagOf(planned(Request.withTimeouts({ connect: ms })(Request.get('http://h/'))))).toBe('InvalidSettings'),
  )
  it('[requests:settings-11] fail with ReadTimeout before the head and within the body', async () => {
    const silent = await mute()
    expect((await error(Http.get(`http://${silent.host}`, Request.withTimeouts({ read: 100 }))))._tag).toBe(
      'ReadTimeout',
    )
    const stalled = await always('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    expect((await error(Http.get(stalled.url, Request.withTimeouts({ read: 100 }))))._tag).toBe('ReadTimeout')
  })
  it('[requests:settings-12] can be turned off', async () => {
    const server = await always(ok())
    expect((await value(Http.get(server.url, Request.withoutTimeouts), { session: Session.defaults })).status).toBe(200)
  })
})

describe('saved sessions', () => {
  it('[requests:settings-13] plan the same request after decoding', () => {
    const session = pipe(
      Session.defaults,
      Session.withHeader('X-A', '1'),
      Session.withQuery({ a: ['1', '2'] }),
      Session.withBasicAuth('me', 'hunter2'),
      Session.withProxy({ http: 'http://u:p@proxy:1' }),
      Session.withCookie('c', 'v'),
      Session.withVerify(false),
      Session.withMaxRedirects(3),
    )
    const text = JSON.stringify(right(Session.encode({ reveal: true })(session)))
    const again = right(Session.decode(JSON.parse(text)))
    const request = pipe(Request.post('http://h/p'), Request.withJson({ a: 1 }))
    const opened = (made: E.Either<Plan.PlanError, Plan.Plan>) => [Plan.wire(right(made)), right(made).route.tls]
    expect(opened(planned(request, { session: again }))).toEqual(opened(planned(request, { session })))
  })
  it('[requests:settings-14] cannot contain a hook; the error has its path', () => {
    const session = Session.withHook((head) => async () => E.right(head))(Session.empty)
    expect(Session.encode({ reveal: true })(session)).toMatchObject({
      left: { _tag: 'Unwritable', paths: ['hooks[0]'] },
    })
  })
})

describe('plans', () => {
  it('[requests:settings-15] are not changed by a modified copy or by an equal request', async () => {
    const server = await always(ok())
    const made = right(
      planned(pipe(Request.post(server.url), Request.withForm({ a: 'b' }), Request.withCookie('c', 'd'))),
    )
    const before = JSON.stringify(made)
    const copy: Plan.Plan = { ...made, headers: { fields: [...made.headers.fields, ['X', '1']] } }
    expect([JSON.stringify(made), copy.headers.fields.length]).toEqual([before, made.headers.fields.length + 1])
    await value(Http.send(pipe(Request.post(server.url), Request.withForm({ a: 'b' }))))
    expect(JSON.stringify(made)).toBe(before)
  })
  it('[requests:settings-16] merge the query and the headers of session and request', () => {
    const session = pipe(Session.defaults, Session.withQuery({ s: 1 }), Session.withHeader('X-S', '1'))
    const request = pipe(Request.get('http://h/'), Request.withQuery({ r: 2 }), Request.withHeader('X-R', '2'))
    const { url, headers } = Plan.wire(right(planned(request, { session })))
    expect([url, headers.map(([name]) => name)]).toEqual([
      'http://h/?s=1&r=2',
      ['User-Agent', 'Accept-Encoding', 'Accept', 'Connection', 'X-S', 'X-R'],
    ])
  })
})

describe('errors', () => {
  it('[requests:settings-17] have the URL in the message, and carry the jar and the plan', async () => {
    const failure = await error(Http.get('http://127.0.0.1:1/p?token=x'))
    expect(HttpError.show(failure)).toMatch(/^ConnectFailed: .*127\.0\.0\.1:1/)
    expect(O.isSome(HttpError.jar(failure))).toBe(true)
    expect('plan' in failure && Plan.show(failure.plan)).toBe('GET http://127.0.0.1:1/p?token=x')
  })
})
