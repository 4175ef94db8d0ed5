import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { request as anyRequest, session as anySession } from '../../laws/arbitrary/Settings.js'
import { Eq } from '../../laws/Unsealed.js'
import { Auth, Diff, Environment, Lint, OAuth2, Plan, Request, Session } from '../../src/index.js'

const planned = (request: Request.Request, session = Session.defaults, entropy = 'seed'): Plan.Plan => {
  const plan = Plan.plan({ session, entropy })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const https = Request.get('https://example.com/')
const anyPlan = fc
  .tuple(anySession, anyRequest)
  .map(([session, request]) => Plan.plan({ session, environment: Environment.empty })(request))
  .filter(E.isRight)
  .map(({ right }) => right)

/** The plan without its provenance. */
const bare = ({ method, url, headers, body, route, cause }: Plan.Plan) => ({ method, url, headers, body, route, cause })

describe('diff', () => {
  it('of a plan and itself is empty', () => {
    fc.assert(fc.property(anyPlan, (plan) => Plan.diff(plan)(plan).length === 0))
  })
  it('is empty only for equal plans', () => {
    fc.assert(
      fc.property(anyPlan, anyPlan, (x, y) => (Plan.diff(x)(y).length === 0) === Eq.equals(bare(x), bare(y))),
      { numRuns: 1000 },
    )
  })
  it('compares the values of a secret query, and shows none of them', () => {
    const secret = fc.string({ minLength: 1 }).map((text) => `c4nary${text}`)
    fc.assert(
      fc.property(secret, secret, (x, y) => {
        const [one, same, other] = [x, x, y].map((value) => planned(pipe(https, Request.withSecretQuery('key', value))))
        if (one === undefined || same === undefined || other === undefined) return false
        const difference = Plan.diff(one)(other)
        return (
          Plan.diff(one)(same).length === 0 &&
          (difference.length === 0) === (x === y) &&
          !JSON.stringify(difference).includes('c4nary')
        )
      }),
    )
  })
  it('lists the differences without secrets', () => {
    const before = planned(
      pipe(https, Request.withBearer('c4nary-1'), Request.withQuery({ q: 'a' }), Request.withHeader('X-A', '1')),
    )
    const after = planned(
      pipe(
        Request.post('https://example.com/'),
        Request.withBearer('c4nary-2'),
        Request.withQuery({ q: 'b' }),
        Request.withText('x'),
      ),
    )
    expect(Diff.render()(Plan.diff(before)(after))).toMatchInlineSnapshot(`
      "~ method: GET → POST
      ~ query q: a → b
      - header X-A: 1
      ~ header Authorization: ‹secret› → another ‹secret›
      ~ body: none → 1 byte
      + header Content-Length: 1"
    `)
  })
  it('reports headers whose order changed', () => {
    const [x, y] = [
      ['X-A', '1'],
      ['X-B', '2'],
    ] as const
    const [before, after] = [planned(Request.withHeaders([x, y])(https)), planned(Request.withHeaders([y, x])(https))]
    expect(Plan.diff(before)(after)).toMatchObject([{ _tag: 'Moved', field: 'header' }])
    expect(Diff.render()([])).toBe('no difference')
  })
})

describe('canonical', () => {
  it('is equal for equal plans only', () => {
    fc.assert(
      fc.property(anyPlan, anyPlan, (x, y) => {
        const same = Plan.canonical({ reveal: true })(x) === Plan.canonical({ reveal: true })(y)
        return same === Eq.equals(bare(x), bare(y)) || caseOnly(x, y)
      }),
      { numRuns: 1000 },
    )
  })
  /** The canonical form ignores the case of names and whether a value is secret. */
  const caseOnly = (x: Plan.Plan, y: Plan.Plan): boolean => {
    const lines = (plan: Plan.Plan) => Plan.wire(plan).headers.map(([name, value]) => [name.toLowerCase(), value])
    return JSON.stringify(lines(x)) === JSON.stringify(lines(y))
  }
  it('does not depend on entropy and shows no secret', () => {
    const request = pipe(
      Request.post('https://example.com/?q=1'),
      Request.withMultipart({ file: { content: 'c4nary', filename: 'a' } }),
      Request.withBasicAuth('me', 'c4nary'),
      Request.withProxy('http://u:c4nary@proxy.test:1'),
    )
    const [one, two] = [planned(request, Session.empty, 'one'), planned(request, Session.empty, 'two')]
    expect(Plan.canonical()(one)).toBe(Plan.canonical()(two))
    expect(Plan.canonical({ reveal: true })(one)).toBe(Plan.canonical({ reveal: true })(two))
    expect(Plan.canonical()(one)).toMatchInlineSnapshot(`
      "{
        "method": "POST",
        "url": "https://example.com/?q=1",
        "headers": [
          "content-length: 143",
          "content-type: multipart/form-data; boundary=‹boundary›",
          "authorization: ‹secret›"
        ],
        "body": "143 bytes",
        "route": {
          "proxy": "http://‹secret›@proxy.test:1",
          "tls": {
            "verify": true,
            "ca": "the built-in roots",
            "certificate": "none"
          },
          "timeouts": {},
          "limits": {
            "body": 268435456
          }
        },
        "cause": "Start"
      }"
    `)
    expect(JSON.parse(Plan.canonical({ reveal: true })(one)).body.text).toContain('c4nary')
  })
})

describe('lint', () => {
  const rules = (request: Request.Request, session = Session.defaults) =>
    Plan.lint(planned(request, session)).map(({ rule }) => rule)
  const once = Request.withOnce((async function* () {})())
  const stream = Request.withStream(async function* () {})
  const typed = Request.withHeader('Content-Type', 'a/b')
  const signed = (fields: Readonly<Record<string, string>>) =>
    Request.withAuth(Auth.signer('mine', Plan.withHeaders(fields)))
  const later = Auth.signerTask('mine', (plan) => async () => E.right(plan))
  const tokenFrom = (tokenUrl: string, origins?: ReadonlyArray<string>) =>
    Auth.oauth2({
      ...{ name: 'api', tokenUrl, clientId: 'me', clientSecret: 'c4nary', grant: OAuth2.clientCredentials },
      ...(origins === undefined ? {} : { origins }),
    })

  it.each<readonly [Lint.Rule, Request.Request]>([
    ['credentials-over-http', Request.withBearer('t')(Request.get('http://example.com/'))],
    [
      'credentials-over-http',
      Request.withAuth(tokenFrom('https://auth.test/token'))(Request.get('http://example.com/')),
    ],
    ['credentials-over-http', Request.withAuth(later)(Request.get('http://example.com/'))],
    ['token-over-http', Request.withAuth(tokenFrom('http://auth.test/token'))(https)],
    ['proxy-credentials', Request.withProxy('http://u:p@proxy.test:1')(https)],
    ['secret-in-url', Request.get('https://example.com/?access_token=1')],
    ['unmarked-secret', Request.withHeader('X-Vendor-Token', 't')(https)],
    ['body-on-get', Request.withJson({})(https)],
    ['no-content-type', Request.withText('x')(Request.post('https://example.com/'))],
    [
      'content-type',
      pipe(
        Request.post('https://example.com/'),
        Request.withText('{'),
        Request.withHeader('Content-Type', 'application/json'),
      ),
    ],
    [
      'header-overwritten',
      pipe(Request.post('https://example.com/'), Request.withJson(1), Request.withHeader('Content-Length', '9')),
    ],
    ['header-overwritten', pipe(https, Request.withBearer('t'), Request.withHeader('Authorization', 'mine'))],
    ['header-overwritten', pipe(https, Request.withHeader('Proxy-Authorization', 'x'))],
    [
      'header-overwritten',
      pipe(
        Request.post('https://example.com/'),
        Request.withHeader('Content-Type', 'multipart/form-data'),
        Request.withMultipart({ a: '1' }),
      ),
    ],
    ['unsigned-body', pipe(Request.post('https://example.com/'), signed({ 'X-Sig': '1' }), stream, typed)],
    ['unsigned-body', pipe(Request.post('https://example.com/'), Request.withAuth(later), stream, typed)],
    [
      'unsigned-body',
      pipe(
        Request.post('https://example.com/'),
        signed({ 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD', Authorization: 'AWS4' }),
        stream,
        typed,
      ),
    ],
    ['one-shot-body', pipe(Request.post('https://example.com/'), once, Request.withHeader('Content-Type', 'a/b'))],
    ['verify-off', Request.withVerify(false)(https)],
    ['no-timeout', Request.withoutTimeouts(https)],
    ['long-url', Request.get(`https://example.com/${'x'.repeat(8001)}`)],
    ['long-headers', Request.withHeader('X', 'x'.repeat(8001))(https)],
  ])('reports %s', (rule, request) => expect(rules(request)).toEqual([rule]))

  it.each([
    Request.withJson({ a: 1 })(Request.post('https://example.com/')),
    Request.withBearer('t')(https),
    Request.withBearer('t')(Request.get('http://localhost:8080/')),
    Request.withSecretHeader('X-Vendor-Token', 't')(https),
    Request.withAuth(tokenFrom('https://auth.test/token'))(https),
    Request.withAuth(tokenFrom('http://localhost:8080/token'))(https),
    Request.withAuth(tokenFrom('http://auth.test/token', ['https://other.test']))(https),
    Request.withAuth(later)(https),
    pipe(https, Request.withText('x'), typed, signed({ 'X-Sig': '1' }), (request) => ({ ...request, method: 'POST' })),
    pipe(Request.post('https://example.com/'), stream, typed, signed({ 'Content-Digest': 'sha-256=:x:' })),
    Request.withForm({})(Request.post('https://example.com/')),
    Request.withVerify(false)(Request.get('http://example.com/')),
    Request.withHeader('Accept', 'a/b')(https),
    Request.withHeader('Content-Type', 'a/b')(Request.withJson(1)(Request.post('https://example.com/'))),
  ])('reports no issues for the plan of case %#', (request) => {
    expect(Plan.lint(planned(request))).toEqual([])
  })
  it('fits into 80 columns and shows no secret', () => {
    const text = Lint.render()(
      Plan.lint(
        planned(
          pipe(Request.get('http://example.com/?token=1'), Request.withBearer('c4nary'), Request.withJson('c4nary')),
        ),
      ),
    )
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(text).not.toContain('c4nary')
    expect(Lint.render()([])).toMatch(/\S/)
  })
})
