import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'
import { Body, Plan, Request, Session, Settings, Transport } from 'requests-ts'
import { Sessions } from 'requests-ts/laws'
import { describe, expect, it } from 'vitest'
import { untyped } from '../untyped.js'

const hostile = fc.oneof(fc.constantFrom('GET', '/a', 'X-A', 'a\nb', '\x1b[31m', '\u2028', '\u202e'), fc.string())
const ONE_LINE = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u

describe('Show', () => {
  it('prints requests and sessions as one line, whatever they contain', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, Sessions.request, Sessions.session, (x, y, z, request, session) => {
        const configure = <C extends Settings.Configurable>(one: C): C =>
          pipe(one, Settings.withHeader(x, y), Settings.withQuery({ [y]: z }), Settings.withCookie(z, x))
        expect(Request.Show.show(configure({ ...request, method: x, url: y }))).toMatch(ONE_LINE)
        expect(Session.Show.show(configure(Session.mount(x, Transport.memory({}))(session)))).toMatch(ONE_LINE)
      }),
    )
  })
  it('prints a plan as one line, even one that was built by hand', () => {
    const plan = Plan.plan({ session: Session.empty })(Request.get('http://h.test/'))
    fc.assert(
      fc.property(hostile, (method) => {
        if (plan._tag === 'Left') expect.fail(plan.left.message)
        expect(Plan.Show.show({ ...plan.right, method })).toMatch(ONE_LINE)
      }),
    )
  })

  const get = Request.get('/a')
  it.each<readonly [Request.Request, string]>([
    [get, 'GET /a'],
    [Request.withBytes(Buffer.from('abc'))(get), 'GET /a (bytes)'],
    [Request.withJson({})(get), 'GET /a (JSON)'],
    [Request.withBody(Body.stream(() => (async function* () {})()))(get), 'GET /a (stream)'],
    [Request.get('http://me:hunter2@h.test/'), 'GET http://‹secret›@h.test/'],
    [
      pipe(get, Request.withHeader('X-A', '1'), Request.withoutHeader('Accept'), Request.withBearer('t')),
      'GET /a (headers: X-A, -accept; auth: Bearer)',
    ],
    [
      pipe(get, Request.withQuery({ q: 'x y' }), Request.withSecretQuery('key', 'hunter2')),
      'GET /a (query: q=x+y&key=‹secret›)',
    ],
    [
      pipe(get, Request.withTimeouts({ read: 5 }), Request.withLimits({ body: 6 }), Request.withoutAuth),
      'GET /a (auth: none; timeouts: read 5 ms; limits: body 6 bytes)',
    ],
    [
      pipe(get, Request.withProxy({ http: 'http://me:hunter2@p', https: null }), Request.withVerify(false)),
      'GET /a (proxies: http, -https; verify: false)',
    ],
    [untyped({ ...get, body: {}, url: 5 }), 'GET 5'],
  ])('prints %#', (request, text) => {
    expect(Request.Show.show(request)).toBe(text)
  })
  it('prints a session with its mounts and environment sources', () => {
    const session = pipe(
      Session.empty,
      Session.withAmbient({ netrc: true }),
      Session.mount('https://me:hunter2@a.test', Transport.memory({})),
    )
    expect(Session.Show.show(session)).toBe('Session (mounts: https://‹secret›@a.test; environment: netrc)')
    expect(Session.Show.show(Session.empty)).toBe('Session')
  })
})
