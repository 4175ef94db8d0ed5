import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { chain as anyChain, contextOf, requestOf, serverOf } from '../../laws/arbitrary/Chain.js'
import {
  Client,
  Exchange,
  Headers,
  Http,
  Jar,
  Paint,
  RedirectPolicy,
  Request,
  Session,
  Story,
  Transport,
  Why,
} from '../../src/index.js'

const now = new Date('2026-01-01T00:00:00Z')
const long = `/${'very-long-segment/'.repeat(12)}`

const server: Transport.Server = {
  'GET http://shop.test/': (plan) =>
    Headers.has('Authorization')(plan.headers)
      ? {
          status: 307,
          headers: { location: long, 'set-cookie': ['sid=c4nary', 'theme=dark; Max-Age=60', 'x=1; Domain=other.test'] },
        }
      : { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } },
  [`GET http://shop.test${long}`]: {
    status: 302,
    headers: { location: 'http://cdn.test/home', 'set-cookie': 'sid=; Path=/; Max-Age=0' },
  },
  'GET http://cdn.test/home': { status: 200, body: 'welcome' },
}
const session = pipe(Session.defaults, Session.withDigestAuth('me', 'p4ssword'), Session.withSecretHeader('X-Key', 'k'))
const request = Request.get('http://shop.test/')
const trace = Exchange.simulate({ session, now, jar: Jar.empty })(server)(request)

describe('a story', () => {
  it('lists requests, replies, cookies and decisions of each hop', () => {
    expect(Story.render()(Story.ofTrace(trace))).toMatchInlineSnapshot(`
      "1  GET http://shop.test/
         401 Unauthorized
         → answers the challenge of http://shop.test, once

      2  GET http://shop.test/
         307 Temporary Redirect
         + cookie sid, for shop.test/, until the session ends
         + cookie theme, for shop.test/, until 2026-01-01T00:01:00.000Z
         ! Cookie "x" rejected: its Domain "other.test" does not cover shop.test
         → follows the redirect to http://shop.test/very-long-segment/very-long-segmen
           t/very-long-segment/very-long-segment/very-long-segment/very-long-segment/v
           ery-long-segment/very-long-segment/very-long-segment/very-long-segment/very
           -long-segment/very-long-segment/

      3  GET http://shop.test/very-long-segment/very-long-segment/very-long-segment/ve
         ry-long-segment/very-long-segment/very-long-segment/very-long-segment/very-lo
         ng-segment/very-long-segment/very-long-segment/very-long-segment/very-long-se
         gment/
         302 Found
         - cookie sid, for shop.test/, until the session ends
         → follows the redirect to http://cdn.test/home
           without header X-Key, header Authorization: it is secret, and
           http://cdn.test is another origin

      4  GET http://cdn.test/home
         200 OK
         → done: 7 bytes"
    `)
  })
  it('of a real exchange equals that of its simulation', async () => {
    const ran = await pipe(
      Http.attempt(request),
      Client.use({ session, transport: Transport.memory(server), clock: () => now, random: () => 'simulation' }),
    )()
    if (E.isLeft(ran)) expect.fail('attempt never fails')
    expect(Story.render()(Story.ofOutcome(ran.right[0]))).toBe(Story.render()(Story.ofTrace(trace)))
  })
  it('of any chain of redirects is equal for simulation and real exchange', async () => {
    await fc.assert(
      fc.asyncProperty(anyChain, async (chain) => {
        const context = contextOf(chain)
        const simulated = Exchange.simulate(context)(serverOf(chain))(requestOf(chain))
        const { session: from, jar = Jar.empty, entropy = '' } = context
        const ran = await pipe(
          Http.attempt(requestOf(chain)),
          Client.use({
            session: from,
            jar,
            transport: Transport.memory(serverOf(chain)),
            clock: () => context.now ?? now,
            random: () => entropy,
          }),
        )()
        if (E.isLeft(ran)) expect.fail('attempt never fails')
        expect(Story.render()(Story.ofOutcome(ran.right[0]))).toBe(Story.render()(Story.ofTrace(simulated)))
      }),
      { numRuns: 200 },
    )
  })
  it.each([40, 80])('fits into %i columns', (columns) => {
    const lines = Story.render({ columns })(Story.ofTrace(trace)).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  })
  it('has colour only with Paint.ansi', () => {
    const painted = Story.render({ paint: Paint.ansi })(Story.ofTrace(trace))
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
    expect(painted.replace(escapes, '')).toBe(Story.render()(Story.ofTrace(trace)))
    expect(painted).toMatch(escapes)
  })
  it('shows a refused redirect, a stop, a missing reply and a request without a plan', () => {
    const storyOf = (policy: RedirectPolicy.RedirectPolicy, to: Transport.Server = server, url = 'http://shop.test/') =>
      pipe(
        Request.get(url),
        Exchange.simulate({ session: Session.withRedirectPolicy(policy)(session), now, jar: Jar.empty })(to),
        Story.ofTrace,
        Story.render({ columns: 300 }),
      )
    expect(storyOf(RedirectPolicy.httpsOnly)).toMatch(/→ RedirectRefused: .* is not https$/)
    expect(storyOf(RedirectPolicy.none)).toMatch(/→ stops here.* GET\s+http:/)
    expect(storyOf(RedirectPolicy.follow, () => expect.fail('down'))).toMatch(/no .*reply\n.*→ ProtocolError/)
    expect(storyOf(RedirectPolicy.follow, server, 'shop.test')).toMatch(/^MissingScheme: /)
  })
})

describe('Jar.why', () => {
  it('explains for each cookie whether it is sent', () => {
    const [jar] = Jar.absorb(
      new URL('https://www.example.com/a/'),
      ['s=c4nary; Secure', 'p=1; Path=/x', 'd=2; Domain=example.com; Path=/', 'e=3; Max-Age=1; Path=/'],
      now,
    )(Jar.empty)
    const text = pipe(jar, Jar.why(new URL('http://www.example.com/a/b'), new Date(now.getTime() + 2000)), Why.render())
    expect(text).toMatchInlineSnapshot(`
      "  s                  not sent   it is Secure, and the connection is not
                                      for www.example.com/a, until the session ends
                                      set by https://www.example.com/a/
        p                  not sent   it is for another path
                                      for www.example.com/x, until the session ends
                                      set by https://www.example.com/a/
        d                  sent       for .example.com/, until the session ends
                                      set by https://www.example.com/a/
        e                  not sent   it has expired
                                      for www.example.com/, until
                                      2026-01-01T00:00:01.000Z
                                      set by https://www.example.com/a/"
    `)
    expect(text).not.toContain('c4nary')
    expect(Why.render()([])).toBe('  no cookies')
  })
})
