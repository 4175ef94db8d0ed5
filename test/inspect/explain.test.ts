import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import {
  Auth,
  Environment,
  Exchange,
  Explain,
  Headers,
  Jar,
  Paint,
  Plan,
  Reply,
  Request,
  Session,
} from '../../src/index.js'

const now = new Date('2026-01-01T00:00:00Z')
const environment = Environment.make(
  { https_proxy: 'http://u:pw@proxy.test:3128', REQUESTS_CA_BUNDLE: '/ca.pem' },
  'machine example.com login me password netrc-pass',
)

const planned = (request: Request.Request, session = Session.defaults): Plan.Plan => {
  const plan = Plan.plan({ session, environment })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const data = (plan: Plan.Plan) => Explain.toData(Plan.explain(plan))
const entry = (plan: Plan.Plan, name: string) => data(plan).entries.find((row) => row.name === name)
const why = (plan: Plan.Plan, what: string) => data(plan).dropped.find((one) => one.what === what)?.why

describe('the layers of an explanation', () => {
  const session = pipe(Session.defaults, Session.withHeader('Accept', 'a/b'), Session.withQuery({ q: 'old', k: 1 }))

  it('list the request, then what it overrode in session and defaults', () => {
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withHeader('accept', 'c/d')), session)
    expect(entry(plan, 'accept')).toMatchObject({
      layer: 'request',
      value: 'c/d',
      overrode: [
        { layer: 'session', value: 'a/b' },
        { layer: 'defaults', value: '*/*' },
      ],
    })
    expect(entry(plan, 'User-Agent')).toMatchObject({ layer: 'defaults', overrode: [] })
  })
  it('name the origin of each query parameter', () => {
    const plan = planned(pipe(Request.get('https://example.com/?u=1'), Request.withQuery({ q: ['a b', 'c'] })), session)
    expect(data(plan).entries.filter(({ field }) => field === 'query')).toMatchObject([
      { name: 'u', value: '1', layer: 'request', how: expect.stringContaining('URL') },
      { name: 'q', value: 'a b', layer: 'request', overrode: [{ layer: 'session', value: 'q=old' }] },
      { name: 'q', value: 'c', layer: 'request' },
      { name: 'k', value: '1', layer: 'session' },
    ])
  })
  it('name the variable or the netrc entry of the environment', () => {
    const plan = planned(Request.get('https://example.com/'))
    expect(entry(plan, 'Authorization')).toMatchObject({
      layer: 'environment',
      how: expect.stringContaining('example.com'),
      value: '‹secret›',
    })
    expect(data(plan).entries.find(({ field }) => field === 'proxy')).toMatchObject({
      layer: 'environment',
      how: expect.stringContaining('https_proxy'),
      value: 'http://‹secret›@proxy.test:3128',
    })
    expect(entry(plan, 'ca')).toMatchObject({ layer: 'environment', value: '/ca.pem' })
  })
  it('name the signer that wrote a header', () => {
    const sign = Auth.signer('hmac', (plan) => ({
      ...plan,
      headers: Headers.append('X-Signature', 's')(plan.headers),
    }))
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withAuth(sign)))
    expect(entry(plan, 'X-Signature')).toMatchObject({ layer: 'prepare', how: expect.stringContaining("'hmac'") })
  })
  it('show fields that were edited by hand', () => {
    const { provenance, ...plan } = planned(Request.get('https://example.com/'))
    expect(new Set(data(plan).entries.map(({ layer }) => layer))).toEqual(new Set(['hand']))
    const edited = { ...plan, ...(provenance ? { provenance } : {}), headers: Headers.append('X', '1')(plan.headers) }
    expect(entry(edited, 'X')).toMatchObject({ layer: 'hand' })
  })
})

describe('the fields of a plan that is sent again', () => {
  const sign = Auth.signer('hmac', (plan) => ({ ...plan, headers: Headers.append('X-Signature', 's')(plan.headers) }))
  const edit = (x: Exchange.Exchange): Exchange.Exchange => ({
    ...x,
    plan: { ...x.plan, headers: Headers.upsertAt('Accept', 'by/hand')(x.plan.headers) },
  })
  const rows = ({ plan }: Exchange.Exchange) =>
    data(plan).entries.filter(({ field, name }) => field === 'header' && name !== 'Authorization')
  const retried = Exchange.absorbRetried(now)(O.some(Reply.head({ status: 503, headers: { 'set-cookie': 'sid=1' } })))
  const challenged = Exchange.challenge(now)(
    Reply.head({ status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n"', 'set-cookie': 'sid=1' } }),
  )
  it.each([
    ['after a retry', Request.withAuth(sign), (x: Exchange.Exchange) => O.some(retried(x).exchange)],
    ['after a challenge', Request.withDigestAuth('me', 'pw'), challenged],
  ])('have the origins of the first attempt %s, and the new cookie that of the jar', (_, auth, again) => {
    const request = pipe(Request.get('https://example.com/'), auth)
    const started = Exchange.start({ session: Session.defaults, entropy: 'e' })(request)
    if (E.isLeft(started)) return expect.fail(started.left.message)
    for (const x of [started.right, edit(started.right)]) {
      const next = again(x)
      if (O.isNone(next)) return expect.fail('it is not sent again')
      expect(rows(next.value)).toEqual(rows(x))
      expect(entry(next.value.plan, 'sid')).toMatchObject({ field: 'cookie', layer: 'jar' })
    }
  })
})

describe('the proxy variable', () => {
  const proxyOf = (variables: Readonly<Record<string, string>>) => {
    const plan = Plan.plan({ session: Session.defaults, environment: Environment.make(variables) })(
      Request.get('http://example.com/'),
    )
    if (E.isLeft(plan)) expect.fail(plan.left.message)
    return data(plan.right).entries.find(({ field }) => field === 'proxy')
  }

  it.each<[Readonly<Record<string, string>>, string]>([
    [{ http_proxy: '', HTTP_PROXY: 'http://a:1', all_proxy: 'http://b:2' }, 'all_proxy'],
    [{ http_proxy: ' ', ALL_PROXY: 'http://b:2' }, 'ALL_PROXY'],
    [{ Http_Proxy: 'http://a:1' }, 'Http_Proxy'],
    [{ Http_proxy: 'http://a:1', HTTP_PROXY: 'http://b:2' }, 'Http_proxy'],
    [{ HTTP_PROXY: 'http://a:1', Http_Proxy: 'http://b:2' }, 'Http_Proxy'],
  ])('of %j is named: %s', (variables, name) => {
    expect(proxyOf(variables)).toMatchObject({ layer: 'environment', how: expect.stringContaining(name) })
  })
  it('is not named if the lower-case variable is empty', () => {
    expect(proxyOf({ http_proxy: '', HTTP_PROXY: 'http://a:1' })).toMatchObject({ layer: 'defaults', value: 'none' })
  })
  it('is not named if a more specific key of the session wins', () => {
    const session = pipe(Session.empty, Session.withProxy({ 'https://example.com': 'http://s:1' }))
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withProxy({ all: 'http://r:2' })), session)
    expect(data(plan).entries.find(({ field }) => field === 'proxy')).toMatchObject({
      layer: 'session',
      value: 'http://s:1',
    })
  })
})

describe('cookies', () => {
  it('are distinguished if one name ends with another', () => {
    const [jar] = Jar.absorb(new URL('https://a.test/'), ['sid=1'], now)(Jar.empty)
    const [both] = Jar.absorb(new URL('https://b.a.test/'), ['xsid=1; Domain=a.test'], now)(jar)
    const plan = Plan.plan({ session: Session.empty, jar: both, now })(Request.get('https://a.test/'))
    if (E.isLeft(plan)) expect.fail(plan.left.message)
    expect(entry(plan.right, 'sid')).toMatchObject({ layer: 'jar', how: expect.stringContaining(' https://a.test/') })
    expect(entry(plan.right, 'xsid')).toMatchObject({
      layer: 'jar',
      how: expect.stringContaining(' https://b.a.test/'),
    })
  })
})

describe('a field written by a signer', () => {
  const settings = pipe(
    Request.post('https://example.com/a?q=1#top'),
    Request.withText('text'),
    Request.withTimeouts({ total: 5 }),
    Request.withVerify(true),
    Request.withCa('/mine.pem'),
    Request.withProxy('http://mine:1'),
  )
  const url = (href: string) => {
    const plan = planned(Request.get(href), Session.empty)
    return { url: plan.url }
  }
  const tls = (plan: Plan.Plan, change: Partial<Plan.Plan['route']['tls']>) => ({
    route: { ...plan.route, tls: { ...plan.route.tls, ...change } },
  })
  const route = (plan: Plan.Plan, change: Partial<Plan.Plan['route']>) => ({ route: { ...plan.route, ...change } })
  type Rewrite = (plan: Plan.Plan) => Partial<Plan.Plan>
  const requests = [settings, { ...settings, settings: Request.get('/').settings }]
  const signedBy = (rewrite: Rewrite) =>
    Request.withAuth(Auth.signer('hmac', (plan) => ({ ...plan, ...rewrite(plan) })))

  it.each<[string, string, Rewrite]>([
    ['query', 'sig', () => url('https://example.com/a?q=1&sig=2#top')],
    ['query', 'sig', () => url('https://example.com/a?sig=2&q=1#top')],
    ['query', 'q', () => url('https://example.com/a?q=2#top')],
    ['header', 'X-Sig', (plan) => ({ headers: Headers.append('X-Sig', '2')(plan.headers) })],
  ])('names the scheme for %s %s', (field, name, rewrite) => {
    for (const request of requests) {
      const { entries } = data(planned(pipe(request, signedBy(rewrite)), Session.empty))
      expect(entries.find((row) => row.field === field && row.name === name)).toMatchObject({
        layer: 'prepare',
        how: expect.stringContaining("'hmac'"),
      })
      expect(entries.filter(({ layer }) => layer === 'hand')).toEqual([])
    }
  })
  it.each<[string, Rewrite]>([
    ['path', () => url('https://example.com/b?q=1#top')],
    ['fragment', () => url('https://example.com/a?q=1#end')],
    ['total timeout', (plan) => route(plan, { timeouts: { ...plan.route.timeouts, total: 7 } })],
    ['read timeout', (plan) => route(plan, { timeouts: { ...plan.route.timeouts, read: 7 } })],
    ['verify', (plan) => tls(plan, { verify: false })],
    ['ca', (plan) => tls(plan, { ca: O.some('/signed.pem') })],
    ['certificate', (plan) => tls(plan, { certificate: O.some({ cert: '/signed.pem' }) })],
    ['limit', (plan) => route(plan, { limits: { body: 7 } })],
    ['proxy', (plan) => route(plan, { proxy: O.none })],
    ['body', () => ({ body: { _tag: 'Empty' } })],
    ['method', () => ({ method: 'PUT' })],
  ])('cannot be the %s', (_, rewrite) => {
    for (const request of requests) {
      const plan = Plan.plan({ session: Session.empty })(pipe(request, signedBy(rewrite)))
      expect(plan).toMatchObject({ left: { _tag: 'SigningFailed', scheme: 'hmac' } })
    }
  })
  it('keeps its origin after a redirect', () => {
    const context = { session: Session.empty, now, jar: Jar.empty }
    const { hops } = Exchange.simulate(context)({
      'GET https://a.test/': { status: 302, headers: { location: '/b' } },
      'GET https://a.test/b': { status: 200 },
    })(
      pipe(
        Request.get('https://a.test/'),
        signedBy((plan) => ({ headers: Headers.append('X-Sig', '2')(plan.headers) })),
      ),
    )
    expect(hops.map(({ plan }) => entry(plan, 'X-Sig')?.layer)).toEqual(['prepare', 'prepare'])
    expect(hops.map(({ plan }) => entry(plan, 'X-Sig')?.how.includes("'hmac'"))).toEqual([true, true])
  })
})

describe('the netrc file that was searched', () => {
  const NETRC = 'machine example.com login me password hunter2'
  const of = (href: string, netrcPath?: string, session = Session.defaults) => {
    const read = Environment.make({}, NETRC)
    const environment = netrcPath === undefined ? read : { ...read, netrcPath }
    const plan = Plan.plan({ session, environment })(Request.get(href))
    return E.isRight(plan) ? plan.right : expect.fail(plan.left.message)
  }
  const FILE = '/home/me/.netrc'

  it('is named, with whether it has an entry for the host', () => {
    const matched = of('https://example.com/', FILE)
    expect(entry(matched, 'Authorization')?.how).toContain(FILE)
    expect(data(matched).consulted).toEqual([{ input: `netrc ${FILE}`, result: 'has an entry for example.com' }])
    const unmatched = of('https://other.test/', FILE)
    expect(data(unmatched).consulted).toEqual([{ input: `netrc ${FILE}`, result: 'has no entry for other.test' }])
    const printed = Explain.render()(Plan.explain(unmatched))
    expect(printed).toContain(FILE)
    expect(printed).not.toContain('hunter2')
  })
  it('is not named if its path is unknown, and not listed if it was not searched', () => {
    expect(data(of('https://other.test/')).consulted).toMatchObject([{ input: 'netrc' }])
    expect(data(of('https://u:p@example.com/', FILE)).consulted).toEqual([])
    expect(data(of('https://example.com/', FILE, Session.empty)).consulted).toEqual([])
    expect(data(of('https://example.com/', FILE, Session.withoutAuth(Session.defaults))).consulted).toEqual([])
    const plan = Plan.plan({ session: Session.defaults })(Request.get('https://example.com/'))
    expect(E.isRight(plan) && data(plan.right).consulted).toEqual([])
  })
})

describe('netrc with a user in the URL', () => {
  const NETRC = 'machine example.com login me password a machine example.com login you password b'
  const of = (href: string, netrc: string, session = Session.defaults) => {
    const plan = Plan.plan({ session, environment: Environment.make({}, netrc) })(Request.get(href))
    return E.isRight(plan) ? plan.right : expect.fail(plan.left.message)
  }
  const what = 'netrc entry for example.com'

  it('is explained with the entry of that user', () => {
    const plan = of('https://you@example.com/', NETRC)
    expect(Plan.wire(plan).headers).toContainEqual(['Authorization', `Basic ${btoa('you:b')}`])
    expect(entry(plan, 'Authorization')).toMatchObject({
      layer: 'environment',
      how: expect.stringContaining('example.com'),
    })
    expect(why(plan, what)).toBeUndefined()
  })
  it('reports the entry of another user neither as used nor as dropped', () => {
    const plan = of('https://else@example.com/', NETRC)
    expect(entry(plan, 'Authorization')).toMatchObject({ layer: 'request', how: expect.stringContaining('URL') })
    expect(why(plan, what)).toBeUndefined()
    const withoutNetrc = of('https://else@example.com/', NETRC, Session.empty)
    expect(why(withoutNetrc, what)).toBeUndefined()
    expect(data(withoutNetrc).unasked).toContainEqual({ input: 'netrc', why: expect.stringContaining('netrc') })
  })
  it('reports the entry of that user as dropped if the session does not allow netrc', () => {
    const plan = of('https://you@example.com/', NETRC, Session.empty)
    expect(why(plan, what)).toContain('netrc')
    expect(entry(plan, 'Authorization')).toMatchObject({ layer: 'request' })
  })
  it('names the layer whose base URL has the credentials', () => {
    const base = 'https://u:p@example.com/'
    const session = pipe(Session.empty, Session.withBaseUrl(base))
    expect(entry(planned(Request.get('/a'), session), 'Authorization')).toMatchObject({ layer: 'session' })
    const own = pipe(Request.get('/a'), Request.withBaseUrl(base))
    expect(entry(planned(own, Session.empty), 'Authorization')).toMatchObject({ layer: 'request' })
  })
})

describe('dropped inputs', () => {
  it('include framing headers without a body, with their layer', () => {
    const framed = pipe(
      Request.get('https://example.com/'),
      Request.withHeader('Content-Length', '5'),
      Request.withHeader('Transfer-Encoding', 'chunked'),
    )
    expect(data(planned(framed)).dropped).toMatchObject([
      { what: 'header Content-Length', layer: 'request', value: '5', why: expect.stringContaining('body') },
      { what: 'header Transfer-Encoding', layer: 'request', value: 'chunked', why: expect.stringContaining('body') },
    ])
    const posted = planned({ ...framed, method: 'POST' })
    expect(entry(posted, 'Content-Length')).toMatchObject({
      layer: 'prepare',
      value: '0',
      overrode: [{ layer: 'request', value: '5' }],
    })
  })
  it.each([
    [Request.withHeader('Authorization', 'x'), 'Authorization'],
    [Request.withBearer('x'), 'Bearer'],
    [Request.withoutAuth, 'withoutAuth'],
  ])('include netrc and name the setting that replaced it: case %#', (change, reason) => {
    expect(why(planned(change(Request.get('https://example.com/'))), 'netrc entry for example.com')).toContain(reason)
  })
  it('include the proxy variable after withoutProxy', () => {
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withoutProxy))
    expect(why(plan, 'variable https_proxy')).toContain('withoutProxy')
  })
  it('include a header that the request removes', () => {
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withoutHeader('user-agent')))
    expect(why(plan, 'header User-Agent')).toContain('request')
  })
  it('include credentials of the session outside the base URL', () => {
    const session = pipe(Session.empty, Session.withBaseUrl('https://a.test'), Session.withBearer('t'))
    expect(why(planned(Request.get('https://b.test/'), session), 'auth')).toContain('base URL')
  })
  it('do not include inputs that were not read, which are listed in unasked', () => {
    const plan = Plan.plan({ session: Session.empty })(Request.get('https://example.com/'))
    expect(
      pipe(
        plan,
        E.map((one) => data(one).unasked.map(({ input }) => input)),
      ),
    ).toEqual(E.right(['netrc', 'proxy variables', 'CA variables']))
  })
})

describe('the explanation of a later hop', () => {
  const run = (request: Request.Request, server: Parameters<ReturnType<typeof Exchange.simulate>>[0]) =>
    Exchange.simulate({ session: Session.defaults, now, jar: Jar.empty })(server)(request).hops.map(({ plan }) => plan)

  it('names the redirect and the fields that it dropped', () => {
    const [, plan] = run(pipe(Request.post('https://a.test/'), Request.withBearer('t'), Request.withForm({ a: 1 })), {
      'POST https://a.test/': { status: 303, headers: { location: 'https://b.test/x?y=1' } },
      'GET https://b.test/x': { status: 200 },
    })
    if (plan === undefined) expect.fail('no second hop')
    expect(data(plan).entries[0]).toMatchObject({ layer: 'redirect', how: expect.stringMatching(/303.*POST.*GET/) })
    expect(entry(plan, 'y')).toMatchObject({ layer: 'redirect', how: expect.stringContaining('https://a.test/') })
    expect(entry(plan, 'User-Agent')).toMatchObject({ layer: 'defaults' })
    expect(why(plan, 'header Authorization')).toContain('https://b.test')
    expect(why(plan, 'body')).toMatch(/303.*POST.*GET/)
  })
  it('names the challenge and the cookie that it set', () => {
    const [, plan] = run(pipe(Request.get('https://a.test/'), Request.withDigestAuth('u', 'p')), (sent) => ({
      status: Headers.has('Authorization')(sent.headers) ? 200 : 401,
      headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"', 'set-cookie': 'sid=1' },
    }))
    if (plan === undefined) expect.fail('no second hop')
    expect(entry(plan, 'Authorization')).toMatchObject({ layer: 'challenge' })
    expect(entry(plan, 'sid')).toMatchObject({ layer: 'jar', how: expect.stringContaining(' https://a.test/') })
  })
})

describe('Explain.render', () => {
  const long = `https://example.com/${'very-long-'.repeat(30)}?q=${'漢字'.repeat(40)}`
  const explained = Plan.explain(planned(pipe(Request.get(long), Request.withHeader('X', 'word '.repeat(40).trim()))))

  it.each([40, 80, 120])('fits into %i columns', (columns) => {
    const wide = (line: string) => [...line].reduce((sum, c) => sum + (c >= '⺀' && c <= '꓏' ? 2 : 1), 0)
    const lines = Explain.render({ columns })(explained).split('\n')
    expect(Math.max(...lines.map(wide))).toBeLessThanOrEqual(columns)
    expect(lines.length).toBeGreaterThan(20)
  })
  it.each([
    ['Access-Control-Request-Headers', 80],
    [`X-${'y'.repeat(46)}`, 120],
  ])('keeps the name %s in one piece in %i columns', (name, columns) => {
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withHeader(name, 'x')))
    expect(Explain.render({ columns })(Plan.explain(plan))).toMatch(new RegExp(`^ {2}${name} +request +x$`, 'm'))
  })
  it('prints the same text with and without colour', () => {
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
    const painted = Explain.render({ paint: Paint.ansi })(explained)
    expect(painted).not.toBe(Explain.render()(explained))
    expect(painted.replace(escapes, '')).toBe(Explain.render()(explained))
  })
  it('escapes control characters', () => {
    const plan = planned(pipe(Request.get('https://example.com/'), Request.withQuery({ '\u001b[2J': '\u009b\r\n' })))
    expect(Explain.render()(Plan.explain(plan))).toMatch(/\\x1b\[2J/)
    expect(/[^\P{Cc}\n]/u.test(Explain.render()(Plan.explain(plan)))).toBe(false)
  })
})

describe('a Cookie header that would be too long', () => {
  const url = new URL('https://example.com/')
  const [jar] = Jar.absorb(url, [`old=${'x'.repeat(4000)}`, `new=${'x'.repeat(4000)}`], now)(Jar.empty)
  const plan = (request: Request.Request): Plan.Plan => {
    const made = Plan.plan({ session: Session.empty, jar, now })(request)
    return E.isRight(made) ? made.right : expect.fail(made.left.message)
  }
  const cookies = (of: Plan.Plan) =>
    data(of)
      .entries.filter(({ field }) => field === 'cookie')
      .map(({ name, layer }) => [name, layer])

  it('omits the oldest cookie of the jar and explains why', () => {
    const own = plan(pipe(Request.get(url.href), Request.withCookie('mine', 'y'.repeat(1000))))
    expect(cookies(own)).toEqual([
      ['mine', 'request'],
      ['new', 'jar'],
    ])
    expect(why(own, 'cookie old')).toContain('longer')
    expect(why(plan(Request.get(url.href)), 'cookie old')).toBeUndefined()
  })
  it('never omits a cookie of the request', () => {
    const own = plan(pipe(Request.get(url.href), Request.withCookie('mine', 'y'.repeat(9000))))
    expect(cookies(own)).toEqual([['mine', 'request']])
    expect([why(own, 'cookie old'), why(own, 'cookie new')]).not.toContain(undefined)
  })
})

describe('a header that only the request names sensitive', () => {
  const session = Session.withHeader('X-A', 'CANARY')(Session.empty)
  it.each([
    ['overrides', Request.withHeader('X-A', '1')],
    ['removes', Request.withoutHeader('X-A')],
  ])('is not shown where the request %s the value of the session', (_, change) => {
    const plan = planned(
      pipe(Request.get('https://example.com/'), change, Request.withSensitiveHeaders('x-a')),
      session,
    )
    const explained = Plan.explain(plan)
    expect(JSON.stringify(explained)).toContain('‹secret›')
    for (const text of [JSON.stringify(explained), Explain.render()(explained), JSON.stringify(data(plan))]) {
      expect(text).not.toContain('CANARY')
    }
  })
})

describe('a plan that was changed after it was made', () => {
  it('keeps the origins of headers that were only sorted', () => {
    const plan = planned(Request.get('https://example.com/'))
    const sorted = { ...plan, headers: { fields: [...plan.headers.fields].reverse() } }
    expect(data(sorted).entries.filter(({ layer }) => layer === 'hand')).toEqual([])
  })
  it('shows the length that the user set and the plan replaced, also in a signed plan', () => {
    const request = pipe(
      Request.put('https://example.com/'),
      Request.withHeader('Content-Length', '5'),
      Request.withAuth(Auth.signer('sig', Plan.withHeaders({ 'X-Sig': '1' }))),
    )
    const plan = planned(request, Session.empty)
    expect(entry(plan, 'Content-Length')).toMatchObject({
      layer: 'prepare',
      overrode: [{ layer: 'request', value: '5' }],
    })
    expect(Plan.lint(plan).map(({ rule }) => rule)).toContain('header-overwritten')
  })
  it('cannot change the route of other plans', () => {
    const mutate = Auth.signer('mutate', (plan) => {
      Object.assign(plan.route, { limits: { body: 1 } })
      return plan
    })
    const made = Plan.plan({ session: Session.empty })(Request.withAuth(mutate)(Request.get('https://example.com/')))
    expect(made).toMatchObject({ left: { _tag: 'SigningFailed' } })
    expect(planned(Request.get('https://example.com/'), Session.empty).route.limits.body).not.toBe(1)
  })
})
