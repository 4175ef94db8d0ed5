import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Proxy from '../../src/values/Proxy.js'
import * as Secret from '../../src/values/Secret.js'

const trusting: Session.Session = pipe(
  Session.empty,
  Session.withAmbient({ proxies: true, netrc: true, certificates: true }),
)

const planned = (session: Session.Session, request: Request.Request, environment = Environment.empty) =>
  Plan.plan({ session, environment })(request)

const wire = (request: Request.Request, session = Session.empty, environment = Environment.empty) =>
  pipe(planned(session, request, environment), E.map(Plan.wire))

const headers = (request: Request.Request, session = Session.empty, environment = Environment.empty) =>
  pipe(
    wire(request, session, environment),
    E.map((w) => w.headers),
  )

const authorization = (request: Request.Request, session = Session.empty, environment = Environment.empty) =>
  pipe(
    headers(request, session, environment),
    E.map((all) => all.find(([name]) => name === 'Authorization')?.[1]),
  )

const basic = (pair: string) => E.right(`Basic ${Buffer.from(pair).toString('base64')}`)
const tagOf = <R>(made: E.Either<{ readonly _tag: string }, R>) => (E.isLeft(made) ? made.left._tag : 'planned')

describe('the base URL', () => {
  const session = pipe(Session.empty, Session.withBaseUrl('https://api.test/v1/'), Session.withBearer('session-token'))
  const href = (url: string) =>
    pipe(
      wire(Request.get(url), session),
      E.map((w) => w.url),
    )

  it.each([
    ['login', 'https://api.test/v1/login'],
    ['/login', 'https://api.test/v1/login'],
    ['a/../b', 'https://api.test/v1/b'],
    ['', 'https://api.test/v1/'],
    ['?a=1', 'https://api.test/v1/?a=1'],
    ['#f', 'https://api.test/v1/#f'],
    ['x?y#z', 'https://api.test/v1/x?y#z'],
    ['https://api.test/other', 'https://api.test/other'],
    ['https://elsewhere.test/', 'https://elsewhere.test/'],
  ])('resolves %j to %s', (url, expected) => expect(href(url)).toEqual(E.right(expected)))

  it.each(['//evil.test/', '../x', 'a/../../x', '%2e%2e/x', '/../x'])('rejects %j, which would leave it', (url) =>
    expect(tagOf(wire(Request.get(url), session))).toBe('InvalidUrl'),
  )

  it('limits the credentials of the session to its origin', () => {
    expect(authorization(Request.get('/x'), session)).toEqual(E.right('Bearer session-token'))
    expect(authorization(Request.get('https://api.test/y'), session)).toEqual(E.right('Bearer session-token'))
    const rich = pipe(
      session,
      Session.withSecretHeader('X-Vendor', 'secret'),
      Session.withHeader('X-Api-Key', 'key'),
      Session.withCookie('sid', '1'),
      Session.withHeader('X-Plain', 'plain'),
    )
    expect(headers(Request.get('https://elsewhere.test/'), rich)).toEqual(E.right([['X-Plain', 'plain']]))
    expect(headers(pipe(Request.get('https://elsewhere.test/'), Request.withBearer('own')), rich)).toEqual(
      E.right([
        ['X-Plain', 'plain'],
        ['Authorization', 'Bearer own'],
      ]),
    )
  })

  it('must not have a query', () => {
    const odd = pipe(Session.empty, Session.withBaseUrl('https://api.test/?key=1'))
    expect(tagOf(wire(Request.get('x'), odd))).toBe('InvalidUrl')
  })
})

describe('the query', () => {
  const session = pipe(Session.empty, Session.withQuery({ a: 1, b: 2 }))
  const search = (request: Request.Request) =>
    pipe(
      wire(request, session),
      E.map((w) => new URL(w.url).search),
    )
  it('merges records of session and request, and is replaced by pairs or text of the request', () => {
    expect(search(Request.get('http://h/'))).toEqual(E.right('?a=1&b=2'))
    expect(search(pipe(Request.get('http://h/?x=y'), Request.withQuery({ b: 3, c: 4 })))).toEqual(
      E.right('?x=y&a=1&b=3&c=4'),
    )
    expect(search(pipe(Request.get('http://h/'), Request.withQuery({ a: null })))).toEqual(E.right('?b=2'))
    expect(search(pipe(Request.get('http://h/'), Request.withQuery([['c', '4']])))).toEqual(E.right('?c=4'))
    expect(search(pipe(Request.get('http://h/'), Request.withQueryText('a=b c')))).toEqual(E.right('?a=b%20c'))
    expect(search(pipe(Request.get('http://h/'), Request.withQueryText('raw'), Request.withQuery({ c: 4 })))).toEqual(
      E.right('?c=4'),
    )
  })
})

describe('headers', () => {
  it('keep the position of the session’s header and the spelling of the request’s', () => {
    const session = pipe(Session.empty, Session.withHeaders({ 'User-Agent': 'a', Accept: 'b' }))
    expect(headers(pipe(Request.get('http://h/'), Request.withHeader('USER-AGENT', 'c')), session)).toEqual(
      E.right([
        ['USER-AGENT', 'c'],
        ['Accept', 'b'],
      ]),
    )
    expect(headers(pipe(Request.get('http://h/'), Request.withoutHeader('user-agent')), session)).toEqual(
      E.right([['Accept', 'b']]),
    )
  })
  it('are sent as several lines if a name has several values', () => {
    const request = pipe(
      Request.get('http://h/'),
      Request.withHeaders([
        ['X', '1'],
        ['Y', '2'],
        ['x', '3'],
      ]),
    )
    expect(headers(request)).toEqual(
      E.right([
        ['x', '1'],
        ['x', '3'],
        ['Y', '2'],
      ]),
    )
  })
  it.each([
    ['a b', 'x'],
    ['', 'x'],
    ['X', 'a\r\nB: c'],
    ['X', '\0'],
    ['X', ' leading'],
    ['X', '☃'],
    ['Expect', '100-continue'],
    ['Upgrade', 'h2c'],
    ['Keep-Alive', 'timeout=1'],
    ['Connection', 'upgrade'],
    ['Transfer-Encoding', 'gzip'],
    ['Content-Length', '+5'],
  ])('rejects %j: %j', (name, value) => {
    expect(tagOf(planned(Session.empty, pipe(Request.get('http://h/'), Request.withHeader(name, value))))).toBe(
      'InvalidHeader',
    )
  })
  it.each(['__proto__', 'constructor', 'toString'])('accepts %s as an ordinary name', (name) => {
    expect(headers(pipe(Request.get('http://h/'), Request.withHeader(name, 'x')))).toEqual(E.right([[name, 'x']]))
  })
})

describe('the body', () => {
  const post = Request.post('http://h/')
  it('has a Content-Length and a Content-Type', () => {
    expect(headers(post)).toEqual(E.right([['Content-Length', '0']]))
    expect(headers(pipe(post, Request.withText('é')))).toEqual(E.right([['Content-Length', '2']]))
    expect(headers(pipe(post, Request.withJson({ a: 1 })))).toEqual(
      E.right([
        ['Content-Length', '7'],
        ['Content-Type', 'application/json'],
      ]),
    )
    expect(headers(pipe(post, Request.withForm({ a: null })))).toEqual(
      E.right([
        ['Content-Length', '0'],
        ['Content-Type', 'application/x-www-form-urlencoded'],
      ]),
    )
    expect(headers(pipe(post, Request.withHeader('content-type', 'x/y'), Request.withJson(1)))).toEqual(
      E.right([
        ['content-type', 'x/y'],
        ['Content-Length', '1'],
      ]),
    )
  })
  it('is chunked if its length is unknown', () => {
    async function* chunks() {
      yield new Uint8Array(1)
    }
    expect(headers(pipe(post, Request.withStream(chunks)))).toEqual(E.right([['Transfer-Encoding', 'chunked']]))
    expect(headers(pipe(post, Request.withStream(chunks, 1)))).toEqual(E.right([['Content-Length', '1']]))
    const given = pipe(post, Request.withHeader('Content-Length', '9'), Request.withOnce(chunks()))
    expect(headers(given)).toEqual(E.right([['Content-Length', '9']]))
  })
  it('is framed by its real length, whatever length the user set', () => {
    const method = fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'DELETE', 'POST', 'PUT', 'PATCH', 'QUERY', 'PURGE')
    const byHand = fc.subarray([
      Request.withHeader('Content-Length', '5'),
      Request.withHeader('content-length', '0'),
      Request.withHeader('Transfer-Encoding', 'chunked'),
    ])
    const body = fc.option(fc.uint8Array({ maxLength: 8 }))
    fc.assert(
      fc.property(method, byHand, body, (method, given, bytes) => {
        const request = given.reduce(
          (made, step) => step(made),
          bytes === null
            ? Request.make(method, 'http://h/')
            : pipe(Request.make(method, 'http://h/'), Request.withBytes(bytes)),
        )
        const size = bytes?.length ?? 0
        const hasLength = size > 0 || ['POST', 'PUT', 'PATCH', 'QUERY'].includes(method)
        const framing = pipe(
          headers(request),
          E.map((all) => all.map(([name, value]) => `${name.toLowerCase()}: ${value}`)),
        )
        expect(framing).toEqual(E.right(hasLength ? [`content-length: ${size}`] : []))
      }),
    )
  })
  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('has no Content-Length on a %s without a body', (method) =>
    expect(headers(Request.make(method, 'http://h/'))).toEqual(E.right([])),
  )
  it('rejects a JSON value that contains itself', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(tagOf(planned(Session.empty, pipe(post, Request.withJson(cycle))))).toBe('InvalidBody')
  })
})

describe('authorization', () => {
  const environment = Environment.make({}, 'machine h login netrc password n')
  const request = Request.get('http://url:u@h/')
  it('comes from request, session, header, URL or netrc, in this order', () => {
    const session = pipe(trusting, Session.withBasicAuth('session', 's'))
    expect(authorization(pipe(request, Request.withBasicAuth('request', 'r')), session, environment)).toEqual(
      basic('request:r'),
    )
    expect(authorization(request, session, environment)).toEqual(basic('session:s'))
    expect(authorization(pipe(request, Request.withHeader('Authorization', 'own')), trusting, environment)).toEqual(
      E.right('own'),
    )
    expect(authorization(request, trusting, environment)).toEqual(basic('url:u'))
    expect(authorization(Request.get('http://h/'), trusting, environment)).toEqual(basic('netrc:n'))
    expect(authorization(Request.get('http://other/'), trusting, environment)).toEqual(E.right(undefined))
    expect(authorization(Request.get('http://h/'), Session.empty, environment)).toEqual(E.right(undefined))
  })
  it('is not sent after withoutAuth', () => {
    expect(authorization(pipe(request, Request.withoutAuth), trusting, environment)).toEqual(E.right(undefined))
  })
  it('never uses netrc for a host that is only the user in the URL', () => {
    const evil = Environment.make({}, 'machine h login netrc password n')
    expect(authorization(Request.get('http://h:@evil.test/'), trusting, evil)).toEqual(basic('h:'))
    expect(authorization(Request.get('http://h@evil.test/'), trusting, evil)).toEqual(basic('h:'))
  })
  it('uses only the netrc entry of the user in the URL', () => {
    expect(authorization(Request.get('http://netrc@h/'), trusting, environment)).toEqual(basic('netrc:n'))
    expect(authorization(Request.get('http://someone@h/'), trusting, environment)).toEqual(basic('someone:'))
  })
  it('lets a signer sign the finished headers, with Host', () => {
    const session = pipe(
      Session.empty,
      Session.withAuth({
        _tag: 'Signer',
        name: 'test',
        public: [],
        sign: (plan) => ({
          ...plan,
          headers: { fields: [...plan.headers.fields, ['X-Signed', String(plan.headers.fields.length)]] },
        }),
      }),
    )
    expect(headers(pipe(Request.post('http://h/'), Request.withText('abc')), session)).toEqual(
      E.right([
        ['Content-Length', '3'],
        ['X-Signed', '2'],
      ]),
    )
  })
  it('returns a Left if a signer throws', () => {
    const session = pipe(
      Session.empty,
      Session.withAuth({
        _tag: 'Signer',
        name: 'broken',
        public: [],
        sign: () => {
          throw new Error('no key')
        },
      }),
    )
    expect(tagOf(planned(session, Request.get('http://h/')))).toBe('SigningFailed')
  })
})

describe('cookies', () => {
  const now = new Date(0)
  const [jar] = Jar.absorb(new URL('http://h/'), ['a=1', 'b=2'], now)(Jar.empty)
  const cookie = (request: Request.Request) =>
    pipe(
      Plan.plan({ session: Session.empty, jar, now })(request),
      E.map((p) => Plan.wire(p).headers),
    )
  it('come from the jar and from the request, longer paths first', () => {
    expect(cookie(Request.get('http://h/'))).toEqual(E.right([['Cookie', 'a=1; b=2']]))
    expect(cookie(pipe(Request.get('http://h/'), Request.withCookie('a', '9')))).toEqual(
      E.right([['Cookie', 'a=9; a=1; b=2']]),
    )
    const [deep] = Jar.absorb(new URL('http://h/d/'), ['c=3; Path=/d'], now)(jar)
    expect(
      pipe(
        pipe(Request.get('http://h/d/e'), Request.withCookie('own', '9')),
        Plan.plan({ session: Session.empty, jar: deep, now }),
        E.map((p) => Plan.wire(p).headers),
      ),
    ).toEqual(E.right([['Cookie', 'c=3; own=9; a=1; b=2']]))
    expect(cookie(Request.get('http://other/'))).toEqual(E.right([]))
  })
  it('are replaced by a Cookie header of the user', () => {
    expect(cookie(pipe(Request.get('http://h/'), Request.withHeader('cookie', 'own=1')))).toEqual(
      E.right([['cookie', 'own=1']]),
    )
  })
  it.each([
    ['a;b', 'x'],
    ['a', 'x;y'],
    ['a', 'x\r\ny'],
    ['a', '☃'],
  ])('rejects %j=%j', (name, value) =>
    expect(tagOf(planned(Session.empty, pipe(Request.get('http://h/'), Request.withCookie(name, value))))).toBe(
      'InvalidHeader',
    ),
  )
})

describe('the route', () => {
  const proxy = (session: Session.Session, url: string, environment = Environment.empty) =>
    pipe(
      planned(session, Request.get(url), environment),
      E.map(({ route }) => pipe(route.proxy, O.map(Proxy.show), O.toUndefined)),
    )
  const environment = Environment.make({
    http_proxy: 'http://env:1',
    https_proxy: 'http://envs:2',
    no_proxy: 'free.test',
  })

  it('prefers the proxies of the settings to those of the environment', () => {
    expect(proxy(trusting, 'http://h/', environment)).toEqual(E.right('http://env:1'))
    expect(proxy(trusting, 'https://h/', environment)).toEqual(E.right('http://envs:2'))
    expect(proxy(trusting, 'http://free.test/', environment)).toEqual(E.right(undefined))
    expect(proxy(pipe(trusting, Session.withProxy('http://own:3')), 'http://free.test/', environment)).toEqual(
      E.right('http://own:3'),
    )
    expect(proxy(pipe(trusting, Session.withoutProxy), 'http://h/', environment)).toEqual(E.right(undefined))
    expect(proxy(Session.empty, 'http://h/', environment)).toEqual(E.right(undefined))
  })
  it('looks up proxy keys in the order of requests', () => {
    const session = pipe(
      trusting,
      Session.withProxy({ all: 'http://a', http: 'http://b', 'http://h': 'http://c', 'all://i': 'http://d' }),
    )
    expect(proxy(session, 'http://h/')).toEqual(E.right('http://c:80'))
    expect(proxy(session, 'http://i/')).toEqual(E.right('http://b:80'))
    expect(proxy(session, 'https://i/')).toEqual(E.right('http://d:80'))
    expect(proxy(session, 'https://j/')).toEqual(E.right('http://a:80'))
  })
  it('rejects an invalid proxy URL', () => {
    expect(tagOf(proxy(pipe(Session.empty, Session.withProxy('http://')), 'http://h/'))).toBe('InvalidProxy')
  })
  it('sends a Proxy-Authorization header to the proxy only', () => {
    const request = pipe(Request.get('https://h/'), Request.withHeader('Proxy-Authorization', 'Basic x'))
    expect(headers(request)).toEqual(E.right([]))
    const tunnelled = planned(pipe(Session.empty, Session.withProxy('http://p')), request)
    expect(
      pipe(
        tunnelled,
        E.map((plan) => Plan.wire(plan).headers),
      ),
    ).toEqual(E.right([]))
    expect(
      pipe(
        tunnelled,
        E.map(({ route }) =>
          pipe(
            route.proxy,
            O.chain((p) => p.authorization),
            O.map(Secret.reveal),
          ),
        ),
      ),
    ).toEqual(E.right(O.some('Basic x')))
    const forwarded = pipe(Request.get('http://h/'), Request.withHeader('Proxy-Authorization', 'Basic x'))
    expect(headers(forwarded, pipe(Session.empty, Session.withProxy('http://p')))).toEqual(
      E.right([['Proxy-Authorization', 'Basic x']]),
    )
  })
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('rejects a timeout of %d ms', (ms) =>
    expect(tagOf(planned(pipe(Session.empty, Session.withTimeouts({ read: ms })), Request.get('http://h/')))).toBe(
      'InvalidSettings',
    ),
  )
  it('keeps the default timeouts that are not changed', () => {
    const session = pipe(Session.defaults, Session.withTimeouts({ read: 5 }))
    expect(
      pipe(
        planned(session, Request.get('http://h/')),
        E.map(({ route }) => route.timeouts),
      ),
    ).toEqual(E.right({ connect: 10_000, read: 5 }))
    expect(
      pipe(
        planned(pipe(session, Session.withoutTimeouts), Request.get('http://h/')),
        E.map(({ route }) => route.timeouts),
      ),
    ).toEqual(E.right({}))
  })
  it('uses the CA bundle of the environment only if the session trusts it and sets none', () => {
    const ambient = Environment.make({ CURL_CA_BUNDLE: '/c', REQUESTS_CA_BUNDLE: '' })
    const ca = (session: Session.Session) =>
      pipe(
        planned(session, Request.get('https://h/'), ambient),
        E.map(({ route }) => O.toUndefined(route.tls.ca)),
      )
    expect(ca(trusting)).toEqual(E.right('/c'))
    expect(ca(pipe(trusting, Session.withCa('/own')))).toEqual(E.right('/own'))
    expect(ca(Session.empty)).toEqual(E.right(undefined))
  })
})

describe('methods and URL schemes', () => {
  it('writes a standard method in upper case', () => {
    expect(
      pipe(
        wire(Request.make('patch', 'http://h/')),
        E.map((w) => w.method),
      ),
    ).toEqual(E.right('PATCH'))
  })
  it.each(['', 'GE T', 'GET\r\n', 'GÉT'])('rejects the method %j', (method) =>
    expect(tagOf(wire(Request.make(method, 'http://h/')))).toBe('InvalidSettings'),
  )
  it('needs a mounted transport for a scheme other than http and https', () => {
    expect(tagOf(wire(Request.get('mailto:me@h')))).toBe('UnsupportedScheme')
    expect(tagOf(wire(Request.get('localhost:8080')))).toBe('UnsupportedScheme')
    expect(
      tagOf(
        wire(
          Request.get('mailto:me@h'),
          pipe(
            Session.empty,
            Session.mount('mailto:', () => async () => E.left(expect.fail())),
          ),
        ),
      ),
    ).toBe('planned')
  })
})

describe('a plan', () => {
  // [requests:plans-1]
  it('shows no secret when it is printed', () => {
    const session = pipe(
      Session.defaults,
      Session.withBasicAuth('user', 'canary1'),
      Session.withSecretHeader('X-Vendor', 'canary2'),
      Session.withHeader('X-Api-Key', 'canary3'),
      Session.withCookie('sid', 'canary4'),
      Session.withProxy('http://proxy:canary5@p'),
      Session.withSensitiveHeaders('X-Mine'),
      Session.withHeader('x-mine', 'canary6'),
    )
    const plan = planned(session, pipe(Request.post('https://x:canary7@h/'), Request.withForm({ pass: 'canary8' })))
    expect(tagOf(plan)).toBe('planned')
    for (const text of [
      JSON.stringify(plan),
      inspect(plan, { depth: null, showHidden: true }),
      String(E.map(Plan.show)(plan)),
    ]) {
      expect(text).not.toContain('canary')
    }
    expect(
      pipe(
        plan,
        E.map((p) => JSON.stringify(Plan.wire(p).headers)),
      ),
    ).not.toEqual(E.right(expect.not.stringContaining('canary2')))
  })
})

describe('a client certificate', () => {
  it('shows neither its key, passphrase nor bundle', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----'
    for (const certificate of [
      { cert: `${pem}`, passphrase: 'canary' },
      { cert: '/client.pem', key: pem },
      { pfx: Buffer.from('canary') },
    ]) {
      const plan = planned(pipe(Session.empty, Session.withClientCertificate(certificate)), Request.get('https://h/'))
      expect(tagOf(plan)).toBe('planned')
      expect(inspect(plan, { depth: null, showHidden: true }) + JSON.stringify(plan)).not.toMatch(
        /canary|Y2FuYXJ5|63 61 6e|99,97,110/,
      )
    }
  })
})
