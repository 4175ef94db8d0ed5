import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type * as Settings from '../../src/session/Settings.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Headers from '../../src/values/Headers.js'
import type { Server } from '../../src/wire/Reply.js'

// Simulates an exchange against a pure server: its trace, its response and its errors.

const now = new Date(0)
const [jar] = Jar.absorb(new URL('http://h/'), ['old=1'], now)(Jar.empty)
const run = (server: Server, request = Request.get('http://h/'), session = Session.empty) =>
  Exchange.simulate({ session, jar, now })(server)(request)
const names = (held: Jar.Jar) => Jar.toArray(held).map(({ name }) => name)
const setting = (name: string) => ({ 'set-cookie': `${name}=1` })

describe('the response of a simulation', () => {
  const server: Server = {
    'GET /': { status: 302, headers: { location: '/x', ...setting('first') } },
    'GET /x': {
      status: 203,
      reason: 'Perhaps',
      headers: { 'content-type': 'text/plain; charset=latin1', ...setting('second') },
      body: 'hello',
    },
  }
  const trace = run(server)
  const response = E.isRight(trace.outcome) ? trace.outcome.right : expect.fail(trace.outcome.left.message)
  it('is the last reply, with its body', () => {
    const [, last] = trace.hops
    expect(response).toMatchObject({ status: 203, reason: 'Perhaps', elapsed: 0, url: 'http://h/x', next: O.none })
    expect(response.headers).toBe(last?.head.headers)
    expect(response.plan).toBe(last?.plan)
    expect(Buffer.from(response.bytes).toString()).toBe('hello')
  })
  it('has the earlier hops, its own cookies and the updated jar', () => {
    expect(response.history).toEqual(trace.hops.slice(0, 1).map(({ plan, head }) => ({ plan, head })))
    expect(response.cookies.map(({ name }) => name)).toEqual(['second'])
    expect(response.jar).toBe(trace.jar)
    expect(trace.hops.map((hop) => names(hop.jar))).toEqual([
      ['old', 'first'],
      ['old', 'first', 'second'],
    ])
  })
  it.each<[string, string | ReadonlyArray<string>, O.Option<string>]>([
    ['the charset of Content-Type', 'text/html; charset=latin1', O.some('latin1')],
    ['none if Content-Type has no charset', 'text/html', O.none],
    ['the charset of the last of several lines', ['text/html; charset=a', 'text/html; charset=b'], O.some('b')],
  ])('has the encoding: %s', (_, type, expected) => {
    const { outcome } = run({ 'GET /': { status: 200, headers: { 'content-type': type } } })
    expect(E.isRight(outcome) && outcome.right.encoding).toEqual(expected)
  })
  it('has no encoding without Content-Type and no cookies without Set-Cookie', () => {
    const { outcome } = run({ 'GET /': { status: 200 } })
    expect(E.isRight(outcome) && outcome.right).toMatchObject({ encoding: O.none, cookies: [], history: [] })
  })
})

describe('Set-Cookie lines that the jar rejects', () => {
  const reply = (status: number, line: string) => ({ status, headers: { location: '/x', 'set-cookie': line } })
  const traced = (...lines: readonly [string, string]) =>
    run({ 'GET /': reply(302, lines[0]), 'GET /x': reply(200, lines[1]) })
  const of = (hop: Pick<Exchange.TracedHop, 'rejected'>) => hop.rejected?.map(({ name }) => name)
  const REJECTED = 'refused=1; Domain=other.test'
  const TAKEN = 'a=1'
  it.each([
    [TAKEN, TAKEN],
    [REJECTED, TAKEN],
    [TAKEN, REJECTED],
    [REJECTED, REJECTED],
  ])('are in the hop that received them, and nowhere else: %j, then %j', (...lines) => {
    const { hops, outcome } = traced(...lines)
    const expected = lines.map((line) => (line === REJECTED ? ['refused'] : undefined))
    expect(hops.map(of)).toEqual(expected)
    const response = E.isRight(outcome) ? outcome.right : expect.fail(outcome.left.message)
    expect([...response.history.map(of), of(response)]).toEqual(expected)
    for (const one of [...hops, ...response.history, response]) expect('rejected' in one).toBe(of(one) !== undefined)
  })
  it('are in the hop of a refused redirect and of an answered challenge', () => {
    const line = { 'set-cookie': REJECTED }
    const loop: Server = () => ({ status: 302, headers: { location: '/', ...line } })
    const once = Session.withMaxRedirects(1)(Session.empty)
    expect(run(loop, undefined, once)).toMatchObject({
      hops: [{ rejected: [{ name: 'refused' }] }, { rejected: [{ name: 'refused' }] }],
      outcome: { left: { _tag: 'TooManyRedirects' } },
    })
    const digest = Session.withDigestAuth('me', 'pw')(Session.empty)
    const asking: Server = ({ cause }) =>
      cause === 'Start'
        ? { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"', ...line } }
        : { status: 200 }
    expect(run(asking, undefined, digest).hops.map(of)).toEqual([['refused'], undefined])
  })
})

it('a trace hides a secret query value in each head, also if a signer drops the provenance', () => {
  const scheme = Auth.signer('mine', ({ provenance: _, ...plan }) => plan)
  const secret = (request: Request.Request) =>
    pipe(request, Request.withSecretQuery('key', 's3cret'), Request.withAuth(scheme))
  const location = { location: '/?key=s3cret' }
  for (const server of [
    (plan) => (plan.cause === 'Start' ? { status: 302, headers: location } : { status: 200, headers: location }),
    { 'GET /': { status: 302, headers: location } },
  ] satisfies ReadonlyArray<Server>) {
    const { hops } = run(server, secret(Request.get('http://h/')))
    expect(hops.length).toBeGreaterThan(0)
    for (const { head } of hops) expect(JSON.stringify(Headers.toPairs(head.headers))).not.toContain('s3cret')
  }
})

describe('the hooks in a trace', () => {
  it('are listed by name in order, and do not run', () => {
    const hook: Settings.Hook = () => expect.fail('a simulation must not run hooks')
    const session = pipe(
      Session.empty,
      Session.withHook(Object.defineProperty((head) => TE.right(head), 'name', { value: '' })),
      Session.withHook(hook),
    )
    expect(run({ 'GET /': { status: 200 } }, undefined, session).hooks).toEqual(['anonymous', 'hook'])
    expect(run({ 'GET /': { status: 200 } }).hooks).toEqual([])
  })
})

describe('a simulation that fails', () => {
  it('before the first request has no hops and an unchanged jar', () => {
    const { hops, hooks, jar: after, outcome } = run({}, Request.get('no-scheme'))
    expect({ hops, hooks }).toEqual({ hops: [], hooks: [] })
    expect(after).toBe(jar)
    expect(outcome).toMatchObject({ left: { _tag: 'MissingScheme', history: [], jar } })
  })
  it('in the server function has the earlier hops and cookies', () => {
    const server: Server = {
      'GET /': { status: 302, headers: { location: '/x', ...setting('first') } },
      'GET /x': () => {
        throw new Error('oops')
      },
    }
    const { hops, hooks, jar: after, outcome } = run(server)
    expect(hops.map(({ head }) => head.status)).toEqual([302])
    expect(hooks).toEqual([])
    expect(names(after)).toEqual(['old', 'first'])
    expect(E.isLeft(outcome) && outcome.left).toMatchObject({
      _tag: 'ProtocolError',
      message: expect.stringContaining('oops'),
      plan: { url: { href: 'http://h/x' } },
    })
    expect(E.isLeft(outcome) && [outcome.left.history.length, outcome.left.jar]).toEqual([1, after])
  })
  it('by a refused redirect has the redirecting hop and its cookies', () => {
    const server: Server = { 'GET /': { status: 302, headers: { location: 'ftp://h/', ...setting('first') } } }
    const { hops, jar: after, outcome } = run(server)
    expect(hops.map((hop) => [hop.head.status, names(hop.jar)])).toEqual([[302, ['old', 'first']]])
    expect(names(after)).toEqual(['old', 'first'])
    expect(E.isLeft(outcome) && [outcome.left._tag, outcome.left.jar]).toEqual(['RedirectRefused', after])
  })
  it('by a body above the limit has its hop and its cookies', () => {
    const server: Server = { 'GET /': { status: 200, headers: setting('first'), body: '12345' } }
    const limited = (body: number) => run(server, pipe(Request.get('http://h/'), Request.withLimits({ body })))
    expect(E.isRight(limited(5).outcome)).toBe(true)
    const { hops, jar: after, outcome } = limited(4)
    expect(hops).toHaveLength(1)
    expect(names(after)).toEqual(['old', 'first'])
    expect(E.isLeft(outcome) && outcome.left).toMatchObject({
      _tag: 'BodyTooLarge',
      plan: { url: { href: 'http://h/' } },
      history: [],
    })
    expect(E.isLeft(outcome) && outcome.left.jar).toBe(after)
  })
})

it('a simulation without a context has an empty jar, no environment and starts at the epoch', () => {
  const server: Server = () => ({
    status: 200,
    headers: { 'set-cookie': 'a=1; Expires=Thu, 01 Jan 1970 00:00:10 GMT' },
  })
  const trace = Exchange.simulate({ session: Session.empty })(server)(Request.get('http://h/'))
  expect(names(trace.jar)).toEqual(['a'])
  expect(trace.hops[0]?.plan.route.proxy).toEqual(O.none)
})
