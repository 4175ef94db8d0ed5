import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Exchange from '../../src/Exchange.js'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/Auth.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Redirect from '../../src/stages/Redirect.js'
import { memory } from '../../src/transport/Memory.js'
import * as Headers from '../../src/values/Headers.js'
import * as Url from '../../src/values/Url.js'
import { head, type Server } from '../../src/wire/Reply.js'

const urlOf = (href: string): Url.Url => {
  const parsed = Url.parse(href)
  if (E.isLeft(parsed)) throw new Error(parsed.left.message)
  return parsed.right.url
}

describe('shouldStripAuth', () => {
  it.each([
    ['http://h/', 'http://h/b', false],
    ['http://h/', 'http://H:80/', false],
    ['https://h:443/', 'https://h/', false],
    ['http://h/', 'http://h:81/', true],
    ['https://h:8443/', 'https://h/', true],
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
    ['http+unix://h/', 'https://h/', true],
    ['http://h/', 'http+unix://h/', true],
  ])('%s -> %s: %s', (from, to, strips) => {
    expect(Redirect.shouldStripAuth(urlOf(from), urlOf(to))).toBe(strips)
  })
})

describe('the target', () => {
  const target = (location: string) => Redirect.getRedirectTarget(head({ status: 302, headers: { location } }))
  it('is read as UTF-8 where its octets are', () => {
    expect(target('/caf\xc3\xa9')).toEqual(E.right({ _tag: 'Some', value: '/café' }))
  })
  it('is as it is where it is ASCII, or text already', () => {
    expect(target('/cafe')).toEqual(E.right({ _tag: 'Some', value: '/cafe' }))
    expect(target('/caf\xe9€')).toEqual(E.right({ _tag: 'Some', value: '/caf\xe9€' }))
  })
  it('is refused where its octets are no UTF-8', () => {
    expect(target('/caf\xe9')).toEqual(E.left('its Location is not UTF-8'))
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
  const trusting = Session.withTrust({ netrc: true })
  const there: Server = {
    'GET /a': { status: 302, headers: { location: 'http://b.test/b' } },
    'GET /b': { status: 200 },
  }

  it('a digest is made anew, for the new target and with the next count', () => {
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
  it('netrc speaks for the new host where nothing else does', () => {
    const { plans } = sent(there, Request.get('http://a.test/a'), trusting(Session.empty), netrc)
    expect(authorization(plans[1])).toMatch(/^Basic /)
  })
  it.each([
    ['no auth at all', Session.withAuth(Auth.none)],
    ['auth taken away', Session.withoutAuth],
  ])('netrc is silent under %s', (_, configure) => {
    const { plans } = sent(there, Request.get('http://a.test/a'), trusting(configure(Session.empty)), netrc)
    expect(plans.map(authorization)).toEqual(['', ''])
  })
  it('netrc is silent where a scheme of one’s own signs with another header, on the same host', () => {
    const signing = Auth.custom('sig', (plan) => ({ ...plan, headers: Headers.upsertAt('X-Sig', '1')(plan.headers) }))
    const session = pipe(Session.empty, Session.withAuth(signing), trusting)
    const here: Server = { 'GET /a': { status: 302, headers: { location: '/b' } }, 'GET /b': { status: 200 } }
    const { plans } = sent(here, Request.get('http://b.test/a'), session, netrc)
    expect(plans.map(authorization)).toEqual(['', ''])
  })
})

describe('the way after a redirect', () => {
  it('is refused where the proxy of the new host cannot be read', () => {
    const session = Session.withProxy({ 'http://b.test': 'http://[bad' })(Session.empty)
    const server: Server = { 'GET /a': { status: 302, headers: { location: 'http://b.test/b' } } }
    const { trace } = sent(server, Request.get('http://a.test/a'), session)
    expect(trace.outcome).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidRedirect' } })
  })
  it('goes on within a foreign scheme that is mounted, and leaves http for none', () => {
    const server: Server = (plan) =>
      plan.url.href.endsWith('/a') ? { status: 302, headers: { location: 'app://host/b' } } : { status: 200 }
    const session = Session.mount('app://', memory(server))(Session.empty)
    const follow = (href: string) => sent(server, Request.get(href), session).trace
    expect(follow('app://host/a').hops.map(({ plan }) => plan.url.href)).toEqual(['app://host/a', 'app://host/b'])
    expect(follow('http://host/a').outcome).toMatchObject({ _tag: 'Left', left: { _tag: 'RedirectRefused' } })
  })
})
