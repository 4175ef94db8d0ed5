import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Redirect from '../../src/stages/Redirect.js'
import { memory } from '../../src/transport/Memory.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import { head, type Server } from '../../src/wire/Reply.js'
import { urlOf } from '../urlOf.js'

describe('shouldStripAuth', () => {
  it.each([
    ['http://h/', 'http://h/b', false],
    ['http://h/', 'http://H:80/', false],
    ['https://h:443/', 'https://h/', false],
    ['http://h/', 'http://h:81/', true],
    ['https://h:8443/', 'https://h/', true],
    ['https://h/', 'https://h:8443/', true],
    ['http://h/', 'https://h/', false],
    ['http://h:80/', 'https://h:443/', false],
    ['https://h/', 'http://h/', true],
    ['http://h:81/', 'https://h/', true],
    ['http://h/', 'https://h:8443/', true],
    ['http://h:81/', 'https://h:81/', true],
    ['https://h:443/', 'http://h:443/', true],
    ['http://h:443/', 'https://h:443/', true],
    ['https://h:80/', 'http://h:80/', true],
    ['http://h:80/', 'https://h:80/', true],
    ['http://h/', 'http://x/', true],
    ['http://h/', 'http://sub.h/', true],
    ['http://h/', 'http://h./', true],
    ['http+unix://h/', 'https://h/', true],
    ['http://h/', 'http+unix://h/', true],
    ['http+unix://h:80/', 'https://h/', true],
    ['http://h/', 'http+unix://h:443/', true],
    ['http+unix://h:81/', 'http+unix://h:81/b', false],
    ['http+unix://H/', 'http+unix://h/', false],
    ['http+unix://h:81/', 'http+unix://h/', true],
    ['app://h/', 'app://h/', true],
    ['app://h/', 'http://h/', true],
    ['http://h/', 'app://h/', true],
  ])('from %s to %s: %s', (from, to, strips) => {
    expect(Redirect.shouldStripAuth(urlOf(from), urlOf(to))).toBe(strips)
  })
})

describe('the target of a redirect', () => {
  const target = (location: string) => Redirect.getRedirectTarget(head({ status: 302, headers: { location } }))
  it('is decoded as UTF-8 if its octets are UTF-8', () => {
    expect(target('/caf\xc3\xa9')).toEqual(E.right({ _tag: 'Some', value: '/café' }))
  })
  it('is unchanged if it is ASCII or already decoded', () => {
    expect(target('/cafe')).toEqual(E.right({ _tag: 'Some', value: '/cafe' }))
    expect(target('/caf\xe9€')).toEqual(E.right({ _tag: 'Some', value: '/caf\xe9€' }))
  })
  it.each([
    ['/caf\xe9', '/caf%E9'],
    ['/a?n=%20\xf1#\xff', '/a?n=%20%F1#%FF'],
    ['/50%/\xe9?%41\xe9', '/50%25/%E9?%41%E9'],
  ])('percent-encodes octets that are not UTF-8: %j is %j', (location, expected) => {
    expect(target(location)).toEqual(E.right(O.some(expected)))
  })
  it.each([
    ['  /x', '/x'],
    ['\t\x01 /x y \x02', '/x y'],
    ['/a\tb\r\nc', '/abc'],
    ['/', '/'],
  ])('drops the blanks around %j, and tabs and line ends: %j', (location, expected) => {
    expect(target(location)).toEqual(E.right(O.some(expected)))
  })
  it.each(['', ' ', '\t '])('is missing if Location is %j', (location) =>
    expect(target(location)).toEqual(E.right(O.none)),
  )
  it('is accepted from several equal Location headers and rejected if they differ', () => {
    const several = (...location: ReadonlyArray<string>) =>
      Redirect.getRedirectTarget(head({ status: 302, headers: { location } }))
    expect(several('/x', '/x', '/x')).toEqual(E.right(O.some('/x')))
    expect(E.isLeft(several('/x', '/y'))).toBe(true)
    expect(E.isLeft(several('/x', ''))).toBe(true)
  })
  it.each([
    [301, true],
    [302, true],
    [303, true],
    [307, true],
    [308, true],
    [200, false],
    [300, false],
    [304, false],
    [401, false],
  ])('is read from the Location of a %d: %s', (status, isRead) => {
    const found = Redirect.getRedirectTarget(head({ status, headers: { location: '/x' } }))
    expect(found).toEqual(E.right(isRead ? O.some('/x') : O.none))
  })
})

const sent = (server: Server, request: Request.Request, session: Session.Session, environment = Environment.empty) => {
  const trace = Exchange.simulate({ session, environment, entropy: 'seed' })(server)(request)
  return { trace, plans: trace.hops.map(({ plan }) => plan) }
}

const authorization = (plan: Plan.Plan | undefined): string =>
  plan === undefined ? '' : (new Map(Plan.wire(plan).headers).get('Authorization') ?? '')

describe('auth after a redirect', () => {
  const netrc = Environment.make({}, 'machine b.test login user password pass')
  const trusting = Session.withAmbient({ netrc: true })
  const there: Server = {
    'GET /a': { status: 302, headers: { location: 'http://b.test/b' } },
    'GET /b': { status: 200 },
  }

  it('a digest is computed again, for the new target and with the next count', () => {
    const server: Server = (plan) => {
      if (!Headers.has('Authorization')(plan.headers)) {
        return { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } }
      }
      return plan.url.pathname === '/a' ? { status: 302, headers: { location: '/b' } } : { status: 200 }
    }
    const { plans } = sent(server, Request.get('http://a.test/a'), Session.withDigestAuth('me', 'pw')(Session.empty))
    expect(plans).toHaveLength(3)
    expect(authorization(plans[1])).toContain('uri="/a"')
    expect(authorization(plans[1])).toContain('nc=00000001')
    expect(authorization(plans[2])).toContain('uri="/b"')
    expect(authorization(plans[2])).toContain('nc=00000002')
    expect(plans[2]?.headers.fields.filter(([name]) => name === 'Authorization')).toHaveLength(1)
  })
  it('netrc is used for the new host if no other auth is set', () => {
    const { plans } = sent(there, Request.get('http://a.test/a'), trusting(Session.empty), netrc)
    expect(authorization(plans[1])).toMatch(/^Basic /)
  })
  it.each([
    ['Auth.none', Session.withAuth(Auth.none)],
    ['withoutAuth', Session.withoutAuth],
  ])('netrc is not used with %s', (_, configure) => {
    const { plans } = sent(there, Request.get('http://a.test/a'), trusting(configure(Session.empty)), netrc)
    expect(plans.map(authorization)).toEqual(['', ''])
  })
  it('netrc is not used if a signer signs with another header', () => {
    const signing = Auth.signer('sig', (plan) => ({ ...plan, headers: Headers.upsertAt('X-Sig', '1')(plan.headers) }))
    const session = pipe(Session.empty, Session.withAuth(signing), trusting)
    const here: Server = { 'GET /a': { status: 302, headers: { location: '/b' } }, 'GET /b': { status: 200 } }
    const { plans } = sent(here, Request.get('http://b.test/a'), session, netrc)
    expect(plans.map(authorization)).toEqual(['', ''])
  })
})

describe('the Authorization header after a redirect', () => {
  const netrc = Environment.make({}, 'machine a.test login user password pass')
  const here: Server = { 'GET /a': { status: 302, headers: { location: '/b' } }, 'GET /b': { status: 200 } }
  it('of the user is sent again on its origin, even if netrc has an entry', () => {
    const session = pipe(
      Session.empty,
      Session.withAmbient({ netrc: true }),
      Session.withHeader('Authorization', 'own'),
    )
    const { plans } = sent(here, Request.get('http://a.test/a'), session, netrc)
    expect(plans.map(authorization)).toEqual(['own', 'own'])
  })
  it('comes from netrc after the credentials of the URL were dropped', () => {
    const server: Server = {
      'GET http://a.test/a': { status: 302, headers: { location: 'http://b.test/b' } },
      'GET http://b.test/b': { status: 302, headers: { location: 'http://a.test/c' } },
      'GET http://a.test/c': { status: 200 },
    }
    const trusting = Session.withAmbient({ netrc: true })(Session.empty)
    const { plans } = sent(server, Request.get('http://me:pw@a.test/a'), trusting, netrc)
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
    expect(plans.map(authorization)).toEqual([basic('me:pw'), '', basic('user:pass')])
  })
  it('of the user is kept if digest auth is set but was not challenged', () => {
    const server: Server = {
      'GET /a': { status: 302, headers: { location: '/b' } },
      'GET /b': { status: 200 },
    }
    const own = pipe(Session.empty, Session.withDigestAuth('me', 'pw'), Session.withHeader('Authorization', 'Own x'))
    expect(sent(server, Request.get('http://a.test/a'), own).plans.map(authorization)).toEqual(['Own x', 'Own x'])
  })
  it('with a digest is not sent to another origin, not even from http to https', () => {
    const server: Server = (plan) => {
      if (plan.url.protocol === 'https:') return { status: 200 }
      return Headers.has('Authorization')(plan.headers)
        ? { status: 302, headers: { location: 'https://a.test/b' } }
        : { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } }
    }
    const { plans } = sent(server, Request.get('http://a.test/a'), Session.withDigestAuth('me', 'pw')(Session.empty))
    expect(plans.map(authorization)).toEqual(['', expect.stringMatching(/^Digest /), ''])
  })
  it.each([
    ['basic', Session.withBasicAuth('me', 'pw'), `Basic ${Buffer.from('me:pw').toString('base64')}`],
    ['bearer', Session.withBearer('token'), 'Bearer token'],
  ])('with %s auth is sent again unchanged', (_, configure, expected) => {
    const session = pipe(Session.empty, configure, Session.withAmbient({ netrc: true }))
    const { plans } = sent(here, Request.get('http://a.test/a'), session, netrc)
    expect(plans.map(authorization)).toEqual([expected, expected])
  })
})

describe('headers after a redirect', () => {
  const OF_CONTENT = {
    'Content-Type': 'text/plain',
    'Content-Encoding': 'identity',
    'Content-Language': 'en',
  }
  const chain = (status: number): Server => ({
    'POST /a': { status, headers: { location: '/b' } },
    'POST /b': { status: 200 },
    'GET /b': { status: 200 },
  })
  const second = (status: number, configure: (request: Request.Request) => Request.Request) => {
    const request = pipe(Request.post('http://a.test/a'), Request.withHeaders(OF_CONTENT), configure)
    const plan = sent(chain(status), request, Session.empty).plans[1] ?? expect.fail('nothing followed')
    return [plan.method, Plan.wire(plan).headers.map(([name]) => name)]
  }
  async function* chunks() {
    yield new Uint8Array(1)
  }
  it('do not describe a body that was dropped', () => {
    expect(second(302, Request.withText('abc'))).toEqual(['GET', []])
    expect(second(302, Request.withStream(chunks))).toEqual(['GET', []])
  })
  it('describe the body if it is sent again', () => {
    const kept = ['Content-Type', 'Content-Encoding', 'Content-Language']
    expect(second(307, Request.withText('abc'))).toEqual(['POST', [...kept, 'Content-Length']])
    expect(second(307, Request.withStream(chunks))).toEqual(['POST', [...kept, 'Transfer-Encoding']])
  })
  it('that were edited into a plan are not sent to another origin if they are secret', () => {
    const session = Session.withSensitiveHeaders('X-Named')(Session.empty)
    const begun = Exchange.start({ session })(Request.get('http://a.test/a'))
    if (E.isLeft(begun)) return expect.fail(begun.left.message)
    const fields: ReadonlyArray<Headers.Field> = [
      ['HOST', 'virtual'],
      ['X-NAMED', '1'],
      ['X-Api-KEY', '2'],
      ['X-Sealed', Secret.make('3')],
      ['X-Plain', '4'],
    ]
    const followed = (location: string) => {
      const edited = { ...begun.right, plan: { ...begun.right.plan, headers: { fields } } }
      const made = Redirect.next(new Date(0))(head({ status: 302, headers: { location } }))(edited)
      return E.isRight(made) && O.isSome(made.right) ? made.right.value : expect.fail(location)
    }
    expect(followed('http://b.test/').credentialsAllowed).toBe(false)
    expect(followed('http://b.test/').plan.headers.fields).toEqual([['X-Plain', '4']])
    expect(followed('/b').credentialsAllowed).toBe(true)
    expect(followed('/b').plan.headers.fields).toEqual(fields)
  })
})

describe('Redirect.next', () => {
  const begun = Exchange.start({ session: Session.empty })(Request.get('http://a.test/a#f'))
  const x = E.isRight(begun) ? begun.right : expect.fail(begun.left.message)
  const next = (status: number, location?: string | ReadonlyArray<string>) =>
    Redirect.next(new Date(0))(head({ status, headers: location === undefined ? {} : { location } }))(x)
  it('returns none for a reply that is not a redirect', () => {
    expect(next(200, '/b')).toEqual(E.right(O.none))
    expect(next(302)).toEqual(E.right(O.none))
  })
  it('returns the next plan with cause Follow', () => {
    expect(next(302, '/b')).toMatchObject(
      E.right(O.some({ credentialsAllowed: true, plan: { url: { href: 'http://a.test/b#f' }, cause: 'Follow' } })),
    )
    expect(next(302, '/b#g')).toMatchObject(E.right(O.some({ plan: { url: { href: 'http://a.test/b#g' } } })))
  })
  it.each([
    ['http://[/', 'InvalidRedirect', "'http://[/'"],
    ['//\xff/', 'InvalidRedirect', "'http://%FF/'"],
    [['/b', '/c'], 'InvalidRedirect', 'Location'],
    ['ftp://h/', 'RedirectRefused', 'ftp:'],
  ])('fails on the Location %j with the answered plan and names the target', (location, _tag, named) => {
    const made = next(302, location)
    if (E.isRight(made)) return expect.fail('it was followed')
    expect(made.left).toMatchObject({ _tag, message: expect.stringContaining('http://a.test/a ') })
    expect(made.left.message).toContain(named)
    expect(made.left.plan).toBe(x.plan)
  })
})

describe('the route after a redirect', () => {
  it('fails if the proxy of the new host has an invalid URL', () => {
    const session = Session.withProxy({ 'http://b.test': 'http://[bad' })(Session.empty)
    const server: Server = { 'GET /a': { status: 302, headers: { location: 'http://b.test/b' } } }
    const { trace } = sent(server, Request.get('http://a.test/a'), session)
    expect(trace.outcome).toMatchObject({
      left: { _tag: 'InvalidRedirect', message: expect.stringContaining("'http://[bad'") },
    })
  })
  it.each<[string, string | Readonly<Record<string, string | null>>, string | undefined]>([
    ['the same proxy receives the Proxy-Authorization of the user again', 'http://p:1', 'given'],
    ['a proxy with another port does not receive it', { 'http://a.test': 'http://p:1', all: 'http://p:2' }, undefined],
    ['a direct connection does not receive it', { 'http://a.test': 'http://p:1' }, undefined],
    [
      'a proxy URL with credentials replaces it',
      { 'http://a.test': 'http://p:1', all: 'http://u:p@p:1' },
      `Basic ${Buffer.from('u:p').toString('base64')}`,
    ],
  ])('%s', (_, proxy, expected) => {
    const session = pipe(Session.empty, Session.withProxy(proxy), Session.withHeader('Proxy-Authorization', 'given'))
    const server: Server = {
      'GET /a': { status: 302, headers: { location: 'http://b.test/b' } },
      'GET /b': { status: 200 },
    }
    const { plans } = sent(server, Request.get('http://a.test/a'), session)
    const seen = plans.map((plan) => new Map(Plan.wire(plan).headers).get('Proxy-Authorization'))
    expect(seen).toEqual(['given', expected])
  })
  it('keeps timeouts, limits and the CA, and drops the client certificate on another origin', () => {
    const session = pipe(
      Session.empty,
      Session.withTimeouts({ read: 5 }),
      Session.withLimits({ body: 6 }),
      Session.withCa('/own.pem'),
      Session.withClientCertificate({ cert: 'cert.pem' }),
    )
    const server: Server = {
      'GET http://a.test/a': { status: 302, headers: { location: '/b' } },
      'GET http://a.test/b': { status: 302, headers: { location: 'http://c.test/' } },
      'GET http://c.test/': { status: 200 },
    }
    const [first, same, other] = sent(server, Request.get('http://a.test/a'), session).plans.map(({ route }) => route)
    expect(same).toEqual(first)
    expect(other).toEqual({ ...first, tls: { ...first?.tls, certificate: O.none } })
    expect(first?.tls).toEqual({ verify: true, ca: O.some('/own.pem'), certificate: O.some({ cert: 'cert.pem' }) })
  })
  it('follows redirects within a mounted scheme, and none from http to it', () => {
    const server: Server = (plan) =>
      plan.url.href.endsWith('/a') ? { status: 302, headers: { location: 'app://host/b' } } : { status: 200 }
    const session = Session.mount('app://', memory(server))(Session.empty)
    const follow = (href: string) => sent(server, Request.get(href), session).trace
    expect(follow('app://host/a').hops.map(({ plan }) => plan.url.href)).toEqual(['app://host/a', 'app://host/b'])
    expect(follow('http://host/a').outcome).toMatchObject({ _tag: 'Left', left: { _tag: 'RedirectRefused' } })
  })
})
