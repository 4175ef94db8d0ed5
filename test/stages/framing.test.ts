import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import * as Headers from '../../src/values/Headers.js'
import * as Multipart from '../../src/values/Multipart.js'
import * as Override from '../../src/values/Override.js'
import * as Secret from '../../src/values/Secret.js'

// How a plan frames its body, what its proxy receives, and what is not sent outside the base URL.

const planned = (request: Request.Request, session = Session.empty): Plan.Plan => {
  const plan = Plan.plan({ session, entropy: 'seed' })(request)
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}
const fields = (request: Request.Request, session?: Session.Session) =>
  Object.fromEntries(Plan.wire(planned(request, session)).headers)

describe('an empty body', () => {
  it('of text or bytes is planned as Empty', () => {
    for (const withEmpty of [Request.withText(''), Request.withBytes(new Uint8Array(0))]) {
      expect(planned(withEmpty(Request.post('http://h/'))).body).toEqual({ _tag: 'Empty' })
      expect(fields(withEmpty(Request.post('http://h/')))).toEqual({ 'Content-Length': '0' })
      expect(fields(withEmpty(Request.get('http://h/')))).toEqual({})
    }
  })
  it('of a form keeps its Content-Type', () => {
    const form = pipe(Request.get('http://h/'), Request.withForm({}))
    expect(planned(form).body._tag).toBe('Bytes')
    expect(fields(form)).toEqual({ 'Content-Length': '0', 'Content-Type': 'application/x-www-form-urlencoded' })
  })
})

describe('the framing of a body', () => {
  const framing = (method: string, configure: (request: Request.Request) => Request.Request) =>
    Plan.wire(planned(configure(Request.make(method, 'http://h/')))).headers
  async function* chunks() {
    yield new Uint8Array(1)
  }
  const unchanged = (request: Request.Request) => request
  const set = {
    length: Request.withHeader('content-length', '9'),
    chunked: Request.withHeader('transfer-encoding', 'chunked'),
  }
  const both = (request: Request.Request) => pipe(request, set.length, set.chunked)

  it.each(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])(
    'is Content-Length: 0 on a %s without a body',
    (method) => {
      for (const configure of [unchanged, set.chunked])
        expect(framing(method, configure)).toEqual([['Content-Length', '0']])
      for (const configure of [set.length, both]) expect(framing(method, configure)).toEqual([['Content-Length', '0']])
    },
  )
  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'MKCOL'])('is omitted on a %s without a body', (method) => {
    for (const configure of [unchanged, set.length, set.chunked, both]) expect(framing(method, configure)).toEqual([])
  })
  it.each<[string, (request: Request.Request) => Request.Request, readonly [string, string]]>([
    ['bytes', Request.withText('abc'), ['Content-Length', '3']],
    ['a stream of a known length', Request.withStream(chunks, 3), ['Content-Length', '3']],
    ['an empty stream', Request.withStream(chunks, 0), ['Content-Length', '0']],
    ['a one-shot body of a known length', Request.withOnce(chunks(), 3), ['Content-Length', '3']],
  ])('is the length of %s, whatever headers the user set', (_, withBody, expected) => {
    for (const configure of [unchanged, set.length, set.chunked, both]) {
      expect(framing('GET', (request) => pipe(request, configure, withBody))).toEqual([expected])
    }
  })
  it('is chunked for a stream of unknown length, unless the user set a length', () => {
    const stream = Request.withStream(chunks)
    const sent = (configure: (request: Request.Request) => Request.Request) =>
      framing('GET', (request) => pipe(request, configure, stream))
    expect(sent(unchanged)).toEqual([['Transfer-Encoding', 'chunked']])
    expect(sent(set.chunked)).toEqual([['Transfer-Encoding', 'chunked']])
    expect(sent(set.length)).toEqual([['content-length', '9']])
    expect(sent(both)).toEqual([['content-length', '9']])
  })
})

describe('multipart', () => {
  const parts = Request.withMultipart({ a: '1' })
  const text = (request: Request.Request) =>
    pipe(
      Plan.wire(planned(request)).body,
      O.map((bytes) => Buffer.from(bytes).toString()),
      O.getOrElse(() => ''),
    )
  it('uses the boundary of the user’s Content-Type', () => {
    const mine = pipe(
      Request.post('http://h/'),
      Request.withHeader('Content-Type', 'multipart/form-data; boundary=mine'),
      parts,
    )
    expect(text(mine)).toMatch(/^--mine\r\n[\s\S]*\r\n--mine--\r\n$/)
    expect(fields(mine)['Content-Type']).toBe('multipart/form-data; boundary=mine')
  })
  it('uses a boundary from a secret Content-Type without printing it', () => {
    const given = Request.withSecretHeader('Content-Type', 'multipart/form-data; boundary=mine')
    const mine = pipe(Request.post('http://h/'), given, parts)
    expect(text(mine)).toMatch(/^--mine\r\n[\s\S]*\r\n--mine--\r\n$/)
    expect(JSON.stringify(planned(mine))).not.toContain('mine')
  })
  it('fails without entropy if a part is a stream', () => {
    const content: Multipart.PartStream = {
      open: async function* () {
        yield Buffer.from('a')
      },
    }
    const streamed = Request.withMultipart({ a: { content } })(Request.post('http://h/'))
    for (const world of [{}, { entropy: '' }]) {
      const plan = Plan.plan({ session: Session.empty, ...world })(streamed)
      expect(plan).toMatchObject({ left: { _tag: 'InvalidSettings', setting: 'entropy' } })
    }
    const named = Request.withHeader('Content-Type', 'multipart/mixed; boundary=XX')
    expect(E.isRight(Plan.plan({ session: Session.empty })(named(streamed)))).toBe(true)
  })
  it('derives the boundary from the parts if there is no entropy, so that no part can contain it', () => {
    const boundaryFor = (file: string): string | undefined => {
      const request = Request.withMultipart({ role: 'guest', file })(Request.post('http://h/'))
      const plan = Plan.plan({ session: Session.empty })(request)
      const type = E.isRight(plan) ? new Map(Plan.wire(plan.right).headers).get('Content-Type') : undefined
      return Multipart.boundaryOf(type ?? '')
    }
    fc.assert(
      fc.property(fc.string(), (file) => {
        const known = boundaryFor(file) ?? ''
        expect(known).toMatch(/^[\da-f]{32}$/)
        expect(boundaryFor(file)).toBe(known)
        expect(boundaryFor(`${file}\r\n--${known}\r\n`)).not.toBe(known)
      }),
    )
  })
  it.each([
    ['multipart/form-data', /^multipart\/form-data; boundary=[\da-f]{32}$/],
    ['multipart/form-data; charset=utf-8', /^multipart\/form-data; charset=utf-8; boundary=[\da-f]{32}$/],
    ['multipart/mixed', /^multipart\/mixed; boundary=[\da-f]{32}$/],
    ['multipart/form-data; boundary=""', /^multipart\/form-data; boundary=[\da-f]{32}$/],
    ['multipart/form-data; x="; boundary=no"', /^multipart\/form-data; x="; boundary=no"; boundary=[\da-f]{32}$/],
    ['multipart/form-data; boundary=XYZ', /^multipart\/form-data; boundary=XYZ$/],
    ['text/plain', /^text\/plain$/],
  ])('adds a boundary to Content-Type %j only if it needs one', (given, expected) => {
    const request = Request.withHeader('Content-Type', given)(parts(Request.post('http://h/')))
    const plan = Plan.plan({ session: Session.empty, entropy: 'seed' })(request)
    expect(E.isRight(plan) && new Map(Plan.wire(plan.right).headers).get('Content-Type')).toMatch(expected)
  })
  it('generates one boundary for header and body', () => {
    const made = parts(Request.post('http://h/'))
    const [, boundary = ''] = /boundary=(.+)$/.exec(fields(made)['Content-Type'] ?? '') ?? []
    expect(text(made).startsWith(`--${boundary}\r\n`)).toBe(true)
  })
  it('is the only body that reads the boundary of a Content-Type', () => {
    const text = pipe(
      Request.post('http://h/'),
      Request.withHeader('Content-Type', 'text/x; boundary=y'),
      Request.withText('a'),
    )
    expect(fields(text)).toEqual({ 'Content-Type': 'text/x; boundary=y', 'Content-Length': '1' })
  })
})

describe('Proxy-Authorization', () => {
  const given = Request.withHeader('Proxy-Authorization', 'Basic mine')
  const authorizationOf = (request: Request.Request) =>
    pipe(
      planned(request).route.proxy,
      O.flatMap(({ authorization }) => authorization),
      O.map(Secret.reveal),
    )
  it('is not sent without a proxy', () => {
    expect(fields(given(Request.get('https://h/')))).toEqual({})
    expect(authorizationOf(given(Request.get('https://h/')))).toEqual(O.none)
  })
  it('is sent to the proxy, as a secret, and not to the origin', () => {
    const request = pipe(Request.get('https://h/'), given, Request.withProxy('http://p.test:1'))
    expect(authorizationOf(request)).toEqual(O.some('Basic mine'))
    expect(fields(request)).toEqual({})
    expect(JSON.stringify(planned(request))).not.toContain('Basic mine')
  })
  it.each(['socks5://p.test:1', 'socks5h://p.test:1', 'socks4://p.test:1'])('is not sent through %s', (proxy) => {
    const request = pipe(Request.get('http://h/'), given, Request.withProxy(proxy))
    expect(authorizationOf(request)).toEqual(O.none)
    expect(fields(request)).toEqual({})
  })
  it('is replaced by the credentials of the proxy URL', () => {
    const request = pipe(Request.get('https://h/'), given, Request.withProxy('http://user:pass@p.test:1'))
    expect(authorizationOf(request)).toEqual(O.some(`Basic ${Buffer.from('user:pass').toString('base64')}`))
  })
})

describe('a header written by a signer', () => {
  it.each([
    ['a name that is not a token', 'X Sig', '1'],
    ['a value with a line end', 'X-Sig', '1\r\nX-Other: 2'],
  ])('is rejected with %s', (_, name, value) => {
    const signing = Auth.signer('sig', (plan) => ({ ...plan, headers: Headers.append(name, value)(plan.headers) }))
    const plan = Plan.plan({ session: Session.empty })(pipe(Request.get('http://h/'), Request.withAuth(signing)))
    expect(plan).toMatchObject({ _tag: 'Left', left: { _tag: 'SigningFailed', scheme: 'sig' } })
  })
})

describe('a request outside the origin of the base URL', () => {
  const session = pipe(
    Session.empty,
    Session.withBaseUrl('https://api.test/v1'),
    Session.withBearer('token'),
    Session.withHeader('X-Plain', '1'),
    Session.withHeader('X-Vendor', '2'),
    Session.withSensitiveHeaders('x-vendor'),
    Session.withSecretHeader('X-Hidden', '3'),
    Session.withHeader('X-Api-Key', '4'),
    Session.withCookie('c', '5'),
    Session.withClientCertificate({ cert: 'cert.pem' }),
  )
  it('is sent only the headers that are not secret', () => {
    const away = planned(Request.get('https://other.test/'), session)
    expect(Object.fromEntries(Plan.wire(away).headers)).toEqual({ 'X-Plain': '1' })
    expect(away.route.tls.certificate).toEqual(O.none)
  })
  it('does not get a header that has one secret value among several', () => {
    const mixed = Override.set({ name: 'X-Mixed', values: ['plain', Secret.make('secret')] })
    const odd = pipe(
      session,
      Session.withoutHeader('X-Plain'),
      Session.withSettings({ ...Settings.empty, headers: new Map([['x-mixed', mixed]]) }),
    )
    expect(fields(Request.get('https://other.test/'), odd)).toEqual({})
    expect(fields(Request.get('https://api.test/v1'), odd)).toMatchObject({ 'X-Mixed': 'secret' })
  })
  it('keeps the secrets of its own settings', () => {
    const own = pipe(
      Request.get('https://other.test/'),
      Request.withCookie('d', '6'),
      Request.withHeader('X-Api-Key', '7'),
    )
    expect(fields(own, session)).toEqual({ 'X-Plain': '1', 'X-Api-Key': '7', Cookie: 'd=6' })
  })
  it('is sent a header that is no longer named sensitive', () => {
    const plain = Session.withSettings({ ...Settings.empty, sensitive: new Map([['x-vendor', Override.unset]]) })
    expect(fields(Request.get('https://other.test/'), plain(session))).toEqual({ 'X-Plain': '1', 'X-Vendor': '2' })
  })
  it('differs from one inside it, which is sent everything', () => {
    const home = planned(Request.get('https://api.test/v1/x'), session)
    expect(Object.keys(Object.fromEntries(Plan.wire(home).headers)).sort()).toEqual([
      'Authorization',
      'Cookie',
      'X-Api-Key',
      'X-Hidden',
      'X-Plain',
      'X-Vendor',
    ])
    expect(O.isSome(home.route.tls.certificate)).toBe(true)
  })
})
