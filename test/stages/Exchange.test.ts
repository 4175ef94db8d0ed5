import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Environment from '../../src/session/Environment.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Redirect from '../../src/stages/Redirect.js'
import * as Proxy from '../../src/values/Proxy.js'
import type { Answer, Server } from '../../src/wire/Reply.js'

const trusting = pipe(Session.empty, Session.withAmbient({ proxies: true, netrc: true, certificates: true }))

const run = (server: Server, request: Request.Request, session = Session.empty, environment = Environment.empty) =>
  Exchange.simulate({ session, environment })(server)(request)

const to = (location: string, status = 302): Answer => ({ status, headers: { location } })

const sent = (trace: Exchange.Trace) =>
  trace.hops.map(({ plan }) => {
    const { method, url, headers } = Plan.wire(plan)
    return [method, url, Object.fromEntries(headers)] as const
  })

const tagOf = (trace: Exchange.Trace) =>
  E.isLeft(trace.outcome) ? trace.outcome.left._tag : trace.outcome.right.status

describe('the method after a redirect', () => {
  const after = (status: number, method: string) => Redirect.rebuildMethod(status, method)
  it.each([
    [301, 'GET', 'HEAD', 'GET', 'PUT', 'DELETE'],
    [302, 'GET', 'HEAD', 'GET', 'GET', 'GET'],
    [303, 'GET', 'HEAD', 'GET', 'GET', 'GET'],
    [307, 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    [308, 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  ])('a %d maps GET, HEAD, POST, PUT, DELETE to %s, %s, %s, %s, %s', (status, ...expected) => {
    expect(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => after(status, method))).toEqual(expected)
  })
  it.each([300, 304, 305, 306])('%d is not followed', (status) => {
    expect(tagOf(run({ 'GET /': to('/x', status) }, Request.get('http://h/')))).toBe(status)
  })
})

describe('a redirect', () => {
  it('drops the body and its content headers if the method becomes GET', () => {
    const trace = run(
      { 'POST /': to('/x'), 'GET /x': { status: 200 } },
      pipe(Request.post('http://h/'), Request.withJson({ a: 1 })),
    )
    expect(sent(trace)).toEqual([
      ['POST', 'http://h/', { 'Content-Length': '7', 'Content-Type': 'application/json' }],
      ['GET', 'http://h/x', {}],
    ])
  })
  it('sends the body again if the method stays the same', () => {
    const trace = run(
      { 'PUT /': to('/x', 301), 'PUT /x': { status: 200 } },
      pipe(Request.put('http://h/'), Request.withText('abc')),
    )
    expect(trace.hops.map(({ plan }) => Plan.wire(plan).body)).toEqual([
      O.some(new TextEncoder().encode('abc')),
      O.some(new TextEncoder().encode('abc')),
    ])
  })
  it('fails with UnrewindableBody instead of sending a one-shot body twice', () => {
    async function* chunks() {
      yield new Uint8Array(1)
    }
    const trace = run({ 'POST /': to('/x', 307) }, pipe(Request.post('http://h/'), Request.withOnce(chunks())))
    expect(tagOf(trace)).toBe('UnrewindableBody')
    expect(trace.hops).toHaveLength(1)
  })
  it('keeps the fragment if the Location has none', () => {
    const trace = run(
      { 'GET /a': to('/b'), 'GET /b': to('/c#new'), 'GET /c': to('/d'), 'GET /d': { status: 200 } },
      Request.get('http://h/a#old'),
    )
    expect(trace.hops.map(({ plan }) => plan.url.hash)).toEqual(['#old', '#old', '#new', '#new'])
  })
  it('decodes a Location as UTF-8', () => {
    const location = Buffer.from('/ü').toString('latin1')
    const trace = run({ 'GET /': to(location), 'GET /%C3%BC': { status: 200 } }, Request.get('http://h/'))
    expect(tagOf(trace)).toBe(200)
  })
  it.each([
    ['http://[', 'InvalidRedirect'],
    ['http://a b/', 'InvalidRedirect'],
    ['http://h:99999/', 'InvalidRedirect'],
    ['http://', 'InvalidRedirect'],
    ['http://h\\@evil.test/', 'InvalidRedirect'],
    ['//\xff/', 'InvalidRedirect'],
    ['file:///etc/passwd', 'RedirectRefused'],
    ['javascript:alert(1)', 'RedirectRefused'],
    ['data:text/plain,x', 'RedirectRefused'],
    ['ftp://h/', 'RedirectRefused'],
    ['', 302],
    ['  ', 302],
  ])('with Location %j ends with %s and sends nothing more', (location, expected) => {
    const trace = run({ 'GET /': to(location) }, Request.get('http://h/'))
    expect(tagOf(trace)).toBe(expected)
    expect(trace.hops).toHaveLength(1)
  })
  it('accepts several equal Location headers and rejects different ones', () => {
    const twice = (a: string, b: string): Answer => ({ status: 302, headers: { location: [a, b] } })
    expect(tagOf(run({ 'GET /': twice('/x', '/x'), 'GET /x': { status: 200 } }, Request.get('http://h/')))).toBe(200)
    expect(tagOf(run({ 'GET /': twice('/x', '/y') }, Request.get('http://h/')))).toBe('InvalidRedirect')
  })
  it('fails with TooManyRedirects, with the history and the jar so far', () => {
    const server: Server = (plan) => ({
      status: 302,
      headers: { location: '/again', 'set-cookie': `n=${plan.url.pathname.slice(1)}` },
    })
    const { outcome } = run(server, Request.get('http://h/'), pipe(Session.empty, Session.withMaxRedirects(2)))
    if (E.isRight(outcome) || outcome.left._tag !== 'TooManyRedirects') return expect.fail('expected TooManyRedirects')
    expect(outcome.left.history).toHaveLength(3)
    expect(outcome.left.limit).toBe(2)
    expect(outcome.left.jar.cookies.size).toBe(1)
  })
  it.each([0, 1, 30])('follows %d redirects and no more if maxRedirects is that number', (limit) => {
    const server: Server = (plan) => {
      const n = Number(plan.url.pathname.slice(1))
      return n < limit ? to(`/${n + 1}`) : { status: 200 }
    }
    const session = pipe(Session.empty, Session.withMaxRedirects(limit))
    expect(tagOf(run(server, Request.get('http://h/0'), session))).toBe(200)
    expect(
      tagOf(
        run((plan) => (plan.url.pathname === '/x' ? to('/0') : { status: 200 }), Request.get('http://h/x'), session),
      ),
    ).toBe(limit === 0 ? 'TooManyRedirects' : 200)
  })
  it('resolves a Location like "http:c" as relative (RFC 3986 5.2.2)', () => {
    expect(
      sent(run({ 'GET /a/b': to('http:c'), 'GET /a/c': { status: 200 } }, Request.get('http://h/a/b'))).at(-1)?.[1],
    ).toBe('http://h/a/c')
  })
})

describe('credentials on a redirect', () => {
  const withCredentials = pipe(
    Session.empty,
    Session.withBearer('token'),
    Session.withSecretHeader('X-Vendor', 'vendor'),
    Session.withHeader('Host', 'virtual.test'),
    Session.withHeader('X-Plain', 'plain'),
    Session.withCookie('own', '1'),
    Session.withClientCertificate({ cert: 'PEM', key: 'PEM' }),
  )
  it('are not sent to another origin, nor when a later redirect returns to the first one', () => {
    const trace = run(
      {
        'GET http://a.test/': to('http://b.test/'),
        'GET http://b.test/': to('http://a.test/x'),
        'GET http://a.test/x': { status: 200 },
      },
      Request.get('http://a.test/'),
      withCredentials,
    )
    expect(sent(trace)).toEqual([
      [
        'GET',
        'http://a.test/',
        {
          'X-Vendor': 'vendor',
          Host: 'virtual.test',
          'X-Plain': 'plain',
          Cookie: 'own=1',
          Authorization: 'Bearer token',
        },
      ],
      ['GET', 'http://b.test/', { 'X-Plain': 'plain' }],
      ['GET', 'http://a.test/x', { 'X-Plain': 'plain' }],
    ])
    expect(trace.hops.map(({ plan }) => O.isSome(plan.route.tls.certificate))).toEqual([true, false, false])
  })
  it('are sent again on the same origin', () => {
    const trace = run({ 'GET /': to('/x'), 'GET /x': { status: 200 } }, Request.get('https://a.test/'), withCredentials)
    expect(sent(trace)[1]?.[2]).toEqual(sent(trace)[0]?.[2])
    expect(trace.hops.map(({ plan }) => O.isSome(plan.route.tls.certificate))).toEqual([true, true])
  })
  it('come from netrc for the new host if no other auth applies', () => {
    const environment = Environment.make({}, 'machine b.test login b password b')
    const server: Server = { 'GET http://a.test/': to('http://b.test/'), 'GET http://b.test/': { status: 200 } }
    const basic = `Basic ${Buffer.from('b:b').toString('base64')}`
    const second = (session: Session.Session) =>
      sent(run(server, Request.get('http://a.test/'), session, environment))[1]?.[2]
    expect(second(trusting)).toEqual({ Authorization: basic })
    expect(second(pipe(trusting, Session.withBasicAuth('x', 'y')))).toEqual({ Authorization: basic })
    expect(second(pipe(trusting, Session.withoutAuth))).toEqual({})
    expect(second(Session.empty)).toEqual({})
  })
  it('in a Location are neither sent nor shown', () => {
    const trace = run({ 'GET /': to('http://u:hunter2@h/x'), 'GET /x': { status: 200 } }, Request.get('http://h/'))
    expect(sent(trace)[1]).toEqual(['GET', 'http://h/x', {}])
  })
})

describe('proxies on a redirect', () => {
  const show = (trace: Exchange.Trace) =>
    trace.hops.map(({ plan }) => pipe(plan.route.proxy, O.map(Proxy.show), O.toUndefined))
  const environment = Environment.make({
    http_proxy: 'http://p:1',
    https_proxy: 'http://u:hunter2@s:2',
    no_proxy: 'free.test',
  })
  it('are selected again for each hop', () => {
    const trace = run(
      {
        'GET http://a.test/': to('http://free.test/'),
        'GET http://free.test/': to('https://b.test/'),
        'GET https://b.test/': { status: 200 },
      },
      Request.get('http://a.test/'),
      trusting,
      environment,
    )
    expect(show(trace)).toEqual(['http://p:1', undefined, 'http://‹secret›@s:2'])
    for (const { plan } of trace.hops) expect(Plan.wire(plan).headers).toEqual([])
  })
  it('receive the user’s Proxy-Authorization only while the proxy stays the same', () => {
    const session = pipe(
      Session.empty,
      Session.withProxy({ http: 'http://p', https: 'http://q' }),
      Session.withHeader('Proxy-Authorization', 'x'),
    )
    const trace = run(
      {
        'GET http://a.test/': to('http://b.test/'),
        'GET http://b.test/': to('https://c.test/'),
        'GET https://c.test/': { status: 200 },
      },
      Request.get('http://a.test/'),
      session,
    )
    expect(trace.hops.map(({ plan }) => Plan.wire(plan).headers)).toEqual([
      [['Proxy-Authorization', 'x']],
      [['Proxy-Authorization', 'x']],
      [],
    ])
    expect(
      trace.hops.map(({ plan }) =>
        pipe(
          plan.route.proxy,
          O.chain((p) => p.authorization),
          O.isSome,
        ),
      ),
    ).toEqual([true, true, false])
  })
})

describe('a redirect policy', () => {
  const server: Server = { 'GET /': to('http://other.test/x'), 'GET http://other.test/x': { status: 200 } }
  it('that stops returns the redirect as the response, with the next plan', () => {
    const { outcome } = run(server, pipe(Request.get('http://h/'), Request.withoutRedirects))
    expect(
      pipe(
        outcome,
        E.map(({ status, next }) => [
          status,
          pipe(
            next,
            O.map(({ url }) => url.href),
          ),
        ]),
      ),
    ).toEqual(E.right([302, O.some('http://other.test/x')]))
  })
  it('that refuses fails with its reason', () => {
    const session = pipe(Session.empty, Session.andRedirectPolicy(RedirectPolicy.httpsOnly))
    const { outcome } = run(server, Request.get('http://h/'), session)
    expect(outcome).toMatchObject({
      left: { _tag: 'RedirectRefused', reason: expect.stringContaining('http://other.test') },
    })
  })
  it('of the session is combined by andRedirectPolicy and replaced by withRedirectPolicy', () => {
    const both = pipe(
      Session.empty,
      Session.andRedirectPolicy(RedirectPolicy.sameOrigin),
      Session.andRedirectPolicy(RedirectPolicy.httpsOnly),
    )
    expect(tagOf(run(server, Request.get('http://h/'), both))).toBe('RedirectRefused')
    expect(
      tagOf(run(server, pipe(Request.get('http://h/'), Request.withRedirectPolicy(RedirectPolicy.follow)), both)),
    ).toBe(200)
  })
  it('that throws refuses the redirect', () => {
    const session = pipe(
      Session.empty,
      Session.withRedirectPolicy(() => {
        throw new Error('oops')
      }),
    )
    expect(tagOf(run(server, Request.get('http://h/'), session))).toBe('RedirectRefused')
  })
  it('is off by default for HEAD, as in requests', () => {
    expect(tagOf(run({ 'HEAD /': to('/x') }, Request.head('http://h/')))).toBe(302)
    expect(
      tagOf(
        run(
          { 'HEAD /': to('/x'), 'HEAD /x': { status: 200 } },
          pipe(Request.head('http://h/'), Request.withRedirectPolicy(RedirectPolicy.follow)),
        ),
      ),
    ).toBe(200)
  })
})

describe('cookies on a redirect', () => {
  it('that one hop set are sent on the next, and a literal Cookie header stays on its origin', () => {
    const server: Server = {
      'GET http://a.test/': { status: 302, headers: { location: '/x', 'set-cookie': 'sid=1' } },
      'GET http://a.test/x': to('http://b.test/'),
      'GET http://b.test/': { status: 200 },
    }
    const cookies = (request: Request.Request) => sent(run(server, request)).map(([, , headers]) => headers['Cookie'])
    expect(cookies(Request.get('http://a.test/'))).toEqual([undefined, 'sid=1', undefined])
    expect(cookies(pipe(Request.get('http://a.test/'), Request.withCookie('own', '2')))).toEqual([
      'own=2',
      'own=2; sid=1',
      undefined,
    ])
    expect(cookies(pipe(Request.get('http://a.test/'), Request.withHeader('Cookie', 'lit=3')))).toEqual([
      'lit=3',
      'lit=3',
      undefined,
    ])
  })
})

describe('a digest challenge', () => {
  const challengeWith = (nonce: string): Answer => ({
    status: 401,
    headers: { 'www-authenticate': `Digest realm="r", nonce="${nonce}", qop="auth"`, 'set-cookie': 'c=1' },
  })
  const isSigned = (plan: Plan.Plan, nonce: string) =>
    Plan.wire(plan).headers.some(([name, value]) => name === 'Authorization' && value.includes(`nonce="${nonce}"`))
  const guard: Server = (plan) => (isSigned(plan, 'n1') ? { status: 200 } : challengeWith('n1'))
  const session = pipe(Session.empty, Session.withDigestAuth('me', 'hunter2'))

  it('is answered once, with the cookie of the challenge', () => {
    const trace = run(guard, Request.get('http://h/'), session)
    expect(trace.hops.map(({ plan, head }) => [plan.cause, head.status])).toEqual([
      ['Start', 401],
      ['Authorize', 200],
    ])
    expect(sent(trace)[1]?.[2]['Cookie']).toBe('c=1')
    expect(tagOf(run(() => challengeWith('n'), Request.get('http://h/'), session))).toBe(401)
  })
  it('is remembered, so that the next request is signed at once with nc=2', () => {
    const first = run(guard, Request.get('http://h/'), session)
    const second = Exchange.simulate({ session, jar: first.jar, now: new Date(0) })(guard)(
      Request.get('http://h/other'),
    )
    expect(second.hops).toHaveLength(1)
    expect(sent(second)[0]?.[2]['Authorization']).toContain('nc=00000002')
    const planned = Plan.plan({ session, jar: second.jar, now: new Date(0), entropy: 'seed' })(Request.get('http://h/'))
    expect(
      pipe(
        planned,
        E.map((plan) => Plan.wire(plan).headers.at(-1)?.[1]),
      ),
    ).toEqual(E.right(expect.stringContaining('nc=00000003')))
  })
  it('with a new nonce is answered with that nonce', () => {
    const first = run(guard, Request.get('http://h/'), session)
    const renewed: Server = (plan) => (isSigned(plan, 'n2') ? { status: 200 } : challengeWith('n2'))
    const second = Exchange.simulate({ session, jar: first.jar, now: new Date(1) })(renewed)(Request.get('http://h/'))
    expect(second.hops.map(({ head }) => head.status)).toEqual([401, 200])
    expect(sent(second)[1]?.[2]['Authorization']).toContain('nc=00000001')
  })
  it('from another origin is not answered after a redirect', () => {
    const trace = run(
      { 'GET http://h/': to('http://evil.test/'), 'GET http://evil.test/': challengeWith('n') },
      Request.get('http://h/'),
      session,
    )
    expect(tagOf(trace)).toBe(401)
    expect(JSON.stringify(sent(trace))).not.toContain('Digest')
  })
  it('fails with UnrewindableBody for a one-shot body', () => {
    async function* chunks() {
      yield new Uint8Array(1)
    }
    const trace = run(() => challengeWith('n'), pipe(Request.post('http://h/'), Request.withOnce(chunks())), session)
    expect(tagOf(trace)).toBe('UnrewindableBody')
  })
})
