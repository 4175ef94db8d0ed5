import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import type { Answer, HeadersInput, Server } from '../../src/wire/Reply.js'

// Which 401 replies are answered with the same request, signed, and how the jar remembers their challenges.

const DIGEST = 'Digest realm="r", nonce="n", qop="auth"'
const now = new Date(0)
const signing = Session.withDigestAuth('me', 'pw')(Session.empty)

const authorizationOf = (plan: Plan.Plan) => new Map(Plan.wire(plan).headers).get('Authorization')

/** A server that sends `answer` to unsigned requests and 200 to signed ones. */
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

describe('a digest challenge', () => {
  it.each([200, 400, 402, 403, 407, 500])('is ignored in a reply with status %d', (status) => {
    expect(statuses({ status, headers: { 'www-authenticate': DIGEST } })).toEqual([status])
  })
  it.each<[string, HeadersInput]>([
    ['a field line of its own', { 'WWW-Authenticate': DIGEST }],
    ['a second field line', { 'www-authenticate': ['Basic realm="b"', DIGEST] }],
    ['a list of challenges', { 'www-authenticate': `Basic realm="b", ${DIGEST}` }],
  ])('is found in %s', (_, headers) => expect(statuses({ status: 401, headers })).toEqual([401, 200]))
  it.each<[string, HeadersInput]>([
    ['no WWW-Authenticate', {}],
    ['a Basic challenge alone', { 'www-authenticate': 'Basic realm="b"' }],
    ['a Digest challenge in Proxy-Authenticate', { 'proxy-authenticate': DIGEST }],
    ['an unknown algorithm', { 'www-authenticate': `${DIGEST}, algorithm=X` }],
  ])('is not answered in a 401 with %s', (_, headers) => expect(statuses({ status: 401, headers })).toEqual([401]))
  it.each([
    ['no auth', Session.empty],
    ['withoutAuth', Session.withoutAuth(Session.empty)],
    ['basic auth', Session.withBasicAuth('me', 'pw')(Session.empty)],
    ['bearer auth', Session.withBearer('token')(Session.empty)],
    ['a signer', Session.withAuth(Auth.signer('mine', (plan) => plan))(Session.empty)],
  ])('is not answered for a session with %s', (_, session) => {
    expect(statuses({ status: 401, headers: { 'www-authenticate': DIGEST } }, session)).toEqual([401])
  })
})

describe('the answer to a digest challenge', () => {
  const { hops, jar } = run(guard({ status: 401, headers: { 'www-authenticate': DIGEST } }), signing, 'http://h/a?b=c')
  it('repeats the request, signed for its own target', () => {
    const [first, second] = hops.map(({ plan }) => plan)
    expect(first?.cause).toBe('Start')
    expect(second?.cause).toBe('Authorize')
    expect(second?.url.href).toBe('http://h/a?b=c')
    expect(second && authorizationOf(second)).toMatch(
      /^Digest username="me", realm="r", nonce="n", uri="\/a\?b=c", response="[\da-f]{32}", qop=auth, nc=00000001, /,
    )
  })
  it('stores the challenge in the jar for its origin and user, with a count of 1', () => {
    expect(hops.map((hop) => counts(hop.jar))).toEqual([O.some(['n', 1]), O.some(['n', 1])])
    expect(counts(jar)).toEqual(O.some(['n', 1]))
    expect(counts(jar, 'http://other')).toEqual(O.none)
    expect(counts(jar, 'http://h', 'you')).toEqual(O.none)
  })
  it('replaces an Authorization header that was set', () => {
    const session = Session.withHeader('authorization', 'old')(signing)
    const trace = run(guard({ status: 401, headers: { 'www-authenticate': DIGEST } }), session)
    const sent = trace.hops.map(({ plan }) => Plan.wire(plan).headers)
    expect(sent[0]).toEqual([['authorization', 'old']])
    expect(sent[1]).toEqual([['Authorization', expect.stringMatching(/^Digest /)]])
  })
  it('signs for the realm of the challenge, even if the jar knows a newer realm of that origin', () => {
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
  /** Whether the first request to `url` is signed after a challenge with this `domain`. */
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
    // Words that are not URIs are skipped.
    ['\\"', 'http://h/other', true],
    ['<a> é', 'http://h/other', true],
    ['\\" /private', 'http://h/other', false],
    ['\\" /private', 'http://h/private', true],
    ['http://h:80/private', 'http://h/private', true],
    ['/private#x', 'http://h/private/a', true],
    ['/private\t/other', 'http://h/other', true],
    // A prefix of the text, not of the segments (RFC 7616 3.3).
    ['/private', 'http://h/privateer', true],
    [Array.from({ length: 65 }, (_, i) => `/${i}`).join(' '), 'http://h/other', true],
  ])('domain="%s": the first request to %s is signed: %s', (domain, url, expected) => {
    expect(isSigned(domain, url)).toBe(expected)
  })
  it('does not sign a redirect that leaves it', () => {
    const server: Server = (plan) => {
      if (plan.url.pathname !== '/login') return { status: 200 }
      if (authorizationOf(plan) !== undefined) return { status: 302, headers: { location: '/other' } }
      return { status: 401, headers: { 'www-authenticate': `${DIGEST}, domain="/private"` } }
    }
    const { hops } = run(server, signing, 'http://h/login')
    const signed = hops.map(({ plan }) => authorizationOf(plan)?.replace(/^.*uri="([^"]*)".*$/, '$1'))
    expect(signed).toEqual([undefined, '/login', undefined])
  })
  it('is the whole origin if the challenge lists more URIs than a jar stores', () => {
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
  it.each(['/a', 'http://other/'])('domain="%s" is kept when nextnonce replaces the nonce', (domain) => {
    const server: Server = (plan) =>
      authorizationOf(plan) === undefined
        ? { status: 401, headers: { 'www-authenticate': `${DIGEST}, domain="${domain}"` } }
        : { status: 200, headers: { 'authentication-info': 'nextnonce="n2"' } }
    const { jar } = run(server)
    expect(counts(jar)).toEqual(O.some(['n2', 0]))
    const [first] = run(() => ({ status: 200 }), signing, 'http://h/b', jar).hops
    expect(first && authorizationOf(first.plan)).toBeUndefined()
  })
  it('selects the challenge that covers the URL, even if another one is newer', () => {
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

describe('nextnonce in Authentication-Info', () => {
  const server: Server = (plan) => {
    const sent = authorizationOf(plan)
    if (sent === undefined) return { status: 401, headers: { 'www-authenticate': DIGEST } }
    const nonce = sent.includes('nonce="n2"') ? 'n3' : 'n2'
    return { status: 200, headers: { 'authentication-info': `nextnonce="${nonce}"` } }
  }
  it('signs the next request, with a nonce count of 1', () => {
    const first = run(server)
    expect(counts(first.jar)).toEqual(O.some(['n2', 0]))
    const second = run(server, signing, 'http://h/b', first.jar)
    expect(second.hops.map(({ head }) => head.status)).toEqual([200])
    expect(second.hops[0] && authorizationOf(second.hops[0].plan)).toMatch(/nonce="n2".*nc=00000001/)
    expect(counts(second.jar)).toEqual(O.some(['n3', 0]))
  })
})
