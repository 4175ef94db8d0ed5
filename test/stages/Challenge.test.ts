import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/Auth.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import type { Answer, HeadersInput, Server } from '../../src/wire/Reply.js'

// Which replies are answered with the same request, signed, and what that does to the jar.

const DIGEST = 'Digest realm="r", nonce="n", qop="auth"'
const now = new Date(0)
const signing = Session.withDigestAuth('me', 'pw')(Session.empty)

const authorizationOf = (plan: Plan.Plan) => new Map(Plan.wire(plan).headers).get('Authorization')

/** Answers what is unsigned with this, and anything signed with 200. */
const guard =
  (answer: Answer): Server =>
  (plan) =>
    authorizationOf(plan)?.startsWith('Digest ') ? { status: 200 } : answer

const run = (server: Server, session = signing, url = 'http://h/', jar = Jar.empty) =>
  Exchange.simulate({ session, jar, now, entropy: 'seed' })(server)(Request.get(url))

const statuses = (answer: Answer, session = signing) => run(guard(answer), session).hops.map(({ head }) => head.status)

const counts = (jar: Jar.Jar, origin = 'http://h', user = 'me') =>
  pipe(
    Jar.challengeFor({ origin, user })(jar),
    O.map(({ nonce, count }) => [nonce, count]),
  )

describe('a challenge', () => {
  it.each([200, 400, 402, 403, 407, 500])('of status %d is none', (status) => {
    expect(statuses({ status, headers: { 'www-authenticate': DIGEST } })).toEqual([status])
  })
  it.each<[string, HeadersInput]>([
    ['its own line', { 'WWW-Authenticate': DIGEST }],
    ['a second line', { 'www-authenticate': ['Basic realm="b"', DIGEST] }],
    ['a list', { 'www-authenticate': `Basic realm="b", ${DIGEST}` }],
  ])('is found in %s', (_, headers) => expect(statuses({ status: 401, headers })).toEqual([401, 200]))
  it.each<[string, HeadersInput]>([
    ['no WWW-Authenticate', {}],
    ['a Basic challenge alone', { 'www-authenticate': 'Basic realm="b"' }],
    ['a Digest of Proxy-Authenticate', { 'proxy-authenticate': DIGEST }],
    ['an algorithm that nobody knows', { 'www-authenticate': `${DIGEST}, algorithm=X` }],
  ])('is none in a 401 with %s', (_, headers) => expect(statuses({ status: 401, headers })).toEqual([401]))
  it.each([
    ['none is set', Session.empty],
    ['it is switched off', Session.withoutAuth(Session.empty)],
    ['it is basic', Session.withBasicAuth('me', 'pw')(Session.empty)],
    ['it is bearer', Session.withBearer('token')(Session.empty)],
    ['it is a scheme of one’s own', Session.withAuth(Auth.custom('mine', (plan) => plan))(Session.empty)],
  ])('is not answered where auth says that %s', (_, session) => {
    expect(statuses({ status: 401, headers: { 'www-authenticate': DIGEST } }, session)).toEqual([401])
  })
})

describe('the answer', () => {
  const { hops, jar } = run(guard({ status: 401, headers: { 'www-authenticate': DIGEST } }), signing, 'http://h/a?b=c')
  it('is the same request, signed for its own target', () => {
    const [first, second] = hops.map(({ plan }) => plan)
    expect(first?.cause).toBe('Start')
    expect(second?.cause).toBe('Authorize')
    expect(second?.url.href).toBe('http://h/a?b=c')
    expect(second && authorizationOf(second)).toMatch(
      /^Digest username="me", realm="r", nonce="n", uri="\/a\?b=c", response="[\da-f]{32}", qop=auth, nc=00000001, /,
    )
  })
  it('is kept in the jar for its origin and its user, as used once', () => {
    expect(hops.map((hop) => counts(hop.jar))).toEqual([O.some(['n', 1]), O.some(['n', 1])])
    expect(counts(jar)).toEqual(O.some(['n', 1]))
    expect(counts(jar, 'http://other')).toEqual(O.none)
    expect(counts(jar, 'http://h', 'you')).toEqual(O.none)
  })
  it('takes the place of an Authorization that was there', () => {
    const session = Session.withHeader('authorization', 'old')(signing)
    const trace = run(guard({ status: 401, headers: { 'www-authenticate': DIGEST } }), session)
    const sent = trace.hops.map(({ plan }) => Plan.wire(plan).headers)
    expect(sent[0]).toEqual([['authorization', 'old']])
    expect(sent[1]).toEqual([['Authorization', expect.stringMatching(/^Digest /)]])
  })
  it('answers the realm that asks, also where a newer one of the same origin is known', () => {
    const of = (realm: string) => ({
      origin: 'http://h',
      user: 'me',
      realm,
      nonce: `nonce of ${realm}`,
      opaque: O.none,
      algorithm: O.none,
      qop: true,
    })
    const jar = [of('old'), of('new')].reduce((held, one, i) => Jar.remember(one, new Date(i * 1_000))(held), Jar.empty)
    const server: Server = (plan) =>
      authorizationOf(plan)?.includes('realm="old"')
        ? { status: 200 }
        : {
            status: 401,
            headers: { 'www-authenticate': 'Digest realm="old", nonce="nonce of old", qop="auth"' },
          }
    expect(run(server, signing, 'http://h/', jar).hops.map(({ head }) => head.status)).toEqual([401, 200])
  })
})

describe('the protection space', () => {
  /** Whether a request to that URL is signed at once, after a challenge with that domain. */
  const isSigned = (domain: string, url: string): boolean => {
    const server = guard({ status: 401, headers: { 'www-authenticate': `${DIGEST}, domain="${domain}"` } })
    const { jar } = run(server, signing, 'http://h/private/login')
    const [first] = run(() => ({ status: 200 }), signing, url, jar).hops
    return first !== undefined && authorizationOf(first.plan) !== undefined
  }
  it.each([
    ['', 'http://h/other', true],
    ['/', 'http://h/other', true],
    ['/private', 'http://h/private', true],
    ['/private', 'http://h/private/a?b=c', true],
    ['/private', 'http://h/other', false],
    ['/private/', 'http://h/private', false],
    ['/x /private', 'http://h/private/a', true],
    ['http://h/private', 'http://h/private/a', true],
    ['https://h/private', 'http://h/private/a', false],
    ['http://other/private', 'http://h/private/a', false],
    ['http://other/', 'http://other/', false],
    ['::', 'http://h/other', false],
    // Words that are not URIs.
    ['\\"', 'http://h/other', true],
    ['<a> é', 'http://h/other', true],
    ['\\" /private', 'http://h/other', false],
    ['\\" /private', 'http://h/private', true],
    ['http://h:80/private', 'http://h/private', true],
    ['/private#x', 'http://h/private/a', true],
    ['/private\t/other', 'http://h/other', true],
    // Text, not segments: RFC 7616 3.3 says prefix.
    ['/private', 'http://h/privateer', true],
    [Array.from({ length: 65 }, (_, i) => `/${i}`).join(' '), 'http://h/other', true],
  ])('of domain "%s" and %s: signed at once is %s', (domain, url, expected) => {
    expect(isSigned(domain, url)).toBe(expected)
  })
  it('ends an answer on the way out of it: a redirect does not repeat it', () => {
    const server: Server = (plan) => {
      if (plan.url.pathname !== '/login') return { status: 200 }
      if (authorizationOf(plan) !== undefined) return { status: 302, headers: { location: '/other' } }
      return { status: 401, headers: { 'www-authenticate': `${DIGEST}, domain="/private"` } }
    }
    const { hops } = run(server, signing, 'http://h/login')
    const signed = hops.map(({ plan }) => authorizationOf(plan)?.replace(/^.*uri="([^"]*)".*$/, '$1'))
    expect(signed).toEqual([undefined, '/login', undefined])
  })
  it('of more URIs than a jar keeps is the whole origin', () => {
    const domain = Array.from({ length: 5000 }, () => '/a')
    const of = (realm: string) => ({
      ...{ origin: 'http://h', user: 'me', realm, nonce: 'n', opaque: O.none, algorithm: O.none },
      ...{ qop: true, domain },
    })
    const jar = Array.from({ length: 20 }, (_, i) => of(String(i))).reduce(
      (held, one) => Jar.remember(one, now)(held),
      Jar.empty,
    )
    for (const challenge of jar.challenges.values()) expect(challenge.domain).toBeUndefined()
  })
  it.each(['/a', 'http://other/'])('of domain "%s" outlives a next nonce', (domain) => {
    const server: Server = (plan) =>
      authorizationOf(plan) === undefined
        ? { status: 401, headers: { 'www-authenticate': `${DIGEST}, domain="${domain}"` } }
        : { status: 200, headers: { 'authentication-info': 'nextnonce="n2"' } }
    const { jar } = run(server)
    expect(counts(jar)).toEqual(O.some(['n2', 0]))
    const [first] = run(() => ({ status: 200 }), signing, 'http://h/b', jar).hops
    expect(first && authorizationOf(first.plan)).toBeUndefined()
  })
  it('of two challenges is asked of each: the older one signs where the newer one does not reach', () => {
    const of = (realm: string, domain: ReadonlyArray<string>) => ({
      ...{ origin: 'http://h', user: 'me', realm, nonce: realm, opaque: O.none, algorithm: O.none },
      ...{ qop: true, domain },
    })
    const both = Jar.remember(of('new', ['/new']), new Date(1))(Jar.remember(of('old', ['/']), new Date(0))(Jar.empty))
    const realmAt = (url: string) => {
      const [first] = run(() => ({ status: 200 }), signing, url, both).hops
      return first && authorizationOf(first.plan)?.replace(/^.*realm="([^"]*)".*$/, '$1')
    }
    expect([realmAt('http://h/new/a'), realmAt('http://h/a')]).toEqual(['new', 'old'])
  })
})

describe('the next nonce of a reply', () => {
  const server: Server = (plan) => {
    const sent = authorizationOf(plan)
    if (sent === undefined) return { status: 401, headers: { 'www-authenticate': DIGEST } }
    const nonce = sent.includes('nonce="n2"') ? 'n3' : 'n2'
    return { status: 200, headers: { 'authentication-info': `nextnonce="${nonce}"` } }
  }
  it('signs the next request, with a count of 1', () => {
    const first = run(server)
    expect(counts(first.jar)).toEqual(O.some(['n2', 0]))
    const second = run(server, signing, 'http://h/b', first.jar)
    expect(second.hops.map(({ head }) => head.status)).toEqual([200])
    expect(second.hops[0] && authorizationOf(second.hops[0].plan)).toMatch(/nonce="n2".*nc=00000001/)
    expect(counts(second.jar)).toEqual(O.some(['n3', 0]))
  })
})
