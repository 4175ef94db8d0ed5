/** The origin of a field if two inputs have equal values, or if one input replaces another. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Auth, Environment, Exchange, Explain, Jar, Plan, Request, Session } from '../../src/index.js'

type Variables = Readonly<Record<string, string>>

interface World {
  readonly session?: Session.Session
  readonly environment?: Environment.Environment
  readonly jar?: Jar.Jar
}

const planned = (request: Request.Request, world: World = {}): Plan.Plan => {
  const { session = Session.defaults, environment = Environment.empty, jar = Jar.empty } = world
  const plan = Plan.plan({ session, environment, jar, now: new Date(0) })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const data = (plan: Plan.Plan) => Explain.toData(Plan.explain(plan))
const rows = (plan: Plan.Plan, field: string) => data(plan).entries.filter((row) => row.field === field)
const url = 'http://h.test/'
const get = Request.get(url)
const post = Request.post(url)
const A = 'http://a.test:1'

describe('the proxy', () => {
  it.each<readonly [string, Variables, string]>([
    ['https', { HTTPS_PROXY: A, https_proxy: '', all_proxy: A }, 'all_proxy'],
    ['http', { http_proxy: '', HTTP_PROXY: A, ALL_PROXY: A }, 'ALL_PROXY'],
    ['http', { HTTP_PROXY: A, Http_Proxy: A }, 'Http_Proxy'],
    ['http', { HTTP_PROXY: A, all_proxy: A, REQUEST_METHOD: 'GET' }, 'all_proxy'],
    ['http', { http_proxy: A, HTTP_PROXY: A }, 'http_proxy'],
  ])('for %s names the variable that won among equal values: %j', (scheme, variables, name) => {
    const plan = planned(Request.get(`${scheme}://h.test/`), { environment: Environment.make(variables) })
    expect(rows(plan, 'proxy')).toMatchObject([{ layer: 'environment', how: expect.stringContaining(name) }])
  })

  const environment = Environment.make({ http_proxy: A })
  it('is dropped if no_proxy of the settings matches the host', () => {
    const session = Session.withProxy({ no_proxy: 'h.test' })(Session.defaults)
    const plan = planned(get, { session, environment })
    expect(rows(plan, 'proxy')).toMatchObject([{ layer: 'session', value: 'none' }])
    expect(data(plan).dropped).toMatchObject([{ what: 'variable http_proxy' }])
    const request = planned(Request.withProxy({ no_proxy: 'h.test' })(get), { environment })
    expect(rows(request, 'proxy')).toMatchObject([{ layer: 'request', value: 'none' }])
  })
  it('is used if an empty no_proxy of the settings replaces the variable', () => {
    const both = Environment.make({ http_proxy: A, no_proxy: 'h.test' })
    const plan = planned(Request.withProxy({ no_proxy: '' })(get), { environment: both })
    expect(rows(plan, 'proxy')).toMatchObject([{ layer: 'environment', how: expect.stringContaining('http_proxy') }])
    expect(rows(planned(get, { environment: both }), 'proxy')).toMatchObject([{ value: 'none' }])
    const taken = pipe(Session.defaults, Session.withProxy({ no_proxy: '' }))
    const back = planned(Request.withProxy({ no_proxy: null })(get), { session: taken, environment: both })
    expect(rows(back, 'proxy')).toMatchObject([{ layer: 'environment', value: 'none' }])
  })
})

describe('cookies', () => {
  const jar = Exchange.simulate({ session: Session.defaults })(() => ({
    status: 200,
    headers: { 'set-cookie': 'sid=1' },
  }))(get).jar

  it('are distinguished if jar and request have equal ones', () => {
    const plan = planned(Request.withCookie('sid', '1')(get), { jar })
    expect(rows(plan, 'cookie').map(({ layer }) => layer)).toEqual(['request', 'jar'])
  })
  it.each([
    ['a=1;b=2', ['1', '2']],
    ['a=1; b=2', ['1', '2']],
    ['a=1;\t b=2;;c=3; ', ['1', '2', '', '3', '']],
  ])('of a literal Cookie header are split at ";": %j', (text, values) => {
    const plan = planned(Request.withHeader('Cookie', text)(get))
    const explained = Plan.explain(plan)
    expect(rows(plan, 'cookie')).toMatchObject(values.map(() => ({ layer: 'request' })))
    const cookies = Plan.toHar({ reveal: true })(plan).log.entries[0]?.request.cookies ?? []
    expect(cookies.map(({ value }) => value)).toEqual(values)
    const rebuilt = Explain.rebuild(explained)
    expect(rebuilt).toMatchObject({ value: { headers: plan.headers } })
  })
  it('of literal headers differ if one has a blank more', () => {
    const [x, y] = ['a=1;b=2', 'a=1; b=2'].map((text) => planned(Request.withHeader('Cookie', text)(get)))
    expect(x !== undefined && y !== undefined && Plan.diff(x)(y)).not.toEqual([])
  })
})

describe('a body', () => {
  it.each(['text/plain', 'multipart', 'multipart/mixed', 'multipart/form-data; boundary="z z"'])(
    'of parts comes from the request with the type %s',
    (type) => {
      const request = pipe(post, Request.withMultipart({ a: '1' }), Request.withHeader('Content-Type', type))
      const plan = E.toUnion(Plan.plan({ session: Session.defaults, entropy: 'seed' })(request))
      expect('method' in plan && rows(plan, 'body')).toMatchObject([
        { layer: 'request', how: expect.stringContaining('multipart') },
      ])
    },
  )
  it('of a signed plan keeps its origin, and that of Content-Length', () => {
    const signed = Auth.signer('sig', Plan.withHeaders({ 'X-Sig': '1' }))
    const plan = planned(pipe(post, Request.withText('x'), Request.withAuth(signed)))
    expect(rows(plan, 'body')).toMatchObject([{ layer: 'request' }])
    const howOf = (header: string) => data(plan).entries.find(({ name }) => name === header)?.how
    expect(howOf('Content-Length')).not.toContain("'sig'")
    expect(howOf('X-Sig')).toContain("'sig'")
  })
})

describe('credentials', () => {
  it.each([
    ['http://key@h.test/', 'user of the URL'],
    ['http://key:@h.test/', 'user and password of the URL'],
    ['http://:pass@h.test/', 'user and password of the URL'],
  ])('of %s are reported if they are not used', (from, what) => {
    const plan = planned(pipe(Request.get(from), Request.withBearer('t')))
    expect(data(plan).dropped).toMatchObject([{ what, layer: 'request', value: '‹secret›' }])
  })
  it('names the netrc entry of the new host after a redirect, also if the password is the same', () => {
    const environment = Environment.make({}, 'default login me password pw')
    const { hops } = Exchange.simulate({ session: Session.defaults, environment })({
      'GET https://a.test/': { status: 302, headers: { location: 'http://b.test/' } },
      'GET http://b.test/': { status: 200 },
    })(Request.get('https://a.test/'))
    const explained = hops.map(({ plan }) => data(plan))
    const how = explained.map(({ entries }) => entries.find(({ name }) => name === 'Authorization')?.how)
    expect(how).toEqual([expect.stringContaining('a.test'), expect.stringContaining('b.test')])
    expect(explained.flatMap(({ dropped }) => dropped.filter(({ layer }) => layer === 'environment'))).toEqual([])
  })
  it('of netrc are reported as dropped if a digest signs the next hop', () => {
    const environment = Environment.make({}, 'machine h.test login me password CANARY')
    const challenge = { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' }
    const simulated = Exchange.simulate({ session: Session.defaults, environment })((plan) => {
      if (plan.headers.fields.every(([name]) => name !== 'Authorization')) return { status: 401, headers: challenge }
      return plan.url.pathname === '/' ? { status: 302, headers: { location: '/b' } } : { status: 200 }
    })(Request.withDigestAuth('u', 'p')(get))
    const last = simulated.hops.at(-1)?.plan
    if (last === undefined) expect.fail('no plan')
    expect(last.url.pathname).toBe('/b')
    const netrc = data(last).dropped.find(({ what }) => what === 'netrc entry for h.test')
    expect(netrc?.why).toContain('Digest')
  })
})

describe('lint', () => {
  const ofType = (type: string) =>
    Plan.lint(planned(pipe(post, Request.withMultipart({ a: '1' }), Request.withHeader('Content-Type', type))))
  it('distinguishes a completed multipart type from an unrelated type', () => {
    const [completed, other] = [ofType('multipart/mixed'), ofType('text/plain')]
    expect(completed.map(({ rule }) => rule)).toEqual(['header-overwritten'])
    expect(completed[0]?.message).not.toContain('is not sent')
    expect(other.map(({ rule }) => rule)).toEqual(['content-type'])
  })
})

describe('explain, lint and HAR', () => {
  const time = (run: () => unknown): number => {
    const start = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
  it.each<readonly [string, (size: number) => Request.Request]>([
    ['pieces of a query', (size) => Request.get(`${url}?${'&'.repeat(size)}`)],
    ['cookies of a literal header', (size) => Request.withHeader('Cookie', '; a'.repeat(size))(get)],
    [
      'distinct cookies',
      (size) => Request.withHeader('Cookie', Array.from({ length: size }, (_, i) => `c${i}=1`).join('; '))(get),
    ],
  ])('take time in proportion to %s', (_, make) => {
    const run = (size: number) => {
      const plan = planned(make(size))
      return Math.min(...[1, 2, 3].map(() => time(() => [Plan.explain(plan), Plan.lint(plan), Plan.toHar()(plan)])))
    }
    run(1000)
    // A quadratic algorithm takes 1024 times as long for an input 32 times as large.
    expect(run(32_000)).toBeLessThan(200 * Math.max(run(1000), 0.5))
  })
})
